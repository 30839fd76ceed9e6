import { assertEquals, assertRejects } from "@std/assert";
import { SpreadError } from "../../../lib/errors.ts";
import { DropRelay } from "../../../lib/drops/drop_relay.ts";
import { DropKeys } from "../../../lib/drops/keys.ts";
import { leaveDrop } from "../../../lib/drops/leave.ts";
import { DropSealer } from "../../../lib/drops/seal.ts";
import { BytesPayload } from "../../../lib/files/payload/source.ts";
import { offerOf, payloadOf } from "../../../lib/testing/payloads.ts";
import { startDropRelay } from "../../../relay/testing/drop_relay.ts";
import { fillRandom } from "../../cli/surroundings.ts";
import { Terminal } from "../../cli/terminal.ts";
import { FoundDrop } from "./found_drop.ts";

Deno.test("acknowledge() sends no receipt before the file is on the disk", async () => {
  const folder = await Deno.makeTempDir();
  const place = { RELAY_DROPS: `folder:${folder}/relay` };
  await using server = await startDropRelay(place);
  const url = `ws://127.0.0.1:${server.port}`;
  const { signal } = new AbortController();
  using relay = new DropRelay(url, { proxy: null, signal });
  const keys = await DropKeys.ofCode(new Uint8Array(16));
  const payload = payloadOf(10);
  const source = new BytesPayload(payload);
  const sealer = new DropSealer(keys, await offerOf(payload), source, 1e6);
  await leaveDrop(relay, sealer, {
    keys,
    deleteToken: new Uint8Array(32),
    ttlS: 60,
    fillRandom,
    onProgress: () => {},
  });
  const terminal = new Terminal({ json: true });
  using drop = await FoundDrop.open(
    { keys, url },
    { terminal, folder: `${folder}/partial`, signal },
  );
  const take = { take: keys.take.toHex() };
  const state = async () => (await relay.look(keys.id.toHex(), take)).state;
  const file = `${folder}/out`;
  const error = await assertRejects(
    () => drop.acknowledge([file]),
    SpreadError,
  );
  assertEquals([error.code, await state()], ["CANNOT_STORE", "waiting"]);
  await Deno.writeTextFile(file, "");
  await drop.acknowledge([file]);
  assertEquals(await state(), "taken");
  await Deno.remove(folder, { recursive: true });
});
