/**
 * Kit for tests: a folder of their own.
 *
 * @module
 */

/** Runs `act` with the real path of an empty folder, which is removed afterwards. */
export async function inFolder(
  act: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
