/**
 * A relay with its clients in tests, on each server that it listens by.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { RelayConfig } from "../config.ts";
import { type Said, sleep, TestClient } from "./clients.ts";
import { OPCODES, RawClient } from "./raw_client.ts";
import { type LocalRelay, startLocalRelay } from "./local_relay.ts";

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** The servers that a relay listens by, and the address that makes it take that one. */
const LISTENERS = { "node:http": "", "Deno.serve": "tcp:127.0.0.1:0" };
export type Listener = keyof typeof LISTENERS;

/** The one that the relay of a {@linkcode Stage} listens by. */
let listener: Listener = "node:http";

/** Tests on every listener; `Deno.test` tests what is so on `node:http` alone. */
export function test(name: string, fn: (by: Listener) => Promise<void>): void {
  for (const by of Object.keys(LISTENERS) as Listener[]) testBy(by, name, fn);
}

/** Tests what is so on one listener. */
export function testBy(
  by: Listener,
  name: string,
  fn: (by: Listener) => Promise<void>,
): void {
  Deno.test(`${name}, by ${by}`, async () => {
    listener = by;
    await fn(by).finally(() => listener = "node:http");
  });
}

/** A relay with its clients, all gone at the end of a test. */
export class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  private constructor(readonly relay: LocalRelay) {}

  static async open(settings: Partial<RelayConfig> = {}): Promise<Stage> {
    const stage = new Stage(
      await startLocalRelay({
        serveAddress: LISTENERS[listener],
        ...settings,
      }),
    );
    stage.#stack.use(stage.relay);
    return stage;
  }

  get hub(): LocalRelay["server"]["hub"] {
    return this.relay.server.hub;
  }

  get http(): string {
    return this.relay.url.replace("ws:", "http:");
  }

  async client(): Promise<TestClient> {
    return this.#stack.use(await TestClient.open(this.relay.url));
  }

  async raw(headers?: Record<string, string>): Promise<RawClient> {
    return this.#stack.use(await RawClient.open(this.relay.url, headers));
  }

  /** A sender with a room. */
  async room(protocol?: number): Promise<Opened> {
    const sender = await this.client();
    const said = await sender.ask({ type: "CREATE_ROOM", protocol });
    assertEquals(said.type, "ROOM_CREATED");
    return {
      sender,
      code: said.room_id as string,
      token: said.resume_token as string,
    };
  }

  /** A receiver that has asked for a room. */
  async receiver(code: unknown, protocol?: number): Promise<TestClient> {
    const receiver = await this.client();
    receiver.send({ type: "JOIN_ROOM", room_id: code, protocol });
    return receiver;
  }

  /** A sender and a receiver that talk. */
  async pair(
    senderProtocol?: number,
    receiverProtocol?: number,
  ): Promise<Opened & { receiver: TestClient; peerId: string }> {
    const opened = await this.room(senderProtocol);
    const receiver = await this.receiver(opened.code, receiverProtocol);
    assertEquals((await receiver.said()).type, "ROOM_JOINED");
    const said = await opened.sender.said();
    assertEquals(said.type, "PEER_JOINED");
    return { ...opened, receiver, peerId: said.peer_id as string };
  }

  /** A raw receiver in a room of `sender`; it reads nothing more by itself. */
  async rawReceiver({ code }: { code: string }): Promise<RawClient> {
    const receiver = await this.raw();
    const said = await receiver.ask({
      type: "JOIN_ROOM",
      room_id: code,
      protocol: 2,
    });
    assertEquals(said.type, "ROOM_JOINED");
    return receiver;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

export interface Opened {
  sender: TestClient;
  code: string;
  token: string;
}

export const bytes = (...values: number[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(values);
export const utf8 = (text: string): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(text);
export const refusal = (reason: string): Said => ({ type: "ERROR", reason });

/** Expects to be told why, and to be closed. */
export async function assertRefused(
  client: TestClient,
  reason: string,
  code = 1000,
): Promise<void> {
  assertEquals(await client.said(), refusal(reason));
  assertEquals(await client.closed, code);
}

/** Expects the same of a raw client, and the connection to end. */
export async function assertRawRefused(
  client: RawClient,
  reason: string,
  code: number,
): Promise<void> {
  const [told, close] = await client.rest();
  assertEquals(
    JSON.parse(new TextDecoder().decode(told?.payload)),
    refusal(reason),
  );
  assertEquals(close?.opcode, OPCODES.close);
  assertEquals(close?.payload, bytes(code >> 8, code & 0xff));
}

/** Expects nothing to have come, after everything on its way has. */
export async function assertSilent(client: TestClient): Promise<void> {
  await sleep(50);
  assertEquals(client.unread.length, 0);
}
