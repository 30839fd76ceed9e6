import { assertEquals } from "@std/assert";
import { findViolations } from "./import_direction.ts";

const cases: [name: string, path: string, text: string, count: number][] = [
  [
    "protocol may see the channel interface",
    "lib/protocol/a.ts",
    `import { C } from "../transports/channel.ts";`,
    0,
  ],
  [
    "protocol may not see a transport",
    "lib/protocol/a.ts",
    `import { C } from "../transports/tcp.ts";`,
    1,
  ],
  [
    "crypto may not see protocol",
    "lib/crypto/a.ts",
    `export { m } from "../protocol/messages.ts";`,
    1,
  ],
  [
    "relay may not see crypto",
    "relay/rooms/room.ts",
    `const c = await import("../lib/crypto/kdf.ts");`,
    1,
  ],
  ["lib may not print", "lib/memory/a.ts", `console.log("x");`, 1],
  ["lib may not exit", "lib/memory/a.ts", `Deno.exit(1);`, 1],
  [
    "the product may not use what tests share",
    "relay/rooms/hub.ts",
    `import { TestClient } from "./testing/clients.ts";`,
    1,
  ],
  [
    "what tests share may look anywhere",
    "relay/testing/clients.ts",
    `import { c } from "../../lib/crypto/kdf.ts";`,
    0,
  ],
  [
    "benchmarks may use what tests share",
    "bench/relay.ts",
    `import { TestClient } from "../relay/testing/clients.ts";`,
    0,
  ],
  [
    "a comment is no import",
    "lib/crypto/a.ts",
    `// from "../protocol/messages.ts"\n/* console.log */`,
    0,
  ],
  [
    "jsr is out of reach",
    "scripts/a.ts",
    `import { x } from "${"jsr:"}@std/assert";`,
    1,
  ],
  [
    "an unknown folder has no rule",
    "misc/a.ts",
    `import "../lib/errors.ts";`,
    1,
  ],
];

for (const [name, path, text, count] of cases) {
  Deno.test(`findViolations() ${name}`, () => {
    assertEquals(findViolations(new Map([[path, text]])).length, count);
  });
}

Deno.test("findViolations() names the files of a circle, and no file that only leads to it", () => {
  const files = {
    "lib/text/a.ts": `import type { B } from "./b.ts";`,
    "lib/text/b.ts": `const c = await import("./c.ts");`,
    "lib/text/c.ts": `export { b } from "./b.ts"; import "./d.ts";`,
    "lib/text/d.ts": "",
  };
  assertEquals(findViolations(new Map(Object.entries(files))), [
    "lib/text/b.ts imports lib/text/c.ts imports lib/text/b.ts: imports make a circle",
  ]);
});
