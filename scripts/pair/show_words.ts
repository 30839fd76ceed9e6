/**
 * Makes a pair from the side that shows the words, and waits for the other machine. See
 * docs/protocol.md, section 14.2.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import { InterfaceWatch } from "../../lib/discovery/mdns.ts";
import { SpreadError } from "../../lib/errors.ts";
import type { Pair } from "../../lib/pairs/pair.ts";
import { skillCommand } from "../../lib/plugin_name.ts";
import { pairAsSender } from "../../lib/protocol/pairing.ts";
import type { SecureChannel } from "../../lib/protocol/secure_channel.ts";
import { Share } from "../../lib/protocol/share.ts";
import { formatCount } from "../cli/screen/format.ts";
import { fillRandom } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";
import {
  findPreferred,
  type Listeners,
  openListeners,
} from "../serve/listen.ts";
import { sayAddresses } from "../serve/ready.ts";
import {
  commandsWith,
  inviteOf,
  type ReceiveCommands,
  showCommands,
} from "../serve/receive_commands.ts";
import { AcceptLoop } from "../serve/receivers/accept.ts";
import type { Endings } from "../serve/receivers/endings.ts";
import type { RoomChange } from "../serve/relay_room.ts";
import { register, type Registration } from "../serve/share_entry.ts";
import { makeWords } from "../serve/words.ts";
import { keepPair, readName, sayPaired } from "./keep_pair.ts";
import { type PairOptions, relayOf } from "./options.ts";
import { sayReady } from "./ready.ts";

/** Time that the words are valid, in minutes. */
const KEEP_OPEN_MIN = 30;

/**
 * Shows words until a machine has typed them and become a pair with this one.
 *
 * @throws {SpreadError} `NO_RECEIVER` when none has in time; `TOO_MANY_GUESSES`; `PEER_GONE` when
 *   the pair is stored here, and perhaps not there; the errors of a share.
 */
export async function showWords(
  options: PairOptions,
  ownName: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const relay = relayOf(options, (name) => Deno.env.get(name));
  await using stack = new AsyncDisposableStack();
  const watch = new InterfaceWatch(
    () => Deno.networkInterfaces(),
    options.interface,
  );
  const preferred = findPreferred(watch);
  const generated = await makeWords({ relay }, watch, signal);
  const meeting = new Meeting(ownName, relay);
  const share = new Share({
    secret: generated,
    makePair: (receiver) => meeting.hold(receiver),
    legacy: false,
    fillRandom,
  });
  let registration: Registration | null = null;
  let opened: Listeners | null = null;
  const commandsOf = (listeners: Listeners) =>
    commandsToType({ options: { relay }, generated, ...listeners });
  const onRoom = ({ roomCode, state, isNew }: RoomChange) => {
    registration?.moved({ room: roomCode, room_state: state });
    if (isNew && opened !== null) showCommands(terminal, commandsOf(opened));
  };
  const place = { port: 0, interface: options.interface, relay };
  const opening = { options: place, offer: null, generated, recipients: null };
  opened = await openListeners(
    { ...opening, watch, preferred, onRoom },
    { terminal, stack, signal },
  );
  const { room, addresses, announcer } = opened;
  const stopping = new AbortController();
  registration = await register(
    {
      options: { keepOpenMin: KEEP_OPEN_MIN, relay, child: options.child },
      offer: { kind: "pair", name: "words for a pair", size: 0 },
    },
    opened,
    stopping,
    terminal,
  );
  if (registration !== null) stack.use(registration);
  stack.use(opened.followAddresses((addresses) => {
    registration?.moved({ addresses });
    sayAddresses(terminal, addresses);
  }, stopping));
  const log = options.child ? registration!.keep() : null;
  await sayReady(terminal, {
    id: registration?.id,
    invite: inviteOf({ room, generated }),
    addresses,
    announced: announcer.failure === null,
    room: room?.roomCode,
    relay,
    room_ttl_s: room?.ttlS,
    plain_relay: room?.isPlain,
    keep_open_min: KEEP_OPEN_MIN,
    own_name: ownName,
    ...commandsOf(opened),
  }, options);
  // At once: the process that started this one no longer listens.
  if (log !== null) terminal.leave(log);
  const loop = new AcceptLoop(
    share,
    { keepOpenMin: KEEP_OPEN_MIN, once: true, relay },
    terminal,
    meeting,
    { delivered() {}, guessed: (peer) => registration?.guessed(peer) },
  );
  stack.defer(() => loop.close());
  const ending = AbortSignal.any([signal, stopping.signal]);
  try {
    await loop.run(opened.listeners, ending).catch((error) => {
      // A pair that was stored before is there, whatever has ended the wait.
      if (!meeting.isStored) throw error;
    });
    const name = meeting.report(terminal);
    registration?.delivered({ peer: name }, { name });
    registration?.ends("done");
  } catch (error) {
    registration?.ends(error instanceof SpreadError ? error.code : "failed");
    throw error;
  }
}

