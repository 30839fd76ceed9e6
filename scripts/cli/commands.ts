/**
 * The table of commands: their options, operands, help and permissions.
 *
 * It is not a parser. Parsing (`flags.ts`), help and completion, the line typed in Claude Code
 * (`scripts/skill/typed/line.ts`), the arguments of a detached share, the redaction of passphrases in sessions,
 * the grants of the compiled program and the launcher's block (`deno task launcher`) all come from
 * here. It imports nothing, because every command loads it first.
 *
 * @module
 */

/**
 * Kind of a value: any text; the address of a relay or a span of time (`3d`), which the option
 * takes only if the next argument is one; or a path, by the access that the command needs: to
 * `read` a file, to read a `project` and its git folder, to use a `memory` folder as the command
 * does, to change the `folder` around a file.
 */
export type Value =
  | "text"
  | "address"
  | "time"
  | "read"
  | "project"
  | "memory"
  | "folder";

/** One option of a command. */
export interface Option {
  /** Text for `--help`. */
  help: string;
  /** Absent for an option without a value. */
  value?: Value;
  /** Name of the value in `--help`. */
  name?: string;
  /** All values that it may have. */
  choices?: readonly string[];
  /** Smallest and largest whole number that its value may be. */
  range?: readonly [min: number, max: number];
  /** IDs that completion offers for its value. */
  ids?: Ids;
  /** Options that it does not go together with. */
  excludes?: readonly string[];
  /** The letter after a single dash. */
  short?: string;
  /** Skills after which it may be typed; `true` for all that run the command. */
  typed?: true | readonly Skill[];
  /** Whether it belongs to the command that starts a detached share, and not to the share. */
  starter?: true;
  /** Whether it makes the operand a file that the command removes. */
  removes?: true;
  /** Whether it gives access to Claude Code's sessions; a string: only with that value. */
  sessions?: true | string;
  /** Whether it gives access to the whole checkout around the project. */
  checkout?: true;
  /** Whether it lets the command change the places in {@linkcode Command.cleans}. */
  cleans?: true;
  /** Whether only our own programs use it, so that `--help` leaves it out. */
  internal?: true;
}

/** IDs of open shares, of Claude Code's sessions or of received work; names of pairs. */
export type Ids = "shares" | "sessions" | "pairs" | "work";

/**
 * Own folders of the program, and places of Claude Code. `session` is the folder in which the hooks
 * keep files of the session that a skill runs in. With it, `project` is the folder that the session
 * was started in, and `checkout` the whole checkout around that. `secrets` are the files there that
 * say what is secret: `.env` files, and the list of false alarms. `state` is everything that our
 * commands keep, `settings` the files in which Claude Code keeps what is switched on, and `found`
 * what only the launcher can find out.
 */
export type GrantedPlace =
  | "session"
  | "shares"
  | "spool"
  | "written"
  | "partial"
  | "history"
  | "pairs"
  | "notice"
  | "sessions"
  | "memory"
  | "project"
  | "checkout"
  | "work"
  | "state"
  | "settings"
  | "found"
  | "secrets"
  | "plugin"
  | "version"
  | "null"
  | "left"
  | "database"
  | "drops";

/** Grants of a command, except for the files that its arguments name. */
export interface Grants {
  /**
   * `any`: any host. `here`: only the addresses of {@linkcode HERE}, unless an option or
   * CLAUDE_SPREAD_RELAY names a relay.
   */
  net?: "any" | "here";
  /** Programs: git, and the launcher itself; given up before the network is used. */
  run?: readonly ("git" | "self")[];
  sys?: readonly string[];
  /** Names of {@linkcode VARIABLES}. */
  env: readonly (keyof typeof VARIABLES)[];
  read?: readonly GrantedPlace[];
  change?: readonly GrantedPlace[];
}

/** One command. */
export interface Command {
  /** The module, from the root of the project. */
  script: string;
  /** One line for the overview. */
  summary: string;
  /** Text for `--help`, after the usage. */
  about: string;
  /** Operands in the usage. */
  operands: string;
  /** Kind of the last operand. */
  operand?: Value;
  /** IDs that completion offers for the first operand. */
  ids?: Ids;
  options: Record<string, Option>;
  may: Grants;
  /** Further grants with an option that gives access to sessions. */
  withSessions?: Grants;
  /** Places that it may change with an option that cleans. */
  cleans?: readonly GrantedPlace[];
  /** Flags of the engine, in place of {@linkcode ENGINE}. */
  engine?: string;
  /** Whether only the skills use it, so that help and completion leave it out. */
  internal?: true;
}

