/**
 * `bin/claude-spread` with the real Deno, for people who do not know what to type.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { NAMES } from "../../../scripts/cli/help/help_text.ts";
import { PROGRAMS } from "../../support/environment.ts";
import { launch, testOnMachine as test } from "../../support/launcher.ts";
import { root } from "../../support/places.ts";

test("claude-spread explains itself and each command", async (machine) => {
  for (const args of [[], ["-h"], ["--help"], ["help"]]) {
    const ended = await launch(machine, args, PROGRAMS);
    assertEquals([ended.code, ended.stderr], [0, ""], args.join(" "));
    assertStringIncludes(ended.stdout, "Usage: claude-spread COMMAND");
  }
  for (
    const args of [["help", "serve"], ["serve", "--help"], ["serve", "-h"]]
  ) {
    const ended = await launch(machine, args, PROGRAMS);
    assertEquals([ended.code, ended.stderr], [0, ""], args.join(" "));
    assertStringIncludes(ended.stdout, "Usage: claude-spread serve");
    assertStringIncludes(ended.stdout, "--keep-open");
  }
});

test("claude-spread tells its version", async (machine) => {
  const { version } = JSON.parse(
    await Deno.readTextFile(`${root}/deno.json`),
  );
  for (
    const args of [["-v"], ["--version"], ["version"], ["help", "version"]]
  ) {
    const ended = await launch(machine, args, PROGRAMS);
    assertEquals([ended.code, ended.stdout, ended.stderr], [
      0,
      `claude-spread ${version}\n`,
      "",
    ]);
  }
});

test("claude-spread help explains every name that completion offers", async (machine) => {
  for (const name of [...NAMES, "--help", "-h", "--version"]) {
    const ended = await launch(machine, ["help", name], PROGRAMS);
    assertEquals([ended.code, ended.stderr], [0, ""], name);
    assertStringIncludes(ended.stdout, "claude-spread", name);
  }
});

test("claude-spread says which command was probably meant", async (machine) => {
  const table: [args: string[], meant: string][] = [
    [["serv", "a.md"], "serve"],
    [["recieve"], "receive"],
    [["sessions", "lst"], "sessions list"],
  ];
  for (const [args, meant] of table) {
    const ended = await launch(machine, args, PROGRAMS);
    assertEquals([ended.code, ended.stdout], [2, ""]);
    assertStringIncludes(
      ended.stderr,
      `"${args.slice(0, meant.split(" ").length).join(" ")}"`,
    );
    assertStringIncludes(ended.stderr, "Did you mean");
    assertStringIncludes(ended.stderr, meant);
  }
});

test("claude-spread prints completion scripts", async (machine) => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const args = ["completion", shell];
    const ended = await launch(machine, args, PROGRAMS);
    assertEquals([ended.code, ended.stderr], [0, ""], shell);
    assertStringIncludes(ended.stdout, "keep-open");
  }
});
