/**
 * The plain relay on Python's `websockets`, where that is there.
 *
 * @module
 */

const SCRIPT = `${import.meta.dirname}/plain_relay.py`;

/** An interpreter that has `websockets`, or `null`. Debian's is asked as well as the first on PATH. */
export async function findPython(): Promise<string | null> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    try {
      const { success } = await new Deno.Command(python, {
        args: ["-c", "import websockets"],
        stdout: "null",
        stderr: "null",
      }).output();
      if (success) return python;
    } catch {
      // Not there.
    }
  }
  return null;
}

/** Starts it on a free port of loopback. */
export async function startPythonRelay(
  python: string,
): Promise<{ url: string } & AsyncDisposable> {
  const child = new Deno.Command(python, {
    args: ["-u", "-B", SCRIPT],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let value = "";
  while (!value.includes("\n")) {
    const piece = await reader.read();
    if (piece.done) break;
    value += piece.value;
  }
  return {
    url: `ws://127.0.0.1:${value.replace("port ", "").trim()}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}
