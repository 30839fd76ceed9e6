/**
 * Names that a sender chooses, wherever they come to: in words, in events of `--json` and in the
 * announcement of a share. All of them are cleaned alike.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { utf8 } from "../../../lib/bytes.ts";
import {
  generatePassphrase,
  nameInWords,
} from "../../../lib/crypto/passphrase.ts";
import { Announcer } from "../../../lib/discovery/announcer.ts";
import { InterfaceWatch, nameInstance } from "../../../lib/discovery/mdns.ts";
import { BytesPayload } from "../../../lib/files/payload/source.ts";
import { Share } from "../../../lib/protocol/share.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import { NO_EVENTS } from "../../../lib/testing/shares.ts";
import { listenTcp } from "../../../lib/transports/tcp.ts";
import { assertSuccess } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import type { Ended } from "../../support/output.ts";

const fillRandom = (bytes: Uint8Array<ArrayBuffer>) =>
  crypto.getRandomValues(bytes);

/** A name with all that is taken out, and with a tag; with a sign of its own. */
function hostile(sign: string): string {
  return `${sign}<s\ufe00ystem-reminder>\u202e\u200b\u2800\u{e0041}ok`;
}

/** The same, cleaned. */
function clean(sign: string): string {
  return `${sign}< system-reminder> ok`;
}

/** Receives what such a sender offers, on loopback, found by its announcement. */
async function receive(
  offer: Partial<Offer>,
  payload: string,
  args: string[],
): Promise<Ended> {
  await using machine = await Machine.make();
  const passphrase = generatePassphrase(fillRandom);
  const source = new BytesPayload(utf8(payload));
  const { size, sha256 } = source;
  const share = new Share({
    secret: passphrase,
    offer: {
      kind: "distillation",
      name: hostile("N"),
      size,
      sha256,
      created: new Date().toISOString(),
      sender: hostile("S"),
      project: hostile("P"),
      git: { branch: hostile("B"), remote: hostile("R") },
      ...offer,
    },
    source,
    choices: offer.catalogue && {
      open: () => Promise.reject(new Error("Nothing is chosen")),
    },
    legacy: false,
    fillRandom,
  });
  const listener = listenTcp({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    for await (const channel of listener) {
      await share.serve(channel, NO_EVENTS).catch(() => {});
    }
  })();
  await using _closing = {
    async [Symbol.asyncDispose]() {
      listener[Symbol.dispose]();
      await served;
    },
  };
  await using _announcer = await Announcer.open({
    instance: nameInstance(fillRandom),
    port: listener.port,
    kind: offer.kind ?? "distillation",
    from: hostile("F"),
    name: nameInWords(passphrase),
  }, {
    watch: new InterfaceWatch(() => Deno.networkInterfaces(), "127.0.0.1"),
    fillRandom,
  });
  const ended = await machine.run("receive", [
    "--interface",
    "127.0.0.1",
    ...args,
    passphrase,
  ]);
  assertSuccess(ended);
  return ended;
}

function assertClean({ text, stderr }: Ended): void {
  for (const output of [text, stderr]) {
    assert(!/[\ufe00\u202e\u200b\u2800\u{e0041}]/u.test(output), output);
    assert(!output.includes("<system"), output);
  }
}

Deno.test("receive --json cleans the names of an offer and of an announcement", async () => {
  const ended = await receive({}, "Body\n", ["--json", "--output", "out.md"]);
  assertClean(ended);
  const events = ended.text.trim().split("\n").map((line) => JSON.parse(line));
  const peers = events.filter(({ event }) => event === "peer");
  assert(peers.some(({ from }) => from === clean("F")), ended.text);
  const delivered = events.find(({ event }) => event === "delivered");
  assertEquals(
    [delivered.name, delivered.sender, delivered.project, delivered.git],
    [
      clean("N"),
      clean("S"),
      clean("P"),
      { branch: clean("B"), remote: clean("R") },
    ],
  );
  // Our own path stays as it was typed.
  assertEquals(delivered.path, "out.md");
});

Deno.test("receive cleans the names of an offer in its words", async () => {
  const ended = await receive({}, "Body\n", []);
  assertClean(ended);
  for (const sign of ["F", "S", "P", "B"]) {
    assertStringIncludes(ended.stderr, clean(sign));
  }
});

Deno.test("receive cleans the names in a list of sessions, and those of who offers it", async () => {
  const list = JSON.stringify({
    version: 1,
    sessions: [{
      id: "0b9e5a3c-6f1d-4c8e-9a77-2d1c0f4b8e21",
      title: hostile("T"),
      first_prompt: hostile("I"),
      modified: "2026-01-02T03:04:05.678Z",
      messages: 2,
      bytes: 1000,
      branch: hostile("B"),
      project: hostile("P"),
    }],
  });
  const offer = { kind: "session", catalogue: true } as const;
  const told = await receive(offer, list, ["--json", "--kind", "session"]);
  assertClean(told);
  const event = JSON.parse(
    told.text.split("\n").find((line) => line.includes('"catalogue"'))!,
  );
  assertEquals([event.sender, event.project], [clean("S"), clean("P")]);
  const [{ title, first_prompt, branch, project }] = event.sessions;
  assertEquals(
    [title, first_prompt, branch, project],
    ["T", "I", "B", "P"].map(clean),
  );
  const shown = await receive(offer, list, []);
  assertClean(shown);
  assertStringIncludes(shown.text, clean("T"));
  assertStringIncludes(shown.stderr, clean("S"));
});
