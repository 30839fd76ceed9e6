/**
 * Secrets in sessions: taken out of what leaves, told to both sides, and kept when the person
 * says so.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { hashOf } from "../../../lib/secrets/project/allow.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import {
  conversation,
  sessionsOf,
  transcriptsOf,
  writeSession,
} from "../../support/conversations.ts";
import { listFiles } from "../../support/files.ts";
import { Machine } from "../../support/machine.ts";
import { deliveries, KIND, listed } from "./_offering.ts";

const GITHUB = "ghp" + "_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6";
const STRIPE = "sk" + "_live_" + "51Hq9Zt4Rk7Wm2Xc8Vb3Nd6Lf";
const PASSWORD = "brisk" + "Otter41lantern";
const ENV_VALUE = "vault" + "7Xq2Lm9Tz4Rk";
const PART_VALUE = "ledger" + "4Kp8Wn2Xv6Bd";
const SECRETS = [GITHUB, STRIPE, PASSWORD, ENV_VALUE, PART_VALUE];

/** Writes a session with secrets in all its parts, in a part of a project with `.env` files. */
async function plant(machine: Machine): Promise<string> {
  await machine.write(".env", `# ours\nSERVICE=${ENV_VALUE}\n`);
  await Deno.mkdir(machine.path("part"));
  await machine.write("part/.env.local", `export LEDGER='${PART_VALUE}'\n`);
  const talk = conversation(
    `Doors for ${GITHUB}`,
    `Is ${PASSWORD} fine? It is in agentId: abc123 and tool-results/out.txt`,
    `I use ${ENV_VALUE}; DB_PASSWORD=${PASSWORD} and ${PART_VALUE}`,
  );
  const path = await writeSession(machine, talk);
  const text = await Deno.readTextFile(path);
  const lines = text.replaceAll(`/work"`, `/work/part"`).trim().split("\n");
  const { uuid } = JSON.parse(lines[1]!);
  const queued = {
    type: "attachment",
    uuid: crypto.randomUUID(),
    parentUuid: uuid,
    attachment: {
      type: "queued_command",
      prompt: `and ${STRIPE}`,
      commandMode: "prompt",
    },
  };
  await Deno.writeTextFile(
    path,
    [...lines, JSON.stringify(queued)].join("\n") + "\n",
  );
  const folder = path.replace(/\.jsonl$/, "");
  for (const name of ["subagents", "tool-results"]) {
    await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  }
  await Deno.writeTextFile(`${folder}/tool-results/out.txt`, `a\n${STRIPE}\n`);
  const message = { role: "user", content: `Take ${GITHUB}` };
  await Deno.writeTextFile(
    `${folder}/subagents/agent-abc123.jsonl`,
    JSON.stringify({ type: "user", uuid: "s1", parentUuid: null, message }),
  );
  return talk.id;
}

/** Everything in a machine's home, as one text. */
async function textAt(machine: Machine): Promise<string> {
  const files = await listFiles(machine.home);
  const texts = files.map((name) =>
    Deno.readTextFile(`${machine.home}/${name}`)
  );
  return (await Promise.all(texts)).join("\n");
}

function assertNone(text: string): void {
  for (const secret of SECRETS) assert(!text.includes(secret), text);
}

Deno.test("serve takes secrets out of a session before it leaves, and tells both sides what it took", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const id = await plant(alice);
  const flags = ["--session", id, "--keep-open", "5", "--generate"];
  await using sharing = await alice.share([...KIND, ...flags]);
  const words = [String(sharing.ready.invite), sharing.address];
  const offer = await bob.run("receive", [...KIND, "--json", ...words]);
  const [entry] = listed(offer);
  assertEquals(entry!.title, "Doors for [secret: GitHub token #1]");
  assertNone(JSON.stringify(offer) + sharing.ready.name);
  assertStringIncludes(String(entry!.first_prompt), "fine? It is in agentId");

  const pick = ["--pick", "1", ...words];
  const ended = await bob.run("receive", [...KIND, "--json", ...pick]);
  assertSuccess(ended);
  const text = await textAt(bob);
  assertNone(text);
  assertStringIncludes(text, "Is [secret: password #1] fine?");
  assertStringIncludes(
    text,
    "use [secret: environment value #1]; DB_PASSWORD=[secr",
  );
  const [delivery] = deliveries(ended);
  const taken_out = delivery!.taken_out as { kind: string }[];
  assertEquals(
    taken_out.map(({ kind }) => kind).sort(),
    ["GitHub token", "Stripe key", "environment value", "password"],
  );
  assertEquals(delivery!.secrets_found, undefined);
  const packed = await sharing.event("packed");
  assertEquals(packed, {
    event: "packed",
    choice: id,
    secrets: { taken_out },
  });

  const { text: table } = await alice.run("status", []);
  assertStringIncludes(table, '[secret: GitHub token #1]", 7 secrets taken ');

  const again = await bob.run("receive", [...KIND, ...pick]);
  assertStringIncludes(again.stderr, "secrets taken out by the sender: ");
  assertEquals((await sessionsOf(bob)).length, 2);
});

Deno.test("sessions export shows secrets with --preview, takes them out, and keeps those that the person allows", async () => {
  await using alice = await Machine.make();
  await using bob = await Machine.make();
  const id = await plant(alice);
  const export_ = (...args: string[]) =>
    alice.run("sessions", ["export", ...args, id]);
  const works = await alice.works();
  const shown = await export_("--preview", "--json");
  assertSuccess(shown);
  assertNone(shown.text + shown.stderr);
  const { places } = shown.events[0] as unknown as {
    places: Record<string, unknown>[];
  };
  assertEquals(
    places.find(({ kind, line }) => kind === "environment value" && line === 2),
    {
      file: `${id}.jsonl`,
      line: 2,
      kind: "environment value",
      rule: "env-value",
      masked: `${ENV_VALUE.slice(0, 2)}…${ENV_VALUE.slice(-2)}`,
    },
  );
  assertEquals(await alice.works(), works);

  const entry = { sha256: await hashOf(GITHUB) };
  await alice.write(".claude-spread.json", JSON.stringify({ allow: [entry] }));
  const cut = await alice.run("sessions", ["export", id, "cut.session"]);
  assertSuccess(cut);
  assertStringIncludes(cut.stderr, " taken out: ");
  assertStringIncludes(cut.stderr, "allowed by .claude-spread.json");
  await Deno.remove(alice.path(".claude-spread.json"));

  const keep = ["export", "--keep-secrets", id, "kept.session"];
  assertSuccess(await alice.run("sessions", keep));
  const kept = alice.path("kept.session");
  assertFailure(
    await alice.run("serve", [kept]),
    "SECRETS_FOUND",
    `Cannot share "${kept}": it holds `,
    "--keep-secrets",
  );
  const flags = ["--generate", "--keep-secrets", kept];
  await using sharing = await alice.share(flags);
  const words = [String(sharing.ready.invite), sharing.address];
  const ended = await bob.run("receive", [...KIND, "--pick", "1", ...words]);
  assertSuccess(ended);
  assertStringIncludes(
    ended.stderr,
    "warning: the conversation seems to hold ",
  );
  const text = await textAt(bob);
  for (const secret of [GITHUB, STRIPE, PASSWORD]) {
    assertStringIncludes(text, secret);
  }
  assertEquals(
    (await Array.fromAsync(Deno.readDir(await transcriptsOf(bob))))
      .length,
    2,
  );
});
