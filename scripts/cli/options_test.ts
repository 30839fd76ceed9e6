import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import {
  isForPairs,
  parseReceiveArgs,
  type ReceiveOptions,
} from "../receive/options.ts";
import type { OperandPlace } from "../serve/operands.ts";
import { parseServeArgs, type ServeOptions } from "../serve/options.ts";
import { parseFlags, type ReadEnv } from "./flags.ts";
import { given as givenBy, type PassphraseOrigin } from "./passphrase.ts";

const noEnv = () => undefined;

/** A folder with one file and one folder, and a pipe as standard input. */
const PLACE: OperandPlace = {
  isFile: (path) => path === "a.session",
  isFolder: (path) => path === "docs",
  isPiped: true,
};

function parseServe(
  args: string[],
  env?: ReadEnv,
): Promise<ServeOptions> {
  return parseServeArgs(
    parseFlags("serve", args),
    env ?? noEnv,
    undefined,
    PLACE,
  );
}

function parseReceive(
  args: string[],
  env: ReadEnv = noEnv,
): Promise<ReceiveOptions> {
  return parseReceiveArgs(
    parseFlags("receive", args),
    env,
    undefined,
  );
}

const withPassphrase = (name: string) =>
  name === "CLAUDE_SPREAD_PASSPHRASE" ? "from env" : undefined;

/** Options of `serve` without any argument. */
const SERVE: ServeOptions = {
  once: false,
  legacy: false,
  anonymous: false,
  keepSecrets: false,
  preview: false,
  withWork: false,
  include: [],
  isTyped: false,
  json: false,
  detach: false,
  child: false,
  removeFile: false,
  qr: false,
  copy: false,
  everyProject: false,
  sessions: undefined,
  kind: undefined,
  keepOpenMin: undefined,
  port: 0,
  interface: undefined,
  project: undefined,
  relay: undefined,
  passphrase: { kind: "generated" },
  file: "-",
};

/** Options of `receive` with only a passphrase. */
const RECEIVE: ReceiveOptions = {
  pick: undefined,
  json: false,
  legacy: false,
  kind: undefined,
  timeoutS: 30,
  interface: undefined,
  project: undefined,
  output: undefined,
  relay: "",
  wantsRelay: false,
  insecureRelay: false,
  room: undefined,
  isTyped: false,
  passphrase: { kind: "given", passphrase: "p", from: "operand" },
  from: undefined,
  address: undefined,
};

function given(passphrase: string): { passphrase: PassphraseOrigin } {
  return { passphrase: givenBy(passphrase, "operand") };
}

function fromFile(path: string): { passphrase: PassphraseOrigin } {
  return { passphrase: { kind: "file", path } };
}

Deno.test("parseServeArgs() reads every option", async () => {
  const table: [string[], Partial<ServeOptions>][] = [
    [[], {}],
    [["--once"], { once: true }],
    [["--legacy"], { legacy: true }],
    [["--anonymous"], { anonymous: true }],
    [["--keep-secrets", "--preview"], { keepSecrets: true, preview: true }],
    [["--remove-file", "a.md"], { removeFile: true, file: "a.md" }],
    [["--kind", "memory"], { kind: "memory" }],
    [["--kind", "session", "--session", "all", "--all"], {
      kind: "session",
      sessions: "all",
      everyProject: true,
    }],
    [["--kind=session", "--session=0b9e5a3c, 0B9E5A3D", "--keep-open=5"], {
      kind: "session",
      sessions: ["0b9e5a3c", "0B9E5A3D"],
      keepOpenMin: 5,
    }],
    [["--session=all"], { kind: "session", sessions: "all" }],
    [["--kind=session", "--session=all", "pass"], {
      kind: "session",
      sessions: "all",
      ...given("pass"),
    }],
    [["--kind=session", "a.session"], { kind: "session", file: "a.session" }],
    [["--kind=session", "-"], { kind: "session" }],
    [["--keep-open", "1"], { keepOpenMin: 1 }],
    [["--keep-open=1440"], { keepOpenMin: 1440 }],
    [["--port", "1"], { port: 1 }],
    [["--port", "65535"], { port: 65_535 }],
    [["--interface", "127.0.0.1"], { interface: "127.0.0.1" }],
    [["--project", "a b"], { project: "a b" }],
    [["--once", "a.md"], { once: true, file: "a.md" }],
    [["pass", "--once", "a.md"], {
      once: true,
      ...given("pass"),
      file: "a.md",
    }],
    [["a.md"], { file: "a.md" }],
    [["pass", "a.md"], { ...given("pass"), file: "a.md" }],
    [["pass", "-"], { ...given("pass"), file: "-" }],
    [["--generate", "a.md"], { file: "a.md" }],
    [["--generate"], {}],
    [["--passphrase-file", "s", "a.md"], { ...fromFile("s"), file: "a.md" }],
    [["--passphrase-file", "-", "a.md"], { ...fromFile("-"), file: "a.md" }],
    [["--passphrase-file=-", "a.md"], { ...fromFile("-"), file: "a.md" }],
  ];
  for (const [args, expected] of table) {
    assertEquals(
      await parseServe(args),
      { ...SERVE, ...expected },
      args.join(" "),
    );
  }
});

