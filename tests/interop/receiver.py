"""A receiver of protocol 2, written from docs/protocol.md alone.

Usage: python3 receiver.py HOST PORT WORDS OUTPUT. It takes one document by words on the local
network, without a room, and checks its hash. It has no discovery, no relay and no resuming, and
its arithmetic is not in constant time: it shows that the document is enough.
"""

import hashlib
import hmac
import json
import secrets
import socket
import struct
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# Section 4: ristretto255 (RFC 9496), with extended coordinates of edwards25519.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)
ONE_MINUS_D_SQ = (1 - D * D) % P
D_MINUS_ONE_SQ = (D - 1) ** 2 % P


def sqrt_ratio(u, v):
    """Whether u/v is a square, and the non-negative root of u/v or of ROOT*u/v."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    if check in (-u % P, -u * ROOT % P):
        r = r * ROOT % P
    return check in (u % P, -u % P), min(r, P - r)


SQRT_AD_MINUS_ONE = sqrt_ratio(-D - 1, 1)[1]
SQRT_AD_MINUS_ONE = P - SQRT_AD_MINUS_ONE if SQRT_AD_MINUS_ONE % 2 == 0 else SQRT_AD_MINUS_ONE


def is_odd(x):
    return x % P & 1


def absolute(x):
    return -x % P if is_odd(x) else x % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def decode(data):
    s = int.from_bytes(data, "little")
    assert s < P and not is_odd(s), "not an element"
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    is_square, inverse = sqrt_ratio(1, v * u2 * u2 % P)
    inverse = absolute(inverse)
    den_x = inverse * u2 % P
    x = absolute(2 * s * den_x)
    y = u1 * inverse * den_x * v % P
    assert is_square and not is_odd(x * y) and y, "not an element"
    return x, y, 1, x * y % P


def encode(point):
    x, y, z, t = point
    u1, u2 = (z + y) * (z - y) % P, x * y % P
    inverse = absolute(sqrt_ratio(1, u1 * u2 * u2 % P)[1])
    den1, den2 = inverse * u1 % P, inverse * u2 % P
    z_inverse = den1 * den2 * t % P
    if is_odd(t * z_inverse):
        x, y, den2 = y * ROOT % P, x * ROOT % P, den1 * INVSQRT_A_MINUS_D % P
    if is_odd(x * z_inverse):
        y = -y
    return absolute(den2 * (z - y)).to_bytes(32, "little")


INVSQRT_A_MINUS_D = absolute(sqrt_ratio(1, -1 - D)[1])


def elligator(data):
    t = int.from_bytes(data, "little") % 2**255 % P
    r = ROOT * t * t % P
    u, v = (r + 1) * ONE_MINUS_D_SQ % P, (-1 - r * D) * (r + D) % P
    is_square, s = sqrt_ratio(u, v)
    s = absolute(s)
    c = -1
    if not is_square:
        s, c = -absolute(s * t) % P, r
    n = (c * (r - 1) * D_MINUS_ONE_SQ - v) % P
    w = 2 * s * v, n * SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    return tuple(a * b % P for a, b in ((w[0], w[3]), (w[2], w[1]), (w[1], w[3]), (w[0], w[2])))


# Section 4.2 and 4.3: CPace.
def lv(*parts):
    assert all(len(part) < 2**14 for part in parts)
    short = lambda n: bytes([n]) if n < 128 else bytes([n & 127 | 128, n >> 7])
    return b"".join(short(len(part)) + part for part in parts)


def hkdf(key, salt, info):
    prk = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(prk, info.encode() + b"\x01", "sha256")


def sha512(*parts):
    return hashlib.sha512(b"".join(parts)).digest()


class Peer:
    """Frames (section 2) and records (section 5) over TCP."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), 10)
        self.keys, self.counters = None, [0, 0]

    def send_frame(self, body):
        self.socket.sendall(struct.pack(">I", len(body)) + body)

    def receive_exactly(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            assert piece, "the sender has closed"
            data += piece
        return data

    def receive_frame(self, largest):
        (size,) = struct.unpack(">I", self.receive_exactly(4))
        assert size <= largest, "the frame is too large"
        return self.receive_exactly(size)

    def nonce(self, direction):
        self.counters[direction] += 1
        return (self.counters[direction] - 1).to_bytes(12, "big")

    def send(self, kind, body=b""):
        sealed = self.keys[0].encrypt(self.nonce(0), body, bytes([kind]))
        self.send_frame(bytes([kind]) + sealed)

    def receive(self):
        while True:
            frame = self.receive_frame(1_048_640)
            body = self.keys[1].decrypt(self.nonce(1), frame[1:], frame[:1])
            if frame[0] != 0x17:
                return frame[0], body


def handshake(peer, words):
    nonce_r, kind = secrets.token_bytes(16), 1
    m1 = bytes([1, 2, kind]) + nonce_r
    peer.send_frame(m1)
    m2 = peer.receive_frame(128)
    assert len(m2) == 66 and m2[0] == 2, f"refused: {m2.hex()}"
    nonce_s, ya, ad_a = m2[1:17], m2[17:49], m2[49:]
    sid, ad_b = nonce_r + nonce_s, b"R"
    prs = hkdf(words.encode(), b"", "claude-spread/2 words")
    ci = lv(b"claude-spread/2 CPACE-RISTR255-SHA512", b"sender", b"receiver", b"", m1)
    dsi = b"CPaceRistretto255"
    pad = bytes(max(0, 128 - 1 - len(lv(prs)) - len(lv(dsi))))
    h = sha512(lv(dsi, prs, pad, ci, sid))
    scalar = int.from_bytes(secrets.token_bytes(64), "little") % ORDER
    yb = encode(multiply(scalar, add(elligator(h[:32]), elligator(h[32:]))))
    k = encode(multiply(scalar, decode(ya)))
    assert any(k), "the neutral element"
    transcript = lv(ya, ad_a) + lv(yb, ad_b)
    isk = sha512(lv(dsi + b"_ISK", sid, k), transcript)
    mac_key = sha512(b"CPaceMac", sid, isk)
    peer.send_frame(b"\x03" + yb + hmac.digest(mac_key, lv(yb, ad_b), "sha256"))
    m4 = peer.receive_frame(128)
    ta = hmac.digest(mac_key, lv(ya, ad_a), "sha256")
    assert hmac.compare_digest(m4, b"\x04" + ta), "not confirmed"
    salt = sha512(b"CPaceSidOutput", transcript)
    peer.keys = [AESGCM(hkdf(isk, salt, f"claude-spread/2 {way}")) for way in ("r2s", "s2r")]


def take(peer):
    """Section 6: OFFER, ACCEPT, DATA, END, RECEIPT."""
    kind, body = peer.receive()
    assert kind == 0x10, "no offer"
    offer = json.loads(body)
    peer.send(0x11, struct.pack(">Q", 0))
    data, reported = b"", 0
    while True:
        kind, body = peer.receive()
        if kind == 0x15:
            break
        assert kind == 0x13, f"record {kind}: {body!r}"
        data += body
        if len(data) - reported >= 2**20:
            reported = len(data)
            peer.send(0x14, struct.pack(">Q", reported))
    digest = hashlib.sha256(data).digest()
    assert len(data) == offer["size"] and digest.hex() == offer["sha256"], "changed"
    return offer, data, digest


def main(host, port, words, output):
    peer = Peer(host, int(port))
    handshake(peer, words)
    offer, data, digest = take(peer)
    with open(output, "xb") as file:
        file.write(data)
    peer.send(0x16, digest)
    peer.socket.shutdown(socket.SHUT_WR)
    assert peer.socket.recv(1) == b""
    print(json.dumps(offer))


main(*sys.argv[1:])
