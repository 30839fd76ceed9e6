import { assert, assertEquals } from "@std/assert";
import vectors from "../../testdata/protocol1_vectors.json" with {
  type: "json",
};
import { utf8 } from "../bytes.ts";
import { pbkdf2, stretchPassphrase } from "./kdf.ts";

Deno.test("pbkdf2() gives the keys of the Python original", async () => {
  for (const v of vectors.cases) {
    const key = await pbkdf2(
      utf8(v.passphrase),
      Uint8Array.fromHex(v.auth_salt),
    );
    assertEquals(key.toHex(), v.auth_key);
  }
});

Deno.test("stretchPassphrase() treats composed and decomposed letters alike", async () => {
  const salt = new Uint8Array(16);
  const composed = await stretchPassphrase("caf\u00e9", salt);
  const decomposed = await stretchPassphrase("cafe\u0301", salt);
  assertEquals(composed, decomposed);
});

Deno.test("stretchPassphrase() keeps every other difference", async () => {
  const salt = new Uint8Array(16);
  const base = (await stretchPassphrase("pass word", salt)).toHex();
  const other = new Uint8Array(16).fill(1);
  assert(base !== (await stretchPassphrase("pass word", other)).toHex());
  for (
    const near of [
      "pass  word",
      " pass word",
      "Pass word",
      "pass word\n",
      'pass "word"',
    ]
  ) {
    assert(base !== (await stretchPassphrase(near, salt)).toHex(), near);
  }
});

Deno.test("stretchPassphrase() takes a passphrase of 10 KB", async () => {
  const key = await stretchPassphrase("x".repeat(10_240), new Uint8Array(16));
  assertEquals(key.length, 32);
});