/**
 * Flags of the engine. Its helper threads would compete with the other process of a hand-over on
 * the same machine. As many commands as possible have the same flags, because Deno recompiles
 * modules when they change.
 */
export const ENGINE = "--v8-flags=--single-threaded";

/** Flags for commands that compute much: the engine keeps its helper threads. */
const COMPUTING = "";

/**
 * Flags for the relay, which serves thousands of idle connections: with little space for young
 * objects, less garbage stays between them. Throughput needs no more than this.
 */
const SERVING = "--v8-flags=--max-semi-space-size=4";

/**
 * Addresses that reach no other machine by themselves: this machine, all hosts and multicast DNS on
 * its links, to listen there.
 */
export const HERE = [
  "0.0.0.0",
  "127.0.0.1",
  "224.0.0.1",
  "224.0.0.251",
  "[::]",
  "[ff02::fb]",
] as const;

/** Groups of environment variables. */
export const VARIABLES = {
  state: ["HOME", "LOCALAPPDATA", "XDG_STATE_HOME"],
  screen: ["NO_COLOR", "FORCE_COLOR", "TERM", "TMUX"],
  session: ["CLAUDE_CODE_SESSION_ID"],
  client: ["CLAUDE_CODE_ENTRYPOINT"],
  relay: [
    "CLAUDE_SPREAD_RELAY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "all_proxy",
    "no_proxy",
  ],
  passphrase: ["CLAUDE_SPREAD_PASSPHRASE"],
  person: ["USER", "USERNAME"],
  claude: [
    "USERPROFILE",
    "AI_AGENT",
    "CLAUDE_CONFIG_DIR",
    "CLAUDE_CODE_PROJECT_DIR_NAME",
    "CLAUDE_CODE_REMOTE_MEMORY_DIR",
    "CLAUDE_COWORK_MEMORY_PATH_OVERRIDE",
    "CLAUDE_CODE_DISABLE_AUTO_MEMORY",
    "CLAUDE_CODE_SIMPLE",
  ],
  /** Real paths that the launcher has looked up, for what Deno does not let a command see. */
  paths: ["CLAUDE_SPREAD_REAL_PATHS"],
  /** Names of files that say what is secret, which the launcher has listed for the same reason. */
  secrets: ["CLAUDE_SPREAD_ENV_FILES"],
  /** The launcher's findings about this machine, for `doctor`. */
  found: ["CLAUDE_SPREAD_FOUND"],
  server: ["RELAY_*", "DENO_DEPLOYMENT_ID", "DENO_SERVE_ADDRESS", "WS_NO_*"],
} as const;

/** The skills, and the commands whose options may be typed after them. */
export const SKILLS = {
  "distill-share": ["serve"],
  "distill-receive": ["receive"],
  "memory-share": ["serve", "bundle"],
  "memory-receive": ["receive"],
  "sessions-share": ["serve", "sessions list"],
  "sessions-receive": ["receive"],
  "work": [],
  "pair": ["pair"],
  "status": [],
  "stop": ["stop"],
} as const;

/** A skill; the line after it holds options and a passphrase or, for `stop`, the ID of a share. */
export type Skill = keyof typeof SKILLS;

/**
 * Names of skills in Claude Code, where they differ. Its menu lists the shortest first, and Enter
 * there must not end a share.
 */
export const SKILL_NAMES: Partial<Record<Skill, string>> = {
  status: "status-of-shares",
  stop: "stop-sharing-now",
};

/** Options of the skills themselves, which only the user can type. */
export const SKILL_WORDS: Partial<Record<Skill, readonly string[]>> = {
  "memory-share": ["raw"],
  "memory-receive": ["install", "discard", "undo"],
  "sessions-receive": ["undo", "force"],
};

const HELP = {
  help: { help: "print this help", short: "h", starter: true },
} as const satisfies Record<string, Option>;

const JSON_LINES = {
  json: { help: "print events as JSON, one per line", starter: true },
} as const satisfies Record<string, Option>;

const PROJECT = {
  project: {
    help: "the folder of the project (default: the current one)",
    value: "project",
    name: "DIR",
  },
} as const satisfies Record<string, Option>;

const MEMORY = {
  memory: {
    help: "use DIR as the memory folder",
    value: "memory",
    name: "DIR",
  },
} as const satisfies Record<string, Option>;

