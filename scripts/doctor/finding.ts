/**
 * Findings: what the doctor says about one thing on this machine.
 *
 * @module
 */

/**
 * `wrong`: something needs to be done. `hint`: it may matter. `unknown`: this command cannot find
 * out; that is not the same as `ok`.
 */
export type State = "ok" | "hint" | "wrong" | "unknown";

/** The thing that was looked at; a word for programs and for people. */
export type Subject =
  | "deno"
  | "client"
  | "plugin"
  | "hooks"
  | "settings"
  | "port"
  | "network"
  | "vpn"
  | "firewall"
  | "relay"
  | "state"
  | "cache"
  | "pairs"
  | "leftovers"
  | "kept";

/** The result of one check. */
export interface CheckFinding {
  check: Subject;
  state: State;
  /** Words for people, on one line. */
  text: string;
  /** Advice for people; absent when there is nothing to do. */
  todo?: string;
  /** Lines below it, such as one for each file. */
  details?: string[];
  /** More for programs. */
  fields?: Record<string, unknown>;
}
