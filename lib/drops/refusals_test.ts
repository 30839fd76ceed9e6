import { assert, assertEquals } from "@std/assert";
import { STATUS } from "../../relay/limits/refusal.ts";
import { DropRefused, dropRefused, shownLimit, shownSize } from "./refusals.ts";

const URL = "wss://relay.example";

/** Codes for requests that only a faulty program, or a web page, sends. */
const OF_FAULTY_PROGRAMS = [
  "bad_request",
  "body_too_large",
  "drop_exists",
  "method",
  "part_size",
  "web_page",
];

// Breaks when the relay refuses with a code that has no words.
Deno.test("dropRefused() has words for every refusal that a user may meet", () => {
  const unknown = Object.keys(STATUS).filter((code) =>
    dropRefused(URL, new DropRefused(code)).code === "BAD_MESSAGE"
  );
  assertEquals(unknown.sort(), OF_FAULTY_PROGRAMS);
});

Deno.test("dropRefused() tells a user of a slow network to check it, not to update", () => {
  const { code, message, hint } = dropRefused(
    URL,
    new DropRefused("body_late"),
  );
  assertEquals(code, "RELAY_BUSY");
  assert(message.includes("did not get a part of the drop in time"), message);
  assertEquals(hint, "Check the network, then try again");
});

// Breaks when both are rounded the same way: 1.04 MB would look as if 1.0 MB held it.
Deno.test("shownSize() rounds up, and shownLimit() down", () => {
  assertEquals(
    [61_440, 1e6, 1_100_000, 1_048_576, 16_777_216].map((bytes) => [
      shownSize(bytes),
      shownLimit(bytes),
    ]),
    [
      ["61.5 KB", "61.4 KB"],
      ["1.0 MB", "1.0 MB"],
      ["1.1 MB", "1.1 MB"],
      ["1.1 MB", "1.0 MB"],
      ["16.8 MB", "16.7 MB"],
    ],
  );
});
