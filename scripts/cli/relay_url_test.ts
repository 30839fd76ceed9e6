import { assertEquals } from "@std/assert";
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
