import { assertEquals, assertRejects } from "@std/assert";
import type { Bytes } from "../../../lib/bytes.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { BytesPayload } from "../../../lib/files/payload/source.ts";
import { handshakeAsReceiver } from "../../../lib/protocol/handshake/receiver.ts";
import { PASSPHRASE, WRONG_WORDS } from "../../../lib/testing/handshake.ts";
import { MAX_GUESSES_IN_TOTAL } from "../../../lib/protocol/handshake/guesses.ts";
import { encodeHello } from "../../../lib/protocol/handshake/messages.ts";
import { NO_EVENTS } from "../../../lib/testing/shares.ts";
import { receivePayload } from "../../../lib/protocol/transfer/receive.ts";
import { Share } from "../../../lib/protocol/share.ts";
import type { Channel } from "../../../lib/transports/channel.ts";
import {
  connectAs,
  PATIENCE_MS,
  waitUntil,
} from "../../../lib/testing/protocol.ts";
import { AcceptLoop } from "./accept.ts";
import { ShareEndings } from "./endings.ts";
import { parseFlags } from "../../cli/flags.ts";
import { parseServeArgs, settleOptions } from "../options.ts";
import { Terminal } from "../../cli/terminal.ts";

const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);

/** A terminal that remembers events and prints nothing. */
class SilentTerminal extends Terminal {
  readonly events: string[] = [];

  constructor(
    /** Thrown at each event, as by a broken pipe. */
    readonly failure?: Error,
  ) {
    super({ json: true });
  }

  override event(event: string): void {
    this.events.push(event);
    if (this.failure !== undefined) throw this.failure;
  }

  override warn(): void {}
}

const ASKED = await parseServeArgs(
  parseFlags("serve", ["a.md"]),
  () => undefined,
  undefined,
);

/** Opens a loop for a small payload, and returns a way for receivers to come. */
async function openLoop(
  options: {
    once?: boolean;
    keepOpenMs?: number;
    graceMs?: number;
    failure?: Error;
  },
): Promise<{
  terminal: SilentTerminal;
  controller: AbortController;
  opened: Promise<void>;
  receive: (
    passphrase?: string,
    beforeWrite?: () => Promise<void>,
    from?: string,
  ) => Promise<unknown>;
  close: () => Promise<void>;
  /** Makes the listener fail. */
  fail: (error: Error) => void;
  /** Whether the listener was closed. */
  isShut: () => boolean;
}> {
  const source = new BytesPayload(new TextEncoder().encode("Body"));
  const { size, sha256 } = source;
  const created = new Date().toISOString();
  const share = new Share({
    secret: PASSPHRASE,
    offer: { kind: "distillation", name: "a", size, sha256, created },
    source,
    legacy: false,
    fillRandom,
  });
  await prepared(share);
  const terminal = new SilentTerminal(options.failure);
  const settled = {
    ...settleOptions(ASKED, "memory"),
    once: options.once ?? false,
    keepOpenMin: (options.keepOpenMs ?? 60_000) / 60_000,
  };
  const loop = new AcceptLoop(
    share,
    settled,
    terminal,
    new ShareEndings(settled, terminal),
    {
      delivered() {},
      guessed: () => terminal.events.push("guessed"),
    },
    options.graceMs,
  );
  let isShut = false;
  const arriving = new Listener();
  const controller = new AbortController();
  const late = new Error("The loop is still open");
  const timer = setTimeout(() => controller.abort(late), PATIENCE_MS);
  const opened = loop.run(
    [{ channels: arriving, roomCode: () => "", close: () => isShut = true }],
    controller.signal,
  );
  // A test may look at it later than it fails.
  opened.catch(() => {});
  return {
    terminal,
    controller,
    isShut: () => isShut,
    fail: (error) => arriving.enter(error),
    opened,
    receive: (
      passphrase = PASSPHRASE,
      beforeWrite = () => Promise.resolve(),
      from = "10.0.0.1",
    ) => {
      const [theirs, mine] = connectAs(from);
      arriving.enter(theirs);
      return receive(mine, passphrase, beforeWrite);
    },
    close: async () => {
      clearTimeout(timer);
      arriving.close();
      await loop.close();
    },
  };
}

/** Waits until the share has prepared itself: the test runner counts pending work. */
async function prepared(share: Share): Promise<void> {
  const [theirs, mine] = connectAs("10.0.0.1");
  const serving = share.serve(theirs, NO_EVENTS);
  await mine.send(encodeHello("words", fillRandom(new Uint8Array(16))));
  await mine.receive();
  await mine[Symbol.asyncDispose]();
  await assertFails(serving, "PEER_GONE");
}

/** A listener into which a test puts channels. */
class Listener implements AsyncIterable<Channel> {
  readonly #waiting: (Channel | Error | null)[] = [];
  #wake = Promise.withResolvers<void>();

  enter(channel: Channel | Error | null): void {
    this.#waiting.push(channel);
    this.#wake.resolve();
  }

