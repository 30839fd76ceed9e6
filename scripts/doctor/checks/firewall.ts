/**
 * Hints about firewalls: their rules belong to root, so that this command cannot know them.
 *
 * @module
 */

import type { CheckFinding } from "../finding.ts";
import type { LauncherFindings } from "../found.ts";

/** A port to name in examples. */
const PORT = 41234;

const SERVE = `then share with claude-spread serve --port ${PORT}`;

/** Advice by the name of a firewall. */
const ADVICE: Record<string, string> = {
  ufw: `sudo ufw allow 5353/udp && sudo ufw allow ${PORT}/tcp; ${SERVE}`,
  firewalld:
    `sudo firewall-cmd --add-service=mdns --add-port=${PORT}/tcp; ${SERVE}`,
  nftables: `Let UDP port 5353 and TCP port ${PORT} in; ${SERVE}`,
};

/** Says what can be known of a firewall here. */
export function checkFirewall(
  { isLooked, firewalls }: Pick<LauncherFindings, "isLooked" | "firewalls">,
  os: typeof Deno.build.os,
): CheckFinding {
  const check = "firewall";
  const [first] = firewalls;
  if (first !== undefined) {
    return {
      check,
      state: "hint",
      text: `${
        firewalls.join(" and ")
      } is switched on; its rules were not checked, because only root can read them`,
      todo: `If machines do not find each other: ${ADVICE[first]}`,
      fields: { firewalls },
    };
  }
  switch (os) {
    case "darwin":
      return {
        check,
        state: "unknown",
        text: "not checked: macOS asks once whether Deno may accept " +
          "incoming connections, and whether the terminal may find devices " +
          "on local networks",
        todo: "Allow both; the answers are in System Settings, under " +
          "Network > Firewall and Privacy & Security > Local Network",
      };
    case "windows":
      return {
        check,
        state: "unknown",
        text: "not checked: Windows asks once whether Deno may communicate",
        todo: "Allow it on private networks, and make this network a " +
          "private one; Windows Security > Firewall shows the answer",
      };
    default:
      return {
        check,
        state: "unknown",
        text: isLooked
          ? "neither ufw, firewalld nor nftables starts on this machine; rules " +
            "were not checked, because only root can read them"
          : "not checked on this system",
      };
  }
}
