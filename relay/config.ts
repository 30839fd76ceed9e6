/**
 * Settings of the relay, read from the environment and checked once, at startup.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";

/** All settings. */
export interface RelayConfig {
  /** TCP port; 0 takes a free one. */
  port: number;
  /** Address to listen on; all addresses by default. */
  host: string;
  /** Address on which Deno Deploy has the relay listen; empty when host and port apply. */
  serveAddress: string;
  /** Rooms open at the same time on this instance. */
  maxRooms: number;
  /** Rooms that one address may have open. */
  maxRoomsPerAddress: number;
  /** Connections at the same time on this instance. */
  maxConnections: number;
  /** Connections that one address may hold. */
  maxConnectionsPerAddress: number;
  /** Receivers that may wait in one room. */
  maxQueue: number;
  /** Lifetime of a room, in milliseconds. */
  roomTtlMs: number;
  /** Time that a room waits for a sender whose connection was cut, in milliseconds. */
  graceMs: number;
  /** Largest message, in bytes; the relay refuses a longer one by its length, before reading it. */
  maxMessageBytes: number;
  /** Bytes held for a pair above which the relay ends the one of the two that holds more. */
  maxBufferedBytes: number;
  /** Bytes held for all clients above which the relay ends the one that holds most. */
  maxTotalBytes: number;
  /** Rooms that one address may create per minute. */
  createsPerMinute: number;
  /** Joins from one address per minute. */
  joinsPerMinute: number;
  /** Wrong room codes from one address per minute. */
  wrongCodesPerMinute: number;
  /** Requests for topics from one address per minute. */
  lookupsPerMinute: number;
  /** Time between two pings, in milliseconds; a client that leaves one unanswered is gone. */
  pingMs: number;
  /** Time that a client may accept nothing of its queued messages, in milliseconds. */
  stallMs: number;
  /** Time that pairs may continue once the relay has been asked to end, in milliseconds. */
  drainMs: number;
  /** Number of proxies in front of the relay whose `X-Forwarded-For` is believed. */
  trustedProxies: number;
  /**
   * Key of the resume tokens; empty for one made at startup, so that a restart forgets all rooms.
   */
  secret: string;
  /** Storage that makes rooms known beyond this process; `memory` keeps them inside it. */
  backend: "memory" | "kv";
  /** Path of the Deno KV database; empty for the platform's database, or Deno's default path. */
  kvPath: string;
  /** Settings of drops; `null` when this relay keeps none. */
  drops: DropsConfig | null;
}

/** Settings of drops. */
export interface DropsConfig {
  place: { kind: "kv" } | { kind: "folder"; path: string };
  /** Drops that have not been taken; the relay remembers as many that have been taken. */
  maxDrops: number;
  /** Drops of one address that have not been taken. */
  maxDropsPerAddress: number;
  /** Bytes of all drops. */
  maxTotalBytes: number;
  /** Bytes of one drop. */
  maxDropBytes: number;
  /** Longest life of a drop, in milliseconds. */
  maxTtlMs: number;
  /** Requests from one address per minute. */
  requestsPerMinute: number;
  /** Drops that one address may make per minute. */
  createsPerMinute: number;
}

/** Reads an environment variable. */
export type ReadEnv = (name: string) => string | undefined;

const DAY_S = 24 * 60 * 60;
const MIB = 1024 * 1024;

/** Most bytes of one drop in Deno KV: so that all its parts can be deleted in one commit. */
const MAX_KV_DROP_BYTES = 4 * MIB;

