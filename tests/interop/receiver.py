"""A receiver of protocol 2, written from docs/protocol.md alone.

Usage: python3 receiver.py HOST PORT words|typed OUTPUT, with the words, or a passphrase of a
person's own, on standard input. It takes one document from one address on the local network. It
has no discovery, no relay and no resuming. The group comes from libsodium, AES-GCM from the
package cryptography, the rest from Python.
"""

import ctypes
import ctypes.util
import hashlib
import hmac
import json
import secrets
import socket
import struct
import sys
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))

KINDS = {"words": 1, "typed": 2}
OFFER, ACCEPT, DECLINE, DATA, CREDIT, END, RECEIPT, KEEPALIVE, ABORT = range(0x10, 0x19)
MIB = 2**20
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


def refuse_unless(condition, message):
    if not condition:
        sys.exit(message)


def ristretto255(function, *inputs):
    """Calls a function of libsodium that makes an element of the group."""
    element = ctypes.create_string_buffer(32)
    failed = getattr(sodium, function)(element, *inputs)
    refuse_unless(not failed, "no element of the group, or the neutral one")
    return element.raw


def multiply(scalar, element):
    return ristretto255("crypto_scalarmult_ristretto255", scalar, element)


def lv_cat(*parts):
    """Section 4.2."""
    return b"".join(leb128(len(part)) + part for part in parts)


def leb128(number):
    if number < 128:
        return bytes([number])
    return bytes([number % 128 | 128]) + leb128(number // 128)


def sha512(data):
    return hashlib.sha512(data).digest()


def hkdf(key, info, salt=bytes(32)):
    """HKDF-SHA256 for 32 bytes; no salt is a salt of zeros."""
    return hmac.digest(hmac.digest(salt, key, "sha256"), info.encode() + b"\x01", "sha256")


def cpace_input(kind, secret, salt):
    """Section 4.1: PRS."""
    if kind == "words":
        return hkdf(secret.encode(), "claude-spread/2 words")
    typed = unicodedata.normalize("NFC", secret).encode()
    stretched = hashlib.pbkdf2_hmac("sha256", typed, salt, 600_000, 32)
    return hkdf(stretched, "claude-spread/2 typed")


def generator(prs, ci, sid):
    """Section 4.2: g."""
    hash = sha512(lv_cat(b"CPaceRistretto255", prs, bytes(76), ci, sid))
    return ristretto255("crypto_core_ristretto255_from_hash", hash)


class Connection:
    """Frames (section 2) and, once it has keys, records (section 5) over TCP."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), 45)
        self.keys, self.counters = {}, {"r2s": 0, "s2r": 0}

    def send_frame(self, body):
        self.socket.sendall(struct.pack(">I", len(body)) + body)

    def receive_bytes(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            refuse_unless(piece, "the sender has closed")
            data += piece
        return data

    def receive_frame(self, limit):
        (size,) = struct.unpack(">I", self.receive_bytes(4))
        refuse_unless(0 < size <= limit, f"a frame of {size} bytes")
        return self.receive_bytes(size)

    def next_nonce(self, direction):
        self.counters[direction] += 1
        return (self.counters[direction] - 1).to_bytes(12, "big")

    def send(self, kind, body=b""):
        sealed = self.keys["r2s"].encrypt(self.next_nonce("r2s"), body, bytes([kind]))
        self.send_frame(bytes([kind]) + sealed)

    def receive(self):
        """The next record that is not KEEPALIVE, as type and body."""
        frame = self.receive_frame(1_048_640)
        try:
            body = self.keys["s2r"].decrypt(self.next_nonce("s2r"), frame[1:], frame[:1])
        except InvalidTag:
            sys.exit("a record that does not open")
        return self.receive() if frame[0] == KEEPALIVE else (frame[0], body)

    def close(self):
        self.socket.shutdown(socket.SHUT_WR)
        while self.socket.recv(MIB):
            pass


def shake_hands(peer, kind, secret):
    """Section 3: proves the secret to the sender, checks its proof, and sets the keys."""
    nonce_r = secrets.token_bytes(16)
    m1 = bytes([0x01, 2, KINDS[kind]]) + nonce_r
    peer.send_frame(m1)
    m2 = peer.receive_frame(128)
    refuse_unless(len(m2) == 66 and m2[0] == 0x02, f"refused before the proof: {m2.hex()}")
    nonce_s, ya, ad_a, ad_b = m2[1:17], m2[17:49], m2[49:], b"R"
    sid = nonce_r + nonce_s
    suite = b"claude-spread/2 CPACE-RISTR255-SHA512"
    ci = lv_cat(suite, b"sender", b"receiver", b"", m1)
    scalar = int.from_bytes(secrets.token_bytes(64), "little") % GROUP_ORDER
    scalar = scalar.to_bytes(32, "little")
    prs = cpace_input(kind, secret, ad_a[1:])
    yb = multiply(scalar, generator(prs, ci, sid))
    transcript = lv_cat(ya, ad_a) + lv_cat(yb, ad_b)
    isk = sha512(lv_cat(b"CPaceRistretto255_ISK", sid, multiply(scalar, ya)) + transcript)
    mac_key = sha512(b"CPaceMac" + sid + isk)
    peer.send_frame(b"\x03" + yb + hmac.digest(mac_key, lv_cat(yb, ad_b), "sha256"))
    ta = hmac.digest(mac_key, lv_cat(ya, ad_a), "sha256")
    refuse_unless(hmac.compare_digest(peer.receive_frame(128), b"\x04" + ta), "not confirmed")
    sid_output = sha512(b"CPaceSidOutput" + transcript)
    for direction in ("r2s", "s2r"):
        key = hkdf(isk, f"claude-spread/2 {direction}", sid_output)
        peer.keys[direction] = AESGCM(key)


def take(peer):
    """Section 6: the offer, and the payload that it promises."""
    kind, body = peer.receive()
    refuse_unless(kind == OFFER, f"record {kind:#x} in place of an offer")
    offer, data, reported = json.loads(body), bytearray(), 0
    peer.send(ACCEPT, struct.pack(">Q", 0))
    while (record := peer.receive())[0] == DATA:
        data += record[1]
        if len(data) - reported >= MIB:
            reported = len(data)
            peer.send(CREDIT, struct.pack(">Q", reported))
    refuse_unless(record[0] == END, f"record {record[0]:#x}: {record[1].decode()}")
    digest = hashlib.sha256(data)
    refuse_unless(len(data) == offer["size"] and digest.hexdigest() == offer["sha256"], "changed")
    return offer, data, digest.digest()


def main(host, port, kind, output):
    secret = sys.stdin.read()
    peer = Connection(host, int(port))
    shake_hands(peer, kind, secret)
    offer, data, digest = take(peer)
    with open(output, "xb") as file:
        file.write(data)
    peer.send(RECEIPT, digest)
    peer.close()
    print(json.dumps(offer))


main(*sys.argv[1:])
