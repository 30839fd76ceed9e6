/**
 * Secrets in distillations: `serve` refuses them before anything leaves, unless the person keeps
 * them, and `receive` warns of them.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MAX_SEARCHED_BYTES } from "../../../lib/secrets/decode_text.ts";
import { hashOf } from "../../../lib/secrets/project/allow.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { Loopback, whyNoLoopback } from "../../support/isolation.ts";
import { Machine } from "../../support/machine.ts";
import { Repository } from "../../support/repository.ts";
import { NPM, PASSWORD, TOKEN } from "./_secrets.ts";

const noLoopback = await whyNoLoopback();

const TEXT = `# Handover

Deploy with ${TOKEN}, publish with ${NPM}.
The database opens with ${PASSWORD}.
`;

const PLACES = [
  { line: 3, kind: "GitHub token", masked: "ghp_…3hJ6" },
  { line: 3, kind: "npm token", masked: "npm_…4eU7" },
  { line: 4, kind: "environment value", masked: "du…ry" },
];

const SAFE = TEXT.replace(TOKEN, "the token in 1Password")
  .replace(NPM, "that of CI").replace(PASSWORD, "what .env has");

/** A machine with the text and an `.env` file beside it. */
async function furnished(): Promise<Machine> {
  const machine = await Machine.make();
  await machine.write("a.md", TEXT);
  await machine.write(
    ".env.local",
    `export DB_PASSWORD='${PASSWORD}' # not yours\n`,
  );
  return machine;
}

