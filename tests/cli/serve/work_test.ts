/**
 * `serve --with-work`: receivers of every kind, what the sender sees of them, and when `--once` ends.
 * They are played by hand, so that each does one thing.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  TEXT_CHOICE,
  WORK_CHOICE,
} from "../../../lib/protocol/transfer/offer.ts";
import { receivePayload } from "../../../lib/protocol/transfer/receive.ts";
import type { SecureChannel } from "../../../lib/protocol/secure_channel.ts";
import { into, takeChoices } from "../../../lib/testing/choices.ts";
import { MemorySink } from "../../../lib/testing/payloads.ts";
import {
  connectLoopbackTo,
  outcomeOf,
  proveByHand,
} from "../../../lib/testing/protocol.ts";
import { assertFailure, assertSuccess, until } from "../../support/checks.ts";
import { conversation, writeSession } from "../../support/conversations.ts";
import { Machine } from "../../support/machine.ts";
import { Repository } from "../../support/repository.ts";

const SECRET = "our own words";

/** A machine with a document beside a checkout that has unfinished work. */
async function makeMachine(): Promise<Machine> {
  const machine = await Machine.make();
  const project = await Repository.make(machine.path("project"));
  await project.commit("a.md");
  await Deno.writeTextFile(`${project.folder}/new.md`, "not committed\n");
  await machine.write("text.md", "# Text\n");
  return machine;
}

const ARGS = ["--with-work", "--project", "project", SECRET, "text.md"];

/** Connects to a share and proves the passphrase. */
async function visit<T>(
  { port }: { port: number },
  take: (channel: SecureChannel) => Promise<T>,
): Promise<T> {
  return await take(await proveByHand(await connectLoopbackTo(port), SECRET));
}

/** A receiver of the text that goes away without a word, as when the connection is cut. */
const takeTextAlone = (channel: SecureChannel) =>
  outcomeOf(channel, async () => {
    await receivePayload(channel, into(new MemorySink()), () => {});
  });

Deno.test("serve --with-work counts receivers and not what each took, and shows both in words, events and status", async () => {
  await using machine = await makeMachine();
  await using sharing = await machine.share(ARGS);
  const take = (...ids: string[]) =>
    visit(sharing, (channel) => takeChoices(channel, ids));
  // The last is from before there was work.
  await take();
  assertEquals(await take("0badcafe"), "NOT_OFFERED");
  assertEquals((await take(TEXT_CHOICE, WORK_CHOICE)).length, 2);
  await visit(sharing, takeTextAlone);
  const { events } = await until("both receivers", async () => {
    const status = await machine.run("status", ["--json"]);
    return status.events[0]?.delivered === 2 && status;
  });
  const [{ receivers, work }] = events as unknown as [
    { receivers: Record<string, unknown>[]; work: number },
  ];
  assertEquals(work, (sharing.ready.work as { size: number }).size);
  assertEquals(
    receivers.map(({ took, work }) => [took, work]),
    [[undefined, "too"], [undefined, undefined]],
  );
  assertStringIncludes(
    (await machine.run("status", [])).text,
    "with the work\n",
  );
  const stopped = await sharing.stop();
  assertFailure(stopped, "INTERRUPTED", "Stopped; delivered to 2 receivers");
  assertEquals(
    stopped.events
      .filter(({ event }) => /^(?:chosen|delivered|refused)$/.test(event))
      .map((
        { event, choice, count, error },
      ) => [event, choice ?? error, count]),
    [
      ["chosen", "0badcafe", undefined],
      ["refused", "NOT_OFFERED", undefined],
      ["chosen", "text", undefined],
      ["delivered", "text", 1],
      ["chosen", "work", undefined],
      ["delivered", "work", 1],
      ["delivered", undefined, 2],
    ],
  );
});

Deno.test("serve --with-work --once ends after both, also when the connection was cut between them", async () => {
  await using machine = await makeMachine();
  for (const isCut of [false, true]) {
    await using sharing = machine.start("serve", ["--once", ...ARGS]);
    const port = await portOf(machine);
    const take = (ids: string[], isCut: boolean) =>
      visit({ port }, (channel) => takeChoices(channel, ids, { isCut }));
    if (isCut) {
      await take([TEXT_CHOICE], isCut);
      await take([WORK_CHOICE], false);
    } else await take([TEXT_CHOICE, WORK_CHOICE], false);
    const ended = await sharing.ended;
    assertSuccess(ended);
    for (
      const line of [
        "127.0.0.1 has chosen the text",
        "delivered the text to 127.0.0.1, which confirmed it",
        "127.0.0.1 has chosen the work",
        "delivered the work to 127.0.0.1, which confirmed it",
        "ended; delivered to 1 receiver",
      ]
    ) assertStringIncludes(ended.stderr, `spread: ${line}\n`);
  }
});

Deno.test("serve --with-work --once of sessions stays open for a receiver that took the list and the work, and ends after its session", async () => {
  await using machine = await makeMachine();
  const talk = conversation("Doors");
  await writeSession(machine, talk);
  const flags = ["--with-work", "--project", "project", "--once"];
  await using sharing = await machine.share(
    [...flags, "--session", "all", "--all", SECRET],
  );
  const take = (...ids: string[]) =>
    visit(sharing, (channel) => takeChoices(channel, ids));
  assertEquals((await take(WORK_CHOICE)).length, 1);
  assertEquals((await take(talk.id)).length, 1);
  const ended = await sharing.ended;
  assertSuccess(ended);
  assertEquals(ended.events.at(-1), { event: "ended", delivered: 1 });
});

/** The port of the only share of a machine. */
async function portOf(machine: Machine): Promise<number> {
  return await until("the share", async () => {
    const { events } = await machine.run("status", ["--json"]);
    const [address] = (events[0]?.addresses ?? []) as string[];
    return address !== undefined && Number(address.split(":").at(-1));
  });
}
