/**
 * Announcing and browsing between two machines: network namespaces with cables.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Candidate } from "../../lib/discovery/mdns.ts";
import {
  join,
  makeNamespace,
  type Namespace,
  Program,
  script,
  whyNoNamespaces,
} from "./_namespaces.ts";

const reason = await whyNoNamespaces();
if (reason !== null) console.log(`netns_test.ts is skipped: ${reason}`);

/** Reads what `_browse.ts` prints until the share has that many addresses. */
async function candidateWith(
  count: number,
  browser: Program,
): Promise<Candidate & { reached: string[] }> {
  const line = await browser.line((line) =>
    JSON.parse(line).addresses.length >= count
  );
  return JSON.parse(line);
}

/** Announces here, browses there, and returns the candidate once it has `addresses`. */
async function spread(here: Namespace, there: Namespace, addresses: string[]) {
  await using announcer = new Program(here, script("_announce.ts"));
  const { instance, port } = JSON.parse(await announcer.line());
  await using browser = new Program(there, script("_browse.ts", instance));
  const candidate = await candidateWith(addresses.length, browser);
  await announcer.end();
  await browser.end();
  return { candidate, port };
}

Deno.test({
  name:
    "browse() finds all addresses of another machine, and each can be connected to",
  ignore: reason !== null,
  fn: async () => {
    await using here = await makeNamespace();
    await using there = await makeNamespace();
    await join(
      "cable0",
      [here, ["10.77.1.1/24", "10.77.2.1/24", "fe80::a1/64"]],
      [there, ["10.77.1.2/24", "10.77.2.2/24", "fe80::a2/64"]],
    );
    await join(
      "cable1",
      [here, ["10.77.3.1/24", "fd00:77::1/64", "fe80::b1/64"]],
      [there, ["10.77.3.2/24", "fd00:77::2/64", "fe80::b2/64"]],
    );
    const addresses = [
      "10.77.1.1",
      "10.77.2.1",
      "10.77.3.1",
      "fd00:77::1",
      "fe80::a1%cable0",
      "fe80::b1%cable1",
    ];
    const { candidate, port } = await spread(here, there, addresses);
    assertEquals(candidate.port, port);
    assertEquals(candidate.addresses.sort(), addresses);
    assertEquals(candidate.reached.sort(), addresses);
    assertEquals(candidate.from, "tester@namespace");
  },
});

Deno.test({
  name:
    "browse() finds a share, when machines have nothing but link-local IPv6",
  ignore: reason !== null,
  fn: async () => {
    await using here = await makeNamespace();
    await using there = await makeNamespace();
    await join("cable0", [here, ["fe80::a1/64"]], [there, ["fe80::a2/64"]]);
    const { candidate } = await spread(here, there, ["fe80::a1%cable0"]);
    assertEquals(candidate.reached, ["fe80::a1%cable0"]);
  },
});

Deno.test({
  name:
    "Announcer.open() tells a network only the addresses in it, when the machine is in two",
  ignore: reason !== null,
  fn: async () => {
    await using here = await makeNamespace();
    await using there = await makeNamespace();
    await using elsewhere = await makeNamespace();
    await join("cable0", [here, ["10.77.1.1/24"]], [there, ["10.77.1.2/24"]]);
    await join("cable1", [here, ["10.77.2.1/24"]], [elsewhere, [
      "10.77.2.2/24",
    ]]);
    const { candidate } = await spread(here, elsewhere, ["10.77.2.1"]);
    assertEquals(candidate.addresses, ["10.77.2.1"]);
  },
});

Deno.test({
  name:
    "Announcer.open() answers by unicast, when a plain resolver asks over link-local IPv6",
  ignore: reason !== null,
  fn: async () => {
    await using here = await makeNamespace();
    await using there = await makeNamespace();
    await join("cable0", [here, ["fe80::a1/64"]], [there, ["fe80::a2/64"]]);
    await using announcer = new Program(here, script("_announce.ts"));
    const { instance } = JSON.parse(await announcer.line());
    await using resolver = new Program(there, script("_ask.ts", "cable0"));
    const name = `${instance}._claude-distill._tcp.local`;
    assertEquals(await resolver.line(), name);
  },
});
