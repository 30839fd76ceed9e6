/**
 * Many shares on one network: each invite finds its own, and no share loses a guess to a
 * receiver of another.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import {
  Loopback,
  startHelper,
  whyNoLoopback,
} from "../../support/isolation.ts";
import { Machine, type Sharing } from "../../support/machine.ts";

const noLoopback = await whyNoLoopback();

/** Shares and receivers at the same time. */
const CROWD = 8;

/** A passphrase of a person's own, whose share announces no name. */
const OWN = "no word of the list";

/** A network of its own with one machine on it. */
class Place implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  private constructor(
    readonly loopback: Loopback,
    readonly machine: Machine,
  ) {}

  static async make(): Promise<Place> {
    const loopback = await Loopback.make();
    const place = new Place(loopback, await Machine.make());
    place.#stack.use(place.loopback);
    place.#stack.use(place.machine);
    return place;
  }

  /** Shares a document that says `text`, with these words, or with its own. */
  async share(text: string, passphrase = "--generate"): Promise<Sharing> {
    const file = await this.machine.write(`${text}.md`, text);
    const { via } = this.loopback;
    return this.#stack.use(
      await this.machine.share([passphrase, file], { via }),
    );
  }

  receive(...args: string[]) {
    const { via } = this.loopback;
    return this.machine.run("receive", args, { via });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Events of a share about receivers that it did not deliver to. */
async function refusals(share: Sharing): Promise<unknown[]> {
  const { events } = await share.stop();
  return events.filter(({ event }) => event === "refused")
    .map(({ error }) => error);
}

Deno.test({
  name:
    `receive finds its own of ${CROWD} shares, all at once, without a wrong guess`,
  ignore: noLoopback !== null,
  fn: async () => {
    await using place = await Place.make();
    const names = Array.from({ length: CROWD }, (_, i) => `text ${i}`);
    // One after the other, as people start: who starts at the same moment may get the same name.
    const shares = [];
    for (const name of names) shares.push(await place.share(name));
    const invites = shares.map(({ ready }) => String(ready.invite));
    const first = new Set(invites.map((invite) => invite.split("-")[0]));
    assertEquals(first.size, CROWD);
    const received = await Promise.all(
      invites.map((invite) => place.receive(invite)),
    );
    for (const [i, one] of received.entries()) {
      assertSuccess(one);
      assertEquals(one.text.trim(), names[i]);
      // Nobody else's share was even looked at.
      assertEquals(one.stderr.match(/spread: found/g)?.length, 1, one.stderr);
    }
    for (const share of shares) assertEquals(await refusals(share), []);
  },
});

Deno.test({
  name:
    "receive tries no share of another name, and says which names there are",
  ignore: noLoopback !== null,
  fn: async () => {
    await using place = await Place.make();
    const share = await place.share("text");
    const [name, ...words] = String(share.ready.invite).split("-");
    const wrong = [name === "acid" ? "acorn" : "acid", ...words].join("-");
    const received = await place.receive("--timeout", "4", wrong);
    assertFailure(
      received,
      "NO_SENDER",
      `No share "${
        wrong.split("-")[0]
      }" was found on the local network within 4 seconds`,
      `Compare the first word with the sender's: the words of shares on this network begin with "${name}"`,
    );
    const own = await place.receive("--timeout", "4", OWN);
    assertFailure(
      own,
      "NO_SENDER",
      "No sender was found",
      `Shares on this network have generated words, which begin with "${name}"`,
    );
    const invite = [name, ...words].join("-");
    // At once, and not after having looked for another one.
    const start = performance.now();
    const unwanted = await place.receive("--kind", "memory", invite);
    assertFailure(
      unwanted,
      "PAYLOAD_UNWANTED",
      "The sender shares a distillation, not a memory",
      "--kind distillation",
    );
    assert(performance.now() - start < 15_000);
    assertEquals(await refusals(share), ["DECLINED"]);
  },
});

Deno.test({
  name: "receive says which kind is shared, where it looks for another one",
  ignore: noLoopback !== null,
  fn: async () => {
    await using place = await Place.make();
    const share = await place.share("text", OWN);
    const args = ["--timeout", "4", "--kind"];
    assertFailure(
      await place.receive(...args, "memory", OWN),
      "NO_SENDER",
      "No sender was found",
      "Someone on this network shares a distillation: if you want that, use " +
        "/claude-spread:distill-receive (--kind distillation)",
    );
    assertSuccess(await place.receive(...args, "distillation", OWN));
    assertEquals(await refusals(share), []);
  },
});

Deno.test({
  name: "receive finds the right one of two shares of the same name",
  ignore: noLoopback !== null,
  fn: async () => {
    await using place = await Place.make();
    const other = await place.share("other");
    const share = await place.share("text");
    const invite = String(share.ready.invite);
    await using _same = await startHelper(
      place.loopback,
      "decoy.ts",
      "same",
      "distillation",
      invite.split("-")[0]!,
      String(other.port),
    );
    const received = await place.receive(invite);
    assertSuccess(received);
    assertEquals(received.text.trim(), "text");
    // At most one, if the handshake with it was the faster one.
    const wrong = await refusals(other);
    assert(wrong.length <= 1, JSON.stringify(wrong));
  },
});

Deno.test({
  name:
    "receive tries shares with passphrases of people's own side by side, and none with words",
  ignore: noLoopback !== null,
  fn: async () => {
    await using place = await Place.make();
    const words = await place.share("words");
    const [first, second] = [
      await place.share("first", "no word of the list"),
      await place.share("second", "nor this one"),
    ];
    const received = await place.receive("nor this one");
    assertSuccess(received);
    assertEquals(received.text.trim(), "second");
    const refused = await place.receive("another one");
    assertFailure(refused, "PASSPHRASE_REFUSED", "Cannot confirm");
    for (const share of [first, second]) {
      assertStringIncludes(refused.stderr, ` at ${share.address}`);
    }
    assertEquals(refused.stderr.match(/spread: found/g)?.length, 2);
    const mixed = await place.receive("nor this one", words.address);
    assertFailure(
      mixed,
      "SECRET_MISMATCH",
      "The share has no passphrase that the sender chose: it has generated words, or is for paired machines only",
      "Type the command that the sender shows",
    );
    const { stderr, events } = await words.stop();
    assertStringIncludes(
      stderr,
      "A receiver used a passphrase of their own, but this share has generated words; that does not count as a guess",
    );
    assertEquals(
      events.filter(({ event }) => event === "refused")
        .map(({ error }) => error),
      ["SECRET_MISMATCH"],
    );
    for (const share of [first, second]) {
      const guesses = await refusals(share);
      assert(guesses.length <= 2, JSON.stringify(guesses));
      assert(guesses.includes("PASSPHRASE_REFUSED"));
    }
  },
});
