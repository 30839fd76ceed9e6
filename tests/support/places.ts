/**
 * The project that is tested, and what Deno has downloaded for it.
 *
 * @module
 */

/** The project's folder, without links in its path. */
export const root: string = await Deno.realPath(`${import.meta.dirname}/../..`);

/** Folder of the downloaded modules, for processes whose home is another. */
export const denoFolder: string = JSON.parse(
  new TextDecoder().decode(
    (await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] })
      .output()).stdout,
  ),
).denoDir;
