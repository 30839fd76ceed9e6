/**
 * Numbers in columns, and numbers for names: what takes little memory for each of hundreds
 * of thousands of lines.
 *
 * @module
 */

/** Rows of a column that are allocated at once: growing an array would copy all of it. */
const CHUNK_ROWS = 8192;

/** A column of numbers; a row without one has the value that is given for that. */
export class NumberColumn {
  readonly #chunks: Float64Array[] = [];

  constructor(private readonly none: number) {}

  get(row: number): number {
    return this.#chunks[Math.floor(row / CHUNK_ROWS)]?.[row % CHUNK_ROWS] ??
      this.none;
  }

  set(row: number, value: number): void {
    const chunk = Math.floor(row / CHUNK_ROWS);
    while (this.#chunks.length <= chunk) {
      this.#chunks.push(new Float64Array(CHUNK_ROWS).fill(this.none));
    }
    this.#chunks[chunk]![row % CHUNK_ROWS] = value;
  }
}

/** Lists of numbers from 0 on, one for each row; most have one number or none. */
export class Lists {
  readonly #single = new NumberColumn(NOTHING);
  readonly #several = new Map<number, number[]>();

  get(row: number): readonly number[] {
    const single = this.#single.get(row);
    if (single === NOTHING) return EMPTY;
    return single === SEVERAL ? this.#several.get(row)! : [single];
  }

  set(row: number, numbers: readonly number[] = []): void {
    this.#single.set(row, NOTHING);
    this.#several.delete(row);
    for (const number of numbers) this.add(row, number);
  }

  add(row: number, number: number): void {
    const single = this.#single.get(row);
    if (single === NOTHING) return this.#single.set(row, number);
    this.#single.set(row, SEVERAL);
    if (single === SEVERAL) this.#several.get(row)!.push(number);
    else this.#several.set(row, [single, number]);
  }
}

const NOTHING = -1, SEVERAL = -2;

const EMPTY: readonly number[] = [];

/**
 * Rows by names. Keeps a number of each name and not the name: names of hundreds of thousands
 * of lines would take tens of megabytes.
 */
export class RowsByName {
  #names = new Float64Array(1024).fill(NOTHING);
  #rows = new Int32Array(1024);
  #count = 0;

  /** @returns `undefined` for a name that has no row. */
  get(name: string): number | undefined {
    const place = this.#placeOf(numberFor(name));
    return this.#names[place] === NOTHING ? undefined : this.#rows[place];
  }

  set(name: string, row: number): void {
    if (this.#count * 2 >= this.#names.length) this.#grow();
    const number = numberFor(name);
    const place = this.#placeOf(number);
    if (this.#names[place] === NOTHING) this.#count++;
    this.#names[place] = number;
    this.#rows[place] = row;
  }

  /** The place of a number, or the free one where it belongs; at least half of them are free. */
  #placeOf(number: number): number {
    const last = this.#names.length - 1;
    let place = number % this.#names.length;
    while (this.#names[place] !== NOTHING && this.#names[place] !== number) {
      place = place === last ? 0 : place + 1;
    }
    return place;
  }

  #grow(): void {
    const [names, rows] = [this.#names, this.#rows];
    this.#names = new Float64Array(names.length * 2).fill(NOTHING);
    this.#rows = new Int32Array(rows.length * 2);
    names.forEach((number, i) => {
      if (number === NOTHING) return;
      const place = this.#placeOf(number);
      this.#names[place] = number;
      this.#rows[place] = rows[i]!;
    });
  }
}

/**
 * A number for a name, of 53 bits: two of half a million names share theirs once in a hundred
 * thousand times.
 */
export function numberFor(name: string): number {
  let high = 0x2545f491, low = 0x4f6cdd1d;
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x85ebca77);
    high ^= low >>> 15;
  }
  low = Math.imul(low ^ high >>> 13, 0xc2b2ae3d);
  high = Math.imul(high ^ low >>> 16, 0x27d4eb2f);
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}
