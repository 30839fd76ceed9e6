import { assert, assertEquals } from "@std/assert";
import { mask } from "./mask.ts";
import { LEFT_OUT, PREFIX, PRESET_RULES } from "./rules/preset_rules.ts";
import { openScanner } from "./scanner.ts";
import { Random } from "./testing/random.ts";

const random = new Random(1);
const GITHUB = `ghp_${random.text("base62", 36)}`;
const NPM = `npm_${random.text("base62", 36)}`;
const AWS = `AKIA${random.text("base32", 16)}`;

/** Rule and value of everything that a scanner finds in a text. */
async function found(text: string, values: string[] = []) {
  const findings = await openScanner({ values }).scan([text]);
  return findings.map(({ rule, value }) => [rule, value]);
}

Deno.test("scan() names kind, rule and exact place of what the preset and our rules find", async () => {
  const text = `token ${NPM}, id ${AWS}`;
  assertEquals(await openScanner().scan(["nothing here", text]), [{
    kind: "npm token",
    rule: "secretlint-npm",
    value: NPM,
    string: 1,
    start: 6,
    end: 6 + NPM.length,
  }, {
    kind: "AWS access key",
    rule: "aws-access-key-id",
    value: AWS,
    string: 1,
    start: text.indexOf(AWS),
    end: text.length,
  }]);
});

Deno.test("scan() goes on where a text says secretlint-disable", async () => {
  const text = `/* secretlint-disable */ ${NPM} // secretlint-disable-line`;
  assertEquals(await found(text), [["secretlint-npm", NPM]]);
});

Deno.test("scan() finds tokens after line ends that a string escapes", async () => {
  const text = JSON.stringify({ out: `one\n${NPM}\n${GITHUB}\r\n${AWS}\tx` });
  assertEquals(await found(text), [
    ["secretlint-npm", NPM],
    ["github-token", GITHUB],
    ["aws-access-key-id", AWS],
  ]);
});

Deno.test("scan() finds no token in a longer word", async () => {
  for (const token of [NPM, AWS]) {
    assertEquals(await found(`x${token}`), []);
    assertEquals(await found(`${token}x`), []);
  }
});

Deno.test("scan() gives one finding where rules overlap, by the name of the most specific", async () => {
  const cases: [text: string, rule: string, value: string][] = [
    [`GITHUB_TOKEN=${GITHUB}`, "github-token", GITHUB],
    [`Authorization: Bearer ${GITHUB}`, "github-token", GITHUB],
    [`API_KEY="${GITHUB}-9f2aB7"`, "github-token", `${GITHUB}-9f2aB7`],
    [`https://x:${GITHUB}@github.com/a/b`, "github-token", GITHUB],
  ];
  for (const [text, rule, value] of cases) {
    assertEquals(await found(text), [[rule, value]], text);
  }
});

Deno.test("scan() takes text as it comes: empty, cut, with zeros and half characters", async () => {
  for (const around of ["\ufeff", "\0", "\ud800", "é", "🔑"]) {
    assertEquals(await found(`${around}${GITHUB}${around}`), [
      ["github-token", GITHUB],
    ]);
  }
  assertEquals(await openScanner().scan([]), []);
  assertEquals(await openScanner().scan(["", "ghp_", "-----BEGIN "]), []);
});

Deno.test("scan() takes the longer of literal values that begin alike", async () => {
  const values = ["zebra-lantern", "zebra-lantern-42"];
  assertEquals(await found("zebra-lantern-42, zebra-lantern", values), [
    ["env-value", "zebra-lantern-42"],
    ["env-value", "zebra-lantern"],
  ]);
});

Deno.test("every rule of the preset either runs or is left out for a reason", async () => {
  const { rules } = await import(
    "@secretlint/secretlint-rule-preset-recommend"
  );
  assertEquals(
    [...Object.keys(PRESET_RULES), ...Object.keys(LEFT_OUT)].sort(),
    rules.map(({ meta }) => meta.id.slice(PREFIX.length)).sort(),
  );
});

