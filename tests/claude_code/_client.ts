/**
 * The real Claude Code clients that the tests run in, and how they differ as far as a test can
 * see.
 *
 * They are the versions that `tools/pinned_clients.ts` installs. `CLAUDE_BIN` names one that is
 * there already, to run in that one alone; one that is newer than the newest counts as that.
 *
 * @module
 */

import {
  installClient,
  versionOf,
  VERSIONS,
} from "../../tools/pinned_clients.ts";

/** One of the two versions. */
export type Age = keyof typeof VERSIONS;

/** Differences of the two. What one way of a test does for both is in `_screen.ts`. */
export interface Traits {
  /** Whether the terminal shows what a command printed; else "Ran 1 shell command". */
  showsToolOutput: boolean;
  /** Whether a session that starts gives an index to a memory without one. */
  makesMemoryIndex: boolean;
  /** Whether a tag of the client's own, in an index, comes to the model as `<\\`. */
  escapesMemoryTags: boolean;
  /** Whether `plugin validate` keeps our name, like all in `claude-`, for Anthropic's own. */
  reservesOurName: boolean;
}

const TRAITS: Record<Age, Traits> = {
  oldest: {
    showsToolOutput: true,
    makesMemoryIndex: false,
    escapesMemoryTags: false,
    reservesOurName: false,
  },
  newest: {
    showsToolOutput: false,
    makesMemoryIndex: true,
    escapesMemoryTags: true,
    reservesOurName: true,
  },
};

/** A client to run tests in. */
export interface Client extends Traits {
  age: Age;
  version: string;
  path: string;
}

/** A client, or why there is none. */
export type Found =
  & { age: Age; version: string }
  & (
    | { client: Client; whyNot: null }
    | { client: null; whyNot: string }
  );

/**
 * Finds the clients, and installs those that are not there yet.
 *
 * @param whyNot Why none could be run here, and so none is looked for.
 */
export async function findClients(whyNot: string | null): Promise<Found[]> {
  const ages = Object.entries(VERSIONS) as [Age, string][];
  if (whyNot !== null) {
    return ages.map(([age, version]) => ({
      age,
      version,
      client: null,
      whyNot,
    }));
  }
  const named = Deno.env.get("CLAUDE_BIN");
  if (named) return [await find("newest", () => describe(named))];
  return await Promise.all(ages.map(([age, version]) =>
    find(age, async () => {
      const path = await installClient(version);
      return { ...TRAITS[age], age, version, path };
    })
  ));
}

async function find(age: Age, get: () => Promise<Client>): Promise<Found> {
  try {
    const client = await get();
    const { version } = client;
    return { age: client.age, version, client, whyNot: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const whyNot = `Claude Code cannot be had: ${reason}`;
    return { age, version: VERSIONS[age], client: null, whyNot };
  }
}

/** A client that is there, by what it says of itself. */
async function describe(path: string): Promise<Client> {
  const version = await versionOf(path);
  const age = ageOf(version);
  if (age === null) {
    const { oldest, newest } = VERSIONS;
    throw new Error(`"${path}" is ${version}, not ${oldest} or ${newest}`);
  }
  return { ...TRAITS[age], age, version, path };
}

/** Which of the two a version counts as. */
function ageOf(version: string): Age | null {
  if (version === VERSIONS.oldest) return "oldest";
  const isOld = compareVersions(version, VERSIONS.newest) < 0;
  return isOld ? null : "newest";
}

/** Negative when `a` is the older one. */
function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
