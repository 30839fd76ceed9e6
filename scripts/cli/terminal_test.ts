import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { concatBytes } from "../../lib/bytes.ts";
import {
  EXIT_CODES,
  SpreadError,
  type SpreadErrorCode,
} from "../../lib/errors.ts";
import { Terminal } from "./terminal.ts";

/** Text that was written to both streams. */
interface Written {
  out: string;
  error: string;
}

/** A stream's reaction to bytes: takes some and returns how many, or throws. */
type WriteSync = (bytes: Uint8Array) => number;

/** Runs `body` with the process's streams replaced, and returns what went into them. */
function capture(
  body: () => void,
  { out, error }: { out?: WriteSync; error?: WriteSync } = {},
): Written {
  const pieces: Record<keyof Written, Uint8Array[]> = { out: [], error: [] };
  const take =
    (key: keyof Written, writeSync?: WriteSync): WriteSync => (bytes) => {
      const length = writeSync?.(bytes) ?? bytes.length;
      pieces[key].push(bytes.slice(0, length));
      return length;
    };
  const real = [Deno.stdout.writeSync, Deno.stderr.writeSync] as const;
  Deno.stdout.writeSync = take("out", out);
  Deno.stderr.writeSync = take("error", error);
  try {
    body();
  } finally {
    [Deno.stdout.writeSync, Deno.stderr.writeSync] = real;
  }
  const text = (key: keyof Written) =>
    new TextDecoder().decode(concatBytes(...pieces[key]));
  return { out: text("out"), error: text("error") };
}

Deno.test("Terminal tells people on stderr, and prints the payload alone to stdout", () => {
  const written = capture(() => {
    const terminal = new Terminal({ json: false });
    terminal.say("said");
    terminal.show("shown");
    terminal.warn("warned");
    terminal.event("ready", { invite: "secret" });
    terminal.print("payload");
    terminal.print("with its own end\n");
  });
  assertEquals(written, {
    out: "payload\nwith its own end\n",
    error: "spread: said\nshown\nspread: warning: warned\n",
  });
});

Deno.test("Terminal tells programs in JSON lines, and people only what they must know", () => {
  const written = capture(() => {
    const terminal = new Terminal({ json: true });
    terminal.say("said");
    terminal.say("found", "found", { it: 1 });
    terminal.show("shown");
    terminal.warn("warned");
    terminal.event("peer", { peer: "two\nlines", none: undefined });
    terminal.event("ended");
  });
  assertEquals(written, {
    out:
      '{"event":"found","it":1}\n{"event":"peer","peer":"two\\nlines"}\n{"event":"ended"}\n',
    error: "spread: warning: warned\n",
  });
});

Deno.test("Terminal.fail() returns the exit code of every error, and says what to do", () => {
  for (const [code, exitCode] of Object.entries(EXIT_CODES)) {
    const error = new SpreadError(code as SpreadErrorCode, "Message", "Hint");
    let returned: number | undefined;
    const written = capture(() => {
      returned = new Terminal({ json: true }).fail(error);
    });
    assertEquals(returned, exitCode);
    // A stop that the user wanted is not an error.
    const label = code === "INTERRUPTED" ? "" : "error: ";
    assertEquals(
      written.error,
      `spread: ${label}Message\nspread: hint: Hint\n`,
    );
    assertEquals(JSON.parse(written.out), {
      event: "failed",
      error: code,
      message: "Message",
      hint: "Hint",
    });
  }
});

Deno.test("Terminal lets no name in a message steer the terminal, or pose as another message", () => {
  const name = "a\x1b[31m\x9b2J\x1b]0;t\x07\rspread: b\nspread: c\u202ed é 名";
  const shown =
    "a\ufffd[31m\ufffd2J\ufffd]0;t\ufffd\ufffdspread: b\n  spread: c\ufffdd é 名";
  const { error } = capture(() => {
    const terminal = new Terminal({ json: false });
    terminal.say(name);
    terminal.remark(name);
    terminal.warn(name);
    terminal.fail(new SpreadError("USAGE", name, name));
  });
  const labels = ["", "", "warning: ", "error: ", "hint: "];
  assertEquals(
    error,
    labels.map((label) => `spread: ${label}${shown}\n`).join(""),
  );
});

Deno.test("Terminal.fail() leaves an empty hint out", () => {
  const error = new SpreadError("DECLINED", "Not wanted");
  const written = capture(() => new Terminal({ json: false }).fail(error));
  assertEquals(written, { out: "", error: "spread: error: Not wanted\n" });
});

