/**
 * Machine with a memory and a bundle that differs from it in every way.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { OURS, THEIRS } from "../../support/memory_samples.ts";
import { Machine } from "../../support/machine.ts";
import { bundleOf, memoryOf, remember } from "../../support/memory.ts";

export const theirs = Object.fromEntries(
  Array.from(THEIRS, ([name, { raw }]) => [name, raw]),
);
export const BUNDLE = bundleOf(theirs, { sender: "alex@walnut" });

/** A machine with a memory and a bundle. */
export async function prepared(
  bundle: string | Uint8Array = BUNDLE,
): Promise<Machine> {
  const machine = await Machine.make();
  await remember(machine, OURS);
  await machine.write("m.json", bundle);
  return machine;
}

/** Checks that a memory is untouched and nothing was kept. */
export async function assertUntouched(machine: Machine): Promise<void> {
  assertEquals(await memoryOf(machine), OURS);
  assertEquals(await machine.kept(), []);
}
