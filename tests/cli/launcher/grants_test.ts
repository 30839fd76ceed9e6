/**
 * `bin/claude-spread`: what each command may do besides files. The expected grants are written by
 * hand, as a specification; the launcher makes its own from the table of commands.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import deno from "../../../deno.json" with { type: "json" };
import { Grants } from "../../support/granted.ts";
import { testOnMachine as test } from "../../support/launcher.ts";
import { root } from "../../support/places.ts";

const STATE = "HOME,LOCALAPPDATA,XDG_STATE_HOME";
const SCREEN = "NO_COLOR,FORCE_COLOR,TERM,TMUX";
const SESSION = "CLAUDE_CODE_SESSION_ID";
const CLAUDE = "USERPROFILE,AI_AGENT,CLAUDE_CONFIG_DIR," +
  "CLAUDE_CODE_PROJECT_DIR_NAME,CLAUDE_CODE_REMOTE_MEMORY_DIR," +
  "CLAUDE_COWORK_MEMORY_PATH_OVERRIDE,CLAUDE_CODE_DISABLE_AUTO_MEMORY," +
  "CLAUDE_CODE_SIMPLE";
const PATHS = "CLAUDE_SPREAD_REAL_PATHS";
const ENV_FILES = "CLAUDE_SPREAD_ENV_FILES";
const RELAY = "CLAUDE_SPREAD_RELAY,HTTPS_PROXY,HTTP_PROXY,ALL_PROXY,NO_PROXY," +
  "https_proxy,http_proxy,all_proxy,no_proxy";
const SECRETS = `CLAUDE_SPREAD_PASSPHRASE,${RELAY}`;

const CLIENT = "CLAUDE_CODE_ENTRYPOINT";

/** Variables by which skills know Claude Code, with a comma before them. */
const OF_CLAUDE: Record<string, string> = {
  "memory-share": `,${CLAUDE},${PATHS}`,
  "memory-receive": `,${CLAUDE},${PATHS}`,
  "sessions-share": `,${CLAUDE}`,
  "sessions-receive": `,${CLAUDE}`,
};

const SINGLE = ["--v8-flags=--single-threaded"];
const LAZY = ["--unstable-lazy-dynamic-imports"];

const OF_SESSIONS = {
  script: "scripts/sessions.ts",
  flags: [
    `--allow-env=${STATE},${SCREEN},${CLAUDE},${SESSION}`,
    "--allow-sys=uid",
  ],
  engine: [],
};