// Fails when a name in an event steers the terminal of whoever looks at the JSON.
Deno.test("Terminal.event() escapes what steers a terminal, and changes nothing", () => {
  const name = "a\x1b[2J\x7f\x9b31m\u202eb\u2028\u{e0041}é한\u{1f600}";
  const { out } = capture(() =>
    new Terminal({ json: true }).event("check", { name })
  );
  assertEquals(/[^\P{C}\n]|[\u2028\u2029]/u.test(out), false, out);
  assertStringIncludes(out, "é한\u{1f600}");
  assertEquals(JSON.parse(out), { event: "check", name });
});

Deno.test("Terminal.fail() prints the stack of what was not foreseen, and asks for a report", () => {
  let code: number | undefined;
  const { out, error } = capture(() => {
    code = new Terminal({ json: true }).fail(new TypeError("Oops"));
  });
  assertEquals(code, 1);
  assertStringIncludes(error, "spread: error: TypeError: Oops\n    at ");
  assertStringIncludes(error, "Please report this");
  assertEquals(JSON.parse(out), {
    event: "failed",
    error: "UNFORESEEN",
    message: "TypeError: Oops",
    hint: "",
  });
});

Deno.test("Terminal.fail() returns the exit code, when nobody reads any more", () => {
  const leave = () => {
    throw new Deno.errors.BrokenPipe();
  };
  let code: number | undefined;
  capture(() => {
    const terminal = new Terminal({ json: true });
    code = terminal.fail(new SpreadError("NO_SENDER", "Message", "Hint"));
  }, { out: leave, error: leave });
  assertEquals(code, 3);
});

Deno.test("Terminal.print() says so, when nobody reads", () => {
  const leave = () => {
    throw new Deno.errors.BrokenPipe();
  };
  capture(() => {
    const error = assertThrows(
      () => new Terminal({ json: false }).print("payload"),
      SpreadError,
    );
    assertEquals(error.code, "CANNOT_STORE");
  }, { out: leave });
});

Deno.test("Terminal.print() prints all, when the stream takes it in pieces", () => {
  const text = "암호 and more\n".repeat(1000);
  const inPieces: WriteSync = (bytes) => Math.min(bytes.length, 1001);
  const { out } = capture(
    () => new Terminal({ json: false }).print(text),
    { out: inPieces },
  );
  assertEquals(out, text);
});

Deno.test("Terminal.print() waits, when the stream cannot take more right now", () => {
  let calls = 0;
  const hesitant: WriteSync = (bytes) => {
    if (++calls % 2 === 1) throw new Deno.errors.WouldBlock();
    return Math.min(bytes.length, 3);
  };
  const { out } = capture(
    () => new Terminal({ json: false }).print("payload\n"),
    { out: hesitant },
  );
  assertEquals(out, "payload\n");
});

Deno.test("Terminal.progress() says how far it is, but not at every call", () => {
  const { out, error } = capture(() => {
    const terminal = new Terminal({ json: true });
    const now = performance.now;
    try {
      performance.now = () => 10_000;
      terminal.progress("peer", 1_000_000, 3_000_000);
      performance.now = () => 12_999;
      terminal.progress("peer", 2_000_000, 3_000_000);
      terminal.progress("peer", 100, 200, "another transfer of that peer");
      performance.now = () => 13_000;
      terminal.progress("peer", 2_500_000, 3_000_000);
    } finally {
      performance.now = now;
    }
  });
  assertEquals(error, "");
  assertEquals(out.trim().split("\n").map((line) => JSON.parse(line)), [
    { event: "progress", peer: "peer", bytes: 1_000_000, size: 3_000_000 },
    { event: "progress", peer: "peer", bytes: 100, size: 200 },
    { event: "progress", peer: "peer", bytes: 2_500_000, size: 3_000_000 },
  ]);
});

Deno.test("Terminal.ask() asks nothing once the user has stopped the command", async () => {
  const terminal = new Terminal({ json: false });
  const signal = AbortSignal.abort(new SpreadError("INTERRUPTED", "Stopped"));
  let asking = Promise.resolve("");
  const { error } = capture(() => asking = terminal.ask("Really? ", signal));
  assertEquals(error, "");
  await assertRejects(() => asking, SpreadError, "Stopped");
});
