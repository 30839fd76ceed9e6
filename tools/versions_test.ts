import { assertEquals } from "@std/assert";
import {
  findDifferences,
  moveVersion,
  presentVersion,
  readPlaces,
} from "./versions.ts";

const here = readPlaces(`${import.meta.dirname}/..`);
const present = presentVersion(here);
const moved = moveVersion(here, "97.31.113");

/** The files besides `deno.json`. */
const OTHERS = [...here.keys()].filter((path) => path !== "deno.json");

Deno.test("findDifferences() finds nothing, when all versions are the same", () => {
  assertEquals(findDifferences(here), []);
  assertEquals(findDifferences(moved), []);
});

Deno.test("findDifferences() names each file that differs", () => {
  for (const path of here.keys()) {
    const texts = new Map(moved).set(path, here.get(path)!);
    assertEquals(
      findDifferences(texts),
      path === "deno.json"
        ? OTHERS.map((other) => `${other} says 97.31.113, deno.json ${present}`)
        : [`${path} says ${present}, deno.json 97.31.113`],
    );
  }
});

Deno.test("findDifferences() names a place that has no version any more", () => {
  const path = "deploy/Containerfile";
  const text = here.get(path)!.replace(/.*image\.version=.*\n/, "");
  assertEquals(findDifferences(new Map(here).set(path, text)), [
    `${path} has no version after "image.version=""`,
  ]);
});

Deno.test("moveVersion() leaves versions of others alone", () => {
  const other = `\n// "x": "npm:x@${present}", "version": "${present}"`;
  const text = here.get("deno.json")!;
  const texts = new Map(here).set("deno.json", text + other);
  assertEquals(
    moveVersion(texts, "97.31.113").get("deno.json"),
    moved.get("deno.json")! + other,
  );
});
