/**
 * Unfinished work of Alice's on its way to Bob, who has a checkout of the same repository.
 *
 * @module
 */

import { ClaudeSession } from "../../support/claude_session.ts";
import { assertSuccess } from "../../support/checks.ts";
import {
  type Conversation,
  writeSession,
} from "../../support/conversations.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import { Repository } from "../../support/repository.ts";
import type { Event } from "../../support/output.ts";

/** A repository, and Alice's and Bob's checkouts of it, each a folder beside their work folder. */
export class Checkouts implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  alice!: Machine;
  bob!: Machine;
  theirs!: Repository;
  ours!: Repository;

  private constructor() {}

  /** @param change Makes Alice's unfinished work; by default a commit and a changed file. */
  static async make(
    change: (theirs: Repository) => Promise<void> = commitAndChange,
  ): Promise<Checkouts> {
    const made = new Checkouts();
    made.alice = made.#stack.use(await Machine.make());
    made.bob = made.#stack.use(await Machine.make());
    const origin = await Repository.make(`${made.alice.folder}/origin`);
    await origin.commit("README.md");
    made.theirs = await origin.clone(`${made.alice.folder}/shop`);
    made.ours = await origin.clone(`${made.bob.folder}/shop`);
    await change(made.theirs);
    return made;
  }

  /** Alice shares a document, or a conversation in a folder of her checkout, with her work. */
  async share(text: string | Conversation): Promise<Sharing> {
    const { alice, theirs } = this;
    const args = ["--with-work", `--project=${theirs.folder}`, "--generate"];
    if (typeof text === "string") {
      args.push(await alice.write("d.md", text));
    } else {
      await writeSession(alice, text, `${theirs.folder}/sub`);
      args.push("--kind=session", `--session=${text.id}`);
    }
    return this.#stack.use(await alice.share(args));
  }

  /** Bob's session of Claude Code in his checkout, which has received a document with work. */
  async received(text = "# Notes\n"): Promise<ClaudeSession> {
    const { words, address } = await this.share(text);
    const session = this.session();
    await session.type("distill-receive", `${words} ${address}`);
    assertSuccess(await session.run("distill-receive"));
    return session;
  }

  session(): ClaudeSession {
    return new ClaudeSession(this.bob, { project: this.ours.folder });
  }

  /** The work that Bob has received, newest first. */
  async works(): Promise<Event[]> {
    const { events } = await this.bob.run("work", ["list", "--json"]);
    return events.filter(({ event }) => event === "work");
  }

  /** The state of Bob's own checkout, and his work trees. */
  async state(): Promise<string> {
    const { ours } = this;
    const lines = [["rev-parse", "HEAD"], ["status", "--porcelain"]];
    const all = [...lines, ["branch"], ["worktree", "list"]];
    const said = await Promise.all(all.map((line) => ours.git(...line)));
    return said.join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function commitAndChange(theirs: Repository): Promise<void> {
  await theirs.commit("lamp.txt");
  await Deno.writeTextFile(`${theirs.folder}/README.md`, "A lamp.\n");
}
