/**
 * Room codes and invites: what people read out and type.
 *
 * A room code names a room on the relay and is no secret; an invite is a room code and a
 * generated passphrase in one word, `k7m2xq-walnut-orbit-cactus-fable`.
 *
 * @module
 */

/** Characters of room codes: none that is easily taken for another (0 o, 1 i l). */
export const ROOM_CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";

/** Characters in a room code. */
export const ROOM_CODE_LENGTH = 6;

/** Fewest words that make a passphrase of an invite: a typed passphrase seldom looks like one. */
const FEWEST_WORDS = 4;

/** Whether `text` can be a room code. */
export function isRoomCode(text: string): boolean {
  return text.length === ROOM_CODE_LENGTH &&
    [...text].every((char) => ROOM_CODE_ALPHABET.includes(char));
}

/**
 * Takes an invite apart; `null` when `text` is none, but a passphrase of its own.
 *
 * Room codes of a relay hold a digit, words do not: no passphrase of words is an invite.
 */
export function splitInvite(
  text: string,
): { roomCode: string; passphrase: string } | null {
  // Hyphens become dashes or blanks in some programs that invites pass through.
  const [first = "", ...words] = text.trim().split(/[\s\-\u2010-\u2015]+/u);
  const roomCode = first.toLowerCase();
  const isInvite = isRoomCode(roomCode) && /\d/.test(roomCode) &&
    words.length >= FEWEST_WORDS &&
    words.every((word) => /^[a-z]+$/i.test(word));
  return isInvite
    ? { roomCode, passphrase: words.join("-").toLowerCase() }
    : null;
}

/** The invite for a room with a generated passphrase. */
export function formatInvite(roomCode: string, passphrase: string): string {
  return `${roomCode}-${passphrase}`;
}
