/**
 * Shares a distillation with other machines.
 *
 * @module
 */

import { type Bytes, utf8 } from "../lib/bytes.ts";
import { generatePassphrase } from "../lib/crypto/passphrase.ts";
import {
  announce,
  nameInstance,
  usableInterfaces,
} from "../lib/discovery/mdns.ts";
import { cleanLine } from "../lib/payload/clean_text.ts";
import {
  addFacts,
  type ProjectFacts,
  readDocument,
  readProjectFacts,
} from "../lib/payload/project_facts.ts";
import {
  BytesPayload,
  FilePayload,
  type Payload,
} from "../lib/payload/source.ts";
import { spool } from "../lib/payload/spool.ts";
import type { Offer } from "../lib/protocol/offer.ts";
import { Share } from "../lib/protocol/share.ts";
import { formatAddress, listenTcp } from "../lib/transports/tcp.ts";
import { Desk } from "./_desk.ts";
import {
  parseServeArgs,
  resolvePassphrase,
  type ServeOptions,
  wantsJson,
} from "./_options.ts";
import { formatBytes, formatCount, Terminal } from "./_terminal.ts";
import {
  Interruption,
  readTextInput,
  realFolder,
  runGit,
  stateFolder,
  whoAmI,
} from "./_world.ts";

const USAGE = `Shares a distillation with other machines on the local network.

Usage: serve.ts [options] [passphrase] [FILE | -]

Without a passphrase one is made. Without FILE the text is read from standard input.

  --generate              make a passphrase; the argument, if any, is FILE
  --passphrase-file FILE  read the passphrase from FILE; - is standard input
  --once                  end after the first delivery
  --keep-open MIN         end after MIN minutes (default 30)
  --project DIR           put facts of the project in DIR (branch, commit, changed
                          files) into the document and the offer
  --remove-file           remove FILE once it has been read
  --anonymous             do not tell user and host name
  --port N                listen on TCP port N instead of a free one
  --interface ADDR        keep to this address of this machine
  --legacy                also serve the Python version (protocol 1)
  --json                  print events as JSON lines
  --help                  print this

With --passphrase-file or CLAUDE_SPREAD_PASSPHRASE the argument is FILE. A
passphrase in an argument can be seen by other users while the command runs.
`;

const LEGACY_WARNING =
  "protocol 1 is on: whoever watches the network can try passphrases offline afterwards";

const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);

async function serve(
  options: ServeOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const given = await resolvePassphrase(
    options.passphrase,
    (path) => readTextInput(path, signal),
  );
  const passphrase = given ?? generatePassphrase(fillRandom);
  const facts = options.project === undefined
    ? null
    : await readProjectFacts(await realFolder(options.project), runGit);
  const created = new Date();
  const payload = await openPayload(options, facts, created, stack, signal);
  const offer = makeOffer(options, payload, facts, created);
  const { legacy } = options;
  const share = new Share({
    passphrase,
    roomCode: "",
    offer,
    source: payload,
    legacy,
    fillRandom,
  });
  if (legacy) terminal.warn(LEGACY_WARNING);

  const interfaces = usableInterfaces(
    Deno.networkInterfaces(),
    options.interface,
  );
  const listener = stack.use(listenTcp({
    port: options.port,
    hostname: options.interface,
  }));
  stack.use(
    await announce({
      instance: nameInstance(fillRandom),
      port: listener.port,
      kind: offer.kind,
      from: offer.sender,
    }, { interfaces, fillRandom, signal }),
  );
  const addresses = interfaces.map(({ address }) =>
    formatAddress(address, listener.port)
  );
  sayReady({
    options,
    terminal,
    offer,
    addresses,
    invite: given === null ? passphrase : null,
  });
  const desk = new Desk(share, options, terminal);
  stack.defer(() => desk.close());
  await desk.open(listener, signal);
}

async function openPayload(
  options: ServeOptions,
  facts: ProjectFacts | null,
  created: Date,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Payload> {
  const payload = options.file === "-"
    ? stack.use(
      await spool(Deno.stdin.readable, `${stateFolder()}/spool`, signal),
    ).payload
    : await FilePayload.open(options.file, { signal });
  const isDocument = facts !== null || options.removeFile;
  if (!isDocument) return payload;
  const text = await readDocument(payload);
  if (options.removeFile && options.file !== "-") {
    await Deno.remove(options.file);
  }
  return new BytesPayload(
    utf8(facts === null ? text : addFacts(text, facts, created)),
  );
}

function makeOffer(
  options: ServeOptions,
  payload: Payload,
  facts: ProjectFacts | null,
  created: Date,
): Offer {
  const name = cleanLine(options.file.split(/[\\/]/).at(-1)!, 255);
  return {
    kind: "distillation",
    // Standard input has no name, and some names have nothing that can be shown.
    name: options.file === "-" || name === "" ? "distillation.md" : name,
    size: payload.size,
    sha256: payload.sha256,
    created: created.toISOString(),
    sender: options.anonymous ? undefined : cleanLine(whoAmI(), 128),
    project: facts?.project,
    git: facts?.git,
  };
}

function sayReady(
  { options, terminal, offer, addresses, invite }: {
    options: ServeOptions;
    terminal: Terminal;
    offer: Offer;
    addresses: string[];
    /** The passphrase if it was made here; one that was typed is never shown. */
    invite: string | null;
  },
): void {
  const receive = `/claude-spread:distill-receive ${
    invite ?? "<the same passphrase>"
  }`;
  terminal.say(
    `sharing ${offer.name} (${formatBytes(offer.size)}) for ${
      formatCount(options.keepOpenMin, "minute")
    }` +
      (options.once ? " or one delivery" : ""),
  );
  terminal.say("on the other machine, on the same network, type:");
  terminal.show(`\n    ${receive}\n`);
  terminal.say(
    `if it is not found there, add the address: ${addresses.join(" or ")}`,
  );
  terminal.event("ready", {
    invite,
    addresses,
    keep_open_min: options.keepOpenMin,
    ...offer,
  });
}

async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args) });
  using interruption = new Interruption();
  try {
    const options = parseServeArgs(args, (name) => Deno.env.get(name));
    if (options.help) terminal.print(USAGE);
    else await serve(options, terminal, interruption.signal);
    return 0;
  } catch (error) {
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
