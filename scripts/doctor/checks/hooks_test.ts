/** Checks of the plugin and its hooks, by Claude Code's files. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import deno from "../../../deno.json" with { type: "json" };
import type { State } from "../finding.ts";
import { readSettings } from "../settings.ts";
import { checkHooks } from "./hooks.ts";
import { checkPlugin } from "./plugin.ts";

const NAME = "claude-spread@ai-spread";
const ON = { enabledPlugins: { [NAME]: true } };
const OFF = { enabledPlugins: { [NAME]: false } };
const NO_HOOKS = { disableAllHooks: true };

/** As version 2.1.332 writes it. */
const INSTALLED = {
  version: 2,
  plugins: {
    "other@market": [{ scope: "user", version: "1.0.0" }],
    [NAME]: [{
      scope: "user",
      installPath: "/home/alex/.claude/plugins/cache/ai-spread/x",
      version: deno.version,
    }],
  },
};

/** Files by their path from the test's folder: a text as it is, everything else as JSON. */
type Files = Record<string, unknown>;

const USER = "config/settings.json";
const PROJECT = "project/.claude/settings.json";
const LOCAL = "project/.claude/settings.local.json";
const MANAGED = "machine/managed-settings.json";
const PART = "machine/managed-settings.d/9.json";
const PLUGINS = "config/plugins/installed_plugins.json";

