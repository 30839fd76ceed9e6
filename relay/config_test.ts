import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { SpreadError } from "../lib/errors.ts";
import { readConfig, type RelayConfig } from "./config.ts";

const read = (env: Record<string, string>): RelayConfig =>
  readConfig((name) => env[name]);

Deno.test("readConfig() has a default for everything", () => {
  assertEquals(read({}), {
    port: 9784,
    host: "::",
    serveAddress: "",
    maxRooms: 1000,
    maxRoomsPerAddress: 32,
    maxConnections: 4096,
    maxConnectionsPerAddress: 128,
    maxQueue: 16,
    roomTtlMs: 1_800_000,
    graceMs: 60_000,
    maxMessageBytes: 10_485_760,
    maxBufferedBytes: 16_777_216,
    maxTotalBytes: 268_435_456,
    createsPerMinute: 30,
    joinsPerMinute: 60,
    wrongCodesPerMinute: 10,
    lookupsPerMinute: 120,
    pingMs: 20_000,
    stallMs: 60_000,
    drainMs: 3000,
    trustedProxies: 0,
    secret: "",
    backend: "memory",
    kvPath: "",
    drops: null,
  });
});

Deno.test("readConfig() takes what the environment sets", () => {
  const env = {
    RELAY_PORT: "0",
    RELAY_HOST: "127.0.0.1",
    DENO_SERVE_ADDRESS: "unix:/run/relay.sock",
    RELAY_MAX_ROOMS: "2",
    RELAY_MAX_ROOMS_PER_ADDRESS: "3",
    RELAY_MAX_CONNECTIONS: "4",
    RELAY_MAX_CONNECTIONS_PER_ADDRESS: "5",
    RELAY_MAX_QUEUE: "6",
    RELAY_ROOM_TTL: "7",
    RELAY_GRACE: "8",
    RELAY_MAX_MSG_SIZE: "9000",
    RELAY_MAX_BUFFERED: "3000000",
    RELAY_MAX_TOTAL: "40000000",
    RELAY_CREATES_PER_MINUTE: "11",
    RELAY_JOINS_PER_MINUTE: "12",
    RELAY_WRONG_CODES_PER_MINUTE: "13",
    RELAY_PING_INTERVAL: "14",
    RELAY_STALL_TIMEOUT: "15",
    RELAY_DRAIN_TIMEOUT: "1",
    RELAY_TRUST_PROXY: "2",
    RELAY_SECRET: "s".repeat(32),
    RELAY_BACKEND: "kv",
    RELAY_KV_PATH: "/tmp/rooms",
    RELAY_DROPS: "folder:/srv/drops",
    RELAY_MAX_DROPS: "20",
    RELAY_DROPS_PER_ADDRESS: "21",
    RELAY_DROPS_TOTAL: "2000000",
    RELAY_DROP_SIZE: "70000",
    RELAY_DROP_TTL: "3600",
    RELAY_DROP_REQUESTS_PER_MINUTE: "22",
    RELAY_LOOKUPS_PER_MINUTE: "23",
  };
  assertEquals(read(env), {
    port: 0,
    host: "127.0.0.1",
    serveAddress: "unix:/run/relay.sock",
    maxRooms: 2,
    maxRoomsPerAddress: 3,
    maxConnections: 4,
    maxConnectionsPerAddress: 5,
    maxQueue: 6,
    roomTtlMs: 7000,
    graceMs: 8000,
    maxMessageBytes: 9000,
    maxBufferedBytes: 3_000_000,
    maxTotalBytes: 40_000_000,
    createsPerMinute: 11,
    joinsPerMinute: 12,
    wrongCodesPerMinute: 13,
    lookupsPerMinute: 23,
    pingMs: 14_000,
    stallMs: 15_000,
    drainMs: 1000,
    trustedProxies: 2,
    secret: "s".repeat(32),
    backend: "kv",
    kvPath: "/tmp/rooms",
    drops: {
      place: { kind: "folder", path: "/srv/drops" },
      maxDrops: 20,
      maxDropsPerAddress: 21,
      maxTotalBytes: 2_000_000,
      maxDropBytes: 70_000,
      maxTtlMs: 3_600_000,
      requestsPerMinute: 22,
      createsPerMinute: 11,
    },
  });
});

Deno.test("readConfig() bounds a drop in Deno KV to what one commit can delete", () => {
  const { drops } = read({ RELAY_DROPS: "kv", RELAY_DROP_SIZE: "8000000" });
  assertEquals([drops?.place, drops?.maxDropBytes], [
    { kind: "kv" },
    4_194_304,
  ]);
});

Deno.test("readConfig() bounds a drop to the space for all", () => {
  const { drops } = read({
    RELAY_DROPS: "folder:/srv/drops",
    RELAY_DROPS_TOTAL: "1048576",
  });
  assertEquals(drops?.maxDropBytes, 1_048_576);
});

for (const place of ["folder", "folder:", "/srv/drops", "s3:x", "on", "KV"]) {
  Deno.test(`readConfig() refuses RELAY_DROPS="${place}"`, () => {
    assertThrows(
      () => read({ RELAY_DROPS: place }),
      SpreadError,
      `RELAY_DROPS="${place}" is not folder:/PATH or kv`,
    );
  });
}

Deno.test("readConfig() takes an empty variable for one that is not set", () => {
  const env = {
    RELAY_PORT: "",
    RELAY_HOST: "",
    DENO_SERVE_ADDRESS: "",
    RELAY_SECRET: "",
    RELAY_BACKEND: "",
    RELAY_TRUST_PROXY: "",
  };
  assertEquals(read(env), read({}));
});

