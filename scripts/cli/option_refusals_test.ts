/** What `serve` and `receive` refuse; `options_test.ts` has what they read. */

import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import { parseReceive, parseServe } from "./testing/options.ts";

Deno.test("parseServeArgs() and parseReceiveArgs() refuse what cannot be", async () => {
  const both = [
    ["--nonsense"],
    ["--nonsense=1"],
    ["-x"],
    ["-5"],
    ["-hx"],
    ["--interface"],
    ["--interface="],
    ["--interface", "--json"],
    ["--project", ""],
    ["--kind", "song"],
    ["--kind", "toString"],
    ["--kind", "session", "--legacy"],
    ["--passphrase-file"],
    ["a", "host:41", "c"],
    ["--passphrase-file", "s", "host:41", "c"],
  ];
  const serve = [
    ...both,
    ["--once", "--keep-open", "5"],
    ["--keep-open", "0"],
    ["--keep-open", "1441"],
    ["--keep-open", "1.5"],
    ["--keep-open", "1e2"],
    ["--keep-open", " 5"],
    ["--keep-open", "-5"],
    ["--port", "0"],
    ["--port", "65536"],
    ["--port", "http"],
    ["--port", "99999999999999999999"],
    ["--output", "x"],
    ["--generate", "a.md", "b.md"],
    ["--passphrase-file", "s", "p", "a.md"],
    ["--generate", "p", "a.md"],
    ["--to", "cedar", "p", "a.md"],
    ["--to", "cedar", "--passphrase", "a.md"],
    ["--to", "cedar", "--passphrase-file", "s", "a.md"],
    ["--to", "cedar", "--generate", "a.md"],
    ["--to", "cedar", "--legacy", "a.md"],
    ["--to", "cedar", "--relay", "a.md"],
    ["--to", "cedar", "--relay", "wss://relay.example.org", "a.md"],
    ["--to", ",", "a.md"],
    ["--to", "a,b,c,d,e,f,g,h,i", "a.md"],
    ["docs"],
    ["p", "docs"],
    ["a.session", "a.md"],
    ["--include", "a.env", "a.md"],
    ["--with-work", "--include", "", "a.md"],
    ["--with-work", "--legacy", "a.md"],
    ["--remove-file"],
    ["--remove-file", "p", "-"],
    ["--kind", "session", "--session", "all", "--remove-file"],
    ["--relay", "relay.example.org", "a.md"],
    ["--kind", "session", "--session", "all", "a.session"],
    ["--kind", "session", "missing.session"],
    ["--kind", "memory", "--session", "all"],
    ["--all"],
    ["--kind", "session"],
    ["--kind", "session", "--session", ""],
    ["--kind", "session", "--session", "0b9e5a3"],
    ["--kind", "session", "--session", "this"],
    ["--kind", "session", "--session", "all,0b9e5a3c"],
    ["--kind", "session", "--session", "../../../../etc/passwd"],
    ["--kind", "session", "--session", "0b9e5a3c", "p", "a.jsonl"],
    [
      "--kind",
      "session",
      "--session",
      Array(1001).keys().map((i) => `${i}0000000`).toArray().join(),
    ],
  ];
  const receive = [
    ...both,
    ["--json", "p"],
    ["--json", "--output", "", "p"],
    ["--from", "cedar", "p"],
    ["--from", "cedar", "--passphrase"],
    ["--from", "cedar", "--room", "k7m2xq"],
    ["--from", "cedar", "--relay"],
    ["--from", "cedar", "--legacy"],
    ["--from", "cedar:0"],
    ["--from", "cedar:"],
    ["--from", ":1"],
    ["--from="],
    ["--timeout", "0", "p"],
    ["--timeout", "3601", "p"],
    ["--timeout", "ten", "p"],
    ["--once", "p"],
    ["p", "words"],
    ["--kind", "memory", "--pick", "1", "p"],
    ["--legacy", "--pick", "1", "p"],
    ["--kind", "session", "--pick", "", "p"],
    ["--kind", "session", "--pick", "-1", "p"],
  ];
  for (const args of serve) {
    await assertUsage(() => parseServe(args), args);
  }
  for (const args of receive) {
    await assertUsage(() => parseReceive(args), args);
  }
});

async function assertUsage(
  parse: () => unknown,
  args: string[],
): Promise<void> {
  let code: string | undefined;
  try {
    await parse();
  } catch (error) {
    if (!(error instanceof SpreadError)) throw error;
    code = error.code;
  }
  assertEquals(code, "USAGE", args.join(" "));
}

Deno.test("parseReceiveArgs() refuses - as output", async () => {
  await assertRejects(
    () => parseReceive(["--output", "-", "pass"]),
    SpreadError,
    "--output - is not a file",
  );
});

Deno.test("parseReceiveArgs() takes no second passphrase for an address", async () => {
  for (const words of ["niece-broke-zippy-iron", "secret"]) {
    await assertRejects(
      () => parseReceive(["--passphrase-file", "s", words]),
      SpreadError,
      "Two passphrases",
    );
  }
});
