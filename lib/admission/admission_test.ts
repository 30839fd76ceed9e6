import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Admission, type AdmissionLimits, type Place } from "./admission.ts";

/** A door at which visitors come by name: "a1" is the first one of key "a". */
class Door {
  readonly admission: Admission;
  /** Those inside, in the order of their coming. */
  readonly places = new Map<string, Place>();
  /** Those that were put out, in order. */
  readonly out: string[] = [];

  constructor(limits: AdmissionLimits) {
    this.admission = new Admission(limits);
  }

  /** Lets these enter, in order; returns those that are refused. */
  enter(...names: string[]): string[] {
    return names.filter((name) => {
      const place = this.admission.enter(name[0]!, () => {
        this.places.delete(name);
        this.out.push(name);
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

  inside(): string[] {
    return [...this.places.keys()];
  }
}

Deno.test("enter() puts the oldest of a key out, when the key has too many, and no other", () => {
  const door = new Door({ total: 10, perKey: 2 });
  assertEquals(door.enter("b1", "a1", "a2", "a3"), []);
  assertEquals(door.out, ["a1"]);
  assertEquals(door.inside(), ["b1", "a2", "a3"]);
});

Deno.test("enter() puts the oldest of the fullest key out, when there are too many in all", () => {
  const door = new Door({ total: 5, perKey: 4 });
  door.enter("b1", "a1", "a2", "a3", "b2");
  assertEquals(door.enter("c1"), []);
  assertEquals(door.out, ["a1"]);
  // Two keys with two each: the one whose first has waited longest gives way.
  door.enter("d1");
  assertEquals(door.out, ["a1", "b1"]);
});

Deno.test("enter() lets everyone in who comes alone, however many keys a crowd has", () => {
  const door = new Door({ total: 3, perKey: 3 });
  door.enter("a1", "b1", "c1");
  assertEquals(door.enter("d1"), []);
  assertEquals(door.out, ["a1"]);
});

Deno.test("enter() puts nobody out who is confirmed, and refuses the newcomer instead", () => {
  const door = new Door({ total: 3, perKey: 2 });
  door.enter("a1", "a2", "b1");
  door.confirm("a1", "a2");
  assertEquals(door.enter("a3"), ["a3"]);
  door.enter("c1");
  assertEquals(door.out, ["b1"]);
  door.confirm("c1");
  assertEquals(door.enter("d1"), ["d1"]);
  assertEquals(door.inside(), ["a1", "a2", "c1"]);
  door.leave("a1");
  assertEquals(door.enter("d1"), []);
});

Deno.test("a place that is disposed of, twice or after it was lost, is free once", () => {
  const door = new Door({ total: 2, perKey: 2 });
  door.enter("a1");
  const lost = door.places.get("a1")!;
  door.enter("a2", "a3");
  lost[Symbol.dispose]();
  assertEquals(door.admission.total, 2);
  const left = door.places.get("a2")!;
  door.leave("a2");
  left[Symbol.dispose]();
  assertEquals(door.admission.total, 1);
});

Deno.test("enter() without a way out keeps a place for good, until it is disposed of", () => {
  const admission = new Admission({ total: 3, perKey: 2 });
  const places = ["a", "a", "b"].map((key) => admission.enter(key)!);
  assertEquals(admission.enter("a"), null);
  assertEquals(admission.enter("c", () => {}), null);
  places[0]![Symbol.dispose]();
  assert(admission.enter("a") !== null);
});

Deno.test("limit() puts out who has proved nothing, and leaves less space, or more, from then on", () => {
  const door = new Door({ total: 6, perKey: 4 });
  door.enter("a1", "a2", "a3", "b1", "c1");
  door.confirm("a1", "b1");
  door.admission.limit(3);
  assertEquals(door.out, ["a2", "a3"]);
  door.enter("d1");
  assertEquals(door.out, ["a2", "a3", "c1"]);
  door.admission.limit(1);
  assertEquals(door.inside(), ["a1", "b1"]);
  assertEquals(door.enter("e1"), ["e1"]);
  door.admission.limit(6);
  assertEquals(door.enter("e2"), []);
});

Deno.test("enter() keeps both limits, and always takes a newcomer while anyone is unconfirmed", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("a", "b", "c", "d") },
    { weight: 1, arbitrary: fc.constant("confirm") },
    { weight: 1, arbitrary: fc.constant("leave") },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const limits = { total: 7, perKey: 3 };
      const door = new Door(limits);
      const confirmed = new Set<string>();
      for (const [i, what] of steps.entries()) {
        const [oldest] = door.inside();
        if (what === "confirm" || what === "leave") {
          if (oldest === undefined) continue;
          if (what === "leave") door.leave(oldest);
          else door.confirm(oldest);
          if (what === "confirm") confirmed.add(oldest);
          continue;
        }
        const before = door.inside();
        const [refused] = door.enter(`${what}${i}`);
        const same = before.filter((name) => name[0] === what);
        const group = same.length >= limits.perKey ? same : before;
        const isFull = same.length >= limits.perKey ||
          before.length >= limits.total;
        const isRefused = isFull && group.every((name) => confirmed.has(name));
        assertEquals(refused !== undefined, isRefused);
      }
      assertEquals(door.admission.total, door.inside().length);
      assert(door.inside().length <= limits.total);
      for (const key of ["a", "b", "c", "d"]) {
        const count = door.inside().filter((name) => name[0] === key).length;
        assert(count <= limits.perKey);
      }
      assertEquals(door.out.filter((name) => confirmed.has(name)), []);
    }),
    { seed: 20260106 },
  );
});
