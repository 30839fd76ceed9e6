/**
 * Examples: values that stand in the place of a secret, variables, words for "fill this in".
 *
 * @module
 */

/** Words of examples, long enough to be no accident in a random value. */
const EXAMPLE =
  /example|sample|placeholder|change[-_]?(?:me|this|it)|replace[-_]?(?:me|this|with)|insert[-_]|your[-_]|[-_]here\b|redacted|dummy|fixme|(?:not|no)[-_]?a?[-_]?(?:real|secret)|(?<![a-z])fake(?![a-z])|\.\.\.|…|\*\*\*|x{6}|•{3}/i;

/** A variable of a shell, a template or a program, or a placeholder of ours. */
const VARIABLE =
  /^\$\d?$|^\$[A-Za-z_]\w{0,60}(?![^\s/:.,-])|^!(?:Ref|Sub|GetAtt|vault)\b|\$[({]|\{\{|\{[\w.-]{1,60}\}|^<[^>]{0,200}>?$|^%[\w.-]{1,60}%|%\([\w.-]{1,60}\)s|^\[secret: |^@[\w.-]{1,60}@$|\b(?:process\.env|os\.environ|import\.meta|getenv|Deno\.env|ENV\[|env\.[A-Z]|secrets\.)/i;

/** Whether a value is one that documentation and templates have instead of a secret. */
export function isExample(value: string): boolean {
  const shown = value.length > 400 ? value.slice(0, 400) : value;
  return EXAMPLE.test(shown) || VARIABLE.test(shown) || isMonotonous(shown);
}

/** Whether a value repeats itself, such as `xxxxxxxx`. */
function isMonotonous(value: string): boolean {
  return countSteps(value, (step) => step === 0) > value.length * 0.6 ||
    value.length >= 8 && new Set(value).size <= 3;
}

/** Whether most of a value is a sequence, such as `0123456789abcdef`. */
export function isSequence(value: string): boolean {
  return countSteps(value, (step) => Math.abs(step) <= 1) > value.length * 0.6;
}

/** How often one character follows another at such a distance in the alphabet. */
function countSteps(
  value: string,
  counts: (step: number) => boolean,
): number {
  let count = 0;
  for (let at = 1; at < value.length; at++) {
    if (counts(value.charCodeAt(at) - value.charCodeAt(at - 1))) count++;
  }
  return count;
}