Deno.test("parseServeArgs() takes this for the session that it is typed in", async () => {
  const args = ["--kind", "session", "--session", "this,0b9e5a3c"];
  const inSession = (name: string) =>
    name === "CLAUDE_CODE_SESSION_ID" ? "c396e4de-6401" : undefined;
  const { sessions } = await parseServe(args, inSession);
  assertEquals(sessions, ["c396e4de-6401", "0b9e5a3c"]);
});

Deno.test("parseReceiveArgs() reads every option", async () => {
  const table: [string[], Partial<ReceiveOptions>][] = [
    [["p"], {}],
    [["--legacy", "p"], { legacy: true }],
    [["--kind=session", "p"], { kind: "session" }],
    [["--pick=1", "p"], { kind: "session", pick: "1" }],
    [["--kind=session", "--json", "p"], { kind: "session", json: true }],
    [["--kind=session", "--pick", "1,0b9e5a3c,12345678,1", "p"], {
      kind: "session",
      pick: "1,0b9e5a3c,12345678,1",
    }],
    [["--kind=session", "--pick=2", "--output=out", "p"], {
      kind: "session",
      pick: "2",
      output: "out",
    }],
    [["--timeout", "1", "p"], { timeoutS: 1 }],
    [["--timeout=3600", "p"], { timeoutS: 3600 }],
    [["--interface", "::1", "p"], { interface: "::1" }],
    [["--project", ".", "p"], { project: "." }],
    [["--output", "out", "p"], { output: "out" }],
    [["--json", "--output", "out", "p"], { json: true, output: "out" }],
    [["p", "--json", "--output=out"], { json: true, output: "out" }],
    [["--passphrase-file", "s"], fromFile("s")],
    [["--passphrase-file", "-"], fromFile("-")],
    [["--passphrase-file", "s", "host:41"], {
      ...fromFile("s"),
      address: { hostname: "host", port: 41 },
    }],
    [["p", "192.0.2.1:65535"], {
      address: { hostname: "192.0.2.1", port: 65_535 },
    }],
  ];
  for (const [args, expected] of table) {
    assertEquals(
      await parseReceive(args),
      { ...RECEIVE, ...expected },
      args.join(" "),
    );
  }
});

Deno.test("parseServeArgs() and parseReceiveArgs() keep a passphrase as it was typed", async () => {
  const typed = ["007", "1e3", "0x10", " two  words ", "true", "a=b", "é"];
  for (const passphrase of typed) {
    const expected = given(passphrase).passphrase;
    const receive = await parseReceive([passphrase, "host:41"]);
    assertEquals(receive.passphrase, expected);
    const serve = await parseServe([passphrase, "123"]);
    assertEquals([serve.passphrase, serve.file], [expected, "123"]);
  }
  // A passphrase that looks like an option needs the two dashes.
  for (
    const passphrase of ["-x", "--json", "--help", "--", "--no-once", "-5"]
  ) {
    const expected = given(passphrase).passphrase;
    const serve = await parseServe(["--once", "--", passphrase, "-"]);
    assertEquals(serve, { ...SERVE, once: true, passphrase: expected });
    const receive = await parseReceive(["--", passphrase]);
    assertEquals(receive, { ...RECEIVE, passphrase: expected });
  }
  const afterwards = await parseServe(["--", "--passphrase-file", "-"]);
  assertEquals(afterwards.passphrase, given("--passphrase-file").passphrase);
  assertEquals(afterwards.file, "-");
});

