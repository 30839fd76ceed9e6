/** Checked against node:crypto, an independent implementation. */

import { assertEquals } from "@std/assert";
import { createHash, createHmac, hkdfSync } from "node:crypto";
import { utf8 } from "../bytes.ts";
import {
  confirmationTag,
  deriveRecordKeys,
  importConfirmationKey,
  verifyConfirmationTag,
} from "./key_schedule.ts";

const sid = new Uint8Array(32).fill(1);
const ISK = new Uint8Array(64).fill(2);
const Y = new Uint8Array(32).fill(3);

Deno.test("confirmationTag() is HMAC-SHA256 over share and associated data, each with its length", async () => {
  const macKey = createHash("sha512").update("CPaceMac").update(sid).update(ISK)
    .digest();
  const expected = createHmac("sha256", macKey)
    .update(Uint8Array.of(32)).update(Y).update(Uint8Array.of(1)).update("R")
    .digest("hex");
  const key = await importConfirmationKey(sid, ISK);
  const tag = await confirmationTag(key, Y, utf8("R"));
  assertEquals(tag.toHex(), expected);
  assertEquals(await verifyConfirmationTag(key, tag, Y, utf8("R")), true);
});

Deno.test("verifyConfirmationTag() refuses another share, role, or a tag of another length", async () => {
  const key = await importConfirmationKey(sid, ISK);
  const tag = await confirmationTag(key, Y, utf8("R"));
  assertEquals(
    await verifyConfirmationTag(key, tag, new Uint8Array(32), utf8("R")),
    false,
  );
  assertEquals(await verifyConfirmationTag(key, tag, Y, utf8("S")), false);
  assertEquals(
    await verifyConfirmationTag(key, tag.slice(0, 31), Y, utf8("R")),
    false,
  );
});

Deno.test("deriveRecordKeys() is HKDF-SHA256 with a label for each direction", async () => {
  const salt = new Uint8Array(64).fill(4);
  const keys = await deriveRecordKeys(ISK, salt);
  for (
    const [key, info] of [
      [keys.senderToReceiver, "claude-spread/2 s2r"],
      [keys.receiverToSender, "claude-spread/2 r2s"],
    ] as const
  ) {
    const raw = new Uint8Array(hkdfSync("sha256", ISK, salt, info, 32));
    const expected = await crypto.subtle.importKey(
      "raw",
      raw,
      "AES-GCM",
      false,
      ["encrypt"],
    );
    assertEquals(await encryptNothing(key), await encryptNothing(expected));
  }
});

async function encryptNothing(key: CryptoKey): Promise<string> {
  const iv = new Uint8Array(12);
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv },
    key,
    new Uint8Array(0),
  );
  return new Uint8Array(sealed).toHex();
}
