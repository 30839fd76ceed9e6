/**
 * The HTTP answer of a relay's address that refuses a WebSocket: asks for it, and explains
 * it to people. See RELAY_SERVER_SPEC.md, section 2.8. Loaded only after a connection has
 * failed.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import { nameRelay, relayRefused, relayUnreachable } from "./errors.ts";

/** Time limit for the request and its answer, in milliseconds. */
const ASK_TIMEOUT_MS = 5_000;

/** Most characters read of a body: the relay's own bodies are single words. */
const MAX_BODY_LENGTH = 64;

/** Statuses of the relay itself, with the body that tells them from those of other servers. */
const OURS: Record<number, string> = {
  429: "too_many_connections",
  503: "shutting_down",
};

/** Key of an upgrade, that of RFC 6455, section 1.3; no message is sent on this connection. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** An answer to a request for an upgrade. */
export interface RelayAnswer {
  status: number;
  /** Target of a redirection, as written. */
  location: string | null;
  /** Whether a WebSocket was opened after all. */
  isUpgraded: boolean;
  /** Beginning of the body, where it matters. */
  body: string;
}

/**
 * Asks the relay's address for an upgrade once more, over HTTP/1.1 and through the same
 * proxy.
 *
 * @throws {TypeError} When no HTTP answer comes, with the reason as its cause; also a
 *   `TimeoutError`, and the signal's reason.
 */
export async function askRelay(
  url: string,
  signal: AbortSignal,
): Promise<RelayAnswer> {
  using client = Deno.createHttpClient({ http2: false });
  const response = await fetch(httpForm(url), {
    client,
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_TIMEOUT_MS)]),
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": KEY,
      "sec-websocket-version": "13",
      "accept-encoding": "identity",
    },
  });
  const { status, headers } = response;
  const isUpgraded = status === 101 &&
    headers.get("upgrade")?.toLowerCase() === "websocket";
  let body = "";
  if (status in OURS) body = await readStart(response);
  else await response.body?.cancel();
  return { status, location: headers.get("location"), isUpgraded, body };
}

/** Reads the first pieces of a body, and cancels an endless one. */
async function readStart({ body }: Response): Promise<string> {
  let text = "";
  if (body === null) return text;
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.length > MAX_BODY_LENGTH) break;
  }
  return text;
}

/** The address of a relay as an HTTP URL. */
function httpForm(url: string): string {
  return url.replace(/^ws/, "http");
}

/** Error for a client that wanted a WebSocket and got this answer. */
export function relayAnswered(url: string, answer: RelayAnswer): SpreadError {
  const { status } = answer;
  if (answer.isUpgraded) {
    return relayUnreachable(
      url,
      "it refused a connection, but accepts one now",
      "Try again",
    );
  }
  const reason = answer.body.trim();
  if (reason !== "" && reason === OURS[status]) return relayRefused(reason);
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
    "Ask whoever runs the relay to open its path: something in front of it wants a login, which this program cannot give",
  ],
  403: [
    "Forbidden",
    "Ask whoever runs the relay: something in front of it, or a proxy of your network, does not let you through",
  ],
  404: ["Not Found", `Check the path of the address; ${LOOK}`],
  405: ["Method Not Allowed", NO_UPGRADE],
  407: [
    "Proxy Authentication Required",
    "Put a login into HTTP_PROXY, or HTTPS_PROXY for wss://, as in http://user:password@proxy:port",
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
  { status, location }: RelayAnswer,
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