/** Integer settings: default, smallest and largest value. */
const INTEGERS = {
  RELAY_PORT: [9784, 0, 65_535],
  RELAY_MAX_ROOMS: [1000, 1, 1_000_000],
  RELAY_MAX_ROOMS_PER_ADDRESS: [32, 1, 1_000_000],
  RELAY_MAX_CONNECTIONS: [4096, 1, 2_000_000],
  RELAY_MAX_CONNECTIONS_PER_ADDRESS: [128, 1, 2_000_000],
  RELAY_MAX_QUEUE: [16, 0, 10_000],
  RELAY_ROOM_TTL: [1800, 1, DAY_S],
  RELAY_GRACE: [60, 1, DAY_S],
  RELAY_MAX_MSG_SIZE: [10 * MIB, 1024, 64 * MIB],
  RELAY_MAX_BUFFERED: [16 * MIB, 2 * MIB, 1024 * MIB],
  RELAY_MAX_TOTAL: [256 * MIB, 32 * MIB, 64 * 1024 * MIB],
  RELAY_CREATES_PER_MINUTE: [30, 1, 1_000_000],
  RELAY_JOINS_PER_MINUTE: [60, 1, 1_000_000],
  RELAY_WRONG_CODES_PER_MINUTE: [10, 1, 1_000_000],
  RELAY_LOOKUPS_PER_MINUTE: [120, 1, 1_000_000],
  RELAY_PING_INTERVAL: [20, 1, 3600],
  RELAY_STALL_TIMEOUT: [60, 1, 3600],
  RELAY_DRAIN_TIMEOUT: [3, 0, 4],
  RELAY_TRUST_PROXY: [0, 0, 16],
  RELAY_MAX_DROPS: [10_000, 1, 1_000_000],
  RELAY_DROPS_PER_ADDRESS: [8, 1, 1_000_000],
  RELAY_DROPS_TOTAL: [1024 * MIB, MIB, 1024 * 1024 * MIB],
  RELAY_DROP_SIZE: [16 * MIB, 61_440, 64 * MIB],
  RELAY_DROP_TTL: [7 * DAY_S, 60, 7 * DAY_S],
  RELAY_DROP_REQUESTS_PER_MINUTE: [1500, 10, 1_000_000],
} as const satisfies Record<string, readonly [number, number, number]>;

/**
 * Reads the settings.
 *
 * @throws {SpreadError} `USAGE`, naming the variable with an invalid value.
 */
export function readConfig(env: ReadEnv): RelayConfig {
  const number = (name: keyof typeof INTEGERS) => readInteger(name, env);
  // Deno Deploy runs several instances behind its own proxy.
  const isDeployed = env("DENO_DEPLOYMENT_ID") !== undefined;
  const config: RelayConfig = {
    port: number("RELAY_PORT"),
    host: env("RELAY_HOST") || "::",
    serveAddress: readServeAddress(env),
    maxRooms: number("RELAY_MAX_ROOMS"),
    maxRoomsPerAddress: number("RELAY_MAX_ROOMS_PER_ADDRESS"),
    maxConnections: number("RELAY_MAX_CONNECTIONS"),
    maxConnectionsPerAddress: number("RELAY_MAX_CONNECTIONS_PER_ADDRESS"),
    maxQueue: number("RELAY_MAX_QUEUE"),
    roomTtlMs: number("RELAY_ROOM_TTL") * 1000,
    graceMs: number("RELAY_GRACE") * 1000,
    maxMessageBytes: number("RELAY_MAX_MSG_SIZE"),
    maxBufferedBytes: number("RELAY_MAX_BUFFERED"),
    maxTotalBytes: number("RELAY_MAX_TOTAL"),
    createsPerMinute: number("RELAY_CREATES_PER_MINUTE"),
    joinsPerMinute: number("RELAY_JOINS_PER_MINUTE"),
    wrongCodesPerMinute: number("RELAY_WRONG_CODES_PER_MINUTE"),
    lookupsPerMinute: number("RELAY_LOOKUPS_PER_MINUTE"),
    pingMs: number("RELAY_PING_INTERVAL") * 1000,
    stallMs: number("RELAY_STALL_TIMEOUT") * 1000,
    drainMs: number("RELAY_DRAIN_TIMEOUT") * 1000,
    trustedProxies: isDeployed && !env("RELAY_TRUST_PROXY")
      ? 1
      : number("RELAY_TRUST_PROXY"),
    secret: readSecret(env),
    backend: readBackend(env, isDeployed),
    kvPath: env("RELAY_KV_PATH") ?? "",
    drops: readDrops(env),
  };
  if (config.maxBufferedBytes < config.maxMessageBytes) {
    throw invalid(
      "RELAY_MAX_BUFFERED",
      String(config.maxBufferedBytes),
      "at least RELAY_MAX_MSG_SIZE",
    );
  }
  return config;
}

