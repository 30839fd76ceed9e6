import { assertEquals } from "@std/assert";
import {
  isAmbiguous,
  isEmpty,
  readSection,
  releaseSection,
} from "./changelog.ts";

const CHANGELOG = `# Changelog

For people, newest first.

## Unreleased

### Added

- A thing, with a word
  on its second line.

## 2.1.0 (2026-01-31)

### Fixed

- Another thing: ## is not a heading.

## 2.1.0-like
`;

Deno.test("readSection() returns the text under a heading, up to the next one", () => {
  assertEquals(
    readSection(CHANGELOG),
    "### Added\n\n- A thing, with a word\n  on its second line.",
  );
  assertEquals(
    readSection(CHANGELOG, "2.1.0"),
    "### Fixed\n\n- Another thing: ## is not a heading.",
  );
  assertEquals(readSection(CHANGELOG, "2.1.0-like"), "");
  assertEquals(readSection(CHANGELOG, "2.1"), null);
  assertEquals(readSection("# Changelog\n"), null);
});

Deno.test("isEmpty() does not count headings", () => {
  assertEquals(isEmpty("### Added\n\n### Fixed\n"), true);
  assertEquals(isEmpty("### Added\n\n- A thing.\n"), false);
});

Deno.test("releaseSection() gives what is unreleased a version and a date, and nothing else", () => {
  const released = releaseSection(CHANGELOG, "2.2.0", "2026-02-28");
  assertEquals(readSection(released), "");
  assertEquals(readSection(released, "2.2.0"), readSection(CHANGELOG));
  assertEquals(
    released.replace("\n## 2.2.0 (2026-02-28)\n", ""),
    CHANGELOG,
  );
});

Deno.test("releaseSection() finds the heading that readSection() finds, with more after it too", () => {
  for (const heading of ["## Unreleased ", "## Unreleased (soon)"]) {
    const changelog = CHANGELOG.replace("## Unreleased", heading);
    const released = releaseSection(changelog, "2.2.0", "2026-02-28");
    assertEquals(readSection(released), "", heading);
    assertEquals(readSection(released, "2.2.0"), readSection(changelog));
  }
  const other = "## Unreleased-like\n\n- A thing.\n";
  assertEquals(releaseSection(other, "2.2.0", "2026-02-28"), other);
});

Deno.test("isAmbiguous() finds a second section of what is unreleased", () => {
  assertEquals(isAmbiguous(CHANGELOG), false);
  assertEquals(isAmbiguous("# Changelog\n"), false);
  assertEquals(isAmbiguous(`${CHANGELOG}\n## Unreleased\n`), true);
});
