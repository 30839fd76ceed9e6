/**
 * The client as people see it: on a terminal, which tmux keeps and types into.
 *
 * @module
 */

import type { Step } from "./_model.ts";
import type { Person } from "./_person.ts";

/** Longest that a text is waited for, in milliseconds. */
const DEADLINE_MS = 60_000;

/** Height of the terminal: the client shows no more of a conversation. */
const ROWS = "160";

/** Time between two looks, in milliseconds. */
const INTERVAL_MS = 150;

/** Time before a key, in milliseconds: a question that was just drawn takes none yet. */
const BEFORE_KEY_MS = 300;

/** An offer that some clients make at some starts, before they take what is typed. */
const OFFER = /Make auto mode your default permission mode\?/;

/** A terminal with the client in it; it ends with the network that it is in. */
export class Screen {
  private constructor(private readonly person: Person) {}

  /** Starts the client, with a model that does what `steps` say. */
  static async open(
    person: Person,
    steps: Step[],
    flags?: string[],
  ): Promise<Screen> {
    person.model.play(steps);
    const screen = new Screen(person);
    await screen.#tmux(
      ...["-f", "/dev/null", "new-session", "-d", "-x", "150", "-y", ROWS],
      ...person.clientLine(flags),
    );
    await screen.#tmux("set-option", "-g", "remain-on-exit", "on");
    return screen;
  }

  /** Types text as it is, then Enter. */
  async type(text: string): Promise<void> {
    // In the menu of a command with named arguments Enter would only complete its name; a blank
    // closes the menu.
    const isName = /^\/\S+$/.test(text);
    await this.#tmux("send-keys", "-l", isName ? `${text} ` : text);
    await this.until(new RegExp(RegExp.escape(text.slice(-6))));
    // Enter at once would still belong to the text, as in something pasted.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await this.key("Enter");
  }

  /** Pastes text, as a terminal does. */
  async paste(text: string): Promise<void> {
    await this.#tmux("set-buffer", text);
    await this.#tmux("paste-buffer", "-p");
  }

  /** Presses a key that tmux knows by this name. */
  async key(name: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, BEFORE_KEY_MS));
    await this.#tmux("send-keys", name);
  }

  /** Chooses the n-th answer of a question that takes several, and submits. @param n From 1. */
  async choose(n: number): Promise<void> {
    for (let i = 1; i < n; i++) await this.key("Down");
    await this.key("Enter");
    await this.key("Right");
    await this.until(/Submit answers/);
    await this.key("Enter");
  }

  /** Returns the text on the screen. */
  async text(): Promise<string> {
    return await this.#tmux("capture-pane", "-p");
  }

  /** Waits until something is to be seen, and returns all that is. */
  async until(pattern: RegExp): Promise<string> {
    const end = performance.now() + DEADLINE_MS;
    for (;;) {
      const text = await this.text();
      if (OFFER.test(text)) await this.#decline();
      else if (pattern.test(text)) return text;
      if (performance.now() > end) {
        throw new Error(`Waited in vain for ${pattern} on:\n${text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }

  /** Leaves the person's permission mode as it is. */
  async #decline(): Promise<void> {
    await this.key("Down");
    await this.key("Enter");
  }

  async #tmux(...args: string[]): Promise<string> {
    const line = ["tmux", "-L", "screen", ...args];
    const env = { TERM: "xterm-256color", TMUX_TMPDIR: this.person.folder };
    const { code, stdout, stderr } = await this.person.run(line, { env });
    if (code !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`);
    return stdout;
  }
}
