import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Admission, type AdmissionLimits, type Place } from "./admission.ts";

/** An admission whose connections have names: "a1" is the first one of key "a". */
class NamedAdmission {
  readonly admission: Admission;
  /** Places by name, in the order of arrival. */
  readonly places = new Map<string, Place>();
  /** Names of the connections that were evicted, in order. */
  readonly evicted: string[] = [];

  constructor(limits: AdmissionLimits) {
    this.admission = new Admission(limits);
  }

  /** Lets these enter, in order; returns the names that are refused. */
  enter(...names: string[]): string[] {
    return names.filter((name) => {
      const place = this.admission.enter(name[0]!, () => {
        this.places.delete(name);
        this.evicted.push(name);
      });
      if (place !== null) this.places.set(name, place);
      return place === null;
    });
  }

  confirm(...names: string[]): void {
    for (const name of names) this.places.get(name)!.confirm();
  }

  leave(name: string): void {
    this.places.get(name)![Symbol.dispose]();
    this.places.delete(name);
  }

  open(): string[] {
    return [...this.places.keys()];
  }
}

Deno.test("enter() evicts the oldest of a key, when the key has too many, and no other", () => {
  const named = new NamedAdmission({ total: 10, perKey: 2 });
  assertEquals(named.enter("b1", "a1", "a2", "a3"), []);
  assertEquals(named.evicted, ["a1"]);
  assertEquals(named.open(), ["b1", "a2", "a3"]);
});

Deno.test("enter() evicts the oldest of the fullest key, when there are too many in all", () => {
  const named = new NamedAdmission({ total: 5, perKey: 4 });
  named.enter("b1", "a1", "a2", "a3", "b2");
  assertEquals(named.enter("c1"), []);
  assertEquals(named.evicted, ["a1"]);
  // Two keys with two each: the one whose first has waited longest gives way.
  named.enter("d1");
  assertEquals(named.evicted, ["a1", "b1"]);
});

Deno.test("enter() admits a key's only connection, however many keys have one", () => {
  const named = new NamedAdmission({ total: 3, perKey: 3 });
  named.enter("a1", "b1", "c1");
  assertEquals(named.enter("d1"), []);
  assertEquals(named.evicted, ["a1"]);
});

Deno.test("enter() evicts no confirmed connection, and refuses the new one instead", () => {
  const named = new NamedAdmission({ total: 3, perKey: 2 });
  named.enter("a1", "a2", "b1");
  named.confirm("a1", "a2");
  assertEquals(named.enter("a3"), ["a3"]);
  named.enter("c1");
  assertEquals(named.evicted, ["b1"]);
  named.confirm("c1");
  assertEquals(named.enter("d1"), ["d1"]);
  assertEquals(named.open(), ["a1", "a2", "c1"]);
  named.leave("a1");
  assertEquals(named.enter("d1"), []);
});

Deno.test("a place that is disposed of, twice or after it was lost, is free once", () => {
  const named = new NamedAdmission({ total: 2, perKey: 2 });
  named.enter("a1");
  const lost = named.places.get("a1")!;
  named.enter("a2", "a3");
  lost[Symbol.dispose]();
  assertEquals(named.admission.total, 2);
  const left = named.places.get("a2")!;
  named.leave("a2");
  left[Symbol.dispose]();
  assertEquals(named.admission.total, 1);
});

Deno.test("enter() without a callback keeps a place until it is disposed of", () => {
  const admission = new Admission({ total: 3, perKey: 2 });
  const places = ["a", "a", "b"].map((key) => admission.enter(key)!);
  assertEquals(admission.enter("a"), null);
  assertEquals(admission.enter("c", () => {}), null);
  places[0]![Symbol.dispose]();
  assert(admission.enter("a") !== null);
});

Deno.test("limit() evicts unconfirmed connections, and leaves less space, or more, from then on", () => {
  const named = new NamedAdmission({ total: 6, perKey: 4 });
  named.enter("a1", "a2", "a3", "b1", "c1");
  named.confirm("a1", "b1");
  named.admission.limit(3);
  assertEquals(named.evicted, ["a2", "a3"]);
  named.enter("d1");
  assertEquals(named.evicted, ["a2", "a3", "c1"]);
  named.admission.limit(1);
  assertEquals(named.open(), ["a1", "b1"]);
  assertEquals(named.enter("e1"), ["e1"]);
  named.admission.limit(6);
  assertEquals(named.enter("e2"), []);
});

Deno.test("enter() keeps both limits, and takes every new connection while one is unconfirmed", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("a", "b", "c", "d") },
    { weight: 1, arbitrary: fc.constant("confirm") },
    { weight: 1, arbitrary: fc.constant("leave") },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const limits = { total: 7, perKey: 3 };
      const named = new NamedAdmission(limits);
      const confirmed = new Set<string>();
      for (const [i, what] of steps.entries()) {
        const [oldest] = named.open();
        if (what === "confirm" || what === "leave") {
          if (oldest === undefined) continue;
          if (what === "leave") named.leave(oldest);
          else named.confirm(oldest);
          if (what === "confirm") confirmed.add(oldest);
          continue;
        }
        const before = named.open();
        const [refused] = named.enter(`${what}${i}`);
        const same = before.filter((name) => name[0] === what);
        const rivals = same.length >= limits.perKey ? same : before;
        const isFull = same.length >= limits.perKey ||
          before.length >= limits.total;
        const isRefused = isFull && rivals.every((name) => confirmed.has(name));
        assertEquals(refused !== undefined, isRefused);
      }
      assertEquals(named.admission.total, named.open().length);
      assert(named.open().length <= limits.total);
      for (const key of ["a", "b", "c", "d"]) {
        const count = named.open().filter((name) => name[0] === key).length;
        assert(count <= limits.perKey);
      }
      assertEquals(named.evicted.filter((name) => confirmed.has(name)), []);
    }),
    { seed: 20260106 },
  );
});
