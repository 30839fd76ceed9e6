/**
 * Strings inside a value, each changed in turn.
 *
 * @module
 */

/**
 * Returns a copy of a JSON value with every string in it changed by `change`, including
 * field names, because a model reads them too.
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
  // Not by assignment, where a field called `__proto__` would change the prototype.
  return Object.fromEntries(
    Object.entries(value).map((
      [name, one],
    ) => [change(name), mapStrings(one, change)]),
  );
}
