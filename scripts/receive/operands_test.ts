import { assertEquals, assertThrows } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import { joinOperands } from "./operands.ts";

for (
  const [operands, typed, address] of [
    [[], null, undefined],
    [["niece", "broke", "zippy", "iron"], "niece broke zippy iron", undefined],
    [
      ["k7m2xq", "Niece", "broke-zippy", "iron", "[fe80::1%eth0]:41234"],
      "k7m2xq Niece broke-zippy iron",
      "[fe80::1%eth0]:41234",
    ],
    [
      ["niece", "broke", "zipy", "iron", "walnut.lan:4100"],
      "niece broke zipy iron",
      "walnut.lan:4100",
    ],
    [
      ["/claude-spread:distill-receive", "niece-broke-zippy-iron"],
      "/claude-spread:distill-receive niece-broke-zippy-iron",
      undefined,
    ],
    [["our secret  words"], "our secret  words", undefined],
    [
      ["10.0.0.1:4100", "niece-broke-zippy-iron"],
      "niece-broke-zippy-iron",
      "10.0.0.1:4100",
    ],
    [
      ["walnut.lan:4100", "niece", "broke", "zippy", "iron"],
      "niece broke zippy iron",
      "walnut.lan:4100",
    ],
    [
      ["our secret  words", "192.168.1.5:41234"],
      "our secret  words",
      "192.168.1.5:41234",
    ],
    [["192.168.1.5:41234"], null, "192.168.1.5:41234"],
    [["[::1]:41234"], null, "[::1]:41234"],
    [["alex:4123"], "alex:4123", undefined],
    [[""], "", undefined],
  ] as [string[], string | null, string | undefined][]
) {
  Deno.test(`joinOperands() makes ${JSON.stringify(typed)} and ${address} of ${JSON.stringify(operands)}`, () => {
    assertEquals(joinOperands(operands), { typed, address });
  });
}

for (
  const operands of [
    ["our", "secret", "words"],
    ["our", "secret", "10.0.0.1:4100"],
    ["john", "3:16"],
    ["10.0.0.1:4100", "our", "secret"],
  ]
) {
  Deno.test(`joinOperands() refuses ${JSON.stringify(operands)}, whose blanks a shell has lost`, () => {
    const error = assertThrows(
      () => joinOperands(operands),
      SpreadError,
      "neither an invite",
    );
    assertEquals([error.code, error.hint], [
      "USAGE",
      "Put quotes around a passphrase with spaces",
    ]);
  });
}

Deno.test("joinOperands() says so when only the address is wrong", () => {
  for (const address of ["192.168.1.5", "walnut.lan:port"]) {
    assertThrows(
      () => joinOperands(["niece", "broke", "zippy", "iron", address]),
      SpreadError,
      `"${address}" is not host:port`,
    );
  }
});
