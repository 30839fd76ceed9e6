/** Paths of another machine: those that are rewritten, in each form, and those that are not. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Move, PathRewriter } from "./path_rewriter.ts";

const POSIX: Move = { from: "/home/alex/app", to: "/Users/bo/work/app2" };
const FROM_WINDOWS: Move = { from: "C:\\Users\\alex\\app", to: "/home/bo/app" };
const TO_WINDOWS: Move = { from: "/home/alex/app", to: "D:\\bo\\app" };
const WINDOWS: Move = { from: "C:\\Users\\alex\\app", to: "D:\\bo\\app" };

function rewrite(move: Move, text: string): string {
  return new PathRewriter([move]).rewrite(text, Infinity)!;
}

const CASES: [move: Move, text: string, rewritten: string][] = [
  [POSIX, "/home/alex/app", "/Users/bo/work/app2"],
  [POSIX, "/home/alex/app/", "/Users/bo/work/app2/"],
  [
    POSIX,
    "see /home/alex/app/src/a.ts:12, ok",
    "see /Users/bo/work/app2/src/a.ts:12, ok",
  ],
  [POSIX, "In /home/alex/app. Then", "In /Users/bo/work/app2. Then"],
  [POSIX, "(`/home/alex/app/.env`)", "(`/Users/bo/work/app2/.env`)"],
  [POSIX, "file:///home/alex/app/a", "file:///Users/bo/work/app2/a"],
  [
    POSIX,
    "A=/home/alex/app:/home/alex/app/bin",
    "A=/Users/bo/work/app2:/Users/bo/work/app2/bin",
  ],
  [
    POSIX,
    '{"a":"\\/home\\/alex\\/app\\/x"}',
    '{"a":"\\/Users\\/bo\\/work\\/app2\\/x"}',
  ],
  [POSIX, "cd /home/alex/app&&ls", "cd /Users/bo/work/app2&&ls"],
  [
    POSIX,
    "/home/alex/app\n/home/alex/app",
    "/Users/bo/work/app2\n/Users/bo/work/app2",
  ],
  [FROM_WINDOWS, "C:\\Users\\alex\\app", "/home/bo/app"],
  [FROM_WINDOWS, "c:\\users\\ALEX\\app\\src\\a.ts", "/home/bo/app/src/a.ts"],
  [FROM_WINDOWS, "C:/Users/alex/app/src/a.ts", "/home/bo/app/src/a.ts"],
  [
    FROM_WINDOWS,
    '{"p":"C:\\\\Users\\\\alex\\\\app\\\\src\\\\a.ts"}',
    '{"p":"/home/bo/app/src/a.ts"}',
  ],
  [FROM_WINDOWS, "/c/Users/alex/app/src", "/home/bo/app/src"],
  [FROM_WINDOWS, "/mnt/c/Users/alex/app/src", "/home/bo/app/src"],
  [TO_WINDOWS, "/home/alex/app/src/a.ts", "D:/bo/app/src/a.ts"],
  [TO_WINDOWS, '{"p":"/home/alex/app/src"}', '{"p":"D:/bo/app/src"}'],
  [WINDOWS, "C:\\Users\\alex\\app\\src", "D:\\bo\\app\\src"],
  [WINDOWS, '"C:\\\\Users\\\\alex\\\\app\\\\src"', '"D:\\\\bo\\\\app\\\\src"'],
  [WINDOWS, "C:/Users/alex/app/src", "D:/bo/app/src"],
  [
    { from: "/app", to: "/srv/x" },
    "/app/a and /apple and /x/app",
    "/srv/x/a and /apple and /x/app",
  ],
  [{ from: "/home/é/a+b (1)", to: "/x" }, "/home/é/a+b (1)/c", "/x/c"],
  [{ from: "/a/$&", to: "/b/$&$1" }, "/a/$&/c", "/b/$&$1/c"],
  [{ from: "/a/app/", to: "/b/" }, "/a/app/x", "/b/x"],
];

for (const [move, text, rewritten] of CASES) {
  Deno.test(`PathRewriter.rewrite() turns ${text} into ${rewritten}`, () => {
    assertEquals(rewrite(move, text), rewritten);
  });
}

const UNTOUCHED: [move: Move, text: string][] = [
  [POSIX, "/home/alex/app2/x"],
  [POSIX, "/home/alex/app-old"],
  [POSIX, "/home/alex/app.bak"],
  [POSIX, "/home/alex/app_x"],
  [POSIX, "/home/alex/appé"],
  [POSIX, "/home/alex/app~"],
  [POSIX, "/mnt/home/alex/app"],
  [POSIX, "../home/alex/app"],
  [POSIX, "//home/alex/app"],
  [POSIX, "/home/alex/App"],
  [POSIX, "/home/alex"],
  [FROM_WINDOWS, "CC:\\Users\\alex\\app"],
  [FROM_WINDOWS, "C:\\Users\\alex\\apples"],
  [FROM_WINDOWS, "D:\\Users\\alex\\app"],
  [{ from: "/", to: "/x" }, "/home"],
  [{ from: "", to: "/x" }, "any"],
  [{ from: "home", to: "/x" }, "/home home"],
  [{ from: "C:\\", to: "/x" }, "C:\\Users"],
  [{ from: `/${"a".repeat(5000)}`, to: "/x" }, `/${"a".repeat(5000)}`],
];

for (const [move, text] of UNTOUCHED) {
  Deno.test(`PathRewriter.rewrite() leaves ${text.slice(0, 40)} as it is, with a root of ${move.from.slice(0, 20)}`, () => {
    assertEquals(rewrite(move, text), text);
  });
}

Deno.test("PathRewriter.rewrite() takes the longer of two roots, and counts", () => {
  const rewriter = new PathRewriter([
    { from: "/h/a", to: "/x" },
    { from: "/h/a/.claude/p/1", to: "/y/2" },
  ]);
  const text = "/h/a/b /h/a/.claude/p/1/tool-results/t.txt";
  assertEquals(rewriter.rewrite(text, 0), "/x/b /y/2/tool-results/t.txt");
  assertEquals(rewriter.count, 2);
});

Deno.test("PathRewriter.rewrite() lets a text grow as far as there is room", () => {
  const rewriter = new PathRewriter([
    { from: "/longer", to: "/l" },
    { from: "/b", to: "/four" },
  ]);
  assertEquals(rewriter.rewrite("/b /b ", 6), "/four /four ");
  assertEquals(rewriter.rewrite("/b /b ", 5), null);
  assertEquals(rewriter.rewrite("/longer /b /b ", 1), "/l /four /four ");
  assertEquals(rewriter.rewrite("/longer", 0), "/l");
});

Deno.test("PathRewriter.rewrite() there and back gives what was there, whatever follows the root", () => {
  const part = fc.stringMatching(/^[a-z0-9_.-]{1,8}$/).filter((name) =>
    !/^\.+$/.test(name)
  );
  fc.assert(fc.property(fc.array(part), (parts) => {
    const text = ["/home/alex/app", ...parts].join("/");
    const there = rewrite(POSIX, text);
    assertEquals(there, text.replace(POSIX.from, POSIX.to));
    assertEquals(rewrite({ from: POSIX.to, to: POSIX.from }, there), text);
  }));
});

Deno.test("PathRewriter.rewrite() takes a bounded time, whatever the text", () => {
  const periodic = { from: `${"/=".repeat(255)}/b`, to: "/x" };
  for (const move of [POSIX, FROM_WINDOWS, periodic]) {
    const root = move.from;
    for (
      const unit of [
        "/home/alex/",
        "\\",
        "/",
        root,
        `${root}\\\\`,
        "C:\\Users\\",
        "/a",
        "/=",
      ]
    ) {
      const text = unit.repeat(400_000 / unit.length);
      const start = performance.now();
      rewrite(move, text);
      const took = performance.now() - start;
      assert(took < 10_000, `${unit}: ${took} ms`);
    }
  }
});
