import { assertRejects } from "@std/assert";
import { SpreadError } from "../../../lib/errors.ts";
import { TakingFile } from "./taking_file.ts";

Deno.test("TakingFile.open() frees the drop again if it fails", async () => {
  const folder = await Deno.makeTempDir();
  const id = new Uint8Array(16);
  const fail = () => {
    throw new Error("No bytes");
  };
  try {
    await assertRejects(() => TakingFile.open(folder, id, fail), SpreadError);
    using _taking = await TakingFile.open(folder, id, (bytes) => bytes);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
