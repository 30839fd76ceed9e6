/**
 * The plugin as Claude Code reads it: its name, icon, skills and hooks.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { PLUGIN_NAME } from "../lib/plugin_name.ts";
import { SKILL_NAMES, SKILLS } from "../scripts/cli/commands.ts";

const root = new URL("..", import.meta.url);

const read = (path: string) => Deno.readTextFile(new URL(path, root));

/** Longest description that the menu shows, in UTF-16 units. */
const MAX_DESCRIPTION_LENGTH = 60;

/** Skills that show what somebody else wrote, and so need no way out. */
const RECEIVING = /-receive$|^work$/;

Deno.test("the name of the plugin is the one in the code", async () => {
  const plugin = JSON.parse(await read(".claude-plugin/plugin.json"));
  const market = JSON.parse(await read(".claude-plugin/marketplace.json"));
  assertEquals(plugin.name, PLUGIN_NAME);
  assertEquals(market.plugins.map(({ name }: { name: string }) => name), [
    PLUGIN_NAME,
  ]);
  assertEquals(market.plugins[0].description, plugin.description);
  const hooks = JSON.parse(await read("hooks/hooks.json")).hooks;
  assertEquals(hooks.UserPromptExpansion[0].matcher, `${PLUGIN_NAME}:.*`);
});

Deno.test("the icon is a square PNG of 512 pixels", async () => {
  const bytes = await Deno.readFile(new URL(".claude-plugin/icon.png", root));
  assertEquals([...bytes.slice(1, 4)], [0x50, 0x4e, 0x47]);
  const view = new DataView(bytes.buffer);
  assertEquals([view.getUint32(16), view.getUint32(20)], [512, 512]);
});

Deno.test("Enter in the menu of all skills ends no share: those come last", () => {
  const skills = Object.keys(SKILLS) as (keyof typeof SKILLS)[];
  const names = skills.map((skill) => SKILL_NAMES[skill] ?? skill);
  // As Claude Code sorts them: the shortest name first.
  names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  assertEquals(names.slice(-2), [SKILL_NAMES.status, SKILL_NAMES.stop]);
});

/** Skills that also show and open the work that came along. */
const WITH_WORK = new Set(["distill-receive", "sessions-receive"]);

for (const skill of Object.keys(SKILLS) as (keyof typeof SKILLS)[]) {
  const name = SKILL_NAMES[skill] ?? skill;

  Deno.test(`the skill ${name} is short in the menu, and granted its own commands alone`, async () => {
    const text = await read(`skills/${name}/SKILL.md`);
    const field = (key: string) =>
      new RegExp(`^${key}: (.*)$`, "m").exec(text)?.[1] ?? "";
    assertEquals(field("name"), name);
    assert(field("description").length < MAX_DESCRIPTION_LENGTH);
    const allowed = field("allowed-tools").split(", ");
    const own = [skill, ...WITH_WORK.has(name) ? ["work"] : []];
    const [write, ...more] = allowed.slice(own.length);
    assertEquals(
      allowed.slice(0, own.length),
      own.map((command) => `Bash(claude-spread skill ${command} *)`),
    );
    assertEquals(more, []);
    if (write !== undefined) {
      const folder = RECEIVING.test(name)
        ? /^Edit\(~\/\.cache\/claude-spread\/typed-\*\)$/
        : /^Edit\(~\/\.cache\/claude-spread\/\*\*\)$/;
      assert(folder.test(write), write);
    }
    assertEquals(field("disallowed-tools") !== "", RECEIVING.test(name));
    const commands = [...text.matchAll(/```bash\n([\s\S]*?)\n```/g)];
    for (const [, command] of commands) {
      const words = command!.split(" ");
      assertEquals(words.slice(0, 2), ["claude-spread", "skill"]);
      assert(own.includes(words[2]!), command);
      assert(words.slice(3).join(" ").match(/^(--\w+)?$/), command);
    }
    assert(commands.length > 0);
    assertEquals(field("disable-model-invocation"), "true");
  });
}
