/**
 * Room codes, invites and addresses, which people read out and type.
 *
 * A room code names a room on the relay and is not secret; an invite is a room code and a
 * generated passphrase in one word, `k7m2xq-niece-broke-zippy-iron`. `lib/words/` reads both.
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

/** Whether `text` can be a room code, of our relay or of another. */
export function isRoomCode(text: string): boolean {
  return /^[a-z0-9]{6}$/.test(text);
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

/** Whether a word is `host:port`, unlike the `3:16` that may end a sentence. */
export function isAddress(word: string): boolean {
  return /^(?:(?:\[[0-9a-f:.]+(?:%[\w.-]+)?\]|\d+(?:\.\d+){3}):\d{1,5}|(?=.*[a-z])[a-z0-9][a-z0-9.-]*:\d{2,5})$/i
    .test(word);
}