/** The states of plugin and hooks, and their words, by the files. */
async function diagnose(files: Files) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, value] of Object.entries(files)) {
      const path = `${folder}/${name}`;
      await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
      const text = typeof value === "string" ? value : JSON.stringify(value);
      await Deno.writeTextFile(path, text);
    }
    const config = `${folder}/config`;
    const settings = await readSettings(
      config,
      `${folder}/project`,
      `${folder}/machine`,
    );
    const plugin = await checkPlugin(config, settings);
    const now = new Date("2026-11-20T08:00:00Z");
    const hooks = await checkHooks(plugin, settings, `${folder}/usual`, now);
    const words = [plugin.finding, hooks]
      .map(({ text, todo }) => `${text} -> ${todo}`).join("\n");
    return {
      states: [plugin.finding.state, hooks.state],
      problems: settings.problems.map(({ isBroken }) => isBroken),
      words: words.replaceAll(`${folder}/`, ""),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// Each line fails when the file that it is about is not read, or does not count as it does for the
// client.
const TABLE: [
  name: string,
  files: Files,
  plugin: State,
  hooks: State,
  words: string,
][] = [
  ["nothing is there", {}, "hint", "hint", "not installed in Claude Code"],
  ["all is on", { [PLUGINS]: INSTALLED, [USER]: ON }, "ok", "ok", "no sign"],
  [
    "it is off",
    { [PLUGINS]: INSTALLED, [USER]: OFF },
    "wrong",
    "hint",
    `claude plugin enable ${NAME}`,
  ],
  [
    "the project has it off",
    {
      [PLUGINS]: INSTALLED,
      [USER]: ON,
      [PROJECT]: OFF,
    },
    "wrong",
    "hint",
    `off in "${PROJECT}"`,
  ],
  [
    "the user has it on in a project that has it off",
    {
      [PLUGINS]: INSTALLED,
      [PROJECT]: OFF,
      [LOCAL]: ON,
    },
    "ok",
    "ok",
    "installed and switched on",
  ],
  [
    "the administrator has it off",
    {
      [PLUGINS]: INSTALLED,
      [USER]: ON,
      [MANAGED]: OFF,
    },
    "wrong",
    "hint",
    "Ask the administrator",
  ],
  [
    "it is installed for another project",
    {
      [PLUGINS]: { plugins: { [NAME]: [{ projectPath: "/p" }] } },
      [USER]: {},
    },
    "hint",
    "hint",
    "installed for /p",
  ],
  [
    "only another plugin has a name like it, with a command behind it",
    {
      [PLUGINS]: { plugins: { "claude-spread@a; rm -rf ~": [{}] } },
      [USER]: ON,
    },
    "hint",
    "hint",
    "not installed in Claude Code",
  ],
  [
    "it is older",
    {
      [PLUGINS]: { plugins: { [NAME]: { version: "1.0.0" } } },
      [USER]: ON,
    },
    "hint",
    "ok",
    `claude plugin update ${NAME}`,
  ],
  [
    "the user has hooks off",
    {
      [PLUGINS]: INSTALLED,
      [USER]: { ...ON, ...NO_HOOKS },
    },
    "ok",
    "wrong",
    `"disableAllHooks" is true in "${USER}"`,
  ],
  [
    "the project has hooks off",
    {
      [PLUGINS]: INSTALLED,
      [USER]: ON,
      [PROJECT]: NO_HOOKS,
    },
    "ok",
    "wrong",
    `"${PROJECT}"`,
  ],
  [
    "the user has hooks on in a project that has them off",
    {
      [PLUGINS]: INSTALLED,
      [USER]: ON,
      [PROJECT]: NO_HOOKS,
      [LOCAL]: { disableAllHooks: false },
    },
    "ok",
    "ok",
    "on by the settings",
  ],
  [
    "the administrator has hooks off",
    {
      [PLUGINS]: INSTALLED,
      [USER]: { ...ON, disableAllHooks: false },
      [MANAGED]: { disableAllHooks: false },
      [PART]: NO_HOOKS,
    },
    "ok",
    "wrong",
    `"${PART}" -> Ask the administrator`,
  ],
  [
    "only the administrator's hooks run",
    {
      [PLUGINS]: INSTALLED,
      [USER]: ON,
      [MANAGED]: { allowManagedHooksOnly: true },
    },
    "ok",
    "wrong",
    "allows only hooks of the administrator",
  ],
  [
    "the plugin is the administrator's",
    {
      [PLUGINS]: INSTALLED,
      [MANAGED]: { allowManagedHooksOnly: true, ...ON },
    },
    "ok",
    "ok",
    "on by the settings",
  ],
  [
    "a user asks for only the administrator's hooks, which does not count",
    {
      [PLUGINS]: INSTALLED,
      [USER]: { ...ON, allowManagedHooksOnly: true },
    },
    "ok",
    "ok",
    "on by the settings",
  ],
  [
    "hooks are off, and the plugin is not there",
    { [USER]: NO_HOOKS },
    "hint",
    "hint",
    "disableAllHooks",
  ],
];

for (const [name, files, plugin, hooks, words] of TABLE) {
  Deno.test(`checkPlugin() and checkHooks() know it when ${name}`, async () => {
    const found = await diagnose(files);
    assertEquals(found.states, [plugin, hooks], found.words);
    assertStringIncludes(found.words, words);
    assertEquals(found.problems, []);
  });
}

// Fails when what cannot be read counts as nothing.
Deno.test("checkPlugin() and checkHooks() say that they do not know, when files are broken", async () => {
  const broken: [Files, State, State, boolean[]][] = [
    [{ [PLUGINS]: INSTALLED, [USER]: "{" }, "unknown", "unknown", [true]],
    [
      { [PLUGINS]: INSTALLED, [USER]: { ...ON, disableAllHooks: "true" } },
      "unknown",
      "unknown",
      [true],
    ],
    [{ [PLUGINS]: INSTALLED, [USER]: "[]" }, "unknown", "unknown", [true]],
    [{ [PLUGINS]: INSTALLED, [USER]: ON, [PROJECT]: "" }, "ok", "unknown", [
      true,
    ]],
    [
      { [PLUGINS]: INSTALLED, [USER]: " ".repeat(2 ** 20) + "{}" },
      "unknown",
      "unknown",
      [false],
    ],
    [{ [PLUGINS]: "{", [USER]: ON }, "unknown", "unknown", []],
    [{ [PLUGINS]: { plugins: 7 }, [USER]: ON }, "unknown", "unknown", []],
    [
      { [PLUGINS]: INSTALLED, [USER]: `\ufeff${JSON.stringify(ON)}` },
      "ok",
      "ok",
      [],
    ],
    [{ [PLUGINS]: INSTALLED, [`${USER}/x`]: "" }, "unknown", "unknown", [
      false,
    ]],
  ];
  for (const [files, plugin, hooks, problems] of broken) {
    const found = await diagnose(files);
    assertEquals(found.states, [plugin, hooks], found.words);
    assertEquals(found.problems, problems, found.words);
  }
});
