/**
 * `bin/claude-spread` in a project that came from somebody else: its links, its `.git` and its
 * settings widen no permission.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { assertSuccess } from "../../support/checks.ts";
import { Grants } from "../../support/granted.ts";
import { testOnMachine as test } from "../../support/launcher.ts";
import type { Machine } from "../../support/machine.ts";

/** Contents of a hostile project: files, and links by their targets. */
interface Hostile {
  files?: Record<string, string>;
  links?: Record<string, string>;
}

const PROJECTS: [what: string, project: Hostile][] = [
  ["a link for .git", { links: { ".git": "/" } }],
  ["a link for .git, to the folder above", { links: { ".git": "../.." } }],
  ["a comma in .git", { files: { ".git": "gitdir: /a,/etc\n" } }],
  ["a comma in .git, from here", {
    files: { ".git": "gitdir: ../../../../../../a,/etc\n" },
  }],
  ["a link in git's folder", {
    files: { ".git": "gitdir: x\n" },
    links: { "x/HEAD": "/", "x/commondir": "/a,b" },
  }],
  ["a link to git's folder with a comma", {
    files: { ".git": "gitdir: x\n" },
    links: { x: "/a,b" },
  }],
  ...["/.", "/a,b", "~/.", "~/../x/..", "~/a/../.."].map((
    folder,
  ): [string, Hostile] => [
    `a folder of memory in ${folder}`,
    {
      files: {
        ".claude/settings.json": `{"autoMemoryDirectory": "${folder}"}\n`,
      },
    },
  ]),
];

async function make(machine: Machine, { files, links }: Hostile) {
  await Deno.mkdir(machine.path(".claude"));
  for (const [name, text] of Object.entries(files ?? {})) {
    await machine.write(name, text);
  }
  for (const [name, target] of Object.entries(links ?? {})) {
    await Deno.mkdir(machine.path("x"), { recursive: true });
    if (name === "x") await Deno.remove(machine.path("x"));
    await Deno.symlink(target, machine.path(name));
  }
}

for (const [what, project] of PROJECTS) {
  test(`claude-spread is permitted nothing wide by a project with ${what}`, async (machine) => {
    await make(machine, project);
    const grants = await Grants.on(machine);
    for (const command of [["sessions", "list"], ["bundle", "m.json"]]) {
      const { reads, writes } = await grants.of(command);
      const wide = [...reads, ...writes]
        .filter((path) => holdsHome(machine, path));
      assertEquals(wide, [], command.join(" "));
    }
    assertSuccess(await machine.run("sessions", ["list"]));
  });
}

/** Whether a granted path, as Deno takes it, is the home or a folder above. */
function holdsHome({ home, folder }: Machine, path: string): boolean {
  const { pathname } = new URL(encodeURI(path), `file://${folder}/`);
  return path !== "." &&
    `${home}/`.startsWith(`${pathname.replace(/\/$/, "")}/`);
}
