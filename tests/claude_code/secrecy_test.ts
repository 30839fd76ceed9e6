/**
 * What others of the machine could see of each skill that shares: the passphrase stands in no
 * process's arguments and in no file that they can read, with the plugin's hook and without it.
 * The share goes on when `claude -p` has ended, and ends by its skill. (Distillations:
 * `distill_test.ts`.)
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { projectName } from "../../lib/claude/config_folder.ts";
import { TYPED_PATH } from "./_distill.ts";
import { runBlock, say, type Step, write } from "./_model.ts";
import type { Person } from "./_person.ts";
import { argumentsWith, Lookout } from "./_secrets.ts";
import { test } from "./_world.ts";

/** Skills that share and receive one kind of thing, and what a model does with them. */
interface Pair {
  kind: string;
  /** Makes what can be shared, and returns what is typed to share it, before the passphrase. */
  prepare(sender: Person): Promise<string>;
  share: Step[];
  /** What is typed to receive it, before the passphrase. */
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
    share: [runBlock(0), runBlock(2), runBlock(3)],
    flags: "",
    receive: [runBlock(0), runBlock(1)],
  },
  {
    kind: "sessions",
    prepare: async (sender) => {
      const { id } = await sender.ask("Does it glow?", [say("It does.")]);
      // Without it such a share ends with the first receiver.
      return `--keep-open 9 --session ${id} `;
    },
    share: [
      runBlock(0),
      runBlock(1, (command) => command.replace(" --session IDS", "")),
    ],
    flags: "--pick 1 ",
    receive: [runBlock(0)],
  },
];

for (const { kind, prepare, share, flags, receive } of PAIRS) {
  for (const disableAllHooks of [false, true]) {
    const hooks = disableAllHooks ? "hooks are turned off" : "one is typed";
    test(`${kind}-share and ${kind}-receive keep a passphrase from everybody else, when ${hooks}`, async (environment) => {
      const settings = { disableAllHooks };
      const alex = await environment.person("alex", {
        home: "a home",
        settings,
      });
      const blake = await environment.person("blake", { settings });
      const typed = await prepare(alex);
      const passphrase = `it's $(id) \\ ${crypto.randomUUID()}`;
      /** A skill's steps; without the hook its first command is run again. */
      const play = async (
        person: Person,
        skill: string,
        line: string,
        steps: Step[],
      ) => {
        const again = disableAllHooks
          ? [steps[0]!, write(TYPED_PATH, line)]
          : [];
        const prompt = `/claude-spread:${skill} ${line}`;
        return await person.ask(prompt, [...again, ...steps, say("Done.")]);
      };
      const lookout = new Lookout(environment.folder, [passphrase]);
      try {
        const [sharing, receiving] = [
          `${typed}${passphrase}`,
          `${flags}${passphrase}`,
        ];
        const shared = await play(alex, `${kind}-share`, sharing, share);
        const received = await play(
          blake,
          `${kind}-receive`,
          receiving,
          receive,
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
      // Without the hook it ends the only share, at the second try.
      const ending = disableAllHooks
        ? [runBlock(0), runBlock(1)]
        : [runBlock(0)];
      await alex.ask("/claude-spread:stop", [...ending, say("It is over.")]);
      assertEquals((await alex.shares())[0]?.state, "ended");
      assertEquals(argumentsWith(`--project=${alex.project}`), []);
    });
  }
}
