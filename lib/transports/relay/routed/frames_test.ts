import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Bytes, utf8 } from "../../../bytes.ts";
import {
  closingOf,
  decodeRouted,
  encodeOpening,
  headOf,
  makeRoute,
} from "./frames.ts";

const ROUTE = "0011223344556677";
const M1 = Uint8Array.of(1, 2, 3);

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((array) => new Uint8Array(array) as Bytes);

Deno.test("makeRoute() is eight random bytes", () => {
  assertEquals(makeRoute((bytes) => bytes.fill(0xa5)), "a5a5a5a5a5a5a5a5");
});

Deno.test("decodeRouted() gives back what stands behind a head, whatever it is", () => {
  fc.assert(
    fc.property(
      bytes(64),
      fc.constantFrom("receiver", "sender"),
      (frame, from) => {
        const message = new Uint8Array([...headOf(from, ROUTE), ...frame]);
        assertEquals(decodeRouted(message), {
          kind: from,
          route: ROUTE,
          frame,
        });
      },
    ),
  );
});

Deno.test("decodeRouted() tells an empty frame from the end of a route", () => {
  const frame = new Uint8Array(0);
  assertEquals(decodeRouted(headOf("sender", ROUTE)), {
    kind: "sender",
    route: ROUTE,
    frame,
  });
  assertEquals(decodeRouted(closingOf("sender", ROUTE)), {
    kind: "sender",
    route: ROUTE,
    frame: null,
  });
});

Deno.test("decodeRouted() reads an opening, as text that a sender of protocol 1 answers", () => {
  const text = encodeOpening(ROUTE, [M1.subarray(0, 1), M1.subarray(1)]);
  const { type, version } = JSON.parse(text);
  assertEquals([type, version], ["HELLO", 1]);
  assertEquals(decodeRouted(utf8(text)), {
    kind: "opening",
    route: ROUTE,
    frame: M1,
  });
});

for (
  const [text, type] of [
    ['{"type":"HELLO","version":1}', "HELLO"],
    ['{"type":"HELLO","version":1,"route":"00","frame":"01"}', "HELLO"],
    [`{"type":"HELLO","route":"${ROUTE}","frame":"012"}`, "HELLO"],
    [
      `{"type":"HELLO","route":"${ROUTE}","frame":"${"00".repeat(129)}"}`,
      "HELLO",
    ],
    [`{"type":"HELLO","route":"${"x".repeat(16)}","frame":"01"}`, "HELLO"],
    ['{"type":"AUTH","proof":"00"}', "AUTH"],
    ["{", null],
    [`{"type":"HELLO","pad":"${"x".repeat(1024)}"}`, null],
  ] as const
) {
  Deno.test(`decodeRouted() leaves ${text.slice(0, 60)} to protocol 1`, () => {
    const frame = utf8(text);
    assertEquals(decodeRouted(frame), { kind: "legacy", type, frame });
  });
}

Deno.test("decodeRouted() never throws", () => {
  fc.assert(fc.property(bytes(32), (message) => void decodeRouted(message)));
  assertEquals(decodeRouted(new Uint8Array(0)), { kind: "unknown" });
  assertEquals(decodeRouted(headOf("sender", ROUTE).subarray(1)), {
    kind: "unknown",
  });
});
