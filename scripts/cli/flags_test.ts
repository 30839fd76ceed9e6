import { assertEquals, assertThrows } from "@std/assert";
import { SpreadError } from "../../lib/errors.ts";
import type { CommandName } from "./commands.ts";
import { type Flags, parseFlags, UnknownName, wantsJson } from "./flags.ts";

/** Options and operands, as far as they are set. */
function read(args: string[], command: CommandName = "receive") {
  const flags = parseFlags(command, args);
  return [setIn(flags), flags.operands];
}

function setIn(flags: Flags): Record<string, string> {
  const names = ["output", "relay", "json", "help", "timeout", "room", "check"];
  return Object.fromEntries(
    names.filter((name) => flags.has(name))
      .map((name) => [name, flags.optional(name)]),
  );
}

Deno.test("parseFlags() takes the next argument for a value, unless it begins with a dash", () => {
  const table: [string[], Record<string, string>, string[]][] = [
    [[], {}, []],
    [["--output", "a b"], { output: "a b" }, []],
    [["--output=a=b"], { output: "a=b" }, []],
    [["--output", "-"], { output: "-" }, []],
    [["--output", "--json"], { output: "", json: "true" }, []],
    [["--output"], { output: "" }, []],
    [["--output="], { output: "" }, []],
    [["--output", "a", "--output", "b"], { output: "b" }, []],
    [["w", "--json", "x"], { json: "true" }, ["w", "x"]],
    [["--json", "false", "w"], { json: "true" }, ["false", "w"]],
    [["--json", "true"], { json: "true" }, ["true"]],
    [["--", "--json", "-o", "x"], {}, ["--json", "-o", "x"]],
    [["-"], {}, ["-"]],
    [["007", "1e3"], {}, ["007", "1e3"]],
    [["--timeout", "5", "w"], { timeout: "5" }, ["w"]],
  ];
  for (const [args, set, operands] of table) {
    assertEquals(read(args), [set, operands], args.join(" "));
  }
});

Deno.test("parseFlags() takes only an address for the value of --relay and --check", () => {
  const relay: [string[], string, string[]][] = [
    [["--relay", "wss://a.example", "w"], "wss://a.example", ["w"]],
    [["--relay", "WS://a.example"], "WS://a.example", []],
    [["w", "--relay", "https://a.example"], "https://a.example", ["w"]],
    [["--relay", "w"], "", ["w"]],
    [["--relay", "--", "wss://a.example"], "", ["wss://a.example"]],
    [["--relay=w"], "w", []],
    [["--relay"], "", []],
  ];
  for (const [args, value, operands] of relay) {
    assertEquals(read(args), [{ relay: value }, operands], args.join(" "));
  }
  assertEquals(
    read(["--check", "wss://a.example"], "relay --check"),
    [{ check: "wss://a.example" }, []],
  );
});

Deno.test("parseFlags() reads the short options", () => {
  for (const args of [["-o", "x"], ["-ox"], ["-o=x"]]) {
    assertEquals(read(args), [{ output: "x" }, []]);
  }
  assertEquals(read(["-h"]), [{ help: "true" }, []]);
});

Deno.test("parseFlags() refuses what is not an option, and says which was probably meant", () => {
  const table: [string[], string][] = [
    [["--nonsense"], "There is no option --nonsense"],
    [["--nonsense=secret"], "There is no option --nonsense"],
    [["-x"], "There is no option -x"],
    [["-5"], "There is no option -5"],
    [["-hx"], "There is no option -h"],
    [["--once"], "There is no option --once"],
    [["--toString"], "There is no option --toString"],
    [["--json=yes"], "--json takes no value"],
  ];
  for (const [args, message] of table) {
    const error = assertThrows(() => read(args), SpreadError, message);
    assertEquals(error.code, "USAGE");
  }
  const error = assertThrows(() => read(["--relya"]), UnknownName);
  assertEquals(error.typed, "--relya");
  assertEquals(error.known.includes("--relay"), true);
});

Deno.test("Flags.choice() takes one of the values in the table", () => {
  assertEquals(parseFlags("serve", ["--kind=memory"]).choice("kind"), "memory");
  assertEquals(parseFlags("serve", []).choice("kind"), undefined);
  for (const kind of ["song", "toString", "Memory"]) {
    const flags = parseFlags("serve", ["--kind", kind]);
    assertThrows(
      () => flags.choice("kind"),
      UnknownName,
      `--kind ${kind} is not one of distillation, memory, session`,
    );
  }
});

Deno.test("Flags.forChild() hands on what the share needs, and no source of its passphrase", () => {
  const flags = parseFlags("serve", [
    "--json",
    "--detach",
    "--qr",
    "--relay",
    "--passphrase-file",
    "secret file",
    "--keep-open",
    "5",
    "--anonymous",
    "--interface",
    "127.0.0.1",
    "secret words",
    "a.md",
  ]);
  assertEquals(flags.forChild(), [
    "--keep-open=5",
    "--relay=",
    "--anonymous",
    "--interface=127.0.0.1",
  ]);
});

Deno.test("wantsJson() knows before anything is parsed", () => {
  assertEquals(wantsJson(["--nonsense", "--json"]), true);
  assertEquals(wantsJson(["a", "--", "--json"]), false);
});
