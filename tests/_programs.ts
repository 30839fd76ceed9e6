/**
 * Programs that tests start and that a machine may lack.
 *
 * @module
 */

/** Folders of programs; those of the system are not in everybody's PATH. */
const folders = [
  ...(Deno.env.get("PATH") ?? "").split(":"),
  "/usr/sbin",
  "/usr/local/sbin",
];

/** The path of a program, or its name where there is none. */
export function programPath(name: string): string {
  return folders.map((folder) => `${folder}/${name}`).find(isFile) ?? name;
}

/**
 * Options for a test that starts `programs`: without them it is skipped, and the reason is
 * printed, except in CI, where it fails.
 */
export function needing(...programs: string[]): { ignore: boolean } {
  const missing = programs.filter((name) => programPath(name) === name);
  if (missing.length === 0 || Deno.env.get("CI")) return { ignore: false };
  console.log(`some tests are skipped: no ${missing.join(", no ")} here`);
  return { ignore: true };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
