/**
 * Words for a person, when the HTTP answer of a relay's address is not a WebSocket.
 *
 * @module
 */

import type { SpreadErrorCode } from "../../lib/errors.ts";
import { needing } from "../support/missing.ts";
import { assertFailure } from "../support/checks.ts";
import type { Script } from "../support/commands.ts";
import { freePort } from "./_front.ts";
import { Stage } from "./_stage.ts";

/** Lines of an nginx that refuses in every way; port 1 is where nobody listens. */
function refusing(plainPort: number): string {
  const answers = [
    "/301 { return 301 /elsewhere/; }",
    "/302 { return 302 https://login.example.org/; }",
    "/401 { return 401; }",
    "/403 { deny all; }",
    "/404 { return 404; }",
    "/407 { return 407; }",
    "/429 { return 429 busy; }",
    "/502 { proxy_pass http://127.0.0.1:1/; }",
    "/503 { return 503; }",
    "/plain { proxy_pass http://127.0.0.1:9784/; }",
  ];
  return `listen 127.0.0.1:${plainPort};\n` +
    answers.map((answer) => `  location = ${answer}\n`).join("");
}

/** The words for a path, after the relay's name; `ADDRESS` stands for the relay's. */
const CASES: [path: string, answer: string, hint: string][] = [
  ["/301", "301 Moved Permanently", "It leads to"],
  ["/302", "302 Found", "It leads to login.example.org"],
  ["/401", "401 Unauthorized", "asks for a login"],
  ["/403", "403 Forbidden", "does not let you through"],
  ["/404", "404 Not Found", "Check the path"],
  ["/407", "407 Proxy Authentication Required", "HTTPS_PROXY"],
  ["/502", "502 Bad Gateway", "down or starting"],
  ["/503", "503 Service Unavailable", "down or starting"],
  ["/plain", "200 OK", "forward WebSockets (Upgrade)"],
  ["/relay", "301 Moved Permanently", "Write a slash at its end: ADDRESS/"],
];

/** Runs a command against a relay and checks what it says. */
async function refuse(
  { alice, env }: Stage,
  script: Script,
  url: string,
  code: SpreadErrorCode,
  message: string,
  hint: string,
): Promise<void> {
  // Others read it while this one starts: each writes its own.
  const name = `${crypto.randomUUID()}.md`;
  const words = script === "serve"
    ? ["pass", await alice.write(name, "# a\n")]
    : ["--room", "k7m2xq", "pass"];
  const args = ["--relay", url, ...words];
  const ended = await alice.run(script, args, { env, interface: "::1" });
  assertFailure(ended, code, message, hint);
}

for (const script of ["serve", "receive"] as const) {
  for (const scheme of ["wss", "ws"]) {
    Deno.test({
      name:
        `${script} tells by status and name what nginx answers over ${scheme}`,
      ...needing("nginx", "openssl"),
      fn: async () => {
        const plainPort = freePort();
        await using stage = await Stage.set("nginx", {
          server: refusing(plainPort),
          path: "/relay/",
        });
        const port = scheme === "wss" ? stage.front.port : plainPort;
        const host = `localhost:${port}`;
        const told = CASES.map(([path, answer, hint]) =>
          refuse(
            stage,
            script,
            `${scheme}://${host}${path}`,
            "RELAY_UNREACHABLE",
            `Cannot reach the relay ${host}${path}: its address answers ${answer}`,
            hint.replace("ADDRESS", `${scheme}://${host}${path}`),
          )
        );
        await Promise.all([
          ...told,
          refuse(
            stage,
            script,
            `${scheme}://${host}/429`,
            "RELAY_BUSY",
            `The address of the relay ${host}/429 answers 429 Too Many Requests`,
            "Wait a minute",
          ),
        ]);
      },
    });
  }

  const kinds = script === "serve"
    ? ["nginx", "caddy"] as const
    : ["nginx"] as const;
  for (const kind of kinds) {
    Deno.test({
      name:
        `${script} tells what the relay itself answers behind ${kind}, and that it is gone`,
      ...needing(kind, "openssl"),
      fn: async () => {
        const relay = { maxConnections: 0 };
        await using stage = await Stage.set(kind, { relay });
        const says = (
          ...words: [SpreadErrorCode, message: string, hint: string]
        ) => refuse(stage, script, stage.url, ...words);
        await says(
          "RELAY_BUSY",
          "The relay accepts no more connections",
          "another relay",
        );
        await stage.relay.server.hub.shutdown(AbortSignal.timeout(0));
        await says("PEER_GONE", "The relay is shutting down", "in a moment");
        await stage.relay[Symbol.asyncDispose]();
        await says(
          "RELAY_UNREACHABLE",
          `Cannot reach the relay localhost:${stage.front.port}: its address answers 502`,
          "down or starting",
        );
      },
    });
  }
}
