import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../errors.ts";
import { checkPlace, placeFile } from "./place_file.ts";

/** A temporary folder with a file to place in it. */
async function makeFolder(
  dir?: string,
): Promise<{ folder: string; path: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ dir, prefix: "cs-place-" });
  const path = `${folder}/payload`;
  await Deno.writeTextFile(path, "payload", { mode: 0o600 });
  return {
    folder,
    path,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

async function assertCannotStore(
  action: () => void | Promise<void>,
  message: string,
): Promise<void> {
  const error = await assertRejects(
    async () => await action(),
    SpreadError,
    message,
  );
  assertEquals(error.code, "CANNOT_STORE");
}

/** A folder on another file system, or `null`. */
async function otherDisk(): Promise<string | null> {
  const dev = async (path: string) => (await Deno.stat(path)).dev;
  const here = await Deno.makeTempDir();
  try {
    return await dev("/dev/shm") === await dev(here) ? null : "/dev/shm";
  } catch {
    return null;
  } finally {
    await Deno.remove(here);
  }
}

const other = await otherDisk();

Deno.test("placeFile() moves the file, for its owner only", async () => {
  await using made = await makeFolder();
  const output = `${made.folder}/out`;
  checkPlace(output);
  await placeFile(made.path, output);
  assertEquals(namesIn(made.folder), ["out"]);
  assertEquals(await Deno.readTextFile(output), "payload");
  if (Deno.build.os !== "windows") {
    assertEquals((await Deno.stat(output)).mode! & 0o777, 0o600);
  }
});

Deno.test({
  name: "placeFile() copies the file, when it goes to another disk",
  ignore: other === null,
  fn: async () => {
    await using made = await makeFolder();
    await using there = await makeFolder(other!);
    const output = `${there.folder}/out`;
    await Deno.chmod(made.path, 0o644);
    await placeFile(made.path, output);
    assertEquals(namesIn(there.folder), ["out", "payload"]);
    assertEquals(namesIn(made.folder), []);
    assertEquals(await Deno.readTextFile(output), "payload");
    assertEquals((await Deno.stat(output)).mode! & 0o777, 0o600);
  },
});

Deno.test("placeFile() and checkPlace() never overwrite", async () => {
  await using made = await makeFolder();
  await using there = await makeFolder(other ?? undefined);
  for (const { folder } of [made, there]) {
    const output = `${folder}/taken`;
    const makers = [
      () => Deno.writeTextFile(output, "mine"),
      () => Deno.mkdir(output),
      () => Deno.symlink(`${folder}/nowhere`, output),
    ];
    for (const make of makers) {
      await make();
      const names = namesIn(folder);
      const message = `Cannot write to "${output}": it exists already`;
      await assertCannotStore(() => checkPlace(output), message);
      await assertCannotStore(() => placeFile(made.path, output), message);
      assertEquals(namesIn(folder), names);
      assertEquals(await Deno.readTextFile(made.path), "payload");
      await Deno.remove(output);
    }
  }
});

Deno.test("placeFile() and checkPlace() say so, when the folder is missing", async () => {
  await using made = await makeFolder();
  const outputs = ["none/out", "payload/out", "none/"];
  for (const output of outputs.map((name) => `${made.folder}/${name}`)) {
    const message = `Cannot write to "${output}": its folder is missing`;
    await assertCannotStore(() => checkPlace(output), message);
    await assertCannotStore(() => placeFile(made.path, output), message);
  }
  assertEquals(namesIn(made.folder), ["payload"]);
});

Deno.test("placeFile() and checkPlace() take a name as long as the system allows", async () => {
  await using made = await makeFolder();
  await using there = await makeFolder(other ?? undefined);
  for (const name of ["x".repeat(255), "한".repeat(85)]) {
    const output = `${there.folder}/${name}`;
    checkPlace(output);
    await placeFile(made.path, output);
    assertEquals(namesIn(there.folder).includes(name), true);
    await Deno.writeTextFile(made.path, "payload");
  }
});

Deno.test("checkPlace() refuses a name that is too long for the system", async () => {
  await using made = await makeFolder();
  for (const name of ["x".repeat(256), "한".repeat(86)]) {
    const output = `${made.folder}/${name}`;
    await assertCannotStore(
      () => checkPlace(output),
      `Cannot write to "${output}"`,
    );
  }
});

Deno.test("checkPlace() leaves nothing behind", async () => {
  await using made = await makeFolder();
  checkPlace(`${made.folder}/out`);
  assertEquals(namesIn(made.folder), ["payload"]);
});