const PASSPHRASE = {
  passphrase: {
    help: "ask for a passphrase without showing it",
    starter: true,
  },
  "passphrase-file": {
    help: "read the passphrase from FILE; - is standard input",
    value: "read",
    name: "FILE",
    excludes: ["passphrase"],
    typed: true,
    starter: true,
  },
} as const satisfies Record<string, Option>;

const NETWORK = {
  interface: {
    help: "use only ADDR, one of this machine's addresses",
    value: "text",
    name: "ADDR",
    typed: true,
  },
  "insecure-relay": {
    help: "allow an unencrypted relay (ws://) that is not on this machine",
    typed: true,
  },
  legacy: {
    help: "also work with the Python version of Claude Spread (protocol 1)",
    typed: true,
  },
} as const satisfies Record<string, Option>;

/** Choices about secrets, which only a person may type: no skill lets Claude choose them. */
const SECRETS = {
  "keep-secrets": {
    help: "keep secrets instead of taking them out or refusing them",
    typed: true,
  },
  preview: {
    help: "show what would leave and where each secret in it is, then stop",
    typed: true,
    starter: true,
  },
} as const satisfies Record<string, Option>;

const KIND = ["distillation", "memory", "session"] as const;

/** Grants of commands that list, install or undo sessions. */
const OF_SESSIONS: Grants = {
  sys: ["uid"],
  env: ["state", "screen", "claude", "session"],
  read: ["project"],
  change: ["history", "sessions"],
};

/** The parts that the commands of received work have in common. */
const OF_WORK = {
  script: "scripts/work/command.ts",
  may: {
    run: ["git"],
    env: ["state", "screen"],
    read: ["project"],
    change: ["work"],
  },
} as const;

const WORK_ID = {
  id: {
    help: "the ID of the work (default: the work received last)",
    value: "text",
    name: "ID",
    ids: "work",
  },
} as const satisfies Record<string, Option>;

/** The parts that the commands of all skills have in common. */
const OF_SKILLS = {
  script: "scripts/skill.ts",
  operands: "",
  internal: true,
} as const;

/** Choices that a skill passes on. None of them names a path, a host, words or a session. */
const ANSWERED = {
  yes: { help: "do what the user chose when asked" },
} as const satisfies Record<string, Option>;

/** Grants of skills that share a document. */
const OF_SHARING: Grants = {
  net: "any",
  run: ["git", "self"],
  sys: ["networkInterfaces", "uid", "hostname"],
  env: [
    "state",
    "screen",
    "passphrase",
    "relay",
    "session",
    "client",
    "person",
  ],
  read: ["project"],
  change: ["session", "shares", "left", "spool", "written", "pairs"],
};

/** Grants of skills that receive. */
const OF_RECEIVING: Grants = {
  net: "any",
  run: ["git"],
  sys: ["networkInterfaces", "uid", "hostname"],
  env: ["state", "screen", "passphrase", "relay", "session", "client"],
  read: ["plugin", "project", "pairs"],
  change: ["session", "partial", "written", "notice", "work"],
};

/** Grants of skills that list or end the user's own shares, and ask relays for drops. */
const OF_OWNER: Grants = {
  net: "any",
  sys: ["uid"],
  env: ["state", "screen", "relay", "session", "client"],
  change: ["session", "shares", "left"],
};

