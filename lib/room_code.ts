/**
 * Room codes and invites, which people read out and type.
 *
 * A room code names a room on the relay and is not secret; an invite is a room code and a
 * generated passphrase in one word, `k7m2xq-walnut-orbit-cactus-fable`.
 *
 * @module
 */

/**
 * Characters of the codes that our relay makes: none that is easily mistaken for another (0
 * o, 1 i l). Other relays use all of `a-z0-9`.
 */
export const ROOM_CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789";

/** Characters in a room code. */
export const ROOM_CODE_LENGTH = 6;

/** Fewest words in the passphrase of an invite: a typed passphrase seldom looks like one. */
const FEWEST_WORDS = 4;

/** Whether `text` can be a room code, of our relay or of another. */
export function isRoomCode(text: string): boolean {
  return /^[a-z0-9]{6}$/.test(text);
}

/**
 * Takes an invite apart; `null` when `text` is just a passphrase.
 *
 * The room code of an invite contains a digit and words do not, so a passphrase of words is
 * never mistaken for an invite.
 */
export function splitInvite(
  text: string,
): { roomCode: string; passphrase: string } | null {
  // Some programs that invites pass through turn hyphens into dashes or blanks.
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
 * The invite for a room with a generated passphrase; `null` when the room code, of another
 * relay, is all letters, because the invite would then look like a passphrase.
 */
export function formatInvite(
  roomCode: string,
  passphrase: string,
): string | null {
  return /\d/.test(roomCode) ? `${roomCode}-${passphrase}` : null;
}
