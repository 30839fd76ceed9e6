/**
 * Whoever else gets what a command says: a skill, for the user behind Claude.
 *
 * @module
 */

/** Gets what a person gets, and the events of a program. */
export interface Listener {
  /** Takes text as it was printed for a person, with its line break. */
  hear(text: string): void;
  event(event: string, fields: Record<string, unknown>): void;
}