Deno.test("scan() loads the preset, without any permission, for a text that has a trigger of it, and for no other", async () => {
  const folder = await Deno.makeTempDir();
  const script = `
    import { openScanner } from ${
    JSON.stringify(import.meta.resolve("./scanner.ts"))
  };
    for (const text of ["a token, a password and a key", ${
    JSON.stringify(AWS)
  }, "npm_"]) {
      console.log((await openScanner().scan([text])).length);
    }`;
  await Deno.writeTextFile(`${folder}/scan.ts`, script);
  const run = async (preset: string) => {
    const imports = { "@secretlint/secretlint-rule-preset-recommend": preset };
    await Deno.writeTextFile(`${folder}/map.json`, JSON.stringify({ imports }));
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-config",
        "--no-prompt",
        "--no-check",
        `--import-map=${folder}/map.json`,
        `${folder}/scan.ts`,
      ],
      env: { NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    return decoder.decode(stdout) + decoder.decode(stderr);
  };
  const { imports } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  const real = imports["@secretlint/secretlint-rule-preset-recommend"];
  assertEquals(await run(real), "0\n1\n0\n");
  const output = await run("data:text/javascript,throw 'loaded'");
  assert(/^0\n1\n.*loaded/s.test(output), output);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("mask() shows little of a long value, nothing of a short one, and no control characters", () => {
  const cases: [value: string, masked: string][] = [
    ["ghp" + "_abcdefghijklmnop9f2a", "ghp_…9f2a"],
    ["maple-tundra-42", "ma…42"],
    ["maple-river", "…"],
    ["", "…"],
    ["\x1b[31mmaple-tundra-river\n\x07", "·[31…er··"],
    [
      "-----BEGIN EC " + "PRIVATE KEY-----\nMHcC\n",
      "-----BEGIN EC " + "PRIVATE KEY-----…",
    ],
  ];
  for (const [value, masked] of cases) assertEquals(mask(value), masked);
});

Deno.test("scan() finds tokens in and behind colors, escapes and characters that nobody sees", async () => {
  const half = GITHUB.length / 2;
  const [front, back] = [GITHUB.slice(0, half), GITHUB.slice(half)];
  const texts = [
    `\x1b[31m${GITHUB}\x1b[0m`,
    `\x1b[01;31m\x1b[Kghp_\x1b[m\x1b[K${GITHUB.slice(4)}`,
    ...["\u200b", "\u00ad", "\u{e0041}", "\0", "\r", "\x1b[1m"].map((unseen) =>
      front + unseen + back
    ),
    [...GITHUB].join("\0"),
    `\\u001b[31m${GITHUB}\\u001b[0m`,
    `\\x1b[32m${front}\\x1b[0m${back}`,
    `token\\u003d${GITHUB}`,
    `?token%3D${GITHUB}%26`,
    `x%20${GITHUB}`,
    `__${GITHUB}__`,
  ];
  for (const text of texts) {
    assertEquals(await found(text), [["github-token", GITHUB]], text);
  }
  const npm = `\x1b[36m${NPM.slice(0, 20)}\x1b[0m${NPM.slice(20)}`;
  assertEquals(await found(npm), [["secretlint-npm", NPM]]);
  const password = "Quiet" + "Map9!le";
  const colored = `"\x1b[34mDB_PASSWORD\x1b[0m": \x1b[32m"${password}"\x1b[0m`;
  assertEquals(await found(colored), [["assignment", password]]);
});

Deno.test("scan() finds literal values in the forms in which programs write them", async () => {
  const value = `Zu7"k L\\q9/ä&w<'p`;
  const json = JSON.stringify(value).slice(1, -1);
  const bytes = new TextEncoder();
  const texts = [
    value,
    json,
    JSON.stringify(json).slice(1, -1),
    json.replaceAll("/", "\\/"),
    json.replaceAll("&", "\\u0026").replaceAll("<", "\\u003c"),
    json.replaceAll("ä", "\\u00e4"),
    encodeURIComponent(value),
    encodeURIComponent(value).replaceAll("%20", "+"),
    "Zu7&quot;k L\\q9/ä&amp;w&lt;&#39;p",
    value.replaceAll("'", "'\\''"),
    value.normalize("NFD"),
    bytes.encode(value).toBase64(),
    bytes.encode(`${value}\n`).toBase64(),
    `\x1b[31m${value.slice(0, 5)}\x1b[0m${value.slice(5)}`,
  ];
  for (const text of texts) {
    assertEquals(await found(`x ${text} y`, [value]), [["env-value", value]]);
  }
  const short = "Zu7kLq9x";
  for (const before of ["\\n", "key%3D", "\\u003d", "\x1b[1m"]) {
    assertEquals(await found(before + short, [short]), [["env-value", short]]);
  }
  assertEquals(await found(`n${short}`, [short]), []);
});
