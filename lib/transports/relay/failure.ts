/**
 * Reasons why a connection to a relay failed, in words for people. Loaded only after a
 * failure.
 *
 * The engine distinguishes reasons by their text alone. Over TLS it repeats a refused
 * upgrade over HTTP/2 and reports that failure, so the status of the first answer is lost.
 * When its text does not name a step before HTTP, we ask the relay's address once more.
 *
 * @module
 */

import type { SpreadError } from "../../errors.ts";
import { askRelay, relayAnswered } from "./answer.ts";
import { relaySilent, relayUnreachable } from "./errors.ts";

/** A reason, and the thing to do about it. */
type Words = [why: string, hint: string];

/** Turns an error of `WebSocketStream` into one for people. @throws The signal's reason. */
export async function relayFailure(
  url: string,
  cause: unknown,
  signal: AbortSignal,
): Promise<SpreadError> {
  const words = beforeHttp(textOf(cause), new URL(url));
  if (words !== null) return relayUnreachable(url, ...words, { cause });
  try {
    return relayAnswered(url, await askRelay(url, signal));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return relaySilent(url);
    }
    const text = textOf(error);
    const words = beforeHttp(text, new URL(url)) ?? insteadOfHttp(text);
    return relayUnreachable(url, ...words, { cause });
  }
}

/** The innermost text: `fetch` itself only says that it failed. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : textOf(error.cause);
}

/** The step that failed before HTTP. Both schemes have texts for the same reasons. */
function beforeHttp(text: string, { hostname, host }: URL): Words | null {
  if (/dns error/.test(text)) {
    return [
      `the name ${hostname} cannot be resolved`,
      "Check the address, the network, and the proxy if HTTPS_PROXY names one",
    ];
  }
  if (/tcp connect error/.test(text)) {
    return [
      "the connection is refused",
      "Check that the relay runs, its port, your firewall, and the proxy if HTTPS_PROXY names one",
    ];
  }
  if (/proxy authentication required/.test(text)) {
    return [
      "the proxy answers 407 Proxy Authentication Required",
      "Put a login into HTTPS_PROXY, as in http://user:password@proxy:port",
    ];
  }
  if (/tunnel/.test(text)) {
    return [
      "the proxy that HTTPS_PROXY names does not connect to it",
      `Ask whoever runs the proxy to allow CONNECT to ${host}, or, if ${hostname} can be reached directly, put it into NO_PROXY`,
    ];
  }
  if (/corrupt message/.test(text)) {
    return [
      "what answers at this port does not speak TLS",
      "Check the port; the address of a relay without TLS begins with ws://",
    ];
  }
  const certificate = /invalid peer certificate: (.*)/s.exec(text)?.[1];
  return certificate === undefined ? null : certificateRefused(certificate);
}

function certificateRefused(text: string): Words {
  if (text.startsWith("UnknownIssuer")) {
    return [
      "its certificate comes from an authority that this machine does not know",
      "If the authority is a private one, set DENO_CERT to the file of its certificate, or DENO_TLS_CA_STORE=system if this machine knows it; otherwise someone may be intercepting the connection",
    ];
  }
  if (text.startsWith("certificate expired")) {
    return [
      "its certificate has expired",
      "Check the clock of this machine; if it is right, whoever runs the relay has to renew the certificate",
    ];
  }
  if (text.startsWith("certificate not valid yet")) {
    return [
      "its certificate is not valid yet",
      "Check the clock of this machine",
    ];
  }
  if (text.startsWith("certificate not valid for name")) {
    return [
      "its certificate is for another name",
      "Check the address: it has to be a name or an IP address that the certificate lists",
    ];
  }
  if (text.includes("CaUsedAsEndEntity")) {
    return [
      "its certificate is that of an authority, not of a server",
      "Have the authority sign a certificate for the server, with CA:FALSE and the relay's name in it",
    ];
  }
  return [
    "its certificate is not accepted",
    "Ask whoever runs the relay for a new certificate, for a server and with the relay's name in it",
  ];
}

/** Reason for bytes that are not an HTTP answer. */
function insteadOfHttp(text: string): Words {
  if (/tls handshake|alert|incompatible/i.test(text)) {
    return [
      "the TLS handshake failed",
      "Check the address and the port, and that the server there speaks TLS 1.2 or 1.3",
    ];
  }
  if (/closed|reset|eof/i.test(text)) {
    return [
      "it closes the connection without an answer",
      "Check the address and the port; a firewall on the way may block WebSockets",
    ];
  }
  return NOT_A_RELAY;
}

const NOT_A_RELAY: Words = [
  "what answers there is not a relay",
  "Check the address; in a browser, a relay shows a page about itself",
];