Deno.test("parseServeArgs() and parseReceiveArgs() take the passphrase from the first place that has it", async () => {
  const serve = async (...args: string[]) => {
    const { passphrase, file } = await parseServe(args, withPassphrase);
    return { passphrase, file };
  };
  const env = { passphrase: givenBy("from env", "variable") };
  assertEquals(await serve(), { ...env, file: "-" });
  assertEquals(await serve("a.md"), { ...env, file: "a.md" });
  assertEquals(await serve("p", "a.md"), { ...given("p"), file: "a.md" });
  assertEquals(await serve("--passphrase-file", "s"), {
    ...fromFile("s"),
    file: "-",
  });
  assertEquals(await serve("--generate", "a.md"), {
    passphrase: { kind: "generated" },
    file: "a.md",
  });
  const receive = async (...args: string[]) => {
    const { passphrase, address } = await parseReceive(args, withPassphrase);
    return { passphrase, address };
  };
  assertEquals(await receive(), { ...env, address: undefined });
  assertEquals(await receive("host:41"), {
    ...env,
    address: { hostname: "host", port: 41 },
  });
  assertEquals((await receive("--passphrase-file", "s")).passphrase, {
    kind: "file",
    path: "s",
  });
  // An empty variable counts as unset.
  const asked = await parseReceive([], () => "");
  assertEquals(asked.passphrase, { kind: "words" });
});

Deno.test("parseServeArgs() and parseReceiveArgs() take a passphrase that was typed, and no other beside it", async () => {
  const words = { args: [], passphrase: "typed", address: null };
  const serve = (...args: string[]) =>
    parseServeArgs(parseFlags("serve", args), withPassphrase, words, PLACE);
  const receive = (...args: string[]) =>
    parseReceiveArgs(parseFlags("receive", args), withPassphrase, words);
  const given = { kind: "given", passphrase: "typed", from: "typed" } as const;
  assertEquals((await serve("a.md")).passphrase, given);
  assertEquals((await receive()).passphrase, given);
  for (
    const refused of [
      () => serve("--passphrase-file", "s", "a.md"),
      () => receive("--passphrase-file", "s"),
    ]
  ) {
    const error = await assertRejects(refused, SpreadError);
    assertEquals(error.code, "USAGE");
  }
});

Deno.test("parseServeArgs() shares with pairs instead of words, whatever the environment has", async () => {
  const origin = async (...args: string[]) =>
    (await parseServe(args, withPassphrase)).passphrase;
  const pairs = (...names: string[]) => ({ kind: "pairs" as const, names });
  assertEquals(await origin("--to", "cedar", "a.md"), pairs("cedar"));
  assertEquals(
    await origin("--to=Cedar, maple,cedar", "--child", "a.md"),
    pairs("cedar", "maple"),
  );
});

Deno.test("parseReceiveArgs() takes one of one's pairs by its name", async () => {
  const from = async (...args: string[]) => {
    const options = await parseReceive(args);
    return [options.from, isForPairs(options)];
  };
  const named = (name: string, number?: number) => ({ name, number });
  assertEquals(await from(), [undefined, true]);
  assertEquals(await from("--from", "Cedar"), [named("cedar"), true]);
  assertEquals(await from("--from=cedar:12"), [named("cedar", 12), true]);
  assertEquals(await from("--from", "cedar", "192.0.2.7:41"), [
    named("cedar"),
    true,
  ]);
  // What says which share is meant, says that words are.
  for (const args of [["p"], ["--legacy"], ["--relay"], ["192.0.2.7:41"]]) {
    assertEquals(await from(...args), [undefined, false], args.join());
  }
});

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
