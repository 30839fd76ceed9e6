/**
 * Installs or takes back, and ends this process the hard way at the Nth change to the disk.
 *
 * Usage: `_kill.ts install|undo FOLDER STATE N before|after`. Prints the number of changes
 * when it was not ended.
 *
 * @module
 */

import { type Disk, realDisk } from "../../lib/files/disk.ts";
import { installMemory } from "../../lib/memory/install/install.ts";
import { type MemoryPlace } from "../../lib/memory/install/held_memory.ts";
import { undoInstall } from "../../lib/memory/install/undo.ts";
import { THEIRS } from "../support/memory_samples.ts";

const [what, folder, state, at, when] = Deno.args;

let count = 0;

/** The real disk, until it is time. */
const disk = new Proxy(realDisk, {
  get: (target, name: keyof Disk) => async (...args: never[]) => {
    count++;
    const isNow = count === Number(at);
    if (isNow && when === "before") Deno.kill(Deno.pid, "SIGKILL");
    await (target[name] as (...args: never[]) => Promise<void>)(...args);
    if (isNow) Deno.kill(Deno.pid, "SIGKILL");
  },
});

const place: MemoryPlace = {
  folder: folder!,
  state: state!,
  disk,
  now: () => new Date(),
  fillRandom: (bytes) => crypto.getRandomValues(bytes),
};

if (what === "undo") await undoInstall(place);
else {
  await installMemory(place, {
    received: THEIRS,
    provenance: { sender: "alex@walnut", project: "shop", day: "2026-11-24" },
    choose: () => "theirs",
  });
}
console.log(count);
