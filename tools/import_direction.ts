/**
 * Checks that imports point one way, as `CONTRIBUTING.md` draws it, and never in a circle.
 *
 * Usage: `deno run --allow-read tools/import_direction.ts [folder]`. Prints each import that
 * points the wrong way, and a circle, and exits 1; prints nothing and exits 0 otherwise.
 *
 * @module
 */

import { resolvePath } from "./paths.ts";

/** Modules that everything in `lib/` may import. */
const GROUND = [
  "lib/errors.ts",
  "lib/bytes.ts",
  "lib/payload.ts",
  "lib/plugin_name.ts",
  "lib/waiting.ts",
];

/** Modules that all three kinds of payload may import. */
const PLACES = [
  ...GROUND,
  "lib/claude/",
  "lib/files/",
  "lib/secrets/",
  "lib/text/",
];

/** Modules of `lib/` that the relay may import; they show that it cannot read data. */
const RELAY = [
  ...GROUND,
  "lib/admission/",
  "lib/relay_messages.ts",
  "lib/relay_topics.ts",
  "lib/room_code.ts",
];

/**
 * Allowed imports of each folder, longest prefix first; imports from itself are always allowed.
 */
const ALLOWED: [folder: string, targets: string[]][] = [
  ["lib/errors.ts", []],
  ["lib/bytes.ts", []],
  ["lib/payload.ts", []],
  ["lib/plugin_name.ts", []],
  ["lib/waiting.ts", []],
  ["lib/room_code.ts", []],
  ["lib/relay_messages.ts", []],
  ["lib/relay_topics.ts", ["lib/relay_messages.ts", "lib/room_code.ts"]],
  ["lib/admission/", []],
  ["lib/crypto/", GROUND],
  ["lib/words/", [
    ...GROUND,
    "lib/crypto/",
    "lib/drops/code.ts",
    "lib/room_code.ts",
  ]],
  ["lib/protocol/", [
    ...GROUND,
    "lib/admission/",
    "lib/crypto/",
    "lib/transports/channel.ts",
  ]],
  ["lib/transports/", [
    ...GROUND,
    "lib/relay_messages.ts",
    "lib/relay_topics.ts",
    "lib/room_code.ts",
  ]],
  ["lib/discovery/", [...GROUND, "lib/room_code.ts"]],
  ["lib/text/", GROUND],
  ["lib/files/", GROUND],
  ["lib/secrets/", [...GROUND, "lib/files/", "lib/text/"]],
  ["lib/shares/", [...GROUND, "lib/admission/", "lib/files/"]],
  ["lib/pairs/", [...GROUND, "lib/crypto/", "lib/files/"]],
  ["lib/drops/code.ts", GROUND],
  ["lib/drops/", [
    ...GROUND,
    "lib/crypto/",
    "lib/files/",
    "lib/protocol/",
    "lib/transports/",
  ]],
  ["lib/claude/", [...GROUND, "lib/files/", "lib/text/"]],
  ["lib/memory/", PLACES],
  ["lib/session/", PLACES],
  ["lib/git/", GROUND],
  ["lib/distillation/", [...PLACES, "lib/git/"]],
  ["lib/work/", [...PLACES, "lib/git/"]],
  ["relay/limits/", [...RELAY, "relay/config.ts"]],
  [
    "relay/rooms/",
    [...RELAY, "relay/limits/", "relay/config.ts", "relay/metrics.ts"],
  ],
  ["relay/kv/", [...RELAY, "relay/limits/", "relay/rooms/"]],
  ["relay/drops/", [
    ...RELAY,
    "relay/limits/",
    "relay/kv/mirror.ts",
    "relay/kv/store.ts",
    "relay/config.ts",
    "relay/metrics.ts",
  ]],
  [
    "relay/server/",
    [
      ...RELAY,
      "relay/limits/",
      "relay/rooms/",
      "relay/drops/",
      "relay/config.ts",
      "relay/metrics.ts",
    ],
  ],
  ["relay/", [...RELAY, "deno.json"]],
  ["scripts/cli/", ["lib/"]],
  ["scripts/serve/", ["scripts/cli/", "lib/"]],
  ["scripts/receive/", ["scripts/cli/", "lib/"]],
  ["scripts/pair/", [
    "scripts/serve/",
    "scripts/receive/",
    "scripts/cli/",
    "lib/",
  ]],
  ["scripts/memory/", ["scripts/cli/", "lib/"]],
  ["scripts/sessions/", ["scripts/cli/", "lib/"]],
  ["scripts/work/", ["scripts/cli/", "lib/", "scripts/help.ts"]],
  ["scripts/relay/", ["scripts/cli/", "lib/"]],
  ["scripts/status/", ["scripts/cli/", "lib/"]],
  ["scripts/doctor/", ["scripts/relay/", "scripts/cli/", "lib/", "deno.json"]],
  ["scripts/claude_spread.ts", ["scripts/", "relay/"]],
  ["scripts/help.ts", ["scripts/cli/", "lib/", "deno.json"]],
  ["scripts/", ["lib/"]],
  ["skills/", ["scripts/memory/"]],
  ["demo/", ["scripts/", "lib/"]],
  ["bench/", ["scripts/", "lib/", "relay/", "deno.json"]],
  ["tests/", ["scripts/", "lib/", "relay/", "tools/"]],
  // They show what people see, so they play people as the tests do.
  ["tools/transcripts", ["scripts/cli/", "lib/", "tests/"]],
  ["tools/picture", ["tools/", "tests/"]],
  ["tools/", ["scripts/cli/", ".claude-plugin/plugin.json"]],
  ["std/", []],
];

