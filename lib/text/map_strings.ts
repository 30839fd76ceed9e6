/**
 * Texts inside a value, one after the other.
 *
 * @module
 */

/**
 * A copy of a JSON value with every text in it changed by `change`, names of fields too: a
 * model reads them as well.
 *
 * Recurses: the caller bounds the depth.
 */
export function mapStrings<T>(value: T, change: (text: string) => string): T;
export function mapStrings(
  value: unknown,
  change: (text: string) => string,
): unknown {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => mapStrings(one, change));
  // Not by assignment, which a field called `__proto__` would turn against us.
  return Object.fromEntries(
    Object.entries(value).map((
      [name, one],
    ) => [change(name), mapStrings(one, change)]),
  );
}
