/**
 * A relay that keeps drops, and requests to it, for tests.
 *
 * @module
 */

import { readConfig } from "../config.ts";
import { PART_BYTES, partCount } from "../drops/drop_row.ts";
import { startRelay } from "../start.ts";
import type { TestDrop } from "./drops.ts";
import { testEnvironment } from "./environment.ts";

/** Sends a request, and reads the answer. */
export type Ask = (
  method: string,
  path: string,
  headers?: Record<string, string>,
  body?: BodyInit,
) => Promise<{ status: number; body: Uint8Array; said: unknown }>;

/** Asks the server at this URL, without a slash at its end. */
export function asking(url: string, client: Deno.HttpClient): Ask {
  return async (method, path, headers, body) => {
    const init = { method, headers, body, client };
    const answer = await fetch(url + path, init);
    const bytes = await answer.bytes();
    const isJson = answer.headers.get("content-type") === "application/json";
    const said = isJson ? JSON.parse(new TextDecoder().decode(bytes)) : null;
    return { status: answer.status, body: bytes, said };
  };
}

/** A relay on loopback. */
export interface DropRelay extends AsyncDisposable {
  port: number;
  log: Record<string, unknown>[];
  ask: Ask;
}

/** Starts a relay with these variables; `isDeno`: by Deno's own server. */
export async function startDropRelay(
  env: Record<string, string>,
  isDeno = false,
): Promise<DropRelay> {
  const log: Record<string, unknown>[] = [];
  const config = {
    ...readConfig((name) => env[name]),
    host: "127.0.0.1",
    port: 0,
    serveAddress: isDeno ? "tcp:127.0.0.1:0" : "",
  };
  const server = await startRelay(
    config,
    testEnvironment((line) => log.push(line)),
  );
  const port = Number(log.find(({ event }) => event === "started")!.port);
  const client = Deno.createHttpClient({});
  return {
    port,
    log,
    ask: asking(`http://127.0.0.1:${port}`, client),
    [Symbol.asyncDispose]: async () => {
      client.close();
      await server.stop();
    },
  };
}

/** Headers of the sender of a drop. */
export function senderHeaders(drop: TestDrop): Record<string, string> {
  return {
    "drop-delete": drop.deleteToken,
    "drop-take": drop.takeToken,
    "drop-bytes": String(drop.bytes.length),
  };
}

/** Headers of its receiver. */
export function receiverHeaders(drop: TestDrop): Record<string, string> {
  return { "drop-take": drop.takeToken, "drop-taking": "1".repeat(32) };
}

/** Leaves a whole drop; returns the status of each answer. */
export async function putAll(
  relay: Pick<DropRelay, "ask">,
  drop: TestDrop,
  headers: Record<string, string> = {},
): Promise<number[]> {
  const statuses: number[] = [];
  for (let part = 0; part < partCount(drop.bytes.length); part++) {
    const { status } = await relay.ask(
      "PUT",
      `/drops/${drop.id}/${part}`,
      { ...senderHeaders(drop), ...headers },
      drop.bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES) as BodyInit,
    );
    statuses.push(status);
  }
  return statuses;
}
