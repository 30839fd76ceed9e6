import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import {
  isForPairs,
  parseReceiveArgs,
  type ReceiveOptions,
} from "../receive/options.ts";
import { parseServeArgs, type ServeOptions } from "../serve/options.ts";
import { parseFlags } from "./flags.ts";
import { given as givenBy } from "./passphrase.ts";
import {
  fromFile,
  given,
  parseReceive,
  parseServe,
  PLACE,
  RECEIVE,
  SERVE,
  withPassphrase,
} from "./testing/options.ts";

Deno.test("parseServeArgs() reads every option", async () => {
  const table: [string[], Partial<ServeOptions>][] = [
    [[], {}],
    [["--once"], { once: true }],
    [["--legacy"], { legacy: true }],
    [["--anonymous"], { anonymous: true }],
    [["--keep-secrets", "--preview"], { keepSecrets: true, preview: true }],
    [["--with-work", "a.md"], { withWork: true, file: "a.md" }],
    [["--with-work", "--include", "a b.env,docs/b.md,,1f2e3d", "--json"], {
      withWork: true,
      include: ["a b.env", "docs/b.md", "1f2e3d"],
      json: true,
    }],
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
  // A drop has a code instead, and a share beside it has the passphrase.
  assertEquals((await serve("--leave")).passphrase, { kind: "generated" });
  assertEquals(await serve("--leave", "--keep-open", "5"), {
    ...env,
    file: "-",
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
