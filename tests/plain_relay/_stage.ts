/**
 * A share through a plain relay, and those who come for it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { assertSuccess } from "../support/checks.ts";
import { RelayShare } from "../support/relay_share.ts";

export const MiB = 1024 * 1024;
export const DOCUMENT = "# Through a plain relay\n\nGrüße, 한글 and 🎉.\n";

/** A share through a plain relay, and a receiver's machine. */
export class Stage extends RelayShare {
  static async open(
    { url }: { url: string },
    content: string | Uint8Array = DOCUMENT,
    args: string[] = ["--generate"],
  ): Promise<Stage> {
    return await new Stage(url).begin(content, args);
  }

  /** Receives and checks what came. */
  async take(...words: string[]): Promise<void> {
    const ended = await this.receive(...words);
    assertSuccess(ended);
    assertEquals(ended.text, DOCUMENT);
  }

  /** Ends the share; nobody may have been refused. */
  async endUnrefused(): Promise<void> {
    const { events, stderr } = await this.sharing.stop();
    const refused = events.filter(({ event }) => event === "refused");
    assertEquals(refused, [], stderr);
  }
}

/** Words that a share makes once in a million million times. */
export const WRONG_WORDS = "acid-acid-acid-acid";

/** The passphrase in what is to be typed. */
export function wordsOf({ sharing }: Stage): string {
  return (sharing.ready.commands as string[])[0]!.split(/[ ]|9vxmod-/).at(-1)!;
}
