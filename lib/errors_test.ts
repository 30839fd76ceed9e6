import { assertEquals, assertStringIncludes } from "@std/assert";
import { forPeople, isMissing, SpreadError, systemReason } from "./errors.ts";

/** The error that an action on files throws. */
function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("It did not fail");
}

Deno.test("forPeople() names the file and the reason, when the system refuses", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const long = `${folder}/${"x".repeat(300)}`;
    await Deno.writeTextFile(`${folder}/file`, "");
    const cases: [() => unknown, message: string, hint: string][] = [
      [
        () => Deno.statSync(`${folder}/none`),
        `Cannot use "${folder}/none": there is no such file`,
        "Check the path",
      ],
      [
        () => Deno.readTextFileSync(long),
        `Cannot use "${long}": its name is too long`,
        "shorter",
      ],
    ];
    if (Deno.build.os !== "windows") {
      await Deno.symlink("circle", `${folder}/circle`);
      cases.push([
        () => Deno.readTextFileSync(folder),
        `Cannot use "${folder}": it is a folder`,
        "Name a file",
      ], [
        () => Deno.readTextFileSync(`${folder}/file/x`),
        `Cannot use "${folder}/file/x": part of its path is not a folder`,
        "Check the path",
      ], [
        () => Deno.readTextFileSync(`${folder}/circle`),
        `Cannot use "${folder}/circle": links in its path lead in a circle`,
        "Check the path",
      ]);
    }
    if (Deno.build.os === "linux") {
      cases.push([
        () => Deno.writeTextFileSync("/dev/full", "x"),
        'Cannot use "/dev/full": the disk is full',
        "Free some space",
      ]);
    }
    for (const [action, message, hint] of cases) {
      const found = forPeople(errorOf(action))!;
      assertEquals([found.code, found.message], ["CANNOT_STORE", message]);
      assertStringIncludes(found.hint, hint);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("forPeople() says what Deno does not permit, and what to do", () => {
  const refused = (message: string) =>
    forPeople(new Deno.errors.NotCapable(message))!;
  const read = refused(
    'Requires read access to "/var/home/a, b", run again with the --allow-read flag',
  );
  assertEquals(
    read.message,
    'Cannot use "/var/home/a, b": this command may not read "/var/home/a, b"',
  );
  assertStringIncludes(read.hint, "name the real path");
  const run = refused(
    'Requires run access to "git", run again with the --allow-run flag',
  );
  assertEquals(
    run.message,
    'Cannot continue: this command has no permission for "git" (run)',
  );
  assertStringIncludes(run.hint, "Run it as claude-spread");
  const all = refused(
    "Requires env access, run again with the --allow-env flag",
  );
  assertEquals(
    all.message,
    "Cannot continue: this command has no permission for that",
  );
});

Deno.test("forPeople() leaves unforeseen errors and those of the network alone", () => {
  const own = new SpreadError("USAGE", "Said already");
  assertEquals(forPeople(own), own);
  assertEquals(forPeople(new TypeError("a defect")), null);
  assertEquals(forPeople(new Deno.errors.ConnectionReset("cut")), null);
  assertEquals(forPeople("text"), null);
});

Deno.test("forPeople() tells the error that came before those of cleaning up", () => {
  const first = new SpreadError("NO_RECEIVER", "Nobody came");
  const second = new SpreadError("CANNOT_STORE", "The disk is full");
  const failed = (cleaning: unknown, before: unknown) =>
    forPeople(new SuppressedError(cleaning, before));
  assertEquals(failed(second, first), first);
  assertEquals(failed(second, new SuppressedError(second, first)), first);
  assertEquals(failed(new TypeError("a defect"), first), null);
  assertEquals(failed(second, new TypeError("a defect")), null);
});

Deno.test("isMissing() takes no refusal for a missing file", () => {
  const refusal = new Deno.errors.NotCapable(
    'Requires read access to "/x", run again with the --allow-read flag',
  );
  assertEquals(isMissing(refusal), false);
  assertEquals(isMissing(new Deno.errors.PermissionDenied("no")), false);
  assertEquals(isMissing(errorOf(() => Deno.lstatSync("/none/none"))), true);
  assertEquals(systemReason(refusal) === null, false);
});