Deno.test("readConfig() knows Deno Deploy: other instances, and a proxy in front", () => {
  const deployed = read({ DENO_DEPLOYMENT_ID: "x" });
  assertEquals([deployed.backend, deployed.trustedProxies], ["kv", 1]);
  const changed = read({
    DENO_DEPLOYMENT_ID: "x",
    RELAY_BACKEND: "memory",
    RELAY_TRUST_PROXY: "0",
  });
  assertEquals([changed.backend, changed.trustedProxies], ["memory", 0]);
});

for (
  const address of [
    "unix:/run/relay.sock",
    "unix:relay.sock",
    "duplicate,unix:/run/a b.sock",
    "tcp:0.0.0.0:8000",
    "tcp:255.255.255.255:65535",
    "tcp:[::1]:9784",
    "duplicate,tcp:127.0.0.1:0",
    "vsock:-1:5678",
  ]
) {
  Deno.test(`readConfig() takes the address ${address}`, () => {
    assertEquals(read({ DENO_SERVE_ADDRESS: address }).serveAddress, address);
  });
}

for (
  const address of [
    "nonsense",
    "unix:",
    "duplicate,",
    "duplicate,unix:",
    "tcp:",
    "tcp:8000",
    "tcp:localhost:8000",
    "tcp:127.0.0.1",
    "tcp:127.0.0.1:65536",
    "tcp:256.0.0.1:80",
    "tcp:127.0.0.01:80",
    "tcp:[::1:80",
    "tcp:[1:2]:80",
    "tcp:::1:80",
    "vsock:3",
    "tunnel:",
    "http://127.0.0.1:80",
    " tcp:127.0.0.1:80",
    "TCP:127.0.0.1:80",
  ]
) {
  // Deno would listen on RELAY_PORT instead, but the platform connects elsewhere.
  Deno.test(`readConfig() refuses the address ${JSON.stringify(address)}, and says which there are`, () => {
    const error = assertThrows(
      () => read({ DENO_SERVE_ADDRESS: address }),
      SpreadError,
      `DENO_SERVE_ADDRESS="${address}" is not an address to listen on`,
    );
    assertEquals(error.code, "USAGE");
    assertStringIncludes(error.hint, "unix:PATH");
  });
}

for (
  const [name, smallest, largest] of [
    ["RELAY_PORT", 0, 65_535],
    ["RELAY_MAX_ROOMS", 1, 1_000_000],
    ["RELAY_MAX_QUEUE", 0, 10_000],
    ["RELAY_ROOM_TTL", 1, 86_400],
    ["RELAY_GRACE", 1, 86_400],
    ["RELAY_PING_INTERVAL", 1, 3600],
    ["RELAY_DRAIN_TIMEOUT", 0, 4],
    ["RELAY_TRUST_PROXY", 0, 16],
  ] as const
) {
  Deno.test(`readConfig() takes ${name} from ${smallest} to ${largest}, and nothing beyond`, () => {
    read({ [name]: String(smallest) });
    read({ [name]: String(largest) });
    for (const value of [smallest - 1, largest + 1]) {
      const error = assertThrows(
        () => read({ [name]: String(value) }),
        SpreadError,
        `${name}="${value}" is not a whole number from ${smallest} to ${largest}`,
      );
      assertEquals(error.code, "USAGE");
      assertEquals(
        error.hint,
        "Correct it, or leave it out for the default",
      );
    }
  });
}

for (
  const text of ["x", "1.5", "1e3", "-1", "+1", " 1", "0x10", "٣", "1_000"]
) {
  Deno.test(`readConfig() refuses the number ${JSON.stringify(text)}, naming the variable`, () => {
    assertThrows(
      () => read({ RELAY_MAX_ROOMS: text }),
      SpreadError,
      `RELAY_MAX_ROOMS="${text}"`,
    );
  });
}

Deno.test("readConfig() takes a message size from 1 KiB to 64 MiB, if one fits into what may wait", () => {
  const mib = 1024 * 1024;
  const sizes = (message: number, buffered: number) =>
    read({
      RELAY_MAX_MSG_SIZE: String(message),
      RELAY_MAX_BUFFERED: String(buffered),
    });
  assertEquals(sizes(1024, 2 * mib).maxMessageBytes, 1024);
  assertEquals(sizes(64 * mib, 64 * mib).maxBufferedBytes, 64 * mib);
  assertThrows(() => sizes(1023, 2 * mib), SpreadError, "RELAY_MAX_MSG_SIZE");
  assertThrows(
    () => sizes(64 * mib + 1, 1024 * mib),
    SpreadError,
    "RELAY_MAX_MSG_SIZE",
  );
  assertThrows(
    () => sizes(3 * mib, 3 * mib - 1),
    SpreadError,
    "at least RELAY_MAX_MSG_SIZE",
  );
});

Deno.test("readConfig() refuses a secret below 32 characters, and does not repeat it", () => {
  assertEquals(read({ RELAY_SECRET: "x".repeat(32) }).secret.length, 32);
  const secret = "hunter2".padEnd(31, "x");
  const error = assertThrows(
    () => read({ RELAY_SECRET: secret }),
    SpreadError,
    "RELAY_SECRET is too short",
  );
  assertEquals(`${error.message} ${error.hint}`.includes(secret), false);
  assertStringIncludes(error.hint, "32");
});

Deno.test("readConfig() refuses a backend that it does not know", () => {
  assertThrows(
    () => read({ RELAY_BACKEND: "redis" }),
    SpreadError,
    'RELAY_BACKEND="redis" is not memory or kv',
  );
});
