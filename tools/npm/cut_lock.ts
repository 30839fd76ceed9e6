/**
 * The part of `deno.lock` that some of its packages need, without those of tests.
 *
 * @module
 */

/** A lock file of Deno, version 5, with npm packages alone. */
export interface Lock {
  version: string;
  /** Versions by what is asked for, such as `npm:ws@8.23.0`. */
  specifiers: Record<string, string>;
  /** Packages by name and version. */
  npm: Record<string, LockedPackage>;
  workspace: { dependencies: string[] };
}

interface LockedPackage {
  integrity: string;
  /** Names; with a version where the lock has several. */
  dependencies?: string[];
  optionalDependencies?: string[];
}

/**
 * Cuts a lock file down to what `wanted` needs.
 *
 * @param wanted What is asked for, as the lock file names it.
 * @throws {Error} When the lock file lacks something.
 */
export function cutLock(lock: Lock, wanted: string[]): Lock {
  const npm: Lock["npm"] = {};
  const add = (key: string) => {
    if (key in npm) return;
    const found = npm[key] = present(lock.npm[key], key);
    const { dependencies = [], optionalDependencies = [] } = found;
    for (const name of [...dependencies, ...optionalDependencies]) {
      add(findKey(lock, name));
    }
  };
  const versions = wanted.toSorted().map((specifier): [string, string] => [
    specifier,
    present(lock.specifiers[specifier], specifier),
  ]);
  for (const [specifier, version] of versions) {
    add(specifier.replace(/^npm:(.+)@[^@]*$/, `$1@${version}`));
  }
  return {
    version: lock.version,
    specifiers: Object.fromEntries(versions),
    npm: Object.fromEntries(Object.entries(npm).sort(byName)),
    workspace: { dependencies: wanted.toSorted() },
  };
}

/** The key of a dependency, which the lock file names without its only version. */
function findKey({ npm }: Lock, name: string): string {
  if (name in npm) return name;
  const key = Object.keys(npm).find((key) =>
    key.slice(0, key.lastIndexOf("@")) === name
  );
  return present(key, name);
}

function present<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`deno.lock lacks ${name}`);
  return value;
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
