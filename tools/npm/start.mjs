#!/usr/bin/env node
/**
 * The command of the npm package: starts the launcher beside it, and passes on signals and the exit
 * code. npm makes the command from the first line, on Windows too, which knows no launcher for sh.
 *
 * Exit codes: those of the launcher; 2 for an argument that cmd cannot take, 127 without a launcher.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

const isWindows = process.platform === "win32";
const launcher = fileURLToPath(new URL("claude-spread", import.meta.url));

/** Characters that are special to cmd outside quotation marks, and quotation marks. */
const SPECIAL = /[()[\]%!^"`<>&|;, *?]/g;

/** Escapes a text for the line that cmd gets from here; its batch file sees it without carets. */
function escape(text) {
  return text.replace(SPECIAL, "^$&");
}

/** Quotes an argument for the batch file: it passes on its arguments as they were written. */
function quote(arg) {
  if (/^[\w./:\\+-]+$/.test(arg)) return arg;
  // Deno takes backslashes before a quotation mark in pairs.
  return escape(`"${arg.replace(/\\+$/, "$&$&")}"`);
}

function startOnWindows(args) {
  if (args.some((arg) => /["\r\n]/.test(arg))) {
    fail(
      2,
      "on Windows an argument cannot contain quotation marks or line breaks",
    );
  }
  const line = [escape(`${launcher}.cmd`), ...args.map(quote)].join(" ");
  // By its path, because Windows would take a project's cmd.exe first.
  return spawn(
    `${process.env.SystemRoot}\\System32\\cmd.exe`,
    ["/d", "/v:off", "/s", "/c", `"${line}"`],
    { stdio: "inherit", windowsVerbatimArguments: true },
  );
}

function fail(code, message) {
  console.error(`claude-spread: ${message}`);
  process.exit(code);
}

// A terminal sends these to the launcher as well, and Windows would end it at once. Whoever starts
// this may send one as soon as the launcher has said something.
const isTold = isWindows || [0, 1, 2].some((file) => isatty(file));
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"]) {
  process.on(signal, () => {
    if (!isTold || signal === "SIGTERM") child.kill(signal);
  });
}
const args = process.argv.slice(2);
const child = isWindows
  ? startOnWindows(args)
  : spawn(launcher, args, { stdio: "inherit" });
child.on("error", ({ message }) => fail(127, `cannot start: ${message}`));
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  // Node ignores SIGPIPE, also its own.
  process.exitCode = 128 + constants.signals[signal];
  process.kill(process.pid, signal);
});
