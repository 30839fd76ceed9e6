/**
 * The commands as files, and what each is permitted.
 *
 * @module
 */

/** A command line. */
export type Script =
  | "serve"
  | "receive"
  | "status"
  | "stop"
  | "bundle"
  | "install"
  | "sessions"
  | "relay_check";

/** Where a command is, from the root. */
export function scriptPath(script: Script): string {
  if (script === "bundle") return "skills/memory-share/scripts/bundle.ts";
  if (script === "install") return "skills/memory-receive/scripts/install.ts";
  return `scripts/${script}.ts`;
}

/** Commands that take no `--interface`. */
export const WITHOUT_NETWORK: Script[] = [
  "status",
  "stop",
  "bundle",
  "install",
  "sessions",
  "relay_check",
];

/**
 * What each command is permitted; with files it is kept to `folder`.
 *
 * `bin/claude-spread` passes the same, but for files: those that the arguments name.
 *
 * @param ofSessions Whether it serves or receives sessions of Claude Code.
 */
export function permissions(
  script: Script,
  folder: string,
  ofSessions = false,
): string[] {
  if (script === "relay_check") {
    return ["--allow-net", "--allow-env=CLAUDE_SPREAD_RELAY"];
  }
  const files = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  const state = "HOME,LOCALAPPDATA,XDG_STATE_HOME";
  const session = "CLAUDE_CODE_SESSION_ID";
  if (script === "status") {
    return [...files, "--allow-net=127.0.0.1", `--allow-env=${state}`];
  }
  if (script === "stop") {
    return [
      ...files,
      "--allow-net=127.0.0.1",
      "--allow-sys=uid",
      `--allow-env=${state},${session}`,
    ];
  }
  const claude =
    "USERPROFILE,AI_AGENT,CLAUDE_CONFIG_DIR,CLAUDE_CODE_PROJECT_DIR_NAME," +
    "CLAUDE_CODE_REMOTE_MEMORY_DIR,CLAUDE_COWORK_MEMORY_PATH_OVERRIDE," +
    "CLAUDE_CODE_DISABLE_AUTO_MEMORY,CLAUDE_CODE_SIMPLE";
  const paths = "CLAUDE_SPREAD_REAL_PATHS";
  if (script === "sessions") {
    return [
      ...files,
      "--allow-sys=uid",
      `--allow-env=${state},${claude},${session}`,
    ];
  }
  if (script === "install") {
    return [...files, `--allow-env=${state},${claude},${paths}`];
  }
  if (script === "bundle") {
    return [
      ...files,
      "--allow-sys=uid,hostname",
      `--allow-env=${state},${claude},${paths},USER,USERNAME,${session}`,
    ];
  }
  const variables =
    `${state},CLAUDE_SPREAD_PASSPHRASE,CLAUDE_SPREAD_RELAY,${session}` +
    (ofSessions ? `,${claude}` : "");
  return [
    ...files,
    "--allow-net",
    "--allow-run=git",
    ...script === "serve"
      ? [
        `--allow-env=${variables},USER,USERNAME`,
        "--allow-sys=networkInterfaces,uid,hostname",
      ]
      : [`--allow-env=${variables}`, "--allow-sys=networkInterfaces,uid"],
  ];
}

/** How `bin/claude-spread` has modules loaded and compiled. */
export function engineFlags(script: Script, ofSessions: boolean): string[] {
  return [
    ...script === "sessions" || ofSessions
      ? []
      : ["--v8-flags=--single-threaded"],
    ...script === "receive" ? ["--unstable-lazy-dynamic-imports"] : [],
  ];
}