/** The commands, in the order of the overview. */
export const COMMANDS = {
  "serve": {
    script: "scripts/serve.ts",
    summary: "Share a file or sessions with other machines",
    operands: "[PASSPHRASE] FILE | -",
    operand: "read",
    about:
      `FILE is a document, a memory bundle or an exported session; the command tells which
from the content. - is standard input. The command makes words for the other machine
and shows them. For a passphrase of your own use --passphrase, --passphrase-file or
CLAUDE_SPREAD_PASSPHRASE, because other users of this machine can see an argument
while the command runs.`,
    options: {
      once: { help: "end after the first delivery", typed: true },
      "keep-open": {
        help: "end after MIN minutes (default: 30; at most 1440, a day)",
        value: "text",
        name: "MIN",
        range: [1, 1440],
        excludes: ["once"],
        typed: true,
      },
      leave: {
        help:
          "leave it at a relay that keeps drops, for one receiver who comes later, " +
          "and do not share it now unless --keep-open is given; it waits for TIME, " +
          "such as 90m or 24h (default: 3d; at most 7d)",
        value: "time",
        name: "TIME",
        excludes: ["once", "legacy"],
        typed: true,
      },
      detach: {
        help: "return once the share is ready; it continues in the background",
        starter: true,
      },
      relay: {
        help: "also share through a relay, for other networks " +
          "(default: CLAUDE_SPREAD_RELAY, or Claude Spread's relay)",
        value: "address",
        name: "URL",
        typed: true,
      },
      to: {
        help: "share with these paired machines, at most 8, without words",
        value: "text",
        name: "NAME[,…]",
        excludes: ["passphrase", "passphrase-file", "generate", "legacy"],
        typed: true,
      },
      qr: {
        help: "also show the command for the receiver as a QR code",
        starter: true,
      },
      copy: { help: "also copy the command for the receiver", starter: true },
      ...PASSPHRASE,
      kind: {
        help: "require this kind: distillation, memory or session",
        value: "text",
        name: "KIND",
        choices: KIND,
        sessions: "session",
      },
      session: {
        help: "offer these sessions of Claude Code: IDs, this, or all",
        value: "text",
        name: "ID[,ID…]",
        ids: "sessions",
        typed: ["sessions-share"],
        sessions: true,
      },
      all: {
        help: "with --session all: the sessions of every project",
      },
      project: {
        help:
          "add facts about the project in DIR: branch, commit, changed files",
        value: "project",
        name: "DIR",
      },
      "with-work": {
        help: "also send the unfinished work in the checkout: commits that " +
          "no remote branch has, and uncommitted changes",
        excludes: ["legacy"],
        typed: ["distill-share", "sessions-share"],
        checkout: true,
      },
      include: {
        help: "with --with-work: send these files or commits even though " +
          "they contain secrets",
        value: "text",
        name: "FILE[,…]",
        typed: ["distill-share", "sessions-share"],
      },
      "remove-file": {
        help: "remove FILE once it has been read",
        removes: true,
      },
      ...SECRETS,
      anonymous: {
        help: "leave out the user and host name, and write " +
          '"user" for the user name in paths',
        typed: true,
      },
      port: {
        help: "listen on TCP port N (default: a free one)",
        value: "text",
        name: "N",
        range: [1, 65_535],
        typed: true,
      },
      ...NETWORK,
      generate: {
        help: "make words (the default)",
        starter: true,
        internal: true,
      },
      child: { help: "be the detached share", internal: true },
      ...JSON_LINES,
      ...HELP,
    },
    may: {
      net: "any",
      run: ["git", "self"],
      sys: ["networkInterfaces", "uid", "hostname"],
      env: [
        "state",
        "screen",
        "passphrase",
        "relay",
        "session",
        "person",
        "secrets",
      ],
      read: ["secrets"],
      change: ["shares", "left", "spool", "written", "pairs"],
    },
    withSessions: { env: ["claude"], read: ["project", "sessions"] },
  },
  "receive": {
    script: "scripts/receive.ts",
    summary: "Receive what another machine shares",
    operands: "[WORDS] [HOST:PORT]",
    about:
      `WORDS are the words that the sender shows, or the code of a drop. Without them the
command takes what a paired machine shares with this one or has left for it; if this
machine has no pairs, it asks for words on a terminal.
It prints text to standard output, without characters that could steer a terminal or
a model. If the sender offers sessions, it lists them; --pick takes some of them.`,
    options: {
      output: {
        help: "write the exact bytes to FILE instead, which must not exist yet",
        value: "folder",
        name: "FILE",
        short: "o",
      },
      pick: {
        help: "install these sessions from the sender's list",
        value: "text",
        name: "N|ID[,…]",
        typed: ["sessions-receive"],
        sessions: true,
      },
      from: {
        help:
          "take what this paired machine shares; NAME:2 is its second share",
        value: "text",
        name: "NAME",
        typed: true,
      },
      timeout: {
        help: "look for a sender for S seconds (default: 30)",
        value: "text",
        name: "S",
        range: [1, 3600],
        typed: true,
      },
      relay: {
        help: "also look at a relay, for other networks " +
          "(default: CLAUDE_SPREAD_RELAY, or Claude Spread's relay)",
        value: "address",
        name: "URL",
        typed: true,
      },
      room: {
        help: "the room on the relay, unless WORDS begin with it",
        value: "text",
        name: "CODE",
        typed: true,
      },
      ...PASSPHRASE,
      kind: {
        help: "take only this kind: distillation, memory or session",
        value: "text",
        name: "KIND",
        choices: KIND,
        sessions: "session",
      },
      project: {
        help:
          "compare the sender's commit with the checkout in DIR, and install " +
          "sessions for it",
        value: "project",
        name: "DIR",
      },
      ...NETWORK,
      ...JSON_LINES,
      ...HELP,
    },
    may: {
      net: "any",
      run: ["git"],
      sys: ["networkInterfaces", "uid", "hostname"],
      env: ["state", "screen", "passphrase", "relay", "session"],
      read: ["plugin", "pairs"],
      change: ["partial", "notice", "work"],
    },
    withSessions: {
      env: ["claude"],
      read: ["project"],
      change: ["history", "sessions"],
    },
  },
  "status": {
    script: "scripts/status.ts",
    summary: "List open shares, those that ended within a day, and drops",
    operands: "",
    about: "It asks the relays that keep drops whether these have been taken.",
    options: {
      local: { help: "do not ask the relays" },
      ...JSON_LINES,
      ...HELP,
    },
    may: {
      net: "any",
      env: ["state", "screen", "relay"],
      change: ["shares", "left"],
    },
  },
  "stop": {
    script: "scripts/stop.ts",
    summary: "End a share, or take a drop back",
    operands: "[ID]",
    ids: "shares",
    about:
      "Without an ID it ends the only open share, or takes back the only drop.",
    options: {
      all: { help: "end every share, and take every drop back", typed: true },
      ...JSON_LINES,
      ...HELP,
    },
    may: {
      net: "any",
      sys: ["uid"],
      env: ["state", "screen", "relay", "session"],
      change: ["shares", "left"],
    },
  },
  "pair": {
    script: "scripts/pair.ts",
    summary: "Make a pair with another machine, to share without words",
    operands: "[WORDS] [HOST:PORT]",
    about:
      `Without WORDS the command makes words, shows them, and waits; type it with these
WORDS on the other machine. From then on the two find each other without words: on the
local network and, if the first of them named a relay, at that relay.`,
    options: {
      name: {
        help:
          "the other machine's name for this one (default: the host name; " +
          "on a terminal the command asks)",
        value: "text",
        name: "NAME",
        typed: true,
      },
      relay: {
        help: "also meet at a relay, now and for every later share " +
          "(default: CLAUDE_SPREAD_RELAY, or Claude Spread's relay)",
        value: "address",
        name: "URL",
        typed: true,
      },
      detach: {
        help: "return once the words are shown; it waits in the background",
        starter: true,
      },
      qr: {
        help: "also show the command for the other machine as a QR code",
        starter: true,
      },
      copy: {
        help: "also copy the command for the other machine",
        starter: true,
      },
      notify: {
        help: "from now on, say at the start of Claude Code what pairs have " +
          "left for this machine",
        excludes: ["name", "relay", "detach"],
        typed: true,
        starter: true,
      },
      "stop-notify": {
        help: "end what --notify began",
        excludes: ["name", "relay", "detach", "notify"],
        typed: true,
        starter: true,
      },
      interface: NETWORK.interface,
      "insecure-relay": NETWORK["insecure-relay"],
      child: { help: "be the detached process", internal: true },
      ...JSON_LINES,
      ...HELP,
    },
    may: {
      net: "any",
      run: ["self"],
      sys: ["networkInterfaces", "uid", "hostname"],
      env: ["state", "screen", "relay"],
      change: ["pairs", "shares", "notice"],
    },
  },
  "pairs": {
    script: "scripts/pairs.ts",
    summary: "List the pairs of this machine",
    operands: "",
    about:
      `For each pair it shows the other machine's name here, this machine's name there, when
the two were paired, and where they find each other. It also says which files of pairs
cannot be used, and why.`,
    options: { ...JSON_LINES, ...HELP },
    may: { sys: ["hostname"], env: ["state", "screen"], read: ["pairs"] },
  },
  "waiting": {
    script: "scripts/waiting.ts",
    summary: "Find what pairs have left for this machine, for the hook",
    operands: "",
    about: "",
    options: HELP,
    may: {
      net: "any",
      sys: ["networkInterfaces", "hostname"],
      env: ["state", "screen", "relay"],
      read: ["pairs"],
      change: ["notice"],
    },
    internal: true,
  },
  "forget": {
    script: "scripts/forget.ts",
    summary: "Forget a pair",
    operands: "NAME",
    ids: "pairs",
    about:
      `NAME is the name that claude-spread pairs lists. The other machine keeps its half of the
pair, which finds nothing any more; forget this machine there, too.`,
    options: { ...JSON_LINES, ...HELP },
    may: { env: ["state", "screen"], change: ["pairs"] },
  },
  "bundle": {
    script: "skills/memory-share/scripts/bundle.ts",
    summary: "Put the memory of a project into one file",
    operands: "[FILE | -]",
    operand: "folder",
    about: "Without FILE the bundle goes to standard output.",
    options: {
      ...SECRETS,
      only: {
        help: "only memories of these types: user, feedback, project, " +
          "reference, untyped",
        value: "text",
        name: "TYPES",
        typed: true,
      },
      except: {
        help: "all memories except those of these types",
        value: "text",
        name: "TYPES",
        excludes: ["only"],
        typed: true,
      },
      output: {
        help: "the same as FILE",
        value: "folder",
        name: "FILE",
        short: "o",
      },
      force: { help: "replace FILE" },
      anonymous: {
        help: "leave out the user and host name, and write " +
          '"user" for the user name in paths',
        typed: true,
      },
      ...PROJECT,
      ...MEMORY,
      ...JSON_LINES,
      ...HELP,
    },
    may: {
      sys: ["uid", "hostname"],
      env: ["state", "screen", "claude", "paths", "person", "session"],
      read: ["memory"],
    },
  },
  "install": {
    script: "skills/memory-receive/scripts/install.ts",
    summary: "Merge a received memory into a project's own",
    operands: "[FILE | -]",
    operand: "read",
    about:
      `Shows what FILE brings and, on a terminal, asks whether to install it.
Without a terminal it installs nothing unless --yes or --on-conflict is given. It keeps
a copy of the memory, adds new files and index entries, and leaves identical files
alone.`,
    options: {
      yes: { help: "install without asking" },
      "dry-run": {
        help: "show what FILE brings, and install nothing",
        excludes: ["yes"],
      },
      preview: {
        help: "the same as --dry-run",
        excludes: ["yes"],
        internal: true,
      },
      "on-conflict": {
        help: "for a file that differs from the one here: ask, keep-both " +
          "(default without a terminal), theirs or ours",
        value: "text",
        name: "HOW",
        choices: ["ask", "keep-both", "theirs", "ours"],
      },
      undo: {
        help: "undo the last installation",
        excludes: ["yes", "dry-run", "preview"],
      },
      discard: {
        help: "remove FILE and install nothing",
        removes: true,
        excludes: ["yes", "dry-run", "preview", "undo"],
      },
      "remove-file": {
        help: "remove FILE once it is installed",
        removes: true,
      },
      full: { help: "show all of it, however long" },
      ...PROJECT,
      ...MEMORY,
      ...JSON_LINES,
      ...HELP,
    },
    may: {
      env: ["state", "screen", "claude", "paths"],
      change: ["memory"],
    },
  },
  "sessions list": {
    script: "scripts/sessions.ts",
    summary: "List the sessions of Claude Code",
    operands: "",
    about: "The session used last comes first.",
    options: {
      all: {
        help: "list the sessions of every project",
        typed: true,
      },
      limit: {
        help: "list the N sessions used last (default: 200)",
        value: "text",
        name: "N",
        range: [1, 10_000],
      },
      ...PROJECT,
      ...JSON_LINES,
      ...HELP,
    },
    may: OF_SESSIONS,
    engine: COMPUTING,
  },
  "sessions export": {
    script: "scripts/sessions.ts",
    summary: "Pack a session into a file",
    operands: "ID FILE | -",
    ids: "sessions",
    operand: "folder",
    about:
      "It takes out secrets, and the passphrases that were typed for shares.",
    options: {
      ...SECRETS,
      anonymous: { help: 'write "user" for the user name in paths' },
      ...PROJECT,
      ...JSON_LINES,
      ...HELP,
    },
    may: { ...OF_SESSIONS, env: [...OF_SESSIONS.env, "person"] },
    engine: COMPUTING,
  },
  "sessions install": {
    script: "scripts/sessions.ts",
    summary: "Install a received session",
    operands: "FILE",
    operand: "read",
    about:
      `Rebuilds the session for a project, under a new ID. It overwrites nothing, and FILE
stays.`,
    options: { ...PROJECT, ...JSON_LINES, ...HELP },
    may: OF_SESSIONS,
    engine: COMPUTING,
  },
  "sessions undo": {
    script: "scripts/sessions.ts",
    summary: "Remove an installed session",
    operands: "[ID]",
    ids: "sessions",
    about: "Without an ID it removes the session installed last.",
    options: {
      force: {
        help:
          "remove it even if the conversation has continued, with all that was added",
      },
      ...JSON_LINES,
      ...HELP,
    },
    may: OF_SESSIONS,
    engine: COMPUTING,
  },
  "work list": {
    ...OF_WORK,
    summary: "List the unfinished work that has been received",
    operands: "",
    about: "Work that nobody opens is removed after a week.",
    options: { ...JSON_LINES, ...HELP },
    may: { env: ["state", "screen"], change: ["work"] },
  },
  "work show": {
    ...OF_WORK,
    summary: "Show what received work changes",
    operands: "[ID]",
    ids: "work",
    about:
      `Without an ID it shows the work received last: its commits and files, the files that act
by themselves (such as CLAUDE.md or package.json), and the changes. It opens nothing.`,
    options: {
      summary: { help: "leave the changes out" },
      ...PROJECT,
      ...JSON_LINES,
      ...HELP,
    },
  },
  "work open": {
    ...OF_WORK,
    summary: "Open received work in a git work tree",
    operands: "[DIR]",
    about:
      `DIR is a new folder (default: one beside the checkout). The commits go on a branch
of their own, and uncommitted changes stay uncommitted. Your checkout stays as it is. If
files of the work act by themselves (such as CLAUDE.md or package.json), the command names
them and asks.`,
    options: {
      yes: { help: "open it even if files in it act by themselves" },
      ...WORK_ID,
      ...PROJECT,
      ...JSON_LINES,
      ...HELP,
    },
  },
  "work undo": {
    ...OF_WORK,
    summary: "Take opened work away, with its folder and branch",
    operands: "[ID]",
    ids: "work",
    about:
      `Without an ID it takes the work opened last. If something in it has changed since, the
command asks. Work that was never opened is removed if you name its ID.`,
    options: {
      force: { help: "do not ask" },
      ...JSON_LINES,
      ...HELP,
    },
  },
  "work save": {
    ...OF_WORK,
    summary: "Save received work as a git bundle",
    operands: "FILE",
    operand: "folder",
    about: "git can fetch from it or, if it has the whole history, clone it.",
    options: { ...WORK_ID, ...JSON_LINES, ...HELP },
    may: { env: ["state", "screen"], change: ["work"] },
  },
  "skill distill-share": {
    ...OF_SKILLS,
    summary: "Share the distillation that Claude has written",
    about: "",
    options: HELP,
    may: { ...OF_SHARING, read: ["project", "checkout"] },
  },
  "skill distill-receive": {
    ...OF_SKILLS,
    summary: "Receive a distillation",
    about: "",
    options: HELP,
    may: OF_RECEIVING,
  },
  "skill memory-share": {
    ...OF_SKILLS,
    summary: "List the memory of the project, or share it",
    about: "",
    options: {
      share: { help: "share it, as the user typed" },
      ...HELP,
    },
    may: {
      ...OF_SHARING,
      env: [...OF_SHARING.env, "claude", "paths"],
      read: ["memory"],
    },
  },
  "skill memory-receive": {
    ...OF_SKILLS,
    summary:
      "Receive the memory of a project, and install it when the user agrees",
    about: "",
    options: {
      ...ANSWERED,
      full: {
        help: "show all of what was received, however long",
        excludes: ["yes"],
      },
      ...HELP,
    },
    may: {
      ...OF_RECEIVING,
      env: [...OF_RECEIVING.env, "claude", "paths"],
      read: ["plugin", "pairs"],
      change: [...OF_RECEIVING.change!, "memory"],
    },
  },
  "skill sessions-share": {
    ...OF_SKILLS,
    summary:
      "List the sessions of the project, or share those that the user chose",
    about: "",
    options: { ...ANSWERED, ...HELP },
    may: {
      ...OF_SHARING,
      env: [...OF_SHARING.env, "claude"],
      read: ["project", "checkout"],
      change: [...OF_SHARING.change!, "history", "sessions"],
    },
    engine: COMPUTING,
  },
  "skill sessions-receive": {
    ...OF_SKILLS,
    summary: "List the sessions on offer, or take those that the user chose",
    about: "",
    options: { ...ANSWERED, ...HELP },
    may: {
      ...OF_RECEIVING,
      env: [...OF_RECEIVING.env, "claude"],
      change: [...OF_RECEIVING.change!, "history", "sessions"],
    },
  },
  "skill work": {
    ...OF_SKILLS,
    summary: "Show received work, or open it if the user agreed",
    about: "",
    options: { ...ANSWERED, ...HELP },
    may: {
      run: ["git"],
      sys: ["uid"],
      env: ["state", "screen", "session", "client"],
      read: ["project"],
      change: ["session", "work"],
    },
  },
  "skill pair": {
    ...OF_SKILLS,
    summary: "Make a pair with another machine",
    about: "",
    options: HELP,
    may: {
      net: "any",
      run: ["self"],
      sys: ["networkInterfaces", "uid", "hostname"],
      env: ["state", "screen", "relay", "session", "client"],
      change: ["session", "shares", "pairs", "notice"],
    },
  },
  "skill status": {
    ...OF_SKILLS,
    summary: "List the shares of this machine",
    about: "",
    options: HELP,
    may: OF_OWNER,
  },
  "skill stop": {
    ...OF_SKILLS,
    summary: "End the share, or take back the drop, that the user named",
    about: "",
    options: HELP,
    may: { ...OF_OWNER, change: [...OF_OWNER.change!, "written"] },
  },
  "relay": {
    script: "relay/main.ts",
    summary: "Run a relay, for machines on different networks",
    operands: "",
    about:
      `Environment variables set everything, above all RELAY_PORT and RELAY_HOST;
RELAY_SERVER_SPEC.md lists the rest.`,
    options: { ...HELP },
    may: {
      net: "any",
      sys: ["osRelease"],
      env: ["server", "screen"],
      read: ["version", "null"],
      change: ["database", "drops"],
    },
    engine: SERVING,
  },
  "relay --check": {
    script: "scripts/relay_check.ts",
    summary: "Check whether a relay works",
    operands: "[URL]",
    about:
      `Connects, makes a room, joins it, and sends 1 MiB of random bytes each way.
It sends nothing of yours, and takes 30 seconds at most. By default URL is
CLAUDE_SPREAD_RELAY, or Claude Spread's relay.`,
    options: {
      check: {
        help: "check a relay instead of running one",
        value: "address",
        name: "URL",
      },
      "insecure-relay": NETWORK["insecure-relay"],
      ...JSON_LINES,
      ...HELP,
    },
    may: { net: "any", env: ["relay", "screen"] },
  },
  "doctor": {
    script: "scripts/doctor/command.ts",
    summary: "Find what is wrong on this machine, and what is left over",
    operands: "",
    about:
      `It looks at Deno and Claude Code, the plugin and its hooks, the network, and the files that
claude-spread keeps, and says what to do about each thing that is wrong. Without --clean it
changes nothing, and it reaches a relay only if --relay or CLAUDE_SPREAD_RELAY names one.
Exit code: 0 if nothing is wrong, otherwise 1; hints and unknowns do not count as wrong.`,
    options: {
      clean: {
        help: "remove what is left over: old partial downloads, files of " +
          "commands that were killed, entries of shares and drops that are over",
        cleans: true,
      },
      relay: {
        help: "also check a relay (default: CLAUDE_SPREAD_RELAY or ours)",
        value: "address",
        name: "URL",
      },
      interface: NETWORK.interface,
      "insecure-relay": NETWORK["insecure-relay"],
      ...JSON_LINES,
      ...HELP,
    },
    may: {
      net: "here",
      sys: ["networkInterfaces", "uid", "statfs"],
      env: ["state", "screen", "claude", "relay", "found"],
      read: ["state", "written", "settings", "found"],
    },
    cleans: ["state", "written"],
  },
  "completion": {
    script: "scripts/completion.ts",
    summary: "Print a completion script for bash, zsh or fish",
    operands: "bash | zsh | fish",
    about:
      `For bash or zsh: source <(claude-spread completion bash), with the name of the shell.
For fish: claude-spread completion fish | source`,
    options: { ...HELP },
    may: { env: ["screen"] },
  },
  "help": {
    script: "scripts/help.ts",
    summary: "Explain a command",
    operands: "[COMMAND]",
    about: "",
    options: { ...HELP },
    may: { env: ["screen"] },
  },
} as const satisfies Record<string, Command>;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;
