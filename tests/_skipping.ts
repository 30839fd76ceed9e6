/**
 * Tests that cannot run because something is missing.
 *
 * @module
 */

/**
 * Says why tests are skipped.
 *
 * @throws {Error} With `CI=true`: nothing may be missing there.
 */
export function tellSkipped(why: string): void {
  if (Deno.env.get("CI") === "true") throw new Error(why);
  console.warn(`Skipped: ${why}`);
}