function commandsToType(
  share: Parameters<typeof commandsWith>[0],
): ReceiveCommands {
  return commandsWith(share, skillCommand("pair"), "claude-spread pair");
}

/** The meeting with the first machine that completes it. */
class Meeting implements Endings {
  #isTaken = false;
  #made: { pair: Pair; wanted: string; isConfirmed: boolean } | null = null;

  constructor(
    private readonly ownName: string,
    private readonly relay: string | undefined,
  ) {}

  /** Whether this machine has the pair. */
  get isStored(): boolean {
    return this.#made !== null;
  }

  /** Makes the pair with a machine that knows the words. */
  async hold(receiver: SecureChannel): Promise<void> {
    const own = { name: this.ownName, relay: this.relay };
    const isConfirmed = await pairAsSender(
      receiver,
      own,
      (name, seed) => this.#keep(name, seed),
    );
    this.#made!.isConfirmed = isConfirmed;
  }

  async #keep(name: string, seed: Bytes): Promise<void> {
    const wanted = readName(name);
    // Nobody else becomes a pair while one is being stored, or afterwards.
    if (this.#isTaken) throw taken();
    this.#isTaken = true;
    try {
      const { ownName, relay } = this;
      const pair = await keepPair({ wanted, ownName, role: "a", seed, relay });
      this.#made = { pair, wanted, isConfirmed: false };
    } finally {
      this.#isTaken = this.isStored;
    }
  }

  /**
   * Says which pair there is now, and returns its name.
   *
   * @throws {SpreadError} `PEER_GONE` when the other machine may not have stored it.
   */
  report(terminal: Terminal): string {
    const { pair, wanted, isConfirmed } = this.#made!;
    if (!isConfirmed) throw unconfirmed(pair);
    sayPaired(terminal, pair, wanted);
    return pair.name;
  }

  conclude(): void {
    if (this.isStored) return;
    throw new SpreadError(
      "NO_RECEIVER",
      `No other machine has typed the words within ${
        formatCount(KEEP_OPEN_MIN, "minute")
      }`,
      "Run claude-spread pair again, for new words",
    );
  }

  outcome(): string {
    return "no pair was made";
  }

  exhausted(guesses: number): SpreadError {
    return new SpreadError(
      "TOO_MANY_GUESSES",
      `The words are no longer valid: ${guesses} wrong ones were tried`,
      "Run claude-spread pair again, and give the new words only to the other machine",
    );
  }
}

function taken(): SpreadError {
  return new SpreadError(
    "PEER_BUSY",
    "Another machine has typed the same words",
  );
}

function unconfirmed({ name, own_name }: Pair): SpreadError {
  return new SpreadError(
    "PEER_GONE",
    `The pair ${name} is stored here, but the other machine has not said that it has it too`,
    `If claude-spread pairs there does not list ${own_name}, forget the pair here ` +
      `(claude-spread forget ${name}), and pair again`,
  );
}
