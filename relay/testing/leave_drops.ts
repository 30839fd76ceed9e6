/**
 * Leaves drops in a folder until it is killed, and prints the number of each that was confirmed.
 *
 * Usage: `deno run --allow-all leave_drops.ts FOLDER SIZE`
 *
 * @module
 */

import { FolderStore } from "../drops/folder_store.ts";
import { CONFIG, DropStage, leaveAll, testDrop } from "./drops.ts";

const [folder, size] = Deno.args;
const config = { ...CONFIG, maxDropsPerAddress: 1e6 };
const store = await FolderStore.open(folder!, config);
const { drops } = new DropStage(store, config, () => {});
// Numbers that no earlier run has used.
const first = drops.totals.drops * 1000 + 1;
for (let number = first; number < first + 1000; number++) {
  await leaveAll(drops, testDrop(number, Number(size)));
  console.log(number);
}
