/**
 * Shares a payload with other machines, by default a distillation.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";
import { removeLeftovers } from "../lib/files/spool.ts";
import { Share } from "../lib/protocol/share.ts";
import { readOptions, wantsJson } from "./cli/flags.ts";
import { KINDS } from "./cli/kinds.ts";
import { DEFAULT_RELAY_URL } from "./cli/relay_url.ts";
import { fillRandom, Interruption } from "./cli/surroundings.ts";
import { Terminal } from "./cli/terminal.ts";
import type { TypedInput } from "./cli/typed_input.ts";
import { AcceptLoop } from "./serve/accept.ts";
import { type Listeners, openListeners } from "./serve/listen.ts";
import { parseServeArgs, type ServeOptions } from "./serve/options.ts";
import { prepare, spoolFolder } from "./serve/prepare.ts";
import {
  commandsOf,
  LEGACY_SHARE_WARNING,
  readinessOf,
  sayReady,
  showCommands,
} from "./serve/ready.ts";
import { register, Registration } from "./serve/share_entry.ts";

const USAGE =
  `Shares a distillation, or another kind of payload, with other machines, on the local network and through a relay.

Usage: serve.ts [options] [passphrase] [FILE | -]

Without a passphrase one is made. Without FILE the text is read from standard input.

  --generate              make a passphrase; the argument, if any, is FILE
  --passphrase-file FILE  read the passphrase from FILE; - is standard input
  --typed DIR             take options and passphrase from the line that was typed in
                          Claude Code and kept in DIR
  --kind KIND             what it is: distillation (the default), memory or session
  --session ID[,ID…]      with --kind session: offer these sessions; this: the one that it
                          is typed in; all: every session of the project in DIR (with
                          --all: of every project). Each is packed when it is chosen
  --once                  end after the first delivery; for sessions the default
  --detach                return once receivers may come; the share goes on by itself
                          (claude-spread status, claude-spread stop)
  --keep-open MIN         end after MIN minutes (default 30)
  --project DIR           put facts of the project in DIR (branch, commit, changed
                          files) into the document and the offer
  --remove-file           remove FILE once it has been read
  --anonymous             do not tell user and host name
  --port N                listen on TCP port N instead of a free one
  --interface ADDR        keep to this address of this machine
  --relay [URL]           share through a relay as well, for other networks; without
                          URL through CLAUDE_SPREAD_RELAY or ${DEFAULT_RELAY_URL}
  --insecure-relay        allow a relay at ws:// that is not on this machine
  --legacy                also serve the Python version (protocol 1)
  --qr                    show the command for the other machine as a QR code too
  --copy                  put that command into the clipboard of this terminal
  --json                  print events as JSON lines
  --help                  print this

With --passphrase-file, --typed or CLAUDE_SPREAD_PASSPHRASE the argument is FILE. A
passphrase in an argument can be seen by other users while the command runs.
`;

async function serve(
  options: ServeOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const holding = { terminal, stack, signal };
  const prepared = await prepare(options, holding);
  const { passphrase, payload, choices, offer, generated } = prepared;
  const { legacy } = options;
  const share = new Share({
    passphrase,
    offer,
    source: payload,
    choices,
    legacy,
    fillRandom,
  });
  if (legacy) terminal.warn(LEGACY_SHARE_WARNING);

  let registration: Registration | null = null;
  let opened: Listeners | null = null;
  const onMoved = (code: string) => {
    registration?.moved(code);
    if (opened === null) return;
    const { room, announcing } = opened;
    announcing?.moved(code);
    showCommands(terminal, commandsOf({ options, generated, room }));
  };
  opened = await openListeners(options, offer, onMoved, holding);
  const stopping = new AbortController();
  const onStop = () => stopping.abort(stoppedByOwner());
  registration = await register(options, prepared, opened, onStop, terminal);
  if (registration !== null) stack.use(registration);
  // Only now: an earlier failure would have cost the document.
  if (options.removeFile && options.file !== "-") {
    const { removeDocument } = await loadDocuments();
    await removeDocument(options.file);
  }
  const { id } = registration ?? {};
  const ready = readinessOf({ options, offer, ...opened, id, generated });
  await sayReady(terminal, ready, options);
  if (options.child) {
    registration!.keep();
    terminal.leave(registration!.log);
  }
  // Cleans up once nobody is waiting for the command.
  void sweep();
  const cleaning = removeLeftovers(spoolFolder());
  stack.defer(() => cleaning);
  const loop = new AcceptLoop(
    share,
    options,
    terminal,
    (peer, taken) => registration?.delivered(peer, taken),
  );
  stack.defer(() => loop.close());
  const ending = AbortSignal.any([signal, stopping.signal]);
  try {
    await loop.run(opened.listeners, ending);
    registration?.ends("done");
  } catch (error) {
    registration?.ends(error instanceof SpreadError ? error.code : "failed");
    throw error;
  }
}

const loadDocuments = () => import("./serve/documents.ts");

async function sweep(): Promise<void> {
  const { sweepDocuments } = await loadDocuments();
  await sweepDocuments(Deno.env.get("HOME") ?? "", new Date());
}

function stoppedByOwner(): SpreadError {
  return new SpreadError("INTERRUPTED", "Stopped by claude-spread stop");
}

/** @returns The exit code. */
export async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args) });
  using interruption = new Interruption();
  const { signal } = interruption;
  let typedLine: TypedInput | undefined;
  try {
    const options = await readOptions(
      (words) => parseServeArgs(args, (name) => Deno.env.get(name), words),
      async (place, { kind }) => {
        typedLine = new (await import("./cli/typed_input.ts")).TypedInput();
        const skill = `${KINDS[kind].skill}-share` as const;
        return await typedLine.take(place, skill, "serve");
      },
    );
    if (options.qr || options.copy) {
      const { checkPassOn } = await import("./serve/pass_on.ts");
      checkPassOn(options, terminal);
    }
    if (options.help) terminal.print(USAGE);
    else if (options.detach) {
      const { detach } = await import("./serve/detach.ts");
      await detach(options, terminal, signal);
    } else await serve(options, terminal, signal);
    return 0;
  } catch (error) {
    await typedLine?.failed(error);
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
