/**
 * Homes as people have them: behind links, with names that programs stumble over.
 *
 * @module
 */

/** A home: variables of its processes, and perhaps another way to the work folder. */
export type Furnished = Record<string, string> & { HOME: string };

/** A kind of home. */
export interface Home {
  /** Completes "with a home …". */
  name: string;
  /**
   * Makes it in the folder of a machine, in which there are already empty folders `home`,
   * `state` and `work`.
   */
  furnish(folder: string): Promise<Furnished>;
}

/** The home of most tests: a state folder beside it shows what is kept there. */
export const PLAIN: Home = {
  name: "that has nothing special",
  furnish: (folder) =>
    Promise.resolve({
      HOME: `${folder}/home`,
      XDG_STATE_HOME: `${folder}/state`,
    }),
};

/** A new home, empty and with everything at its place. */
export const HOME: Home = {
  name: "without ~/.claude",
  furnish: (folder) => Promise.resolve({ HOME: `${folder}/home` }),
};

/** Those in which everything has to work. */
export const HOMES: Home[] = [
  HOME,
  ...["my home", "a, home", "50% für 한글", "%41%2F"].map(called),
  {
    name: "that is a link",
    async furnish(folder) {
      await Deno.rename(`${folder}/home`, `${folder}/real home`);
      await Deno.symlink(`${folder}/real home`, `${folder}/home`);
      return { HOME: `${folder}/home` };
    },
  },
  {
    name: "below a link, which is relative",
    async furnish(folder) {
      await Deno.mkdir(`${folder}/var/home`, { recursive: true });
      await Deno.rename(`${folder}/home`, `${folder}/var/home/ann`);
      await Deno.symlink("var/home", `${folder}/home`);
      return { HOME: `${folder}/home/ann` };
    },
  },
  linked(".local/state"),
  linked(".cache"),
  linked(".claude"),
  {
    name: "and XDG_STATE_HOME elsewhere, which is a link",
    async furnish(folder) {
      await Deno.symlink(`${folder}/state`, `${folder}/my state`);
      return {
        HOME: `${folder}/home`,
        XDG_STATE_HOME: `${folder}/my state`,
      };
    },
  },
  {
    name: "and a work folder behind a link",
    async furnish(folder) {
      await Deno.mkdir(`${folder}/home/.claude`);
      await Deno.symlink(`${folder}/work`, `${folder}/my work`);
      return { HOME: `${folder}/home`, work: `${folder}/my work` };
    },
  },
  {
    name: "and a TMPDIR that is a link",
    async furnish(folder) {
      await Deno.mkdir(`${folder}/private`);
      await Deno.symlink(`${folder}/private`, `${folder}/tmp`);
      return { HOME: `${folder}/home`, TMPDIR: `${folder}/tmp` };
    },
  },
];

/** The folder in which programs keep their state, by the variables of a process. */
export function stateFolder(env: Readonly<Record<string, string>>): string {
  const inHome = Deno.build.os === "darwin"
    ? "Library/Application Support"
    : ".local/state";
  return env.XDG_STATE_HOME || `${env.HOME}/${inHome}`;
}

function called(name: string): Home {
  return {
    name: `called "${name}"`,
    async furnish(folder) {
      await Deno.rename(`${folder}/home`, `${folder}/${name}`);
      await Deno.mkdir(`${folder}/${name}/.claude`);
      return { HOME: `${folder}/${name}` };
    },
  };
}

/** A home in which a folder is a link to another disk, as it were. */
function linked(path: string): Home {
  return {
    name: `whose ~/${path} is a link`,
    async furnish(folder) {
      const target = `${folder}/other disk`;
      await Deno.mkdir(target);
      const link = `${folder}/home/${path}`;
      await Deno.mkdir(link.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.symlink(target, link);
      return { HOME: `${folder}/home` };
    },
  };
}
