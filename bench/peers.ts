/**
 * Starts the other tools that Claude Spread is compared with: on loopback, each with a home
 * folder of its own. None of them is part of this project; each is used as installed, and skipped
 * with a note when it is missing.
 *
 * @module
 */

import { MeasuredProcess } from "./process.ts";
import type { Rendezvous } from "./rendezvous.ts";
import { hashFile, hashText, type Tool } from "./tool.ts";

/** Variable that names the Python original's folder, a checkout of NAMYUNWOO/claudeSpread. */
export const ORIGINAL_VARIABLE = "CLAUDE_SPREAD_ORIGINAL";

const PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
const PASSPHRASE = "walnut-orbit-cactus-fable";

/** Output of the original before the payload it received. */
const ORIGINAL_HEADING =
  "Authentication successful, distillation data received\n\n";

/** magic-wormhole: both sides meet at the local mailbox server and then connect directly. */
export function magicWormhole(rendezvous: Rendezvous): Tool {
  const servers = ["--relay-url", rendezvous.mailboxUrl];
  servers.push("--transit-helper", rendezvous.transitHelper);
  return {
    name: "wormhole",
    maxBytes: Infinity,
    async share(file, folder) {
      const code = rendezvous.nextCode();
      const surroundings = { cwd: folder, env: environment(folder) };
      const sender = new MeasuredProcess({
        command: "wormhole",
        args: [...servers, "send", "--hide-progress", "--code", code, file],
        ...surroundings,
      });
      await sender.waitFor(/Wormhole code is/);
      const output = `${folder}/received`;
      const options = ["--hide-progress", "--accept-file", "-o", output];
      return {
        sender,
        senderEnds: true,
        receiver: {
          command: "wormhole",
          args: [...servers, "receive", ...options, code],
          ...surroundings,
        },
        hashStored: () => hashFile(output),
      };
    },
  };
}

/** wormhole-william, the port to Go, on the same mailbox server. */
export function wormholeWilliam(rendezvous: Rendezvous): Tool {
  const servers = ["--relay-url", rendezvous.mailboxUrl, "--hide-progress"];
  return {
    name: "wormhole-william",
    maxBytes: Infinity,
    async share(file, folder) {
      const code = rendezvous.nextCode();
      const surroundings = { cwd: folder, env: environment(folder) };
      const sender = new MeasuredProcess({
        command: "wormhole-william",
        args: ["send", ...servers, "--code", code, file],
        ...surroundings,
      });
      await sender.waitFor(/Wormhole code is/);
      // It has no option for the output: it asks, then writes under the sender's file name.
      const output = `${folder}/${file.split("/").pop()}`;
      return {
        sender,
        senderEnds: true,
        receiver: {
          command: "wormhole-william",
          args: ["receive", ...servers, code],
          stdin: "y\n",
          ...surroundings,
        },
        hashStored: () => hashFile(output),
      };
    },
  };
}

/**
 * The Python original.
 *
 * @param folder A copy of its `scripts`: Python leaves compiled files there.
 * @param python Absolute path of an interpreter that has `cryptography`.
 */
export function pythonOriginal(folder: string, python: string): Tool {
  return {
    name: "original",
    // 10 MiB for a message that holds the ciphertext in hex: measured, not documented.
    maxBytes: 5_242_789,
    async share(file, home) {
      // An empty PATH: it announces by multicast if it finds avahi-publish or dns-sd.
      const surroundings = {
        cwd: home,
        env: { ...environment(home), PATH: home },
      };
      const sender = new MeasuredProcess({
        command: python,
        args: [`${folder}/serve.py`, PASSPHRASE, file],
        ...surroundings,
      });
      const [, port] = await sender.waitFor(/on port (\d+)/);
      return {
        sender,
        senderEnds: false,
        receiver: {
          command: python,
          args: [`${folder}/receive.py`, PASSPHRASE, `127.0.0.1:${port}`],
          ...surroundings,
        },
        hashStored: ({ stdout }) => hashText(originalPayload(stdout)),
      };
    },
  };
}

function originalPayload(stdout: string): string {
  // One line feed of `print` follows the payload.
  return stdout.startsWith(ORIGINAL_HEADING)
    ? stdout.slice(ORIGINAL_HEADING.length, -1)
    : "";
}

function environment(home: string): Record<string, string> {
  return { PATH, HOME: home, LANG: "C.UTF-8" };
}
