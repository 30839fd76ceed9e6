/**
 * Private keys: in PEM as files have them, escaped in strings, with the line numbers of a reader,
 * cut off, or in base64 as a whole; and in other forms of text.
 *
 * @module
 */

import { isReal, type Rule, startOf } from "./rule.ts";

/** The beginning of a key in PEM. */
export const PEM_BEGIN = "-----BEGIN ";

/** Line end, also as strings escape it, once or more often. */
const BREAK = String.raw`(?:\\{1,4}r)?(?:\r?\n|\\{1,4}n)`;
/** Marks of quotations, comments and diffs before a line, which may itself begin with `+` or `//`. */
const MARK = String.raw`>[> ]{0,4}|[#*]|\/\/|\+|-(?!----[BE])`;
/** Line end with the number that a reader like `cat -n` puts before the next line, or a mark. */
const LINE_END = BREAK + String
  .raw`[ \t]{0,9}(?:\d{1,6}(?:[:|\t→]|\\{1,4}t| {1,2})|${MARK})?[ \t]{0,16}`;

/** All of a line end in a key, with what a reader or a quotation put before the next line. */
export const PEM_LINE_END = new RegExp(LINE_END, "g");

/** A line of base64, a header or nothing; not the number of a line. */
const LINE = String
  .raw`(?:[A-Z][A-Za-z-]{1,20}: (?:[^\r\n\\"-]|-(?!--)){0,100}|[A-Za-z0-9+/=]{0,120})(?![A-Za-z0-9+/=:|\t→]|\\{1,4}t)`;
const LABEL = "[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----";

export const PRIVATE_KEY_RULES: readonly Rule[] = [
  {
    id: "private-key",
    kind: "private key",
    triggers: [PEM_BEGIN],
    pattern: new RegExp(
      `${PEM_BEGIN}${LABEL}(?:${LINE_END}(?![ \\t>#*-]|[+/]{1,2}[ \\t-])${LINE}){1,400}(?:${LINE_END}-----END ${LABEL})?`,
      "dy",
    ),
    accepts: (secret) => /[A-Za-z0-9+/]{40}/.test(secret),
  },
  {
    id: "private-key",
    kind: "private key",
    triggers: [PEM_BEGIN],
    // All in one line, as variables of an environment have them.
    pattern: new RegExp(
      `${PEM_BEGIN}${LABEL} ?[A-Za-z0-9+/= ]{64,12000} ?-----END ${LABEL}`,
      "dy",
    ),
    accepts: isReal,
  },
  {
    id: "private-key",
    kind: "private key",
    // "-----BEGIN " in base64; what follows says whether the key is private.
    triggers: ["LS0tLS1CRUdJTi"],
    pattern: new RegExp(
      `${startOf("+/")}LS0tLS1CRUdJTi[A-Za-z0-9+/]{100,16000}={0,2}`,
      "dy",
    ),
    accepts: (secret) => atob(secret.slice(0, 64)).includes("PRIVATE KEY"),
  },
  {
    id: "putty-key",
    kind: "private key",
    triggers: ["Private-Lines: "],
    pattern: new RegExp(
      `Private-Lines: \\d{1,4}(?<secret>(?:${BREAK}[A-Za-z0-9+/=]{4,120}){1,200})`,
      "dy",
    ),
    accepts: isReal,
  },
  {
    id: "wireguard-key",
    kind: "private key",
    triggers: ["PrivateKey", "PresharedKey"],
    pattern:
      /P(?:rivate|reshared)Key[ \t]{0,3}=[ \t]{0,3}(?<secret>[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)/dy,
    accepts: isReal,
  },
  {
    id: "azure-account-key",
    kind: "Azure key",
    triggers: ["AccountKey=", "SharedAccessKey="],
    pattern:
      /(?:Account|SharedAccess)Key=(?<secret>[A-Za-z0-9+/]{40,100}={0,2})/dy,
    accepts: isReal,
  },
];
