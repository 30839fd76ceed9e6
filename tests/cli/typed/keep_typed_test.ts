/**
 * `hooks/keep-typed`: what Claude Code runs before each command of the plugin.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { root } from "../../support/places.ts";

const ID = "c396e4de-6401-4286-8d77-359475b3781d";

/** Where the hook keeps what was typed; the name has blanks and a comma, as people's do. */
class PluginData implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(): Promise<PluginData> {
    const folder = await Deno.makeTempDir({ prefix: "cs-hook a, b-" });
    return new PluginData(folder);
  }

  /** Runs the hook; it must neither fail nor say anything. */
  async keep(input: string, id: string | null): Promise<void> {
    const { code, stdout, stderr } = await this.run(input, id);
    assertEquals([code, stdout.length, stderr.length], [0, 0, 0]);
  }

  /** Runs the hook, in a session that was started in `project`. */
  async run(
    input: string,
    id: string | null,
    project = "/home/alex/a shop",
  ): Promise<Deno.CommandOutput> {
    const child = new Deno.Command(`${root}/hooks/keep-typed`, {
      clearEnv: true,
      env: {
        PATH: "/usr/bin:/bin",
        CLAUDE_PLUGIN_DATA: this.folder,
        CLAUDE_PROJECT_DIR: project,
        HOME: `${this.folder}/home`,
        ...id !== null && { CLAUDE_CODE_SESSION_ID: id },
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // A hook that does not want it closes its end.
    await new Blob([input]).stream().pipeTo(child.stdin).catch(() => {});
    return await child.output();
  }

  /** Names of what is kept. */
  async names(): Promise<string[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(this.path("")));
      return entries.map(({ name }) => name).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  path(name: string): string {
    return `${this.folder}/typed/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

function test(name: string, body: (data: PluginData) => Promise<void>): void {
  Deno.test({
    name,
    // A shell script, which Windows does not start.
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using data = await PluginData.make();
      await body(data);
    },
  });
}

test("keep-typed keeps what was typed byte for byte, for its owner only", async (data) => {
  const typed =
    `{"command_args":"a  \\"b' $(id) \`id\` \\\\ !x 비밀\u00a0"}\n\n`;
  await data.keep(typed, ID);
  assertEquals(await data.names(), [`${ID}.json`]);
  assertEquals(await Deno.readTextFile(data.path(`${ID}.json`)), typed);
  const modeOf = async (path: string) => (await Deno.stat(path)).mode! & 0o777;
  assertEquals(await modeOf(data.path(`${ID}.json`)), 0o600);
  assertEquals(await modeOf(data.path("")), 0o700);
});

test("keep-typed forgets the line before, also when the new one is too long", async (data) => {
  await data.keep("first", ID);
  await data.keep("second", ID);
  assertEquals(await Deno.readTextFile(data.path(`${ID}.json`)), "second");
  await data.keep("x".repeat(1024 * 1024), ID);
  assertEquals((await Deno.stat(data.path(`${ID}.json`))).size, 1024 * 1024);
  await data.keep("x".repeat(1024 * 1024 + 1), ID);
  assertEquals(await data.names(), []);
});

test("keep-typed writes nothing, when there is no session id or a strange one", async (data) => {
  const ids = [
    null,
    "",
    "..",
    "../x",
    "a/b",
    "-rf",
    "a b",
    "a\nb",
    "é",
    "*",
    "a".repeat(65),
  ];
  for (const id of ids) {
    await data.keep("typed", id);
    assertEquals(await Array.fromAsync(Deno.readDir(data.folder)), [], `${id}`);
  }
  await data.keep("typed", "a".repeat(64));
  assertEquals(await data.names(), [`${"a".repeat(64)}.json`]);
});

test("keep-typed removes what was left behind more than a day ago, and nothing newer", async (data) => {
  await data.keep("old", "old-session");
  await data.keep("recent", "recent-session");
  await Deno.writeTextFile(data.path("old-session.4242.new"), "half");
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
  await Deno.utime(data.path("old-session.json"), hoursAgo(25), hoursAgo(25));
  await Deno.utime(
    data.path("old-session.4242.new"),
    hoursAgo(25),
    hoursAgo(25),
  );
  const recent = data.path("recent-session.json");
  await Deno.utime(recent, hoursAgo(23), hoursAgo(23));
  await data.keep("new", ID);
  assertEquals(await data.names(), [`${ID}.json`, "recent-session.json"]);
});

test("keep-typed lets the command run, when there is no place to write", async (data) => {
  await Deno.writeTextFile(`${data.folder}/typed`, "in the way");
  await data.keep("typed", ID);
  assertEquals(
    await Deno.readTextFile(`${data.folder}/typed`),
    "in the way",
  );
});

test("keep-typed does not follow a link that stands in its place", async (data) => {
  const other = `${data.folder}/other`;
  await Deno.writeTextFile(other, "untouched");
  await Deno.mkdir(data.path(""), { mode: 0o700 });
  await Deno.symlink(other, data.path(`${ID}.json`));
  await data.keep("typed", ID);
  assertEquals(await Deno.readTextFile(other), "untouched");
  assert((await Deno.lstat(data.path(`${ID}.json`))).isFile);
});

Deno.test("hooks.json names the hook, for this plugin's commands only", async () => {
  const { hooks } = JSON.parse(
    await Deno.readTextFile(`${root}/hooks/hooks.json`),
  );
  assertEquals(Object.keys(hooks), ["UserPromptExpansion"]);
  const [{ matcher, hooks: [hook] }] = hooks.UserPromptExpansion;
  assertEquals(matcher, "claude-spread:.*");
  const path = hook.command.replaceAll('"', "")
    .replace("${CLAUDE_PLUGIN_ROOT}", root);
  const { mode } = await Deno.stat(path);
  assert(Deno.build.os === "windows" || (mode! & 0o111) !== 0, path);
});

test("keep-typed closes the folder for documents to others, also one that is there", async (data) => {
  const cache = `${data.folder}/home/.cache`;
  const modes = async () => {
    await data.keep("{}", ID);
    const { mode } = await Deno.stat(`${cache}/claude-spread`);
    return mode! & 0o777;
  };
  assertEquals(await modes(), 0o700);
  await Deno.chmod(`${cache}/claude-spread`, 0o755);
  assertEquals(await modes(), 0o700);
  await Deno.remove(cache, { recursive: true });
  await Deno.writeTextFile(cache, "in the way");
  await data.keep("{}", ID);
  assertEquals(await data.names(), [`${ID}.json`]);
});

test("keep-typed stops a command, when a shell would act on the project's name", async (data) => {
  for (const name of ["a$(id)b", "a`id`b", "$HOME", 'a"; id; echo "b']) {
    const { code, stderr } = await data.run("{}", ID, `/home/alex/${name}`);
    assertEquals(code, 2, name);
    const said = new TextDecoder().decode(stderr);
    assert(/^claude-spread: .* rename the folder[^\n]*\n$/.test(said), said);
    assertEquals(await data.names(), []);
  }
  for (
    const name of ["it's; id", "C:\\Users\\alex", "a, b", "커피", "(x) #y"]
  ) {
    const { code } = await data.run("{}", ID, `/home/alex/${name}`);
    assertEquals(code, 0, name);
  }
});
