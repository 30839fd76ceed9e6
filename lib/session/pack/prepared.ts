/**
 * Prepared payloads: payloads that are made on request, and kept for later requests.
 *
 * Each has a file of its own, readable by its owner only. They are made one at a time,
 * because each takes a whole processor. When all together grow too large, those without a
 * reader are discarded, the longest unused first; the next request makes them again.
 *
 * @module
 */

import { forPeople, SpreadError } from "../../errors.ts";
import { FilePayload, type Payload } from "../../files/payload/source.ts";

/** Most bytes of prepared payloads together, besides those being read. */
export const MAX_KEPT_BYTES = 4 * 1024 * 1024 * 1024;

/**
 * Writes the bytes of `key` to a new file at `path`, readable by its owner only; the same
 * bytes for the same key as long as its origin does not change.
 */
export type Pack = (
  key: string,
  path: string,
  signal: AbortSignal,
) => Promise<void>;

/** Options for prepared payloads. */
export interface PreparedOptions {
  /** Folder of their files; created if it is missing. */
  folder: string;
  pack: Pack;
  /** Default: {@linkcode MAX_KEPT_BYTES}. */
  maxKeptBytes?: number;
}

/** A payload in use by one reader; disposing of it ends that use. */
export interface Lease extends Disposable {
  payload: Payload;
}

interface Prepared {
  making: Promise<Made>;
  /** `null` until it is made. */
  made: Made | null;
  readers: number;
  /** Increases with each use. */
  lastUsed: number;
}

interface Made {
  payload: FilePayload;
  /** Open and locked, so that the cleanup of another share leaves it alone. */
  file: Deno.FsFile;
}

/** Makes and keeps prepared payloads; disposing of it stops work in progress and removes all files. */
export class PreparedPayloads implements AsyncDisposable {
  readonly #options: Required<PreparedOptions>;
  readonly #prepared = new Map<string, Prepared>();
  readonly #ending = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #uses = 0;

  constructor(options: PreparedOptions) {
    this.#options = { maxKeptBytes: MAX_KEPT_BYTES, ...options };
  }

  /**
   * Returns the payload of `key`; makes it if there is none.
   *
   * @throws {SpreadError} `CANNOT_PACK`, or the error of `pack`; the next request tries
   *   again.
   */
  async open(key: string): Promise<Lease> {
    const prepared = this.#prepared.get(key) ?? this.#start(key);
    prepared.readers++;
    prepared.lastUsed = ++this.#uses;
    try {
      const { payload } = await prepared.making;
      return { payload, [Symbol.dispose]: () => void prepared.readers-- };
    } catch (error) {
      prepared.readers--;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(ended());
    for (const [key, prepared] of this.#prepared) {
      await this.#remove(key, prepared);
    }
    await this.#last;
  }

  #start(key: string): Prepared {
    const making = this.#last.then(() => this.#make(key));
    const prepared: Prepared = { making, made: null, readers: 0, lastUsed: 0 };
    this.#prepared.set(key, prepared);
    this.#last = making.then(
      (made) => {
        prepared.made = made;
        return this.#giveUpSome();
      },
      () => void this.#prepared.delete(key),
    );
    return prepared;
  }

  async #make(key: string): Promise<Made> {
    const { folder, pack } = this.#options;
    const { signal } = this.#ending;
    const path = `${folder}/${crypto.randomUUID()}`;
    try {
      signal.throwIfAborted();
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      await pack(key, path, signal);
      return await open(path, signal);
    } catch (error) {
      await Deno.remove(path).catch(() => {});
      throw error instanceof SpreadError && !NOT_OURS.has(error.code)
        ? error
        : cannotPack(error);
    }
  }

  /** Removes payloads without a reader, the longest unused first, until the rest is small enough. */
  async #giveUpSome(): Promise<void> {
    const size = ([, { made }]: [string, Prepared]) => made?.payload.size ?? 0;
    const all = [...this.#prepared]
      .sort(([, a], [, b]) => a.lastUsed - b.lastUsed);
    let total = all.reduce((sum, entry) => sum + size(entry), 0);
    for (const entry of all) {
      const [key, prepared] = entry;
      if (total <= this.#options.maxKeptBytes) return;
      if (prepared.made === null || prepared.readers > 0) continue;
      total -= size(entry);
      await this.#remove(key, prepared);
    }
  }

  async #remove(key: string, prepared: Prepared): Promise<void> {
    // Disposal may have removed it while others were given up.
    if (!this.#prepared.delete(key)) return;
    const made = await prepared.making.catch(() => null);
    if (made === null) return;
    // Windows cannot remove an open file.
    made.file.close();
    await Deno.remove(made.payload.path).catch(() => {});
  }
}

async function open(path: string, signal: AbortSignal): Promise<Made> {
  const file = await Deno.open(path, { read: true, write: true });
  try {
    file.lockSync(false);
    return { payload: await FilePayload.open(path, { signal }), file };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** These codes would blame the receiver for our own disk or file. */
const NOT_OURS = new Set<SpreadError["code"]>([
  "CANNOT_STORE",
  "PAYLOAD_UNREADABLE",
  "PAYLOAD_CHANGED",
  "PAYLOAD_EMPTY",
]);

function cannotPack(cause: unknown): SpreadError {
  const { message: why, hint } = forPeople(cause) ??
    {
      message: cause instanceof Error ? cause.message : String(cause),
      hint: "",
    };
  return new SpreadError(
    "CANNOT_PACK",
    `Cannot pack the chosen session: ${why}`,
    hint,
    { cause },
  );
}

function ended(): SpreadError {
  return new SpreadError("INTERRUPTED", "The share has ended");
}
