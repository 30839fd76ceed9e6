/**
 * Secrecy of each skill that shares: the passphrase stands in no process's arguments, and in no
 * file that other users of the machine can read. The share goes on when `claude -p` has ended.
 * (Distillations: `distill_test.ts`.)
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { projectName } from "../../lib/claude/config_folder.ts";
import { runBlock, say, type Step } from "./_model.ts";
import type { Person } from "./_person.ts";
import { argumentsWith, Lookout } from "./_secrets.ts";
import { test } from "./_world.ts";

/** Skills that share and receive one kind of thing, and what a model does with them. */
interface Pair {
  kind: string;
  /** Makes what can be shared, and returns what is typed to share it, before the passphrase. */
  prepare(sender: Person): Promise<string>;
  share: Step[];
  /** The flags that are typed to receive it, before the passphrase. */
  flags: string;
  receive: Step[];
}

const PAIRS: Pair[] = [
  {
    kind: "memory",
    prepare: async (sender) => {
      const folder = `.claude/projects/${projectName(sender.project)}/memory`;
      await sender.write(`${folder}/MEMORY.md`, "# Memory\n\nIt glows.\n");
      return "--raw ";
    },
    share: [runBlock(0), runBlock(1)],
    flags: "",
    receive: [runBlock(0)],
  },
  {
    kind: "sessions",
    prepare: async (sender) => {
      const { id } = await sender.ask("Does it glow?", [say("It does.")]);
      // Without it such a share ends with the first receiver.
      return `--keep-open 9 --session ${id} `;
    },
    share: [runBlock(0)],
    flags: "--pick 1 ",
    receive: [runBlock(0)],
  },
];

for (const { kind, prepare, share, flags, receive } of PAIRS) {
  test(`${kind}-share and ${kind}-receive keep a passphrase from everybody else`, async (environment) => {
    const alex = await environment.person("alex", { home: "a home" });
    const blake = await environment.person("blake");
    const typed = await prepare(alex);
    const passphrase = `it's $(id) \\ ${crypto.randomUUID()}`;
    const lookout = new Lookout(environment.folder, [passphrase]);
    const done = say("Done.");
    try {
      const shared = await alex.ask(
        `/claude-spread:${kind}-share ${typed}${passphrase}`,
        [...share, done],
      );
      const received = await blake.ask(
        `/claude-spread:${kind}-receive ${flags}${passphrase}`,
        [...receive, done],
      );
      for (const { calls, denials, skill } of [shared, received]) {
        assertEquals(denials, []);
        const last = calls.at(-1)!;
        assert(!last.isError, last.result);
        assert(!skill.includes(passphrase), skill);
      }
    } finally {
      await lookout[Symbol.asyncDispose]();
    }
    assertEquals([...lookout.found], []);
    assert(lookout.looks > 20, `${lookout.looks} looks`);

    const [open] = await alex.shares();
    assertEquals([open?.state, open?.delivered], ["open", 1]);
    const stopped = await alex.spread(["stop"]);
    assertEquals(stopped.code, 0, stopped.stderr);
    assertEquals((await alex.shares())[0]?.state, "ended");
    assertEquals(argumentsWith(`--project=${alex.project}`), []);
  });
}

test("sessions-share shares nothing on Claude's word alone, when hooks are turned off", async (environment) => {
  const settings = { disableAllHooks: true };
  const alex = await environment.person("alex", { settings });
  const { id } = await alex.ask("Does it glow?", [say("It does.")]);
  const session = await alex.ask(
    `/claude-spread:sessions-share --session ${id}`,
    [runBlock(0), runBlock(1), say("Type it yourself.")],
  );
  assertEquals(session.denials, []);
  assert(session.calls[0]!.result.includes(`ID ${id}`));
  assert(session.calls[0]!.result.includes("! claude-spread serve --detach"));
  assert(session.calls[1]!.result.includes("has not been asked"));
  assertEquals(await alex.shares(), []);
});
