import { assertEquals } from "@std/assert";
import vectors from "../../testdata/protocol1_vectors.json" with {
  type: "json",
};
import { utf8 } from "../bytes.ts";
import { hkdf, pbkdf2 } from "./kdf.ts";

Deno.test("pbkdf2() gives the keys of the Python original", async () => {
  for (const v of vectors.cases) {
    const key = await pbkdf2(
      utf8(v.passphrase),
      Uint8Array.fromHex(v.auth_salt),
    );
    assertEquals(key.toHex(), v.auth_key);
  }
});

// RFC 5869, appendix A.3: without a salt and info.
Deno.test("hkdf() gives the key of RFC 5869", async () => {
  const key = await hkdf(new Uint8Array(22).fill(0x0b), "");
  assertEquals(
    key.toHex(),
    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
  );
});
