/**
 * Room codes and invites: what people read out and type.
 *
 * A room code names a room on the relay and is no secret; an invite is a room code and a
 * generated passphrase in one word, `k7m2xq-walnut-orbit-cactus-fable`.
 *
 * @module
 */

/**
 * Characters of the codes that our relay makes: none that is easily taken for another
 * (0 o, 1 i l). Other relays use all of `a-z0-9`.
 */
export const ROOM_CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";

/** Characters in a room code. */
export const ROOM_CODE_LENGTH = 6;

/** Fewest words that make a passphrase of an invite: a typed passphrase seldom looks like one. */
const FEWEST_WORDS = 4;

/** Whether `text` can be a room code, of our relay or of another one. */
export function isRoomCode(text: string): boolean {
  return /^[a-z0-9]{6}$/.test(text);
}

/**
 * Takes an invite apart; `null` when `text` is a passphrase of its own.
 *
 * The room code of an invite holds a digit and words do not, so that a passphrase of words is
 * never taken for an invite.
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

/**
 * The invite for a room with a generated passphrase; `null` when it could not be told from a
 * passphrase, because the room code, which another relay has made, is all letters.
 */
export function formatInvite(
  roomCode: string,
  passphrase: string,
): string | null {
  return /\d/.test(roomCode) ? `${roomCode}-${passphrase}` : null;
}
