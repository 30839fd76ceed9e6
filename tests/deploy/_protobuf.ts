/**
 * Protobuf messages, as far as KV Connect needs them: whole numbers, bytes and messages in
 * messages, by field number. Names and types are the caller's business.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../lib/bytes.ts";

/** A field's value: a whole number, or bytes, which may be a message. */
export type Value = number | Uint8Array;

const VARINT = 0;
const BYTES = 2;

/** A message that was read; a field that is not there is 0, empty, or no value at all. */
export class Message {
  readonly #fields = new Map<number, Value[]>();

  constructor(data: Uint8Array) {
    const reader = new Reader(data);
    while (!reader.isAtEnd) {
      const tag = reader.number();
      const value = reader.value(tag & 7);
      const field = Math.floor(tag / 8);
      this.#fields.set(field, [...this.#fields.get(field) ?? [], value]);
    }
  }

  number(field: number): number {
    return Number(this.#fields.get(field)?.at(-1) ?? 0);
  }

  bytes(field: number): Uint8Array {
    const value = this.#fields.get(field)?.at(-1) ?? 0;
    return typeof value === "number" ? new Uint8Array() : value;
  }

  /** Every message in a repeated field. */
  messages(field: number): Message[] {
    return (this.#fields.get(field) ?? [])
      .map((value) => new Message(value as Uint8Array));
  }
}

/** Writes a message; a field may come several times. */
export function encode(
  ...fields: [field: number, value: Value][]
): Bytes {
  const parts = fields.flatMap(([field, value]) => {
    const isNumber = typeof value === "number";
    const head = [
      ...varint(field * 8 + (isNumber ? VARINT : BYTES)),
      ...varint(isNumber ? value : value.length),
    ];
    return isNumber ? [Uint8Array.from(head)] : [Uint8Array.from(head), value];
  });
  return concatBytes(...parts);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) {
    bytes.push(value % 128 + 128);
  }
  return [...bytes, value];
}

class Reader {
  #at = 0;

  constructor(private readonly data: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.#at >= this.data.length;
  }

  number(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.data[this.#at++]!;
      value += byte % 128 * scale;
      if (byte < 128) return value;
    }
  }

  value(type: number): Value {
    if (type === VARINT) return this.number();
    if (type !== BYTES) throw new SyntaxError(`Wire type ${type}`);
    const length = this.number();
    this.#at += length;
    return this.data.subarray(this.#at - length, this.#at);
  }
}
