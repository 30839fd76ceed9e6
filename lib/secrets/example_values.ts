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
  return EXAMPLE.test(shown) || VARIABLE.test(shown) || isRegular(shown);
}

/** Whether most of a value is a sequence, such as `0123456789abcdef`, or a repetition. */
function isRegular(value: string): boolean {
  let regular = 0;
  for (let at = 1; at < value.length; at++) {
    const step = value.charCodeAt(at) - value.charCodeAt(at - 1);
    if (step === 0 || step === 1 || step === -1) regular++;
  }
  return regular > value.length * 0.6 ||
    value.length >= 8 && new Set(value).size <= 3;
}
