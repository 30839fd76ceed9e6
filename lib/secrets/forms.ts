/**
 * Forms of a value: the ways in which programs write it.
 *
 * @module
 */

import { PEM_BEGIN, PEM_LINE_END } from "./rules/private_keys.ts";

/** Length from which one line of a private key is a part of it that nothing else has. */
const MIN_LINE_LENGTH = 40;

/** Longest value that is searched for in base64, in UTF-16 units: longer ones are files. */
const MAX_BASE64_LENGTH = 500;

/**
 * Longest form that is searched for as a whole, in UTF-16 units. A text that repeats itself can be
 * one secret of megabytes, and comparing that at each place would take hours.
 */
const MAX_FORM_LENGTH = 8192;

/**
 * Returns a value as it is, as JSON (once and twice), URLs, HTML, SQL and shells write it; and the
 * lines of a private key.
 *
 * @param isEncoded Whether in base64 too, which makes three forms even of plain values.
 */
export function formsOf(value: string, isEncoded: boolean): Set<string> {
  const json = inJson(value);
  const forms = [
    value,
    json,
    inJson(json),
    // As PHP, Go and Python write JSON.
    json.replaceAll("/", "\\/"),
    escaped(json, /[<>&]/g),
    escaped(json, /[^\0-\x7f]/g),
    inUrl(value),
    inUrl(value).replaceAll("%20", "+"),
    inHtml(value, "&#39;"),
    inHtml(value, "&#x27;"),
    value.replaceAll("'", "''"),
    value.replaceAll("'", "'\\''"),
    value.normalize("NFC"),
    value.normalize("NFD"),
  ];
  if (value.startsWith(PEM_BEGIN)) {
    const lines = value.split(PEM_LINE_END);
    forms.push(...lines.filter(({ length }) => length >= MIN_LINE_LENGTH));
  } else if (isEncoded && value.length <= MAX_BASE64_LENGTH) {
    forms.push(inBase64(value), inBase64(`${value}\n`));
  }
  return new Set(forms.flatMap(piecesOf));
}

/** The parts of a form that is too long, all of about the same length. */
function piecesOf(form: string): string[] {
  const count = Math.ceil(form.length / MAX_FORM_LENGTH);
  const length = Math.ceil(form.length / count);
  return Array.from(
    { length: count },
    (_, i) => form.slice(i * length, (i + 1) * length),
  );
}

function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** Writes characters as `\uXXXX`. */
function escaped(json: string, characters: RegExp): string {
  return json.replace(
    characters,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function inUrl(value: string): string {
  // Half a surrogate pair, which a cut text may end with, cannot be written in a URL.
  return encodeURIComponent(value.toWellFormed());
}

function inHtml(value: string, apostrophe: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;")
    .replaceAll("'", apostrophe);
}

function inBase64(value: string): string {
  return new TextEncoder().encode(value).toBase64();
}
