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

/** A relay on loopback. */
export interface DropRelay extends AsyncDisposable {
  port: number;
  log: Record<string, unknown>[];
  /** Sends a request, and reads the answer. */
  ask(
    method: string,
    path: string,
    headers?: Record<string, string>,
    body?: BodyInit,
  ): Promise<{ status: number; body: Uint8Array; said: unknown }>;
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
    ask: async (method, path, headers, body) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers,
        body,
        client,
      });
      const bytes = await answer.bytes();
      const isJson = answer.headers.get("content-type") === "application/json";
      const said = isJson ? JSON.parse(new TextDecoder().decode(bytes)) : null;
      return { status: answer.status, body: bytes, said };
    },
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
  relay: DropRelay,
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
