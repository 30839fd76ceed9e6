/**
 * A listener to a command: a skill, which shows the user what the command says.
 *
 * @module
 */

/** Receives the texts for people and the events for programs. */
export interface OutputListener {
  /** Takes text as it was printed for a person, with its line break. */
  hear(text: string): void;
  event(event: string, fields: Record<string, unknown>): void;
}
