/**
 * The project that is tested, and what Deno has downloaded for it.
 *
 * @module
 */

/** The project's folder, without links in its path. */
export const root: string = await Deno.realPath(`${import.meta.dirname}/../..`);

/** Where the modules were downloaded to, for processes whose home is another. */
export const denoFolder: string = JSON.parse(
  new TextDecoder().decode(
    (await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] })
      .output()).stdout,
  ),
).denoDir;
