/**
 * Values that stand in the place of a secret: examples, variables, words for "fill this in".
 *
 * @module
 */

const EXAMPLE =
  /example|sample|placeholder|change-?_?me|replace|your[-_]|redacted|dummy|insert|todo|fixme|not[-_]?a?[-_]?real|\.\.\.|…|\*\*\*/i;

/** A variable of a shell, of a template or of a program. */
const VARIABLE =
  /^\$|\$[({]|\{\{|^<[^>]{0,200}>$|^%[A-Za-z_]{1,60}%$|^\[secret: |\b(?:process\.env|os\.environ|import\.meta|getenv|Deno\.env)\b/;

/** Whether a value is one that documentation and templates have instead of a secret. */
export function isPlaceholder(value: string): boolean {
  return EXAMPLE.test(value) || VARIABLE.test(value) || isMonotonous(value);
}

/** Whether a value consists of few different characters, such as `xxxxxxxx` or `00000000`. */
function isMonotonous(value: string): boolean {
  return new Set(value.slice(0, 64)).size < Math.min(5, value.length / 2);
}
