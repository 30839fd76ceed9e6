import { assertEquals, assertThrows } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import { MAX_RELAY_LENGTH } from "../../lib/files/entry_files.ts";
import { parseRelayUrl } from "./relay_url.ts";

for (
  const [typed, used] of [
    ["wss://relay.example.org", "wss://relay.example.org"],
    ["wss://relay.example.org/", "wss://relay.example.org"],
    ["WSS://Relay.Example.ORG:443/", "wss://relay.example.org"],
    ["ws://127.0.0.1:9784/", "ws://127.0.0.1:9784"],
    ["wss://relay.example.org/relay", "wss://relay.example.org/relay"],
    ["wss://relay.example.org/relay/", "wss://relay.example.org/relay/"],
    ["wss://relay.example.org//", "wss://relay.example.org//"],
    ["wss://relay.example.org/?a=/", "wss://relay.example.org/?a=/"],
  ] as const
) {
  Deno.test(`parseRelayUrl() makes ${used} of ${typed}`, () => {
    assertEquals(parseRelayUrl(typed, false), used);
  });
}

Deno.test("parseRelayUrl() refuses an address that is too long to be kept, once it is normalized", () => {
  const start = "wss://relay.example.org/";
  const longest = start.padEnd(MAX_RELAY_LENGTH, "a");
  assertEquals(parseRelayUrl(longest, false), longest);
  for (const long of [`${longest}a`, start + "é".repeat(1000)]) {
    assertThrows(
      () => parseRelayUrl(long, false),
      SpreadError,
      "The address of a relay cannot be longer than 2048 characters",
    );
  }
});
