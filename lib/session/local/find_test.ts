import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../errors.ts";
import type { Surroundings } from "../../claude/config_folder.ts";
import { findSessions } from "./find.ts";
import { sessionFolders } from "../../claude/project_folders.ts";

const HOW = { openOptions: [] };

const ONE = "0b9e5a3c-6f1d-4c8e-9a77-2d1c0f4b8e21";
const TWIN = "0b9e5a3c-0000-4c8e-9a77-2d1c0f4b8e21";
const TWO = "1c0f6b4d-6f1d-4c8e-9a77-2d1c0f4b8e21";

/** A home with two projects, the first of which is this one. */
class Home implements AsyncDisposable {
  #written = 0;

  private constructor(readonly folder: string) {}

  static async make(): Promise<Home> {
    const home = new Home(await Deno.realPath(await Deno.makeTempDir()));
    await Deno.mkdir(`${home.folder}/here`);
    await Deno.mkdir(`${home.folder}/there`);
    return home;
  }

  in(project: string): Surroundings {
    const { folder } = this;
    return { home: folder, cwd: `${folder}/${project}`, env: () => undefined };
  }

  async write(project: string, id: string, text: string): Promise<void> {
    const { transcripts } = await sessionFolders(this.in(project));
    await Deno.mkdir(transcripts, { recursive: true });
    const line = {
      type: "user",
      uuid: "u1",
      parentUuid: null,
      timestamp: "2026-01-02T03:04:05.678Z",
      message: { role: "user", content: text },
    };
    const lines = text === "" ? "{}\n" : `${JSON.stringify(line)}\n`;
    const path = `${transcripts}/${id}.jsonl`;
    await Deno.writeTextFile(path, lines);
    // Each a day after the one before, however fast they are written.
    const used = new Date(2026, 0, ++this.#written);
    await Deno.utime(path, used, used);
  }

  async find(...ids: string[]): Promise<string[]> {
    const found = await findSessions(this.in("here"), ids, HOW);
    return found.map(({ title }) => title);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("findSessions() finds sessions of any project, whole ids and beginnings, in the order asked for", async () => {
  await using home = await Home.make();
  await home.write("here", ONE, "one");
  await home.write("there", TWO, "two");
  assertEquals(await home.find(TWO, ONE), ["two", "one"]);
  assertEquals(await home.find("0B9E5A3C", "1c0f6b4d-6f"), ["one", "two"]);
  assertEquals(await home.find(ONE, "0b9e5a3c", ONE), ["one"]);
});

Deno.test("findSessions() prefers the project it is asked from, and otherwise the session used last", async () => {
  await using home = await Home.make();
  await home.write("here", ONE, "here");
  await home.write("there", ONE, "there");
  assertEquals(await home.find(ONE), ["here"]);
  await Deno.mkdir(`${home.folder}/elsewhere`);
  const [found] = await findSessions(home.in("elsewhere"), [ONE], HOW);
  assertEquals(found!.title, "there");
});

const REFUSED: [id: string, message: string][] = [
  [ONE.replace("0b", "0c"), "There is no session"],
  ["0b9e5a3", "There is no session"],
  ["0b9e5a3c", "More than one session has an ID that begins with"],
  [TWO, "There is no conversation in session"],
  ["../../etc", "There is no session"],
];

Deno.test("findSessions() says which id means nothing, or too much", async () => {
  await using home = await Home.make();
  await home.write("here", ONE, "one");
  await home.write("there", TWIN, "twin");
  await home.write("here", TWO, "");
  for (const [id, message] of REFUSED) {
    const error = await assertRejects(
      () => home.find(id),
      SpreadError,
      message,
    );
    assertEquals(error.code, "USAGE");
  }
  assertEquals(await home.find(ONE), ["one"]);
});
