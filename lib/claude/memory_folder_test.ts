/** Memory folders: what Claude Code 2.1.197 did with the same settings and variables. */

import { assertEquals } from "@std/assert";
import { findMemoryFolder } from "./memory_folder.ts";

/** A project in `home/work`: its settings by file, its variables; `~` is the home folder. */
interface Setup {
  files?: Record<string, unknown>;
  env?: Record<string, string>;
}

async function find({ files = {}, env = {} }: Setup): Promise<string[]> {
  const made = await Deno.makeTempDir({ prefix: "cs-memory-" });
  try {
    const home = await Deno.realPath(made);
    await Deno.mkdir(`${home}/work/.claude`, { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      const folder = path.slice(0, path.lastIndexOf("/"));
      await Deno.mkdir(`${home}/${folder}`, { recursive: true });
      const text = typeof content === "string"
        ? content
        : JSON.stringify(content);
      await Deno.writeTextFile(`${home}/${path}`, text);
    }
    const found = await findMemoryFolder({
      home,
      cwd: `${home}/work`,
      env: (name) => env[name]?.replace("HOME", home),
    });
    const name = home.replace(/[^A-Za-z0-9]/g, "-");
    const path = found.path.replace(name, "NAME").replace(home, "~");
    return [path, found.origin, found.off ?? ""];
  } finally {
    await Deno.remove(made, { recursive: true });
  }
}

const USER = ".claude/settings.json";
const PROJECT = "work/.claude/settings.json";
const LOCAL = "work/.claude/settings.local.json";
const DEFAULT = "~/.claude/projects/NAME-work/memory";
const folder = (autoMemoryDirectory: unknown) => ({ autoMemoryDirectory });
const enabled = (autoMemoryEnabled: unknown) => ({ autoMemoryEnabled });

const COWORK = "CLAUDE_COWORK_MEMORY_PATH_OVERRIDE";
const REMOTE = "CLAUDE_CODE_REMOTE_MEMORY_DIR";
const DISABLE = "CLAUDE_CODE_DISABLE_AUTO_MEMORY";

const FOLDERS: [string, Setup, path: string, origin: string][] = [
  ["nothing", {}, DEFAULT, "project"],
  [
    "CLAUDE_CONFIG_DIR",
    { env: { CLAUDE_CONFIG_DIR: "HOME/cfg" } },
    "~/cfg/projects/NAME-work/memory",
    "project",
  ],
  [
    "a relative CLAUDE_CONFIG_DIR",
    { env: { CLAUDE_CONFIG_DIR: "cfg" } },
    "~/work/cfg/projects/NAME-work/memory",
    "project",
  ],
  [
    "an empty CLAUDE_CONFIG_DIR",
    { env: { CLAUDE_CONFIG_DIR: "" } },
    "~/work/projects/NAME-work/memory",
    "project",
  ],
  [
    "user settings in CLAUDE_CONFIG_DIR",
    {
      env: { CLAUDE_CONFIG_DIR: "HOME/cfg" },
      files: { "cfg/settings.json": folder("~/a"), [USER]: folder("~/b") },
    },
    "~/a",
    "user settings",
  ],
  [
    "every scope",
    {
      files: {
        [LOCAL]: folder("~/l"),
        [PROJECT]: folder("~/p"),
        [USER]: folder("~/u"),
      },
    },
    "~/l",
    "local settings",
  ],
  [
    "project and user settings",
    { files: { [PROJECT]: folder("~/p"), [USER]: folder("~/u") } },
    "~/p",
    "project settings",
  ],
  [
    "dots",
    { files: { [USER]: folder("~/a/../b//c/") } },
    "~/b/c",
    "user settings",
  ],
  [
    "two dots as part of a name",
    { files: { [USER]: folder("~/..x") } },
    "~/..x",
    "user settings",
  ],
  [
    "an absolute path",
    { files: { [USER]: folder("/abc/d/") } },
    "/abc/d",
    "user settings",
  ],
  [
    "a byte order mark",
    { files: { [USER]: `\ufeff{"autoMemoryDirectory":"~/u"}` } },
    "~/u",
    "user settings",
  ],
  ["a relative path", { files: { [USER]: folder("a/b") } }, DEFAULT, "project"],
  ["the home folder", { files: { [USER]: folder("~/") } }, DEFAULT, "project"],
  [
    "the home folder by a dot",
    { files: { [USER]: folder("~/.") } },
    DEFAULT,
    "project",
  ],
  [
    "the home folder by a detour",
    { files: { [USER]: folder("~/a/..") } },
    DEFAULT,
    "project",
  ],
  [
    "outside the home folder",
    { files: { [USER]: folder("~/a/../../b") } },
    DEFAULT,
    "project",
  ],
  ["too short a path", { files: { [USER]: folder("/x") } }, DEFAULT, "project"],
  [
    "a variable in it",
    { files: { [USER]: folder("$HOME/x") } },
    DEFAULT,
    "project",
  ],
  [
    "a path that cannot be used, over one that can",
    { files: { [LOCAL]: folder("rel/x"), [USER]: folder("~/u") } },
    DEFAULT,
    "project",
  ],
  [
    "an empty path over another one",
    { files: { [LOCAL]: folder(""), [USER]: folder("~/u") } },
    DEFAULT,
    "project",
  ],
  [
    "a number over a path",
    { files: { [LOCAL]: folder(3), [USER]: folder("~/u") } },
    "~/u",
    "user settings",
  ],
  [
    "broken settings over sound ones",
    { files: { [LOCAL]: "{bad", [USER]: folder("~/u") } },
    "~/u",
    "user settings",
  ],
  [
    COWORK,
    { env: { [COWORK]: "HOME/cow/" }, files: { [USER]: folder("~/u") } },
    "~/cow",
    COWORK,
  ],
  [`a relative ${COWORK}`, { env: { [COWORK]: "cow" } }, DEFAULT, "project"],
  [
    `${COWORK} with a tilde`,
    { env: { [COWORK]: "~/cow" } },
    DEFAULT,
    "project",
  ],
  [
    REMOTE,
    { env: { [REMOTE]: "HOME/rem", CLAUDE_CONFIG_DIR: "HOME/cfg" } },
    "~/rem/projects/NAME-work/memory",
    REMOTE,
  ],
  [`an empty ${REMOTE}`, { env: { [REMOTE]: "" } }, DEFAULT, "project"],
  [
    `settings over ${REMOTE}`,
    { env: { [REMOTE]: "HOME/rem" }, files: { [USER]: folder("~/u") } },
    "~/u",
    "user settings",
  ],
];

for (const [what, setup, path, origin] of FOLDERS) {
  Deno.test({
    name: `findMemoryFolder() does as the client does, with ${what}`,
    ignore: Deno.build.os === "windows",
    fn: async () => assertEquals(await find(setup), [path, origin, ""]),
  });
}

const OFF: [Setup, off: string][] = [
  [{ env: { [DISABLE]: "1" } }, DISABLE],
  [{ env: { [DISABLE]: "true" } }, DISABLE],
  [{ env: { [DISABLE]: "yes" } }, DISABLE],
  [{ env: { [DISABLE]: "ON" } }, DISABLE],
  [{ env: { [DISABLE]: "x" } }, ""],
  [{ env: { [DISABLE]: "0" }, files: { [USER]: enabled(false) } }, ""],
  [{ env: { [DISABLE]: "off" }, files: { [USER]: enabled(false) } }, ""],
  [{ env: { [DISABLE]: "0", CLAUDE_CODE_SIMPLE: "1" } }, "CLAUDE_CODE_SIMPLE"],
  [{ env: { CLAUDE_CODE_SIMPLE: "0" } }, ""],
  [{ files: { [USER]: enabled(false) } }, "autoMemoryEnabled in user settings"],
  [
    { files: { [PROJECT]: enabled(false) } },
    "autoMemoryEnabled in project settings",
  ],
  [{ files: { [USER]: enabled(false), [PROJECT]: enabled(true) } }, ""],
  [
    { files: { [USER]: enabled(false), [LOCAL]: enabled("x") } },
    "autoMemoryEnabled in user settings",
  ],
];

Deno.test("findMemoryFolder() tells what turns memory off", async () => {
  for (const [setup, off] of OFF) {
    const found = await find(setup);
    assertEquals(found[2], off, JSON.stringify(setup));
  }
});

Deno.test("findMemoryFolder() heeds a given name as far as the client does", async () => {
  const name = "CLAUDE_CODE_PROJECT_DIR_NAME";
  const config = { CLAUDE_CONFIG_DIR: "HOME/cfg" };
  const table: [Record<string, string>, path: string][] = [
    [{ [name]: "mine" }, DEFAULT],
    [{ ...config, [name]: "mine" }, "~/cfg/projects/mine/memory"],
    [
      { ...config, [name]: "mine", AI_AGENT: "claude-code_2-1-234_agent" },
      "~/cfg/projects/mine/memory",
    ],
    [
      { ...config, [name]: "mine", AI_AGENT: "claude-code_3-0-0_agent" },
      "~/cfg/projects/mine/memory",
    ],
    [
      { ...config, [name]: "mine", AI_AGENT: "claude-code_2-1-197_agent" },
      "~/cfg/projects/NAME-work/memory",
    ],
    [{ ...config, [name]: "../out" }, "~/cfg/projects/NAME-work/memory"],
    [{ ...config, [name]: ".." }, "~/cfg/projects/NAME-work/memory"],
    [{ ...config, [name]: "" }, "~/cfg/projects/NAME-work/memory"],
  ];
  for (const [env, path] of table) {
    assertEquals((await find({ env }))[0], path, JSON.stringify(env));
  }
});
