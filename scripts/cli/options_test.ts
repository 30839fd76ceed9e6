import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import {
  MAX_PASSPHRASE_BYTES,
  type PassphraseOrigin,
  resolvePassphrase,
} from "./flags.ts";
import {
  parseAddress,
  parseReceiveArgs,
  type ReceiveOptions,
} from "../receive/options.ts";
import { parseServeArgs, type ServeOptions } from "../serve/options.ts";

const noEnv = () => undefined;
const withPassphrase = (name: string) =>
  name === "CLAUDE_SPREAD_PASSPHRASE" ? "from env" : undefined;

/** Options of `serve` without any argument. */
const SERVE: ServeOptions = {
  help: false,
  json: false,
  once: false,
  legacy: false,
  anonymous: false,
  detach: false,
  child: false,
  removeFile: false,
  qr: false,
  copy: false,
  everyProject: false,
  sessions: undefined,
  kind: "distillation",
  keepOpenMin: 30,
  port: 0,
  interface: undefined,
  project: undefined,
  relay: undefined,
  typed: undefined,
  passphrase: { kind: "generated" },
  file: "-",
};

/** Options of `receive` with only a passphrase. */
const RECEIVE: ReceiveOptions = {
  picks: undefined,
  help: false,
  json: false,
  legacy: false,
  kind: "distillation",
  timeoutS: 30,
  interface: undefined,
  project: undefined,
  output: undefined,
  relay: "wss://relay.fireamulet.com",
  wantsRelay: false,
  insecureRelay: false,
  room: undefined,
  typed: undefined,
  passphrase: { kind: "given", passphrase: "p" },
  address: undefined,
};

function given(passphrase: string): { passphrase: PassphraseOrigin } {
  return { passphrase: { kind: "given", passphrase } };
}

function fromFile(path: string): { passphrase: PassphraseOrigin } {
  return { passphrase: { kind: "file", path } };
}

Deno.test("parseServeArgs() reads every option", () => {
  const table: [string[], Partial<ServeOptions>][] = [
    [[], {}],
    [["--help"], { help: true }],
    [["-h"], { help: true }],
    [["--json"], { json: true }],
    [["--once"], { once: true }],
    [["--legacy"], { legacy: true }],
    [["--anonymous"], { anonymous: true }],
    [["--remove-file"], { removeFile: true }],
    [["--kind", "memory"], { kind: "memory" }],
    [["--kind", "session", "--session", "all", "--all"], {
      kind: "session",
      sessions: "all",
      everyProject: true,
      once: true,
    }],
    [["--kind=session", "--session=0b9e5a3c, 0B9E5A3D", "--keep-open=5"], {
      kind: "session",
      sessions: ["0b9e5a3c", "0B9E5A3D"],
      keepOpenMin: 5,
    }],
    [["--keep-open", "1"], { keepOpenMin: 1 }],
    [["--keep-open=1440"], { keepOpenMin: 1440 }],
    [["--port", "1"], { port: 1 }],
    [["--port", "65535"], { port: 65_535 }],
    [["--interface", "127.0.0.1"], { interface: "127.0.0.1" }],
    [["--project", "a b"], { project: "a b" }],
    [["--once=false"], {}],
    [["--once", "pass"], { once: true, ...given("pass") }],
    [["pass", "--once"], { once: true, ...given("pass") }],
    [["pass"], given("pass")],
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
      parseServeArgs(args, noEnv),
      { ...SERVE, ...expected },
      args.join(" "),
    );
  }
});

Deno.test("parseServeArgs() takes this for the session that it is typed in", () => {
  const args = ["--kind", "session", "--session", "this,0b9e5a3c"];
  const inSession = (name: string) =>
    name === "CLAUDE_CODE_SESSION_ID" ? "c396e4de-6401" : undefined;
  const { sessions } = parseServeArgs(args, inSession);
  assertEquals(sessions, ["c396e4de-6401", "0b9e5a3c"]);
});

