/**
 * Files as Git for Windows checks them out: scripts of sh with LF, that of cmd with CRLF, test data
 * as it is.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { testOnMachine as test } from "../../support/launcher.ts";
import type { Machine } from "../../support/machine.ts";
import { root } from "../../support/places.ts";
import { Repository } from "../../support/repository.ts";

/** Test data that Git would change. */
const CRLF = "a\r\nb\n";

/** The files that git has, as a clone gets them whose Git turns line ends into CRLF. */
async function checkOut(machine: Machine): Promise<string> {
  const project = await Repository.make(machine.path("project"));
  const list = await new Deno.Command("git", {
    args: ["-C", root, "ls-files", "-z", "bin", "scripts", "hooks", "testdata"],
  }).output();
  const files = new TextDecoder().decode(list.stdout).split("\0").slice(0, -1);
  for (const file of [...files, ".gitattributes"]) {
    const path = `${project.folder}/${file}`;
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.copyFile(`${root}/${file}`, path);
  }
  await Deno.writeTextFile(`${project.folder}/testdata/crlf.txt`, CRLF);
  await project.commit("done");
  const clone = machine.path("clone");
  const settings = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"];
  await project.git("clone", "-q", ...settings, project.folder, clone);
  return clone;
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesIn(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

test("a clone by Git for Windows has line ends that sh and cmd can read, and test data unchanged", async (machine) => {
  const clone = await checkOut(machine);
  const scripts = ["bin/claude-spread"];
  for (const folder of ["scripts/launcher", "hooks"]) {
    for await (const path of filesIn(`${clone}/${folder}`)) {
      scripts.push(path.slice(clone.length + 1));
    }
  }
  assert(scripts.length > 9);
  for (const script of scripts) {
    const text = await Deno.readTextFile(`${clone}/${script}`);
    assert(!text.includes("\r"), script);
  }
  const cmd = await Deno.readTextFile(`${clone}/bin/claude-spread.cmd`);
  assertEquals(cmd.replaceAll("\r\n", "").match(/[\r\n]/), null);
  assertEquals(await Deno.readTextFile(`${clone}/testdata/crlf.txt`), CRLF);
  let compared = 0;
  for await (const path of filesIn(`${root}/testdata`)) {
    const name = path.slice(root.length);
    assertEquals(
      await Deno.readFile(`${clone}${name}`),
      await Deno.readFile(path),
      name,
    );
    compared++;
  }
  assert(compared > 3);
});
