/**
 * The HTTP answer of a relay's address that refuses a WebSocket, in words for people. See
 * RELAY_SERVER_SPEC.md, section 2.8. Loaded only after a connection has failed.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import { nameRelay, relayRefused, relayUnreachable } from "./errors.ts";
import type { RefusingAnswer } from "./websocket/steps.ts";

/** Statuses of the relay itself, with the body that tells them from those of other servers. */
const OURS: Record<number, string> = {
  429: "too_many_connections",
  503: "shutting_down",
};

/** The address of a relay as an HTTP URL. */
function httpForm(url: string): string {
  return url.replace(/^ws/, "http");
}

/** Error for a request for a WebSocket that got this HTTP answer. */
export function relayAnswered(
  url: string,
  answer: RefusingAnswer,
): SpreadError {
  const { status } = answer;
  const reason = OURS[status];
  // A chunked body also holds the lengths of its chunks.
  const isOurs = reason !== undefined &&
    answer.body.split(/\s+/).includes(reason);
  if (isOurs) return relayRefused(reason);
  const [name, hint] = words(url, answer);
  const said = `answers ${status}${name && ` ${name}`}`;
  return status === 429
    ? new SpreadError(
      "RELAY_BUSY",
      `The address of the relay ${nameRelay(url)} ${said}`,
      hint,
    )
    : relayUnreachable(url, `its address ${said}`, hint);
}

const LOOK = "in a browser, a relay shows a page about itself";
const NO_UPGRADE =
  `Check the address; ${LOOK}. A proxy in front of the relay has to forward WebSockets (Upgrade)`;
const DOWN =
  "Try again later, or tell whoever runs the relay: it is down or starting";

/** Names and hints of common statuses; those of redirections have their own hints. */
const STATUSES: Record<number, [name: string, hint?: string]> = {
  101: ["Switching Protocols", NO_UPGRADE],
  200: ["OK", NO_UPGRADE],
  301: ["Moved Permanently"],
  302: ["Found"],
  303: ["See Other"],
  307: ["Temporary Redirect"],
  308: ["Permanent Redirect"],
  400: [
    "Bad Request",
    `${NO_UPGRADE}; where it speaks TLS, the address begins with wss://`,
  ],
  401: [
    "Unauthorized",
    "Ask whoever runs the relay to open its path: something in front of it asks for a login, which this program cannot provide",
  ],
  403: [
    "Forbidden",
    "Ask whoever runs the relay: something in front of it, or a proxy of your network, does not let you through",
  ],
  404: ["Not Found", `Check the path of the address; ${LOOK}`],
  405: ["Method Not Allowed", NO_UPGRADE],
  407: [
    "Proxy Authentication Required",
    "Put the login into HTTP_PROXY, or HTTPS_PROXY for wss://, as in http://user:password@proxy:port",
  ],
  426: ["Upgrade Required", NO_UPGRADE],
  429: [
    "Too Many Requests",
    "Wait a minute and try again, or use another relay",
  ],
  500: ["Internal Server Error", DOWN],
  502: ["Bad Gateway", DOWN],
  503: ["Service Unavailable", DOWN],
  504: ["Gateway Timeout", DOWN],
};

function words(
  url: string,
  { status, location }: RefusingAnswer,
): [name: string, hint: string] {
  const [name, hint] = STATUSES[status] ?? [""];
  if (hint !== undefined) return [name, hint];
  const isRedirect = status >= 300 && status < 400;
  return [name, isRedirect ? whereTo(url, location) : NO_UPGRADE];
}

/** Hint for a redirection. We do not follow it, because it may lead to a login page. */
function whereTo(url: string, location: string | null): string {
  const target = location === null ? null : URL.parse(location, httpForm(url));
  if (!target?.host) return `Check the address; ${LOOK}`;
  const here = new URL(url);
  if (target.pathname === `${here.pathname}/`) {
    here.pathname = target.pathname;
    return `Write a slash at its end: ${here.href}`;
  }
  if (here.protocol === "ws:" && target.protocol === "https:") {
    return `It leads to ${target.host} with TLS: write wss:// instead of ws://`;
  }
  return `It leads to ${target.host}: check the address, and whether this network wants you to sign in first`;
}
