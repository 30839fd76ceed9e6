/** `room.pml`, checked by Spin: every order of steps within the bounds, and the faults found. */

import { assert, assertEquals } from "@std/assert";
import { needing } from "../../tests/support/missing.ts";

const MODEL = new URL("room.pml", import.meta.url);
const FILES = ["room.pml", "steps.pml", "instances.pml", "clients.pml"];
const LIMIT_MS = 60_000;

/** Whole searches, by the bounds that matter. */
const BOUNDS = {
  "a receiver that comes back": ["RECEIVERS=1", "ATTEMPTS=2"],
  "two receivers": ["RECEIVERS=2", "RETURNS=1"],
  "two instances": ["INSTANCES=2", "RECEIVERS=1"],
};

/** Safeguards, with the bounds in which their absence shows, and the assertion that fails. */
const SAFEGUARDS = [
  ["GRACE", "two receivers", "owner"],
  ["CHECK", "two receivers", "tag==c"],
  ["DRAINING", "two receivers", "peer==255"],
  ["NAMES", "two instances", "owner"],
] as const;

/** States stay as they are: to leave parts out costs more than it spares, but cycles need it. */
const ASSERTIONS = ["-DSAFETY", "-DNOCOMP"];

/** Ways to search: the compiler's effort pays in long searches alone. */
const MODES = {
  long: { compiler: ["-Og", ...ASSERTIONS], search: [] },
  short: { compiler: ["-O0", ...ASSERTIONS], search: [] },
  cycles: { compiler: ["-O0", "-DNP"], search: ["-l"] },
};

async function run(
  cwd: string,
  command: string,
  args: string[],
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    signal: AbortSignal.timeout(LIMIT_MS),
  }).output();
  const text = new TextDecoder();
  const output = text.decode(stdout) + text.decode(stderr);
  assert(success, `${command}: ${output}`);
  return output;
}

/** Searches the model; returns Spin's report. */
async function search(
  mode: keyof typeof MODES,
  flags: string[],
): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "claude-spread-model-" });
  try {
    for (const name of FILES) {
      await Deno.copyFile(new URL(name, MODEL), `${folder}/${name}`);
    }
    const defines = flags.map((flag) => `-D${flag}`);
    await run(folder, "spin", [...defines, "-a", "room.pml"]);
    const { compiler, search } = MODES[mode];
    const options = ["-w", "-DMEMLIM=2048", ...compiler];
    await run(folder, "cc", [...options, "-o", "pan", "pan.c"]);
    return await run(folder, "./pan", ["-m100000", "-w21", ...search]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function assertWhole(report: string): void {
  assert(/errors: 0$/m.test(report), report);
  const isCut = /max search depth too small|out of memory|memory limit/;
  assert(!isCut.test(report), report);
}

const { ignore } = needing("spin", "cc");

for (const [name, flags] of Object.entries(BOUNDS)) {
  Deno.test({
    name: `room.pml keeps its promises: ${name}`,
    ignore,
    fn: async () => {
      const isLong = flags.includes("RECEIVERS=2");
      const report = await search(isLong ? "long" : "short", flags);
      assertWhole(report);
      // What no run reaches promises nothing; the loops of the relay have no end.
      const unreached = report.matchAll(
        /^\s+\w+\.pml:\d+, state \d+, (.+)$/gm,
      );
      const unmade = [...unreached].map(([, what]) => what);
      assertEquals(unmade.filter((what) => what !== '"-end-"'), []);
    },
  });
}

Deno.test({
  name: "room.pml comes to an end in every run",
  ignore,
  fn: async () => {
    const flags = [...BOUNDS["two instances"], "EVENTS=1"];
    assertWhole(await search("cycles", flags));
  },
});

for (const [name, bounds, violated] of SAFEGUARDS) {
  Deno.test({
    name: `room.pml breaks a promise without ${name}`,
    ignore,
    fn: async () => {
      const flags = [`WITHOUT_${name}`, ...BOUNDS[bounds]];
      const report = await search("short", flags);
      const failure = /assertion violated \(*(.+?)\)* \(at/.exec(report);
      assert(failure?.[1]?.startsWith(violated), report);
    },
  });
}

Deno.test("room.pml names functions that are there", async () => {
  const model = await Deno.readTextFile(MODEL);
  const parts = [...model.matchAll(/^ \* code: (\S+): (.+)$/gm)];
  assert(parts.length >= 8);
  for (const [, path, names] of parts) {
    const code = await Deno.readTextFile(
      new URL(`../../${path}`, import.meta.url),
    );
    for (const name of names!.split(" ")) {
      const definition = new RegExp(
        `^ *(export )?(async )?(function )?\\*?${name}\\(`,
        "m",
      );
      assert(definition.test(code), `${path} has no ${name}()`);
    }
  }
});
