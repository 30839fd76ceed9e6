import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../errors.ts";
import type { InterfaceAddress } from "./interfaces.ts";
import { isPlausible, openSockets } from "./sockets.ts";

const LOOPBACK: InterfaceAddress = {
  name: "lo",
  family: "IPv4",
  address: "127.0.0.1",
  cidr: "127.0.0.1/8",
};

/** An address that no machine has: it is reserved for documentation. */
const GONE: InterfaceAddress = {
  name: "gone0",
  family: "IPv4",
  address: "203.0.113.77",
  cidr: "203.0.113.77/24",
};

/** A test that fails when it leaves a socket behind. */
function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
}

function header(length: number, ...counts: number[]): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  counts.forEach((count, index) => view.setUint16(4 + 2 * index, count));
  return bytes;
}

for (
  const [datagram, expected, what] of [
    [header(12), true, "there is only a header"],
    [new Uint8Array(11), false, "the header is cut"],
    [new Uint8Array(), false, "it is empty"],
    [header(9000), true, "it is as long as can be"],
    [header(9001), false, "it is too long"],
    [header(100, 64, 64, 64, 64), true, "it claims 256 records"],
    [header(100, 64, 64, 64, 65), false, "it claims 257 records"],
    [header(100, 257), false, "it claims 257 questions"],
    [new Uint8Array(12).fill(255), false, "it claims everything"],
    [header(20, 257).subarray(8), true, "it is a part of a larger buffer"],
  ] as const
) {
  Deno.test(`isPlausible() is ${expected}, when ${what}`, () => {
    assertEquals(isPlausible(datagram), expected);
  });
}

test("openSockets() leaves an interface out, when it is gone", async () => {
  await using opened = new AsyncDisposableStack();
  const sockets = await openSockets([GONE, LOOPBACK]);
  sockets.forEach((socket) => opened.use(socket));
  assertEquals(sockets.map(({ link }) => link.addresses), [["127.0.0.1"]]);
});

for (const interfaces of [[GONE], []]) {
  test(`openSockets() throws CANNOT_LISTEN, when none of ${interfaces.length} interfaces is there`, async () => {
    const error = await assertRejects(
      () => openSockets(interfaces),
      SpreadError,
    );
    assertEquals(error.code, "CANNOT_LISTEN");
    assertEquals(error.cause instanceof Error, interfaces.length > 0);
  });
}
