/**
 * Kit for tests of the options of `serve` and `receive`.
 *
 * @module
 */

import {
  parseReceiveArgs,
  type ReceiveOptions,
} from "../../receive/options.ts";
import type { OperandPlace } from "../../serve/operands.ts";
import { parseServeArgs, type ServeOptions } from "../../serve/options.ts";
import { parseFlags, type ReadEnv } from "../flags.ts";
import { given as givenBy, type PassphraseOrigin } from "../passphrase.ts";

const noEnv = () => undefined;

/** A folder with one file and one folder, and a pipe as standard input. */
export const PLACE: OperandPlace = {
  isFile: (path) => path === "a.session",
  isFolder: (path) => path === "docs",
  isPiped: true,
};

/** Reads the arguments of `serve`, in {@linkcode PLACE}. */
export function parseServe(
  args: string[],
  env?: ReadEnv,
): Promise<ServeOptions> {
  return parseServeArgs(
    parseFlags("serve", args),
    env ?? noEnv,
    undefined,
    PLACE,
  );
}

/** Reads the arguments of `receive`. */
export function parseReceive(
  args: string[],
  env: ReadEnv = noEnv,
): Promise<ReceiveOptions> {
  return parseReceiveArgs(
    parseFlags("receive", args),
    env,
    undefined,
  );
}

/** An environment with a passphrase. */
export const withPassphrase = (name: string): string | undefined =>
  name === "CLAUDE_SPREAD_PASSPHRASE" ? "from env" : undefined;

/** Options of `serve` without any argument. */
export const SERVE: ServeOptions = {
  once: false,
  legacy: false,
  anonymous: false,
  keepSecrets: false,
  preview: false,
  withWork: false,
  include: [],
  isTyped: false,
  json: false,
  detach: false,
  child: false,
  removeFile: false,
  qr: false,
  copy: false,
  everyProject: false,
  sessions: undefined,
  kind: undefined,
  keepOpenMin: undefined,
  port: 0,
  interface: undefined,
  project: undefined,
  relay: undefined,
  passphrase: { kind: "generated" },
  file: "-",
};

/** Options of `receive` with only a passphrase. */
export const RECEIVE: ReceiveOptions = {
  pick: undefined,
  json: false,
  legacy: false,
  kind: undefined,
  timeoutS: 30,
  interface: undefined,
  project: undefined,
  output: undefined,
  relay: "",
  wantsRelay: false,
  insecureRelay: false,
  room: undefined,
  isTyped: false,
  passphrase: { kind: "given", passphrase: "p", from: "operand" },
  from: undefined,
  address: undefined,
};

/** A passphrase among the operands. */
export function given(passphrase: string): { passphrase: PassphraseOrigin } {
  return { passphrase: givenBy(passphrase, "operand") };
}

/** A passphrase in a file. */
export function fromFile(path: string): { passphrase: PassphraseOrigin } {
  return { passphrase: { kind: "file", path } };
}
