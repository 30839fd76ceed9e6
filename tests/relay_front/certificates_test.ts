/**
 * Words for a certificate that is not accepted, and how a private authority is
 * made known.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { needing } from "../support/missing.ts";
import { assertFailure, assertSuccess } from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { Authority, type CertificateOptions } from "./_certificates.ts";
import { Front } from "./_front.ts";
import { Stage } from "./_stage.ts";

for (
  const [what, certificate, isTrusted, message, hint] of [
    [
      "of an unknown authority",
      {},
      false,
      "its certificate comes from an authority that this machine does not know",
      "DENO_TLS_CA_STORE=system",
    ],
    [
      "that has expired",
      { years: [2020, 2021] },
      true,
      "its certificate has expired",
      "Check the clock",
    ],
    [
      "of the future",
      { years: [2048, 2049] },
      true,
      "its certificate is not valid yet",
      "Check the clock",
    ],
    [
      "for another name",
      { names: "DNS:elsewhere.example" },
      true,
      "its certificate is for another name",
      "Check the address",
    ],
    [
      "that may sign others",
      { isAuthority: true },
      true,
      "its certificate is that of an authority",
      "CA:FALSE",
    ],
  ] as [string, CertificateOptions, boolean, string, string][]
) {
  Deno.test({
    name: `serve and receive tell of a certificate ${what}`,
    ...needing("nginx", "openssl"),
    fn: async () => {
      await using authority = await Authority.make();
      await using front = await Front.start("nginx", {
        certificate: await authority.sign(certificate),
        relay: "127.0.0.1:1",
      });
      await using machine = await Machine.make();
      const file = await machine.write("doc.md", "# a\n");
      const env: Record<string, string> = isTrusted
        ? { DENO_CERT: authority.path }
        : {};
      const ended = await Promise.all([
        machine.run("serve", ["--relay", front.url, "pass", file], { env }),
        machine.run(
          "receive",
          ["--relay", front.url, "--room", "k7m2xq", "pass"],
          { env, interface: "::1" },
        ),
      ]);
      for (const each of ended) {
        assertFailure(
          each,
          "RELAY_UNREACHABLE",
          `Cannot reach the relay localhost:${front.port}: ${message}`,
          hint,
        );
      }
    },
  });
}

Deno.test({
  name:
    "serve and receive trust what this machine trusts, by DENO_TLS_CA_STORE=system",
  ignore: Deno.build.os !== "linux" || needing("nginx", "openssl").ignore,
  fn: async () => {
    await using stage = await Stage.set("nginx");
    stage.env = {
      DENO_TLS_CA_STORE: "system",
      // Stands for an authority that was installed.
      SSL_CERT_FILE: stage.authority.path,
    };
    const sharing = await stage.share("# a\n");
    const ended = await stage.receive(sharing).ended;
    assertSuccess(ended);
    assertEquals(ended.text, "# a\n");
  },
});
