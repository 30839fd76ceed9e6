/**
 * WebSocket frames as a client encodes and decodes them (RFC 6455, section 5). Pure; the
 * connection is in `client.ts`.
 *
 * @module
 */

import { type Bytes, totalLength } from "../../../bytes.ts";

/** Opcodes of frames; `more` is the RFC's continuation frame. */
export const OPCODES = {
  more: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** Longest payload of a control frame, in bytes. */
export const MAX_CONTROL_BYTES = 125;

const FINAL = 0x80;
const MASKED = 0x80;
const MASK_BYTES = 4;
const MAX_HEAD_BYTES = 14;

/** The head of a frame from a server. */
export interface FrameHead {
  isFinal: boolean;
  opcode: number;
  /** Bytes of the head itself. */
  headBytes: number;
  /** Announced bytes of the payload. */
  payloadBytes: number;
}

/**
 * Reads the head of a server's frame from the beginning of `bytes`.
 *
 * @returns `null` until the head is complete.
 * @throws {RangeError} For a frame that a server may not send: reserved bits (no extension is in
 *   use), a mask, an unknown opcode, a control frame that is too long or fragmented.
 */
export function readHead(bytes: Uint8Array): FrameHead | null {
  if (bytes.length < 2) return null;
  const [first, second] = bytes as unknown as [number, number];
  const opcode = first & 0x0f;
  const isFinal = (first & FINAL) !== 0;
  const short = second & 0x7f;
  const isKnown = (Object.values(OPCODES) as number[]).includes(opcode);
  if ((first & 0x70) !== 0 || (second & MASKED) !== 0 || !isKnown) {
    throw new RangeError("Not a frame of a server");
  }
  if (opcode >= OPCODES.close && (!isFinal || short > MAX_CONTROL_BYTES)) {
    throw new RangeError("Not a control frame");
  }
  const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < headBytes) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, headBytes);
  const payloadBytes = short < 126
    ? short
    : short === 126
    ? view.getUint16(2)
    : Number(view.getBigUint64(2));
  return { isFinal, opcode, headBytes, payloadBytes };
}

/**
 * Encodes a message as one masked frame. Does not change `parts`.
 *
 * @param mask 4 bytes, fresh for each frame.
 */
export function encodeFrame(
  opcode: number,
  parts: Uint8Array[],
  mask: Bytes,
): Bytes {
  const length = totalLength(parts);
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  // Aligned, so that the payload can be masked in words.
  const start = MAX_HEAD_BYTES + 2;
  const headBytes = 2 + lengthBytes + MASK_BYTES;
  const buffer = new Uint8Array(start + length);
  const head = buffer.subarray(start - headBytes, start);
  const view = new DataView(buffer.buffer, head.byteOffset, headBytes);
  head[0] = FINAL | opcode;
  head[1] = MASKED |
    (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) view.setUint16(2, length);
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(length));
  head.set(mask, headBytes - MASK_BYTES);
  let at = start;
  for (const part of parts) {
    buffer.set(part, at);
    at += part.length;
  }
  maskFrom(buffer, start, mask);
  return buffer.subarray(start - headBytes);
}

/** Masks the bytes from `start`, which is a multiple of 4. */
function maskFrom(buffer: Bytes, start: number, mask: Bytes): void {
  const words = Math.floor((buffer.length - start) / 4);
  const masked = new Uint32Array(buffer.buffer, start, words);
  const [word] = new Uint32Array(mask.slice().buffer);
  for (let i = 0; i < words; i++) masked[i]! ^= word!;
  for (let i = start + 4 * words; i < buffer.length; i++) {
    buffer[i]! ^= mask[(i - start) % 4]!;
  }
}