/** Folders that may import test kits; the product may not. */
const KIT_USERS = ["tests/", "bench/"];

/** Folders whose code must not reach for the console, arguments, environment or exit. */
const PURE = ["lib/", "relay/rooms/room.ts"];

/** Parts of the environment that callers pass to pure code instead. */
const WORLD = /\bconsole\.|\bDeno\.(args|env|exit|stdin|stdout|stderr)\b/;

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)["']([^"']+)["']/g;

/**
 * Finds imports that point the wrong way, a circle of them, and impure code in pure folders.
 *
 * @param files Path (with `/`, relative to the root) and text of every TypeScript file.
 * @returns One sentence for each violation; empty when there is none.
 */
export function findViolations(files: Map<string, string>): string[] {
  const violations: string[] = [];
  for (const [path, text] of files) {
    // Tests and their kits may import anything inside the project.
    if (path.endsWith("_test.ts") || path.includes("/testing/")) continue;
    for (const specifier of importsOf(text)) {
      if (/^(jsr:|https?:)/.test(specifier)) {
        violations.push(
          `${path} imports ${specifier}: only npm and node are reachable everywhere`,
        );
      }
      if (!specifier.startsWith(".")) continue;
      const target = resolvePath(path, specifier);
      if (!isAllowed(path, target)) {
        violations.push(
          `${path} imports ${target}: imports point the other way`,
        );
      }
    }
    if (
      PURE.some((prefix) => path.startsWith(prefix)) &&
      WORLD.test(withoutComments(text))
    ) {
      violations.push(
        `${path} touches the console, Deno.args, Deno.env or Deno.exit: pass it in`,
      );
    }
  }
  const circle = findCircle(files);
  if (circle !== null) {
    violations.push(`${circle.join(" imports ")}: imports make a circle`);
  }
  return violations;
}

/**
 * A circle of imports: paths of files of which each imports the next, the first one also at the
 * end; `null` when there is none. Imports of types count, too.
 */
function findCircle(files: Map<string, string>): string[] | null {
  const left = new Map<string, string[]>();
  for (const [path, text] of files) {
    left.set(path, importsOf(text).map((place) => resolvePath(path, place)));
  }
  const next = (path: string) => left.get(path)!.find((one) => left.has(one));
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const path of left.keys()) {
      if (next(path) === undefined) left.delete(path);
    }
  }
  const walked: string[] = [];
  let [path] = left.keys();
  for (; path !== undefined; path = next(path)) {
    const start = walked.indexOf(path);
    if (start !== -1) return [...walked.slice(start), path];
    walked.push(path);
  }
  return null;
}

function importsOf(text: string): string[] {
  return [...withoutComments(text).matchAll(IMPORT)].map((match) => match[1]!);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

function isAllowed(path: string, target: string): boolean {
  const rule = ALLOWED.find(([folder]) => path.startsWith(folder));
  if (rule === undefined) return false;
  const [folder, targets] = rule;
  const isKit = target.includes("/testing/");
  if (isKit && !KIT_USERS.some((user) => path.startsWith(user))) return false;
  return target.startsWith(folder) ||
    targets.some((prefix) => target.startsWith(prefix));
}

/** Folders of what is made or installed, such as the npm package. */
const MADE = ["dist", "node_modules"];

async function readTree(
  root: string,
  folder = "",
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const entry of Deno.readDir(`${root}/${folder}`)) {
    if (entry.name.startsWith(".") || MADE.includes(entry.name)) continue;
    const path = folder + entry.name;
    if (entry.isDirectory) {
      for (const [p, text] of await readTree(root, `${path}/`)) {
        files.set(p, text);
      }
    } else if (path.endsWith(".ts")) {
      files.set(path, await Deno.readTextFile(`${root}/${path}`));
    }
  }
  return files;
}

if (import.meta.main) {
  const violations = findViolations(await readTree(Deno.args[0] ?? "."));
  for (const violation of violations) console.error(violation);
  Deno.exit(violations.length === 0 ? 0 : 1);
}
