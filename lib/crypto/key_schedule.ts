/**
 * Key schedule: from CPace's session key to confirmation tags and record keys.
 *
 * See docs/protocol.md, section 4. WebCrypto does the work; record keys cannot be exported.
 *
 * @module
 */

import { type Bytes, concatBytes, utf8 } from "../bytes.ts";
import { lvCat } from "./cpace_strings.ts";
import { hkdf } from "./kdf.ts";

/** The key of both confirmation tags (draft-irtf-cfrg-cpace-21, section 9.4, explicit confirmation). */
export async function importConfirmationKey(
  sid: Bytes,
  ISK: Bytes,
): Promise<CryptoKey> {
  const macKey = await crypto.subtle.digest(
    "SHA-512",
    concatBytes(utf8("CPaceMac"), sid, ISK),
  );
  return crypto.subtle.importKey(
    "raw",
    macKey,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign", "verify"],
  );
}

/** Proves to the other side that we hold the session key: a MAC over our own share. */
export async function confirmationTag(
  key: CryptoKey,
  Y: Bytes,
  AD: Bytes,
): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, lvCat(Y, AD)));
}

/** Checks the other side's tag, in constant time. */
export function verifyConfirmationTag(
  key: CryptoKey,
  tag: Bytes,
  Y: Bytes,
  AD: Bytes,
): Promise<boolean> {
  return crypto.subtle.verify("HMAC", key, tag, lvCat(Y, AD));
}

/** One AES-256-GCM key for each direction. */
export interface RecordKeys {
  senderToReceiver: CryptoKey;
  receiverToSender: CryptoKey;
}

/**
 * Derives the record keys with HKDF-SHA256.
 *
 * @param sidOutput CPace's session identifier output: the salt, new for each run.
 */
export async function deriveRecordKeys(
  ISK: Bytes,
  sidOutput: Bytes,
): Promise<RecordKeys> {
  const base = await crypto.subtle.importKey("raw", ISK, "HKDF", false, [
    "deriveKey",
  ]);
  const [senderToReceiver, receiverToSender] = await Promise.all(
    ["claude-spread/2 s2r", "claude-spread/2 r2s"].map((info) =>
      crypto.subtle.deriveKey(
        { name: "HKDF", hash: "SHA-256", salt: sidOutput, info: utf8(info) },
        base,
        { name: "AES-GCM", length: 256 },
        false,
        ["encrypt", "decrypt"],
      )
    ),
  );
  return {
    senderToReceiver: senderToReceiver!,
    receiverToSender: receiverToSender!,
  };
}

/**
 * Derives the seed that two machines share from then on, 32 bytes (docs/protocol.md, section 14.2).
 *
 * @param sidOutput As of {@linkcode deriveRecordKeys}.
 */
export function derivePairSeed(ISK: Bytes, sidOutput: Bytes): Promise<Bytes> {
  return hkdf(ISK, "claude-spread/2 pair seed", sidOutput);
}
