import { assertEquals } from "@std/assert";
import type { Candidate } from "../../../lib/discovery/mdns.ts";
import { MAX_REMEMBERED, ShareQueue } from "./share_queue.ts";

/** A share that is announced at these addresses. */
function share(
  instance: string,
  addresses: string[] = ["192.0.2.1"],
  more: Partial<Candidate> = {},
): Candidate {
  return { instance, port: 80, addresses, protocol: 2, ...more };
}

function hearing(...shares: Candidate[]): ShareQueue {
  const queue = new ShareQueue();
  for (const one of shares) queue.hear(one);
  return queue;
}

function takeAll(queue: ShareQueue, atOnce: number): string[] {
  const taken: string[] = [];
  for (let next = queue.take(atOnce); next; next = queue.take(atOnce)) {
    taken.push(next.candidate.instance);
  }
  return taken;
}

Deno.test("take() gives shares in their order, each once, as many as there are places", () => {
  const shares = ["1", "2", "3"].map((id) => share(id, [`192.0.2.${id}`]));
  const queue = hearing(...shares);
  assertEquals(takeAll(queue, 2), ["1", "2"]);
  queue.hear(shares[0]!);
  assertEquals(takeAll(queue, 4), ["3"]);
  assertEquals(queue.isIdle, false);
});

Deno.test("take() keeps the last place for another machine than those being tried", () => {
  const queue = hearing(...["1", "2", "3", "4"].map((id) => share(id)));
  assertEquals(takeAll(queue, 4), ["1", "2", "3"]);
  queue.hear(share("honest", ["192.0.2.2"]));
  assertEquals(takeAll(queue, 4), ["honest"]);
});

Deno.test("take() gives the share whose address was tried least, however late it was heard of", () => {
  const queue = hearing(...["1", "2", "3"].map((id) => share(id)));
  const first = queue.take(1)!;
  queue.hear(share("honest", ["192.0.2.2"]));
  first.isOther = true;
  queue.finish(first);
  assertEquals(takeAll(queue, 1), ["honest"]);
});

Deno.test("take() gives a share again, when there is a new address, unless it has answered", () => {
  const queue = hearing(share("1"));
  const one = queue.take(4)!;
  queue.hear(share("1", ["192.0.2.1", "192.0.2.2"]));
  assertEquals(queue.take(4), null);
  queue.finish(one);
  assertEquals(queue.take(4), one);
  one.isOther = true;
  queue.finish(one);
  queue.hear(share("1", ["192.0.2.3"]));
  assertEquals([queue.take(4), queue.isIdle], [null, true]);
});

Deno.test("take() gives a sender of protocol 1 once nothing else is left", () => {
  const queue = hearing(
    share("old", ["192.0.2.1"], { protocol: 1 }),
    share("new", ["192.0.2.2"]),
  );
  const first = queue.take(4)!;
  assertEquals(first.candidate.instance, "new");
  assertEquals(queue.take(4), null);
  queue.finish(first);
  assertEquals(queue.take(4)!.candidate.instance, "old");
});

Deno.test("hear() remembers the last 64 shares and those being tried, when there are more", () => {
  const many = Array.from({ length: 1000 }, (_, i) => share(String(i)));
  const queue = hearing(many[0]!);
  const first = queue.take(4)!;
  for (const one of many) queue.hear(one);
  queue.hear(share("honest", ["192.0.2.2"]));
  queue.finish(first);
  assertEquals(takeAll(queue, 1), ["honest"]);
  const left = takeAll(queue, 1000);
  assertEquals(left.length, MAX_REMEMBERED - 2);
  assertEquals(left.at(-1), "999");
});