/** Everything but files, by command line. */
const COMMANDS: [
  args: string[],
  expected: { script: string; flags: string[]; engine: string[] },
][] = [
  [["serve"], {
    script: "scripts/serve.ts",
    flags: [
      `--allow-env=${STATE},${SCREEN},${SECRETS},${SESSION},USER,USERNAME,${ENV_FILES}`,
      "--allow-net",
      `--allow-run=git,${root}/bin/claude-spread`,
      "--allow-sys=networkInterfaces,uid,hostname",
    ],
    engine: SINGLE,
  }],
  [["serve", "--kind", "session"], {
    script: "scripts/serve.ts",
    flags: [
      `--allow-env=${STATE},${SCREEN},${SECRETS},${SESSION},USER,USERNAME,${ENV_FILES},${CLAUDE}`,
      "--allow-net",
      `--allow-run=git,${root}/bin/claude-spread`,
      "--allow-sys=networkInterfaces,uid,hostname",
    ],
    engine: [],
  }],
  [["receive"], {
    script: "scripts/receive.ts",
    flags: [
      `--allow-env=${STATE},${SCREEN},${SECRETS},${SESSION}`,
      "--allow-net",
      "--allow-run=git",
      "--allow-sys=networkInterfaces,uid,hostname",
    ],
    engine: [...SINGLE, ...LAZY],
  }],
  [["receive", "--kind=session"], {
    script: "scripts/receive.ts",
    flags: [
      `--allow-env=${STATE},${SCREEN},${SECRETS},${SESSION},${CLAUDE}`,
      "--allow-net",
      "--allow-run=git",
      "--allow-sys=networkInterfaces,uid,hostname",
    ],
    engine: LAZY,
  }],
  [["status"], {
    script: "scripts/status.ts",
    flags: [`--allow-env=${STATE},${SCREEN},${RELAY}`, "--allow-net"],
    engine: SINGLE,
  }],
  [["stop"], {
    script: "scripts/stop.ts",
    flags: [
      `--allow-env=${STATE},${SCREEN},${RELAY},${SESSION}`,
      "--allow-net",
      "--allow-sys=uid",
    ],
    engine: SINGLE,
  }],
  [["bundle"], {
    script: "skills/memory-share/scripts/bundle.ts",
    flags: [
      `--allow-env=${STATE},${SCREEN},${CLAUDE},${PATHS},USER,USERNAME,${SESSION}`,
      "--allow-sys=uid,hostname",
    ],
    engine: SINGLE,
  }],
  [["install"], {
    script: "skills/memory-receive/scripts/install.ts",
    flags: [`--allow-env=${STATE},${SCREEN},${CLAUDE},${PATHS}`],
    engine: SINGLE,
  }],
  [["sessions", "list"], OF_SESSIONS],
  [["sessions", "export"], {
    ...OF_SESSIONS,
    flags: OF_SESSIONS.flags.map((flag) =>
      flag.replace(SESSION, `${SESSION},USER,USERNAME`)
    ),
  }],
  [["sessions", "install"], OF_SESSIONS],
  [["sessions", "undo"], OF_SESSIONS],
  ...["list", "show", "open", "undo", "save"].map(
    (name): (typeof COMMANDS)[number] => [["work", name], {
      script: "scripts/work/command.ts",
      flags: [
        `--allow-env=${STATE},${SCREEN}`,
        ...["list", "save"].includes(name) ? [] : ["--allow-run=git"],
      ],
      engine: SINGLE,
    }],
  ),
  ...["distill-share", "memory-share", "sessions-share"].map(
    (skill): (typeof COMMANDS)[number] => [["skill", skill], {
      script: "scripts/skill.ts",
      flags: [
        `--allow-env=${STATE},${SCREEN},${SECRETS},${SESSION},${CLIENT},USER,USERNAME${
          OF_CLAUDE[skill] ?? ""
        }`,
        "--allow-net",
        `--allow-run=git,${root}/bin/claude-spread`,
        "--allow-sys=networkInterfaces,uid,hostname",
      ],
      engine: skill === "sessions-share" ? [] : SINGLE,
    }],
  ),
  ...["distill-receive", "memory-receive", "sessions-receive"].map(
    (skill): (typeof COMMANDS)[number] => [["skill", skill], {
      script: "scripts/skill.ts",
      flags: [
        `--allow-env=${STATE},${SCREEN},${SECRETS},${SESSION},${CLIENT}${
          OF_CLAUDE[skill] ?? ""
        }`,
        "--allow-net",
        "--allow-run=git",
        "--allow-sys=networkInterfaces,uid,hostname",
      ],
      engine: [...SINGLE, ...LAZY],
    }],
  ),
  [["skill", "work"], {
    script: "scripts/skill.ts",
    flags: [
      `--allow-env=${STATE},${SCREEN},${SESSION},${CLIENT}`,
      "--allow-run=git",
      "--allow-sys=uid",
    ],
    engine: SINGLE,
  }],
  ...["status", "stop"].map(
    (skill): (typeof COMMANDS)[number] => [["skill", skill], {
      script: "scripts/skill.ts",
      flags: [
        `--allow-env=${STATE},${SCREEN},${RELAY},${SESSION},${CLIENT}`,
        "--allow-net",
        "--allow-sys=uid",
      ],
      engine: SINGLE,
    }],
  ),
  [["relay"], {
    script: "relay/main.ts",
    flags: [
      `--allow-env=RELAY_*,DENO_DEPLOYMENT_ID,DENO_SERVE_ADDRESS,WS_NO_*,${SCREEN}`,
      "--allow-net",
      "--allow-sys=osRelease",
    ],
    engine: deno.tasks.relay.command.match(/--v8-\S+/g)!,
  }],
  [["relay", "--check"], {
    script: "scripts/relay_check.ts",
    flags: [`--allow-env=${RELAY},${SCREEN}`, "--allow-net"],
    engine: SINGLE,
  }],
  [["doctor"], {
    script: "scripts/doctor/command.ts",
    flags: [
      `--allow-env=${STATE},${SCREEN},${CLAUDE},${RELAY},CLAUDE_SPREAD_FOUND`,
      "--allow-net=0.0.0.0,127.0.0.1,224.0.0.1,224.0.0.251,[::],[ff02::fb]",
      "--allow-sys=networkInterfaces,uid,statfs",
    ],
    engine: SINGLE,
  }],
  [["completion"], {
    script: "scripts/completion.ts",
    flags: [`--allow-env=${SCREEN}`],
    engine: SINGLE,
  }],
];

test("claude-spread runs each command with its own permissions, and the arguments as they are", async (machine) => {
  const grants = await Grants.on(machine);
  const typed = ["two  words", "$(id)", '"', "a\nb", "--", "-x", ""];
  for (const [args, expected] of COMMANDS) {
    const { script, flags, engine, args: passed } = await grants.of([
      ...args,
      ...typed,
    ]);
    assertEquals({ script, flags, engine }, expected, args.join(" "));
    assertEquals(passed, [...args.slice(1), ...typed]);
  }
});

test("claude-spread has help explain what is not a command, with all words as they came and no file", async (machine) => {
  const grants = await Grants.on(machine);
  const lines = [
    [],
    [""],
    ["-h"],
    ["--help"],
    ["help"],
    ["help", "serve"],
    ["-v"],
    ["--version"],
    ["version"],
    ["serv", "a.md", "--output", "/etc/passwd"],
    ["serve.ts"],
    ["sessions"],
    ["sessions", "--help"],
    ["sessions", "nothing", "/etc/passwd"],
    ["work"],
    ["work", "--help"],
    ["work", "nothing", "/etc/passwd"],
    ["skill"],
    ["skill", "--help"],
    ["skill", "serve", "/etc/passwd"],
    ["skill", "distill-share/../..", "/etc/passwd"],
  ];
  for (const args of lines) {
    assertEquals(await grants.of(args), {
      script: "scripts/help.ts",
      flags: [`--allow-env=${SCREEN}`],
      engine: SINGLE,
      reads: [],
      writes: [],
      args,
    });
  }
});
