import { assertEquals } from "@std/assert";
import { root } from "../../tests/support/places.ts";
import { readDocuments } from "../transcripts.ts";
import { findUnknown } from "./mentions.ts";

// Breaks when a command, a skill or an option gets another name, until the documents have it too.
Deno.test("documents mention no command, skill or option that the table lacks", async () => {
  const documents = await readDocuments();
  for (
    const path of ["SECURITY.md", "CONTRIBUTING.md", "RELAY_SERVER_SPEC.md"]
  ) {
    documents.set(path, await Deno.readTextFile(`${root}/${path}`));
  }
  const unknown = [...documents].flatMap(([path, text]) =>
    findUnknown(text).map((said) => `${path}: ${said}`)
  );
  assertEquals(unknown, []);
});

for (
  const [text, ...unknown] of [
    ["    > /claude-spread:distil-share\n", "no skill is called distil-share"],
    ["| `…:share` |", "no skill is called share"],
    ["It says /claude-spread:status now.", "no skill is called status"],
    [
      "`/claude-spread:work --relay`",
      "nobody can type --relay after work",
    ],
    [
      "    > /claude-spread:distill-share --detach --once\n",
      "nobody can type --detach after distill-share",
    ],
    ["`claude-spread skill x`", "no command is called skill"],
    ["`claude-spread share FILE`", "no command is called share"],
    ["```sh\nclaude-spread pairs --once\n```", "pairs has no --once"],
    ["`claude-spread work open\n--yess`", "work open has no --yess"],
    ["`claude-spread status --jso | head -1`", "status has no --jso"],
    [
      "(`--once`, `--keep-opn 60`, `--raw --onlyy user`)",
      "no command has --keep-opn",
      "no command has --onlyy",
    ],
  ] as const
) {
  Deno.test(`findUnknown() tells of ${JSON.stringify(text)}`, () => {
    assertEquals(findUnknown(text), unknown);
  });
}

Deno.test("findUnknown() knows what is in the table, and takes remarks and other programs for nothing", () => {
  const text = [
    "    > /claude-spread:distill-share --to cedar --leave      with --what is said",
    "    > /claude-spread:sessions-receive --undo",
    "    > /claude-spread:status-of-shares",
    "",
    "`claude-spread --help`, `claude-spread serve --once a | tool --flag`,",
    "`--raw --only user`, `--teleport`, `---`,",
    "`bin/claude-spread nothing`, `claude-spread skill NAME`, claude-spread is a name; `…:memory-share`",
  ].join("\n");
  assertEquals(findUnknown(text), []);
});
