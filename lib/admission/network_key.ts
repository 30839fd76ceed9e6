/**
 * Network keys: the part of an address by which connections and guesses are counted.
 *
 * An IPv6 customer has at least a whole /64, and could connect from each of its addresses in
 * turn; so all of them count as one.
 *
 * @module
 */

/** Groups of an IPv6 address that name its /64 network. */
const NETWORK_GROUPS = 4;

/**
 * First six groups of IPv6 addresses that hold an IPv4 address: IPv4-mapped ones, and those that
 * NAT64 makes with the well-known prefix 64:ff9b::/96 (RFC 6052). A network's own NAT64 prefix
 * cannot be recognized.
 */
const IPV4_HOLDERS = ["0:0:0:0:0:ffff", "64:ff9b:0:0:0:0"];

/**
 * Returns the key of an address: the IPv4 address, also when an IPv4-mapped IPv6 address or one
 * of NAT64 (`64:ff9b::/96`) holds it, or the first four groups of an IPv6 address, without
 * leading zeros. The zone does not count. A name that is not an address is its own key.
 */
export function networkKey(address: string): string {
  if (!address.includes(":")) return address;
  const groups = expand(address);
  const isHolder = IPV4_HOLDERS.includes(groups.slice(0, 6).join(":"));
  if (isHolder) return dotted(groups.slice(6));
  return groups.slice(0, NETWORK_GROUPS).join(":");
}

/** Formats a key for people: an IPv6 network gets its prefix length, `2001:db8:0:0::/64`. */
export function formatKey(key: string): string {
  return key.includes(":") ? `${key}::/64` : key;
}

/** The groups of an IPv6 address, in lower case and without leading zeros. */
function expand(address: string): string[] {
  const [bare = ""] = address.split("%", 1);
  const [head = "", tail = ""] = bare.split("::");
  const left = groupsOf(head);
  const right = groupsOf(tail);
  const zeros = Array(Math.max(0, 8 - left.length - right.length)).fill("0");
  return [...left, ...zeros, ...right];
}

function groupsOf(text: string): string[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    const bytes = group.split(".");
    if (bytes.length !== 4) return [plain(group)];
    const [a, b, c, d] = bytes.map(Number) as [number, number, number, number];
    return [a * 256 + b, c * 256 + d].map((pair) => pair.toString(16));
  });
}

function plain(group: string): string {
  return group.toLowerCase().replace(/^0+(?=.)/, "");
}

/** The last two groups of an IPv6 address, as IPv4. */
function dotted(groups: string[]): string {
  return groups.map((group) => parseInt(group, 16))
    .flatMap((pair) => [pair >> 8, pair & 0xff]).join(".");
}
