import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../errors.ts";
import { readEnvValues } from "./env_values.ts";
import { openScanner } from "../scanner.ts";

/** A folder with files of these names and contents. */
async function folderOf(
  files: Record<string, string | Uint8Array>,
): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content;
    await Deno.writeFile(`${folder}/${name}`, bytes);
  }
  return folder;
}

/** Reads the values of a folder and removes it. */
async function valuesIn(folder: string): Promise<string[]> {
  try {
    return await readEnvValues(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readEnvValues() takes values that may be secret, and no others", async () => {
  const cases: [line: string, value: string | null][] = [
    ["DB_PASSWORD=maple" + "tundra", "maple" + "tundra"],
    ["export API_KEY='quoted " + "value 1'", "quoted " + "value 1"],
    ['TOKEN="with # sign" # comment', "with # sign"],
    ["TOKEN=lime" + "-river-1 # comment", "lime" + "-river-1"],
    ["INTERNAL=zebra" + "-lantern-42", "zebra" + "-lantern-42"],
    ["  SPACED = spaced" + "-value-9  ", "spaced" + "-value-9"],
    [
      "DATABASE_URL=postgres://app:maple" + "tundra9@db.internal/shop",
      "maple" + "tundra9",
    ],
    [
      "DB_NAME=d41d8cd98f00b204e9" + "800998ecf8427e",
      "d41d8cd98f00b204e9" + "800998ecf8427e",
    ],
    ["# COMMENTED=maple-tundra-1", null],
    ["SHORT=abc1234", null],
    ["NODE_ENV=production", null],
    ["THEME=midnight", null],
    ["LOG_LEVEL=development", null],
    ["AWS_REGION=eu-central-1", null],
    ["APP_NAME=shop-frontend-2", null],
    ["PORT=30000000", null],
    ["PUBLIC_URL=https://shop.example.dev/de", null],
    ["HOST=db.internal.dev:5432", null],
    ["MAIL_TO=jo.miller@acme.dev", null],
    ["KEY_FILE=/etc/ssl/private/shop.key", null],
    ["DB_PASSWORD=password", null],
    ["DB_PASSWORD=<your-password>", null],
    ["DB_PASSWORD=${OTHER_PASSWORD}", null],
    ["just a line", null],
  ];
  for (const [line, value] of cases) {
    const found = await valuesIn(
      await folderOf({ ".env": `A=1\r\n${line}\r\n` }),
    );
    assertEquals(found, value === null ? [] : [value], line);
  }
});

Deno.test("readEnvValues() takes values as they are written and as programs read them", async () => {
  const cases: [text: string, values: string[]][] = [
    ['A_KEY="ab\\"cd9efgh"', ['ab\\"cd9efgh', 'ab"cd9efgh']],
    ['A_KEY="lime\\$9river"', ["lime\\$9river", "lime$9river"]],
    ["A_KEY='lime\\$9river'", ["lime\\$9river"]],
    ["A_KEY=lime\\#9river", ["lime\\#9river", "lime#9river"]],
    ["A_KEY: lime-river-9", ["lime-river-9"]],
    [
      'A_KEY="lime river 1\nmaple tundra 2" # two\nB_KEY=zebra-9',
      ["lime river 1\nmaple tundra 2", "lime river 1", "maple tundra 2"],
    ],
    [
      'A_KEY="lime-river-1\\nmaple-2"',
      ["lime-river-1\\nmaple-2", "lime-river-1\nmaple-2", "lime-river-1"],
    ],
    ['A_KEY="lime-river-1\nB_KEY=zebra-lantern', [
      '"lime-river-1',
      "zebra-lantern",
    ]],
    ['A_NOTE="lime river 1\nmaple tundra 2"', [
      "lime river 1\nmaple tundra 2",
    ]],
    ['A_KEY="-----BEGIN X-----\nlime9River2Tundra4\n-----END X-----"', [
      "-----BEGIN X-----\nlime9River2Tundra4\n-----END X-----",
      "lime9River2Tundra4",
    ]],
    ["A_URL=redis://:lime%40river9@h/1", ["lime%40river9", "lime@river9"]],
    ["A_PASSWORD=lime.river", ["lime.river"]],
    ["DB_PIN=48201957", ["48201957"]],
    ["DB_PIN=12345678", []],
    ["DB_PASSWORD=admin-48201957", ["admin-48201957"]],
    ["DB_PASSWORD=admin-12345678", []],
  ];
  for (const [text, values] of cases) {
    const found = await valuesIn(await folderOf({ ".env": `${text}\n` }));
    assertEquals(
      found,
      values.filter(({ length }) => length >= 8),
      text,
    );
  }
});

Deno.test("readEnvValues() takes linear time in quotes that do not end", async () => {
  for (const line of ['A="', "A='", 'A="\\', 'A="b"c', "A=`\n'"]) {
    const text = `${line}\n`.repeat(1_000_000 / line.length);
    const start = performance.now();
    await valuesIn(await folderOf({ ".env": text }));
    assertEquals(performance.now() - start < 30_000, true, line);
  }
});

Deno.test("readEnvValues() reads .env.* files but for examples, and scan() finds their values", async () => {
  const values = await valuesIn(
    await folderOf({
      ".env": "A_SECRET=maple-tundra-1",
      ".env.local": "A_SECRET=maple-tundra-2",
      ".env.example": "A_SECRET=maple-tundra-3",
      ".envrc": "A_SECRET=maple-tundra-4",
      "x.env": "A_SECRET=maple-tundra-5",
    }),
  );
  assertEquals(values, ["maple-tundra-1", "maple-tundra-2"]);
  const findings = await openScanner({ values }).scan([
    "maple-tundra-2 and maple-tundra-3",
  ]);
  assertEquals(findings.map(({ kind, rule, value }) => [kind, rule, value]), [
    ["environment value", "env-value", "maple-tundra-2"],
  ]);
});

Deno.test("readEnvValues() reads no more than the beginning of a large file, and bytes that are no text", async () => {
  const line = new TextEncoder().encode("A_SECRET=maple-tundra-1\n\xff\n");
  const bytes = new Uint8Array(10_000_000).fill(0xff);
  bytes.set(line);
  bytes.set(new TextEncoder().encode("\nB_SECRET=maple-tundra-2\n"), 9_000_000);
  const started = performance.now();
  const values = await valuesIn(await folderOf({ ".env": bytes }));
  assertEquals(values, ["maple-tundra-1"]);
  assertEquals(performance.now() - started < 30_000, true);
});

Deno.test("readEnvValues() reads UTF-16 as PowerShell writes it", async () => {
  const text = "\ufeffA_SECRET=maple-tundra-1\r\n";
  const bytes = new Uint8Array(
    Uint16Array.from(text, (character) => character.charCodeAt(0)).buffer,
  );
  assertEquals(await valuesIn(await folderOf({ ".env": bytes })), [
    "maple-tundra-1",
  ]);
});

Deno.test("readEnvValues() reads listed files where it may not look into the folder", async () => {
  const folder = await folderOf({
    ".env": "A=maple-tundra-1",
    ".env.b": "B=maple-tundra-2",
  });
  assertEquals(await readEnvValues(folder, ["src", ".env.b", ".env.none"]), [
    "maple-tundra-2",
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("readEnvValues() refuses more files or values than it reads", async () => {
  const lines = Array.from(
    { length: 5001 },
    (_, n) => `A${n}=maple-tundra-${n}`,
  );
  const files = Array.from({ length: 101 }, (_, n) => [`.env.${n}`, ""]);
  for (
    const [folder, what] of [
      [await folderOf({ ".env": lines.join("\n") }), "5000 values"],
      [await folderOf(Object.fromEntries(files)), "100 .env files"],
    ] as const
  ) {
    const { code } = await assertRejects(
      () => valuesIn(folder),
      SpreadError,
      `it has more than ${what}`,
    );
    assertEquals(code, "USAGE");
  }
});

Deno.test("readEnvValues() finds nothing where there is no folder", async () => {
  assertEquals(await readEnvValues("/nowhere/at/all"), []);
});

Deno.test({
  name:
    "readEnvValues() follows a link to a file, and opens neither devices nor pipes nor folders",
  ignore: Deno.build.os === "windows",
  async fn() {
    const elsewhere = await folderOf({ shared: "A_SECRET=maple-tundra-1" });
    const folder = await folderOf({});
    await Deno.symlink(`${elsewhere}/shared`, `${folder}/.env`);
    await Deno.symlink("/dev/zero", `${folder}/.env.zero`);
    await Deno.symlink("/nowhere/at/all", `${folder}/.env.missing`);
    await Deno.symlink(`${folder}/.env.circle`, `${folder}/.env.circle`);
    await Deno.mkdir(`${folder}/.env.folder`);
    const { success } = await new Deno.Command("mkfifo", {
      args: [`${folder}/.env.pipe`],
    }).output();
    assertEquals(success, true);
    assertEquals(await valuesIn(folder), ["maple-tundra-1"]);
    await Deno.remove(elsewhere, { recursive: true });
  },
});
