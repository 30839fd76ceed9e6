/**
 * Reasons why a connection to a relay failed, in words for people. Loaded only after a
 * failure.
 *
 * @module
 */

import type { SpreadError } from "../../errors.ts";
import { relayAnswered } from "./answer.ts";
import { relayUnreachable } from "./errors.ts";
import { type FailedStep, OpeningError } from "./websocket/steps.ts";

/** A reason, and a hint about what to do. */
type Words = [why: string, hint: string];

/** Turns an `OpeningError` into an error for people; throws anything else. */
export function relayFailure(url: string, cause: unknown): SpreadError {
  if (!(cause instanceof OpeningError)) throw cause;
  const { failed } = cause;
  if (failed.step === "answer") return relayAnswered(url, failed.answer);
  return relayUnreachable(url, ...explain(failed, new URL(url)), { cause });
}

function explain(
  failed: Exclude<FailedStep, { step: "answer" }>,
  url: URL,
): Words {
  switch (failed.step) {
    case "connection":
      return notConnected(failed.cause, url);
    case "proxy":
      return notThrough(failed.status, url);
    case "proxy address":
      return [
        "the proxy that the environment names is not an HTTP proxy",
        "Check HTTPS_PROXY (HTTP_PROXY for ws://) or ALL_PROXY: the URL has to begin with http://",
      ];
    case "TLS":
      return notSecure(textOf(failed.cause));
    case "end":
      return [
        "it closes the connection without an answer",
        "Check the address and the port; a firewall on the way may block WebSockets",
      ];
    case "HTTP":
      return [
        "the server there is not a relay",
        "Check the address; in a browser, a relay shows a page about itself",
      ];
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function notConnected(cause: unknown, { hostname }: URL): Words {
  if (/lookup|resolve|dns/i.test(textOf(cause))) {
    return [
      `the name ${hostname} cannot be resolved`,
      "Check the address, the network, and the proxy if HTTPS_PROXY names one",
    ];
  }
  return [
    cause instanceof Deno.errors.ConnectionRefused
      ? "the connection is refused"
      : "no connection can be made",
    "Check that the relay runs, its port, your firewall, and the proxy if HTTPS_PROXY names one",
  ];
}

function notThrough(status: number | null, { host, hostname }: URL): Words {
  if (status === 407) {
    return [
      "the proxy answers 407 Proxy Authentication Required",
      "Put the login into HTTPS_PROXY, as in http://user:password@proxy:port",
    ];
  }
  return [
    "the proxy that HTTPS_PROXY names does not connect to it",
    `Ask whoever runs the proxy to allow CONNECT to ${host}, or, if ${hostname} can be reached directly, put it into NO_PROXY`,
  ];
}

function notSecure(text: string): Words {
  if (/corrupt message/.test(text)) {
    return [
      "the server at this port does not speak TLS",
      "Check the port; the address of a relay without TLS begins with ws://",
    ];
  }
  const certificate = /invalid peer certificate: (.*)/s.exec(text)?.[1];
  if (certificate !== undefined) return certificateRefused(certificate);
  return [
    "the TLS handshake failed",
    "Check the address and the port, and that the server there speaks TLS 1.2 or 1.3",
  ];
}

function certificateRefused(text: string): Words {
  if (text.startsWith("UnknownIssuer")) {
    return [
      "its certificate comes from an authority that this machine does not know",
      "If the authority is a private one, set DENO_CERT to the file of its certificate, or DENO_TLS_CA_STORE=system if the operating system trusts it; otherwise someone may be intercepting the connection",
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
