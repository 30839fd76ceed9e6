/**
 * Programs that a machine may lack, and tests without them.
 *
 * @module
 */

/** Folders of programs; those of the system are not in everybody's PATH. */
const folders = [
  ...(Deno.env.get("PATH") ?? "").split(":"),
  "/usr/sbin",
  "/usr/local/sbin",
];

/**
 * Whether tests that lack something are skipped, which is said with the reason. With `CI` set
 * they are not, so that they fail.
 */
export function skipsFor(reason: string): boolean {
  if (Deno.env.get("CI")) return false;
  console.log(`some tests are skipped: ${reason}`);
  return true;
}

/** Options for a test that starts `programs`. */
export function needing(...programs: string[]): { ignore: boolean } {
  const missing = programs.filter((name) => programPath(name) === name);
  const ignore = missing.length > 0 &&
    skipsFor(`no ${missing.join(", no ")} here`);
  return { ignore };
}

/** The path of a program, or its name where there is none. */
export function programPath(name: string): string {
  return folders.map((folder) => `${folder}/${name}`).find(isFile) ?? name;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