  close(): void {
    this.enter(null);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Channel> {
    for (;;) {
      const channel = this.#waiting.shift();
      if (channel === null) return;
      if (channel instanceof Error) throw channel;
      if (channel !== undefined) {
        yield channel;
        continue;
      }
      await this.#wake.promise;
      this.#wake = Promise.withResolvers<void>();
    }
  }
}

async function receive(
  channel: Channel,
  passphrase: string,
  beforeWrite: () => Promise<void>,
): Promise<unknown> {
  const secrets = { secret: passphrase, roomCode: "", fillRandom };
  try {
    await using secure = await handshakeAsReceiver(channel, secrets);
    const sink = { offset: 0, write: beforeWrite, finish: beforeWrite };
    return await receivePayload(secure, () => Promise.resolve(sink), () => {});
  } finally {
    await channel[Symbol.asyncDispose]();
  }
}

async function assertFails(
  promise: Promise<unknown>,
  code: string,
): Promise<void> {
  const error = await assertRejects(() => promise, SpreadError);
  assertEquals(error.code, code);
}

/** Time that a share is open, in milliseconds: a busy machine takes a second for a handshake. */
const KEEP_OPEN_MS = 3_000;

Deno.test("AcceptLoop.run() says that nobody came, when its time is up", async () => {
  const { opened, close, terminal } = await openLoop({ keepOpenMs: 20 });
  await assertFails(opened, "NO_RECEIVER");
  await close();
  assertEquals(terminal.events, []);
});

Deno.test("AcceptLoop.run() ends well, when its time is up after a delivery", async () => {
  const { opened, receive, close, terminal } = await openLoop({
    keepOpenMs: 1_500,
  });
  await receive();
  await opened;
  await close();
  assertEquals(terminal.events, ["peer", "delivered", "ended"]);
});

Deno.test("AcceptLoop.run() lets those finish who are receiving when its time is up", async () => {
  const { opened, receive, close, isShut, terminal } = await openLoop({
    keepOpenMs: KEEP_OPEN_MS,
  });
  const received = receive(PASSPHRASE, () => waitUntil(isShut));
  await opened;
  await received;
  await close();
  assertEquals(terminal.events, ["peer", "delivered", "ended"]);
});

Deno.test("AcceptLoop.run() serves nobody new once its time is up, and ends who takes longer than the grace", async () => {
  const { opened, receive, close, isShut, terminal } = await openLoop({
    keepOpenMs: KEEP_OPEN_MS,
    graceMs: 1_500,
  });
  const stuck = Promise.withResolvers<void>();
  const stalling = receive(PASSPHRASE, () => stuck.promise);
  await waitUntil(isShut);
  assertEquals(terminal.events, ["peer"]);
  // Through a room others can still come.
  await assertFails(receive(), "PEER_BUSY");
  await assertFails(opened, "NO_RECEIVER");
  await close();
  stuck.resolve();
  await stalling;
  assertEquals(terminal.events, ["peer", "refused"]);
});

Deno.test("AcceptLoop.run() lets a transfer finish, when others have used up all guesses", async () => {
  const { opened, receive, close, isShut, terminal } = await openLoop({});
  const gate = Promise.withResolvers<void>();
  const received = receive(PASSPHRASE, () => gate.promise);
  await waitUntil(() => terminal.events.includes("peer"));
  for (let i = 0; i < MAX_GUESSES_IN_TOTAL; i++) {
    const guessing = receive(WRONG_WORDS, undefined, `10.0.0.${i}`);
    await assertFails(guessing, "PASSPHRASE_REFUSED");
  }
  await waitUntil(isShut);
  gate.resolve();
  await received;
  await assertFails(opened, "TOO_MANY_GUESSES");
  await close();
  assertEquals(
    terminal.events.filter((event) => event === "guessed").length,
    10,
  );
  assertEquals(terminal.events.at(-1), "delivered");
});

Deno.test("AcceptLoop.run() ends after the first delivery, with once", async () => {
  const { opened, receive, close, terminal } = await openLoop({ once: true });
  await Promise.all([receive(), opened]);
  await close();
  assertEquals(terminal.events, ["peer", "delivered", "ended"]);
});

Deno.test("AcceptLoop.run() goes on, when a receiver is refused", async () => {
  const { opened, receive, close, terminal } = await openLoop({ once: true });
  await assertFails(receive(WRONG_WORDS), "PASSPHRASE_REFUSED");
  await Promise.all([receive(), opened]);
  await close();
  assertEquals(terminal.events, [
    "refused",
    "guessed",
    "peer",
    "delivered",
    "ended",
  ]);
});

Deno.test("AcceptLoop.run() is interrupted by its signal", async () => {
  const interrupted = new SpreadError("INTERRUPTED", "Stopped");
  const { opened, controller, close } = await openLoop({});
  controller.abort(interrupted);
  await assertFails(opened, "INTERRUPTED");
  await close();
});

Deno.test("AcceptLoop.run() fails, when nobody reads its events any more", async () => {
  const failure = new SpreadError("CANNOT_STORE", "Cannot write", "");
  const { opened, receive, close } = await openLoop({ failure });
  const received = receive().catch(() => {});
  await assertFails(opened, "CANNOT_STORE");
  await close();
  await received;
});

Deno.test("AcceptLoop.run() fails with a listener that fails", async () => {
  const { opened, fail, close } = await openLoop({});
  fail(new SpreadError("CANNOT_LISTEN", "The port is gone", ""));
  await assertFails(opened, "CANNOT_LISTEN");
  await close();
});
