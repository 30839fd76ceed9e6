/**
 * Values of JSON together with their names, which alone may tell that they are secret: the strings
 * of `{"password": …}` are texts of their own otherwise.
 *
 * @module
 */

/** Names that the search for secrets goes by; it decides. */
const SECRET_NAME = /pass|pwd|secret|token|key|credential|auth|cookie/i;

/** Longest names and values that count, in UTF-16 units. */
const MAX_NAME_LENGTH = 100;
const MAX_VALUE_LENGTH = 4096;

/** Fields that hold a name where another one holds its value. */
const NAMES = ["name", "key", "variable", "field", "header"];

/** Returns texts with the names and values of an object or a list that may be secret. */
export function namedValues(value: object): string[] {
  const pairs = Array.isArray(value)
    ? value.map((name, at) => [name, value[at + 1]])
      .filter(([name]) => typeof name === "string" && name.startsWith("-"))
    : Object.entries(value);
  if (!Array.isArray(value) && "value" in value) {
    const fields = value as Record<string, unknown>;
    pairs.push(...NAMES.map((name) => [fields[name], fields.value]));
  }
  return pairs.filter(([name, value]) => isShort(name, value))
    .map(([name, value]) => assignment(name as string, value as string));
}

function isShort(name: unknown, value: unknown): boolean {
  return typeof name === "string" && typeof value === "string" &&
    name.length <= MAX_NAME_LENGTH && value.length <= MAX_VALUE_LENGTH &&
    SECRET_NAME.test(name);
}

/** Writes a value in quotes that are not in it. */
function assignment(name: string, value: string): string {
  const quote = ['"', "'", "`"].find((one) => !value.includes(one)) ?? "";
  return `${name}: ${quote}${value}${quote}`;
}
