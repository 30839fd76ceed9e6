/** Work of tests on many items, a few at a time. */

/**
 * Runs `action` on every item.
 *
 * @param atATime Actions under way at once; two is as many as a small machine has cores.
 */
export async function forEach<T>(
  items: Iterable<T>,
  action: (item: T) => Promise<void>,
  atATime = 2,
): Promise<void> {
  const waiting = Iterator.from(items);
  const work = async () => {
    for (const item of waiting) await action(item);
  };
  await Promise.all(Array.from({ length: atATime }, work));
}
