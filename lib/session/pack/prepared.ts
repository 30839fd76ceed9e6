/**
 * PreparedPayloads: payloads that are made when somebody asks for them, and kept for as long as
 * they may be asked for again.
 *
 * Each lies in a file of its own, readable by its owner only. One is made at a time, because
 * making one takes a whole processor. What nobody reads is given up, the longest unused
 * first, when all together grow too large; asked for again, it is made again.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import { FilePayload, type Payload } from "../../files/payload_source.ts";

/** Bytes that packings may take together, beyond those that are being read. */
export const MAX_KEPT_BYTES = 4 * 1024 * 1024 * 1024;

/**
 * Writes the bytes of `key` to a new file at `path`, readable by its owner only; the same
 * bytes for the same key as long as what it is made of stays as it is.
 */
export type Pack = (
  key: string,
  path: string,
  signal: AbortSignal,
) => Promise<void>;

/** How packings are kept. */
export interface PackingOptions {
  /** Where their files are; made if missing. */
  folder: string;
  pack: Pack;
  /** {@linkcode MAX_KEPT_BYTES} unless told otherwise. */
  maxKeptBytes?: number;
}

/** A packing that is being read; disposing it says that this reader has done. */
export interface Lease extends Disposable {
  payload: Payload;
}

interface Packing {
  making: Promise<Made>;
  /** Once it is made. */
  made: Made | null;
  readers: number;
  /** Counts up with each use. */
  lastUsed: number;
}

interface Made {
  payload: FilePayload;
  /** Open and locked, so that housekeeping of other shares leaves it alone. */
  file: Deno.FsFile;
}

/** Makes and keeps packings; disposing it stops what is being made and removes all files. */
export class PreparedPayloads implements AsyncDisposable {
  readonly #options: Required<PackingOptions>;
  readonly #packings = new Map<string, Packing>();
  readonly #ending = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  #uses = 0;

  constructor(options: PackingOptions) {
    this.#options = { maxKeptBytes: MAX_KEPT_BYTES, ...options };
  }

  /**
   * The packing of `key`, made if there is none.
   *
   * @throws {SpreadError} `CANNOT_PACK`, or what `pack` says; asked for again it is tried again.
   */
  async open(key: string): Promise<Lease> {
    const packing = this.#packings.get(key) ?? this.#start(key);
    packing.readers++;
    packing.lastUsed = ++this.#uses;
    try {
      const { payload } = await packing.making;
      return { payload, [Symbol.dispose]: () => void packing.readers-- };
    } catch (error) {
      packing.readers--;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(ended());
    for (const [key, packing] of this.#packings) {
      await this.#remove(key, packing);
    }
    await this.#last;
  }

  #start(key: string): Packing {
    const making = this.#last.then(() => this.#make(key));
    const packing: Packing = { making, made: null, readers: 0, lastUsed: 0 };
    this.#packings.set(key, packing);
    this.#last = making.then(
      (made) => {
        packing.made = made;
        return this.#giveUpSome();
      },
      () => void this.#packings.delete(key),
    );
    return packing;
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

  /** Removes what nobody reads, the longest unused first, until the rest is small enough. */
  async #giveUpSome(): Promise<void> {
    const size = ([, { made }]: [string, Packing]) => made?.payload.size ?? 0;
    const all = [...this.#packings]
      .sort(([, a], [, b]) => a.lastUsed - b.lastUsed);
    let total = all.reduce((sum, entry) => sum + size(entry), 0);
    for (const entry of all) {
      const [key, packing] = entry;
      if (total <= this.#options.maxKeptBytes) return;
      if (packing.made === null || packing.readers > 0) continue;
      total -= size(entry);
      await this.#remove(key, packing);
    }
  }

  async #remove(key: string, packing: Packing): Promise<void> {
    this.#packings.delete(key);
    const made = await packing.making.catch(() => null);
    if (made === null) return;
    // Windows removes no file that is open.
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

/** Said of our own disk or file, these would be taken for the receiver's. */
const NOT_OURS = new Set<SpreadError["code"]>([
  "CANNOT_STORE",
  "PAYLOAD_UNREADABLE",
  "PAYLOAD_EMPTY",
]);

function cannotPack(cause: unknown): SpreadError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const hint = cause instanceof SpreadError ? cause.hint : "";
  return new SpreadError(
    "CANNOT_PACK",
    `Cannot pack what was chosen: ${why}`,
    hint,
    { cause },
  );
}

function ended(): SpreadError {
  return new SpreadError("INTERRUPTED", "The share has ended", "");
}