Deno.test("parseReceiveArgs() reads every option", () => {
  const table: [string[], Partial<ReceiveOptions>][] = [
    [["p"], {}],
    [["--legacy", "p"], { legacy: true }],
    [["--kind=session", "p"], { kind: "session" }],
    [["--kind=session", "--json", "p"], { kind: "session", json: true }],
    [["--kind=session", "--pick", "1,0b9e5a3c,12345678,1", "p"], {
      kind: "session",
      picks: [1, "0b9e5a3c", "12345678"],
    }],
    [["--kind=session", "--pick=2", "--output=out", "p"], {
      kind: "session",
      picks: [2],
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
    [["--passphrase-file", "s", "host:1"], {
      ...fromFile("s"),
      address: { hostname: "host", port: 1 },
    }],
    [["p", "192.0.2.1:65535"], {
      address: { hostname: "192.0.2.1", port: 65_535 },
    }],
  ];
  for (const [args, expected] of table) {
    assertEquals(
      parseReceiveArgs(args, noEnv),
      { ...RECEIVE, ...expected },
      args.join(" "),
    );
  }
});

Deno.test("parseServeArgs() and parseReceiveArgs() keep a passphrase as it was typed", () => {
  const typed = ["007", "1e3", "0x10", " two  words ", "true", "a=b", "-", "é"];
  for (const passphrase of typed) {
    const expected = given(passphrase).passphrase;
    const receive = parseReceiveArgs([passphrase, "host:1"], noEnv);
    assertEquals(receive.passphrase, expected);
    const serve = parseServeArgs([passphrase, "123"], noEnv);
    assertEquals([serve.passphrase, serve.file], [expected, "123"]);
  }
  // A passphrase that looks like an option needs the two dashes.
  for (
    const passphrase of ["-x", "--json", "--help", "--", "--no-once", "-5"]
  ) {
    const expected = given(passphrase).passphrase;
    const serve = parseServeArgs(["--once", "--", passphrase], noEnv);
    assertEquals(serve, { ...SERVE, once: true, passphrase: expected });
    const receive = parseReceiveArgs(["--", passphrase], noEnv);
    assertEquals(receive, { ...RECEIVE, passphrase: expected });
  }
  const afterwards = parseServeArgs(["--", "--passphrase-file", "-"], noEnv);
  assertEquals(afterwards.passphrase, given("--passphrase-file").passphrase);
  assertEquals(afterwards.file, "-");
});

Deno.test("parseServeArgs() and parseReceiveArgs() take the passphrase from the first place that has it", () => {
  const serve = (...args: string[]) => {
    const { passphrase, file } = parseServeArgs(args, withPassphrase);
    return { passphrase, file };
  };
  const env: { passphrase: PassphraseOrigin } = {
    passphrase: {
      kind: "given",
      passphrase: "from env",
      from: "environment",
    },
  };
  assertEquals(serve(), { ...env, file: "-" });
  assertEquals(serve("a.md"), { ...env, file: "a.md" });
  assertEquals(serve("--passphrase-file", "s"), {
    ...fromFile("s"),
    file: "-",
  });
  assertEquals(serve("--generate", "a.md"), {
    passphrase: { kind: "generated" },
    file: "a.md",
  });
  const receive = (...args: string[]) => {
    const { passphrase, address } = parseReceiveArgs(args, withPassphrase);
    return { passphrase, address };
  };
  assertEquals(receive(), { ...env, address: undefined });
  assertEquals(receive("host:1"), {
    ...env,
    address: { hostname: "host", port: 1 },
  });
  assertEquals(receive("--passphrase-file", "s").passphrase, {
    kind: "file",
    path: "s",
  });
  // An empty variable counts as unset.
  assertThrows(() => parseReceiveArgs([], () => ""), SpreadError);
});

Deno.test("parseServeArgs() and parseReceiveArgs() refuse what cannot be", () => {
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
    ["a", "host:1", "c"],
    ["--passphrase-file", "s", "host:1", "c"],
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
    ["--session", "all"],
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
    [],
    ["--json", "p"],
    ["--json", "--output", "", "p"],
    ["--timeout", "0", "p"],
    ["--timeout", "3601", "p"],
    ["--timeout", "ten", "p"],
    ["--once", "p"],
    ["p", "words"],
    ["--pick", "1", "p"],
    ["--kind", "session", "--pick", "", "p"],
    ["--kind", "session", "--pick", "one", "p"],
    ["--kind", "session", "--pick", "1,,2", "p"],
    ["--kind", "session", "--pick", "-1", "p"],
    ["--kind", "session", "--output", "out", "p"],
    ["--kind", "session", "--output", "out", "--pick", "1,2", "p"],
  ];
  for (const args of serve) {
    assertUsage(() => parseServeArgs(args, noEnv), args);
  }
  for (const args of receive) {
    assertUsage(() => parseReceiveArgs(args, noEnv), args);
  }
});

function assertUsage(parse: () => unknown, args: string[]): void {
  let code: string | undefined;
  try {
    parse();
  } catch (error) {
    if (!(error instanceof SpreadError)) throw error;
    code = error.code;
  }
  assertEquals(code, "USAGE", args.join(" "));
}

Deno.test("parseAddress() takes names, IPv4, and IPv6 in brackets", () => {
  const table: [string, string, number][] = [
    ["192.168.1.5:41234", "192.168.1.5", 41_234],
    ["localhost:1", "localhost", 1],
    ["my-mac.local:65535", "my-mac.local", 65_535],
    ["[::1]:80", "::1", 80],
    ["[fe80::1%eth0]:80", "fe80::1%eth0", 80],
    ["[fe80::1%3]:80", "fe80::1%3", 80],
    ["[::ffff:192.0.2.1]:80", "::ffff:192.0.2.1", 80],
    ["host:00080", "host", 80],
  ];
  for (const [text, hostname, port] of table) {
    assertEquals(parseAddress(text), { hostname, port });
  }
});

Deno.test("parseAddress() refuses everything else", () => {
  const refused = [
    "",
    ":80",
    "host",
    "host:",
    "host:0",
    "host:65536",
    "host:080000",
    "host:-1",
    "host:80x",
    "host: 80",
    "ho st:80",
    "::1:80",
    "[::1]",
    "[::1]80",
    "[host]:80",
    "[fe80::1%]:80",
    "[fe80::1%eth 0]:80",
    "http://host:80",
    "host:80/path",
    "host:80\n",
    "host:1:2",
  ];
  for (const text of refused) assertUsage(() => parseAddress(text), [text]);
});

Deno.test("resolvePassphrase() takes one line end off a file, and nothing else", async () => {
  const table = [
    ["words", "words"],
    ["words\n", "words"],
    ["words\r\n", "words"],
    ["words\n\n", "words\n"],
    [" words \t\n", " words \t"],
    ["two\nlines\n", "two\nlines"],
    ["words\r", "words\r"],
  ];
  for (const [content, passphrase] of table) {
    const read = (path: string) => Promise.resolve(path + content);
    const origin = fromFile("s").passphrase;
    assertEquals(await resolvePassphrase(origin, read), `s${passphrase}`);
  }
  const origin = given("words\n").passphrase;
  assertEquals(await resolvePassphrase(origin, unread), "words\n");
  assertEquals(await resolvePassphrase({ kind: "generated" }, unread), null);
});

function unread(): Promise<string> {
  throw new Error("There is no file to read");
}

Deno.test("resolvePassphrase() refuses what is empty or too long, in bytes", async () => {
  const limit = "é".repeat(MAX_PASSPHRASE_BYTES / 2);
  assertEquals(
    await resolvePassphrase(given(limit).passphrase, unread),
    limit,
  );
  for (const passphrase of ["", `${limit}x`]) {
    const error = await assertRejects(
      () => resolvePassphrase(given(passphrase).passphrase, unread),
      SpreadError,
    );
    assertEquals(error.code, "USAGE");
  }
  for (const content of ["", "\n", "\r\n"]) {
    const read = () => Promise.resolve(content);
    const error = await assertRejects(
      () => resolvePassphrase(fromFile("s").passphrase, read),
      SpreadError,
      "empty",
    );
    assertEquals(error.code, "USAGE");
  }
});

Deno.test("parseReceiveArgs() refuses - as output", () => {
  assertThrows(
    () => parseReceiveArgs(["--output", "-", "pass"], () => undefined),
    SpreadError,
    "--output - is no file",
  );
});
