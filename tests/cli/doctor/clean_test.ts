/**
 * `doctor --clean`: it removes what is left over, and nothing beside that.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { leaveDrop } from "./_left.ts";
import { writePair } from "../../../lib/pairs/pair_files.ts";
import { writeKept } from "../../../lib/work/open/kept.ts";
import { Machine } from "../../support/machine.ts";
import { pairFile, pairsOf } from "../../support/pairs.ts";
import { type Snapshot, snapshot } from "../../support/snapshot.ts";
import { about, assertMatch, type Found } from "./_doctor.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const UUID = "0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b";
const HASH = "ab".repeat(32);

/** Writes a file below a folder that was changed some days ago. */
async function put(
  folder: string,
  name: string,
  days: number,
  text = "0123456789",
): Promise<void> {
  const path = `${folder}/${name}`;
  const around = path.slice(0, path.lastIndexOf("/"));
  await Deno.mkdir(around, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  await age(path, days);
}

async function age(path: string, days: number): Promise<void> {
  const at = new Date(Date.now() - days * DAY_MS);
  await Deno.utime(path, at, at);
}

/** Writes received work. */
async function putWork(
  state: string,
  id: string,
  days: number,
  fields: Record<string, unknown> = {},
): Promise<void> {
  await writeKept(`${state}/work`, {
    version: 1,
    id,
    sha256: id.repeat(8),
    received: new Date(Date.now() - days * DAY_MS).toISOString(),
    ...fields,
  });
  await put(`${state}/work`, `${id}.work`, days);
}

const OPENED = {
  checkout: "/c",
  worktree: "/w",
  branch: "b",
  time: "2026-11-01T08:00:00.000Z",
};

/** Everything that is left over on a machine, as paths from its folder. */
async function leaveThings(machine: Machine): Promise<string[]> {
  const { state, home } = machine;
  const usual = pairsOf(machine).replace(/\/pairs$/, "");
  const cache = `${home}/.cache/claude-spread`;
  await put(state, `partial/${HASH}`, 2);
  await put(state, `partial/${HASH}.${UUID}`, 30);
  await put(state, `shares/0badcafe.log`, 1);
  await put(state, `shares/0badcafe.json.${UUID}.new`, 1);
  await leaveDrop(state, "00000001", { expires: -2 });
  await leaveDrop(state, "00000002", { expires: 2, isOver: true });
  await putWork(state, "0000000a", 8);
  await put(state, `work/0000000b.work`, 9);
  await put(state, `work/${UUID}`, 1);
  await put(state, `work/worktrees.${UUID}.new`, 1);
  await put(state, `work/work-${UUID}/lock`, 1);
  await put(state, `work/work-${UUID}/objects/x`, 1);
  await age(`${state}/work/work-${UUID}`, 1);
  await put(state, `sessions/${UUID}.json.${UUID}.new`, 1);
  await put(state, `deno/gone/plugin/ready`, 1);
  await put(usual, `pairs/0badcafe.json.${UUID}.new`, 1);
  await put(usual, `notice/message.json.${UUID}.new`, 1);
  await put(usual, `claude/old-session/line.json`, 9);
  await age(`${usual}/claude/old-session`, 9);
  return [
    `${state}/partial/${HASH}`,
    `${state}/partial/${HASH}.${UUID}`,
    `${state}/spool/${UUID}`,
    `${state}/shares/0badcafe.log`,
    `${state}/shares/0badcafe.json.${UUID}.new`,
    `${state}/drops/00000001.json`,
    `${state}/drops/00000002.json`,
    `${state}/work/0000000a.json`,
    `${state}/work/0000000a.work`,
    `${state}/work/0000000b.work`,
    `${state}/work/${UUID}`,
    `${state}/work/work-${UUID}`,
    `${state}/work/worktrees.${UUID}.new`,
    `${state}/sessions/${UUID}.json.${UUID}.new`,
    `${state}/deno/gone/plugin/ready`,
    `${usual}/pairs/0badcafe.json.${UUID}.new`,
    `${usual}/notice/message.json.${UUID}.new`,
    `${usual}/claude/old-session`,
    `${cache}/distillation-old-session.md`,
  ].map((path) => path.slice(machine.folder.length)).sort();
}

/** What stays beside it. */
async function keepThings(machine: Machine): Promise<void> {
  const { state, home, folder } = machine;
  const usual = pairsOf(machine).replace(/\/pairs$/, "");
  const cache = `${home}/.cache/claude-spread`;
  await writePair(pairsOf(machine), pairFile({ id: "0badcafe" }));
  await age(`${pairsOf(machine)}/0badcafe.json`, 400);
  await put(state, `partial/${"cd".repeat(32)}`, 0);
  await put(state, `partial/notes.md`, 30);
  await put(state, `work/lock`, 30, "");
  await putWork(state, "0000000c", 6);
  await putWork(state, "0000000d", 30, { opened: OPENED });
  const { checkout, branch } = OPENED;
  await putWork(state, "0000000e", 30, { opening: { checkout, branch } });
  await leaveDrop(state, "00000003", { expires: 2 });
  await put(state, `sessions/${UUID}.json`, 400);
  await put(state, `memory/key/20260101T000000Z-ab/record.json`, 400);
  await put(state, `memory/key/20260101T000000Z-cd.undecided/record.json`, 400);
  await put(usual, `claude/new-session/line.json`, 0);
  await put(usual, `notice/on`, 400, "");
  await put(cache, "distillation-new-session.md", 0);
  await put(cache, "my own notes.md", 400);
  // Links, which lead out of our folders.
  await put(folder, `outside/${UUID}`, 30);
  await put(folder, `outside/${HASH}`, 30);
  await Deno.mkdir(`${state}/spool`, { mode: 0o700 });
  await Deno.symlink(`${folder}/outside/${UUID}`, `${state}/spool/link`);
  const inSpool = UUID.replace("0b", "0c");
  await Deno.symlink(`${folder}/outside/${UUID}`, `${state}/spool/${inSpool}`);
  await Deno.symlink(
    `${folder}/outside`,
    `${usual}/claude/old-session/outside`,
  );
  await age(`${usual}/claude/old-session`, 9);
  const document = `${cache}/distillation-linked.md`;
  await Deno.symlink(`${folder}/outside/${UUID}`, document);
}

/** Paths that are no longer there, and those that are new or different. */
/** Paths from the root of the folder, which begin with `/`. */
function compare(
  before: Snapshot,
  after: Snapshot,
): { gone: string[]; changed: string[] } {
  const gone = Object.keys(before).filter((path) => !(path in after));
  const changed = Object.keys(after)
    .filter((path) => before[path] !== after[path]);
  const [left, other] = [gone, changed].map((paths) =>
    paths.map((path) => `/${path}`)
  );
  return { gone: left!, changed: other! };
}

const ONLY = ["--interface", "127.0.0.1"];

async function run(machine: Machine, ...args: string[]) {
  const options = { interface: null };
  const ended = await machine.run("doctor", [...ONLY, ...args], options);
  const found = ended.events.filter(({ event }) => event === "check");
  const left = ended.events.filter(({ event }) => event === "leftover");
  return { ended, left, found: found as unknown as Found[] };
}

// Fails when a run without --clean changes anything, when --clean removes more than is left over or
// less, when it follows a link, or takes an open share for one that is gone.
Deno.test({
  name:
    "doctor lists what is left over, and removes it with --clean and nothing beside it",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const left = await leaveThings(machine);
    await keepThings(machine);
    const cache = `${machine.home}/.cache/claude-spread`;
    const document = `${cache}/distillation-shared.md`;
    await put(cache, "distillation-shared.md", 0);
    const options = { stdin: "open" } as const;
    await using open = await machine.share([document], options);
    await using killed = await machine.share([document]);
    await killed.stop("SIGKILL");
    // A share that starts would remove these.
    await put(machine.state, `spool/${UUID}`, 1);
    await put(cache, "distillation-old-session.md", 1);
    await age(document, 1);
    const ids = { open: open.ready.id, killed: killed.ready.id };
    const ended = `/state/claude-spread/shares/${ids.killed}.json`;
    const all = [...left, ended].sort();
    const paths = (events: Record<string, unknown>[]) =>
      events.map(({ path }) => String(path).slice(machine.folder.length));

    const before = await snapshot(machine.folder);
    const looked = await run(machine, "--json");
    assertEquals(await snapshot(machine.folder), before);
    const halfOpened = ["json", "work"].map((end) =>
      `/state/claude-spread/work/0000000e.${end}`
    );
    assertEquals(
      paths(looked.left).sort(),
      [...all, ...halfOpened].sort(),
    );
    assert(looked.left.every(({ removed }) => removed === false));
    assertMatch(
      about(looked.found, "leftovers"),
      /^hint 22 things, \d+\.\d KB left over -> To remove it: claude-spread doctor --clean; claude-spread work undo 0000000e$/,
    );
    const kept = about(looked.found, "kept");
    for (
      const words of [
        /1 pair \(/,
        /1 file of an open share \(/,
        /1 entry of a drop that waits/,
        /2 files of received work \(/,
        /2 files of opened work \(/,
        /1 record to undo a session/,
        /2 copies to undo a memory/,
        /1 partial download that can go on/,
        /1 document that is shared/,
        /1 document that was just written/,
        /1 file that somebody else has put there/,
      ]
    ) assertMatch(kept, words);

    const cleaned = await run(machine, "--clean", "--json");
    const after = await snapshot(machine.folder);
    const { gone, changed } = compare(before, after);
    const isBelow = (path: string) =>
      all.some((one) => path.startsWith(`${one}/`));
    const emptied = ["", "/plugin"].map((end) =>
      `/state/claude-spread/deno/gone${end}`
    );
    assertEquals(
      gone.filter((path) => !isBelow(path)).sort(),
      [...all, ...emptied].sort(),
    );
    assertEquals(changed, []);
    assertEquals(
      paths(cleaned.left.filter(({ removed }) => removed)).sort(),
      all,
    );
    assertMatch(
      about(cleaned.found, "leftovers"),
      /^hint removed 20 things, .*; 2 things, \d+ bytes left over -> To remove it: claude-spread work undo 0000000e$/,
    );
    const status = await machine.run("status", ["--json", "--local"]);
    assertEquals(
      status.events.filter(({ event }) => event === "share")
        .map(({ id, state }) => [id, state]),
      [[ids.open, "open"]],
    );
    // A person sees each of them.
    await put(machine.state, `partial/${HASH}`, 2);
    const shown = await run(machine, "--clean");
    assertMatch(
      shown.ended.text,
      /removed partial download, 10 bytes, .*: \S+\/partial\/abab/,
    );
    assertEquals(await snapshot(machine.folder), after);
  },
});

// Fails when things are removed from a folder in which others could have put them, or behind a link.
Deno.test({
  name:
    "doctor --clean removes nothing from a folder that is open to others, or that is a link",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const outside = `${machine.folder}/outside`;
    await put(outside, HASH, 30);
    await Deno.symlink(outside, `${machine.state}/partial`);
    await put(machine.state, `spool/${UUID}`, 30);
    await Deno.chmod(`${machine.state}/spool`, 0o777);
    const before = await snapshot(machine.folder);
    const { ended, left, found } = await run(machine, "--clean", "--json");
    assertEquals(await snapshot(machine.folder), before);
    assertEquals([ended.code, left], [1, []]);
    assertMatch(about(found, "state"), /"spool" in it is open to other users/);
    assertMatch(about(found, "leftovers"), /^ok none$/);
    await Deno.chmod(`${machine.state}/spool`, 0o700);
    const closed = await run(machine, "--json");
    assertMatch(
      about(closed.found, "state"),
      /^hint .*; links in it were not followed: partial -> Nothing/,
    );
  },
});