/** Addresses that Deno understands; it would ignore any other and use host and port. */
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const HOST = String.raw`(?:${OCTET}(?:\.${OCTET}){3}|\[[0-9a-fA-F:.]+\])`;
const SERVE_ADDRESS = new RegExp(
  String
    .raw`^(?:duplicate,)?(?:tcp:(${HOST}:\d{1,5})|unix:.+|vsock:(?:-1|\d+):\d+)$`,
);

function readServeAddress(env: ReadEnv): string {
  const address = env("DENO_SERVE_ADDRESS") ?? "";
  if (address === "") return "";
  const found = SERVE_ADDRESS.exec(address);
  if (found !== null && URL.canParse(`http://${found[1] ?? "relay"}`)) {
    return address;
  }
  throw new SpreadError(
    "USAGE",
    `DENO_SERVE_ADDRESS="${address}" is not an address to listen on`,
    "Use tcp:IP:PORT or unix:PATH, or leave it out for RELAY_PORT and RELAY_HOST",
  );
}

function readInteger(name: keyof typeof INTEGERS, env: ReadEnv): number {
  const [usual, min, max] = INTEGERS[name];
  const text = env(name);
  if (text === undefined || text === "") return usual;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw invalid(name, text, `a whole number from ${min} to ${max}`);
  }
  return value;
}

function readSecret(env: ReadEnv): string {
  const secret = env("RELAY_SECRET") ?? "";
  if (secret !== "" && secret.length < 32) {
    throw new SpreadError(
      "USAGE",
      "RELAY_SECRET is too short",
      "Use at least 32 characters, for example from: openssl rand -hex 32",
    );
  }
  return secret;
}

function readBackend(env: ReadEnv, isDeployed: boolean): "memory" | "kv" {
  const backend = env("RELAY_BACKEND") || (isDeployed ? "kv" : "memory");
  if (backend === "memory" || backend === "kv") return backend;
  throw invalid("RELAY_BACKEND", backend, "memory or kv");
}

function readDrops(env: ReadEnv): DropsConfig | null {
  const number = (name: keyof typeof INTEGERS) => readInteger(name, env);
  const maxTotalBytes = number("RELAY_DROPS_TOTAL");
  const limits = {
    maxDrops: number("RELAY_MAX_DROPS"),
    maxDropsPerAddress: number("RELAY_DROPS_PER_ADDRESS"),
    maxTotalBytes,
    maxDropBytes: Math.min(number("RELAY_DROP_SIZE"), maxTotalBytes),
    maxTtlMs: number("RELAY_DROP_TTL") * 1000,
    requestsPerMinute: number("RELAY_DROP_REQUESTS_PER_MINUTE"),
    createsPerMinute: number("RELAY_CREATES_PER_MINUTE"),
  };
  const place = env("RELAY_DROPS") ?? "";
  if (place === "") return null;
  if (place === "kv") {
    const maxDropBytes = Math.min(limits.maxDropBytes, MAX_KV_DROP_BYTES);
    return { ...limits, place: { kind: "kv" }, maxDropBytes };
  }
  const path = place.startsWith("folder:") ? place.slice("folder:".length) : "";
  if (path !== "") return { ...limits, place: { kind: "folder", path } };
  throw invalid("RELAY_DROPS", place, "folder:/PATH or kv");
}

function invalid(name: string, text: string, expected: string): SpreadError {
  return new SpreadError(
    "USAGE",
    `${name}="${text}" is not ${expected}`,
    "Correct it, or leave it out for the default",
  );
}