/** Packets and connections that left in a network. */
async function traffic(network: Loopback): Promise<Record<string, number>> {
  const [program, ...args] = [...network.via, "cat", "/proc/net/snmp"];
  const { stdout } = await new Deno.Command(program!, { args }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  const read = (sort: string, name: string) => {
    const [names, values] = lines.filter((line) => line.startsWith(sort))
      .map((line) => line.split(" "));
    return Number(values![names!.indexOf(name)]);
  };
  return {
    udp: read("Udp:", "OutDatagrams"),
    tcp: read("Tcp:", "ActiveOpens"),
  };
}

Deno.test({
  name:
    "serve refuses a distillation with secrets before anything leaves, and shares it once they are replaced",
  ignore: noLoopback !== null,
  fn: async () => {
    await using machine = await furnished();
    await using network = await Loopback.make();
    const { via } = network;
    const relay = ["--relay", "ws://127.0.0.1:9"];
    for (const way of [relay, ["--detach"], ["--remove-file", "--once"]]) {
      const refused = await machine.run("serve", ["--json", ...way, "a.md"], {
        via,
      });
      assertFailure(
        refused,
        "SECRETS_FOUND",
        'Cannot share "a.md": it holds 3 secrets (line 3: GitHub token ghp_…3hJ6; line 3: npm token npm_…4eU7; line 4: environment value du…ry)',
        "Replace each secret with the place where it is stored; to share it as it is, add --keep-secrets",
      );
      const { count, places } = refused.events.at(-1)!;
      assertEquals(count, 3);
      assertEquals(
        (places as (typeof PLACES[0] & { rule: string })[])
          .map(({ rule: _, ...place }) => place),
        PLACES,
      );
      const said = refused.text + refused.stderr;
      for (const secret of [TOKEN, NPM, PASSWORD]) {
        assert(!said.includes(secret), said);
      }
    }
    assertEquals(await traffic(network), { udp: 0, tcp: 0 });
    assertEquals(await machine.entries(), []);
    assertEquals(await machine.kept(), []);
    await machine.write("a.md", SAFE);
    await using sharing = await machine.share(["a.md"], { via });
    assertEquals(sharing.ready.secrets, undefined);
    assert((await traffic(network)).udp! > 0);
  },
});

Deno.test("serve --keep-secrets shares a distillation as it is, and receive warns of what it finds, whatever it does with it", async () => {
  await using machine = await furnished();
  await using other = await Machine.make();
  await using sharing = await machine.share([
    "--keep-secrets",
    "--generate",
    "a.md",
  ]);
  const warning =
    "spread: warning: 2 secrets in what was received: line 3: GitHub token ghp_…3hJ6; line 3: npm token npm_…4eU7";
  const printed = await other.run("receive", [sharing.words, sharing.address]);
  assertSuccess(printed);
  assertEquals(printed.text, TEXT);
  assertStringIncludes(printed.stderr, warning);
  const stored = await other.run("receive", [
    "--json",
    "--output=b.md",
    sharing.words,
    sharing.address,
  ]);
  assertSuccess(stored);
  assertEquals(await Deno.readTextFile(other.path("b.md")), TEXT);
  assertStringIncludes(stored.stderr, warning);
  const names = stored.events.map(({ event }) => event);
  assertEquals(names.slice(-2), ["delivered", "secrets"]);
  assertEquals(stored.events.at(-1)!.count, 2);
});

Deno.test("serve --preview shows every place, asks for no passphrase, and shares nothing", async () => {
  await using machine = await furnished();
  const args = ["--preview", "--passphrase", "--remove-file", "--detach"];
  const shown = await machine.run("serve", [...args, "a.md"]);
  assertSuccess(shown);
  for (const { line, kind, masked } of PLACES) {
    assertStringIncludes(shown.stderr, `line ${line}: ${kind} ${masked}\n`);
  }
  assertStringIncludes(shown.stderr, "a share with secrets is refused\n");
  assertStringIncludes(shown.stderr, "nothing is shared");
  const { events } = await machine.run("serve", [...args, "--json", "a.md"]);
  assertEquals(events.map(({ event }) => event), ["secrets", "preview"]);
  assertEquals(await machine.entries(), []);
  assertEquals(await machine.works(), [".env.local", "a.md"]);
});

Deno.test("serve lets pass what .claude-spread.json allows, says how many places, and refuses a broken one", async () => {
  await using machine = await furnished();
  const allow = (entries: unknown) =>
    machine.write(".claude-spread.json", JSON.stringify({ allow: entries }));
  const hashes = await Promise.all(
    [NPM, PASSWORD].map(async (value) => ({ sha256: await hashOf(value) })),
  );
  await allow([...hashes, { rule: "github-token", path: "*.md" }]);
  await machine.write(`${TOKEN}.md`, "# Handover\n");
  for (const [file, allowed] of [["a.md", 3], [`${TOKEN}.md`, 1]] as const) {
    await using sharing = await machine.share(["--detach", file]);
    // Before anything else, so that no failure leaves it open.
    assertSuccess(await machine.run("stop", ["--all"]));
    assertEquals(sharing.ready.secrets, { allowed });
  }
  const refuse = async (message: string) =>
    assertFailure(await machine.run("serve", ["a.md"]), "USAGE", message);
  await allow(hashes.map(({ sha256 }) => ({ sha256: sha256.slice(1) })));
  await refuse(
    'Cannot use "./.claude-spread.json": "allow.0.sha256" is not valid',
  );
  await allow(
    Array(100).fill({ rule: "x".repeat(90), path: "y".repeat(4000) }),
  );
  await refuse('Cannot use "./.claude-spread.json": it is too large');
  await Deno.remove(machine.path(".claude-spread.json"));
  await Deno.mkdir(machine.path(".claude-spread.json"));
  await refuse('Cannot use "./.claude-spread.json": it is not a file');
  await Deno.remove(machine.path(".claude-spread.json"));
  for (let n = 0; n < 101; n++) await machine.write(`.env.${n}`, "");
  await refuse('Cannot read all secrets of ".": it has more than 100 .env');
  assertEquals(
    (await machine.entries()).filter((name) => name.endsWith(".json")).length,
    2,
  );
});

Deno.test("serve knows the values and searches the facts of the project that is named", async () => {
  await using machine = await Machine.make();
  await machine.write("a.md", `# Handover: ${PASSWORD}\n`);
  const repository = await Repository.make(machine.path("shop"));
  await repository.git("checkout", "-q", "-b", `fix-${TOKEN}`);
  await machine.write("shop/.env", `API_KEY=${PASSWORD}\n`);
  assertFailure(
    await machine.run("serve", ["--json", "--project=shop", "a.md"]),
    "SECRETS_FOUND",
    'Cannot share "a.md": it holds 2 secrets (line 1: environment value du…ry; the branch: GitHub token ghp_…3hJ6)',
    "leave --project out",
  );
});

Deno.test("serve says of a file that it is not searched, or not to its end, and shares it", async () => {
  await using machine = await Machine.make();
  const large = new Uint8Array(MAX_SEARCHED_BYTES + 1).fill(0x61);
  const table: [Uint8Array, string, string][] = [
    [new Uint8Array([0x50, 0, 1]), "binary", "what is shared is not text"],
    [large, "large", "only the first 16 MiB"],
  ];
  for (const [bytes, unsearched, words] of table) {
    await machine.write("a.bin", bytes);
    await using sharing = await machine.share(["a.bin"]);
    assertEquals(sharing.ready.secrets, { unsearched });
    const { stderr } = await machine.run("serve", ["--preview", "a.bin"]);
    assertStringIncludes(stderr, `spread: warning: ${words}`);
  }
});

Deno.test("serve searches what is not text, or too long, and refuses what it finds", async () => {
  await using machine = await Machine.make();
  const text = `token ${TOKEN}\n`;
  const utf16 = [...text].flatMap((one) => [one.charCodeAt(0), 0]);
  const bytes = [...new TextEncoder().encode(text)];
  const table: number[][] = [
    [0, ...bytes],
    [0xff, 0xfe, ...utf16],
    [0xfe, 0xff, 0, ...utf16.slice(0, -1)],
    utf16,
  ];
  const large = `${text}${"a".repeat(MAX_SEARCHED_BYTES)}`;
  for (const file of [...table.map((one) => new Uint8Array(one)), large]) {
    await machine.write("a.md", file);
    const kinds = file instanceof Uint8Array && file[0]! >= 0xfe
      ? ["distillation"]
      : ["distillation", "memory"];
    for (const kind of kinds) {
      assertFailure(
        await machine.run("serve", ["--json", `--kind=${kind}`, "a.md"]),
        "SECRETS_FOUND",
        'Cannot share "a.md": it holds 1 secret (line 1: GitHub token ghp_…3hJ6)',
      );
    }
  }
});

Deno.test("serve shows no secret of a file's name that it refuses", async () => {
  await using machine = await Machine.make();
  await machine.write(`for ${TOKEN}.md`, "x\n");
  const ended = await machine.run("serve", ["--json", `for ${TOKEN}.md`]);
  assertFailure(
    ended,
    "SECRETS_FOUND",
    'Cannot share "for ghp_…3hJ6.md": it holds 1 secret (the file name: GitHub token ghp_…3hJ6)',
  );
  assert(!JSON.stringify(ended).includes(TOKEN));
});

Deno.test("serve --anonymous puts user in place of the user's name in paths, and leaves the rest", async () => {
  await using machine = await Machine.make();
  const text = "in /home/tester/app, by tester, C:\\Users\\tester\\x\n";
  const name = "notes-home-tester-app.md";
  await machine.write(name, text);
  for (const kind of ["distillation", "memory"]) {
    const args = ["--anonymous", `--kind=${kind}`, "--generate", name];
    await using sharing = await machine.share(args);
    assertEquals(sharing.ready.name, "notes-home-user-app.md");
    const { text } = await machine.run("receive", [
      sharing.words,
      sharing.address,
    ]);
    assertEquals(
      text,
      "in /home/user/app, by tester, C:\\Users\\user\\x\n",
    );
  }
});

Deno.test("serve --anonymous refuses what it cannot change, with --keep-secrets too", async () => {
  await using machine = await Machine.make();
  const path = "in /home/tester/app\n";
  const table: [name: string, text: string, why: string][] = [
    ["binary", `${path}\0`, "not text"],
    ["large", path.padEnd(MAX_SEARCHED_BYTES + 1), "longer than 16 MiB"],
  ];
  for (const [name, text, why] of table) {
    await machine.write(name, text);
    for (const kind of ["distillation", "memory"]) {
      const args = ["--anonymous", `--kind=${kind}`, "--keep-secrets", name];
      assertFailure(
        await machine.run("serve", ["--json", ...args]),
        "USAGE",
        `--anonymous cannot change a file that is ${why}`,
        "Share a text of at most 16 MiB, or leave --anonymous out",
      );
    }
  }
});
