/**
 * Innocent texts that look like secrets: what sessions are full of, the same in every run.
 *
 * @module
 */

import { Random } from "./random.ts";

const ROOT = new URL("../../../", import.meta.url);

/** Tests hold invented secrets on purpose, and so does their data. */
const NOT_INNOCENT = /^(?:tests|testdata\/secrets)$|_test\.ts$/;

/** An innocent text, with a name for reports. */
export interface Innocent {
  name: string;
  text: string;
}

/** Makes all innocent texts: at least 5 MB. */
export function makeInnocents(): Innocent[] {
  const random = new Random(2026);
  const made = Object.entries(MAKERS).map(([name, [count, make]]) => ({
    name,
    text: Array.from({ length: count }, () => make(random)).join("\n"),
  }));
  return [...readInnocentLines(), ...made, ...sources()];
}

/** Reads the lines of `testdata/secrets/innocent.txt`: each as it is, and in a JSON string. */
export function readInnocentLines(): Innocent[] {
  const url = new URL("testdata/secrets/innocent.txt", ROOT);
  return Deno.readTextFileSync(url).trim().split("\n").flatMap((line) => [
    { name: line, text: line },
    { name: line, text: JSON.stringify({ stdout: `${line}\n`, code: 0 }) },
  ]);
}

/** The texts of this repository. */
function sources(folder = ""): Innocent[] {
  const found: Innocent[] = [];
  for (
    const { name, isDirectory } of Deno.readDirSync(
      new URL(folder || ".", ROOT),
    )
  ) {
    const path = folder + name;
    if (name.startsWith(".") || NOT_INNOCENT.test(path)) continue;
    if (isDirectory) found.push(...sources(`${path}/`));
    else if (/\.(?:ts|md|sh|json|lock|txt)$/.test(name)) {
      found.push({
        name: path,
        text: Deno.readTextFileSync(new URL(path, ROOT)),
      });
    }
  }
  return found;
}

/** Makers of lines, and how many lines each makes. */
const MAKERS: Record<
  string,
  [lines: number, make: (random: Random) => string]
> = {
  "git log": [
    4000,
    (r) =>
      `commit ${r.text("hex", 40)}\nAuthor: Jo <jo@example.org>\n\n    ${
        words(r, 5)
      }\n`,
  ],
  "git diff": [
    3000,
    (r) =>
      `index ${r.text("hex", 9)}..${r.text("hex", 9)} 100644\n@@ -${
        r.below(99)
      },7 +${r.below(99)},9 @@`,
  ],
  "checksums": [
    4000,
    (r) => `${r.text("hex", 64)}  ${r.word()}-${r.below(99)}.tar.gz`,
  ],
  "picture": [
    1,
    (r) => `data:image/png;base64,iVBORw0KGgo${r.text("base64", 700_000)}=`,
  ],
  "picture in lines": [6000, (r) => r.text("base64", 76)],
  "certificate": [
    40,
    (r) =>
      [
        "-----BEGIN CERTIFICATE-----",
        ...Array.from({ length: 20 }, () => r.text("base64", 64)),
        "-----END CERTIFICATE-----",
      ].join("\n"),
  ],
  "package-lock": [
    2000,
    (r) =>
      `    "node_modules/${r.word()}-${r.word()}": {\n      "version": "${
        version(r)
      }",\n      "resolved": "https://npm.acme.dev/${r.word()}/-/${r.word()}-${
        version(r)
      }.tgz",\n      "integrity": "sha512-${r.text("base64", 86)}=="\n    },`,
  ],
  "yarn.lock": [
    1500,
    (r) =>
      `"@${r.word()}/${r.word()}@npm:^${version(r)}":\n  version: ${
        version(r)
      }\n  checksum: 10c0/${r.text("hex", 128)}\n`,
  ],
  "Cargo.lock": [
    1000,
    (r) =>
      `[[package]]\nname = "${r.word()}"\nversion = "${
        version(r)
      }"\nchecksum = "${r.text("hex", 64)}"\n`,
  ],
  "go.sum": [
    2000,
    (r) =>
      `github.com/${r.word()}/${r.word()} v${version(r)} h1:${
        r.text("base64", 43)
      }=`,
  ],
  "identifiers": [
    4000,
    (r) =>
      `{"id":"${r.uuid()}","sessionId":"${r.uuid()}","parentUuid":"${r.uuid()}","requestId":"req_011${
        r.text("base62", 21)
      }","message":{"id":"msg_01${
        r.text("base62", 22)
      }"},"tool_use_id":"toolu_01${r.text("base62", 22)}"}`,
  ],
  "minified code": [
    1500,
    (r) =>
      `function ${r.text("letters", 2)}(${
        r.text("letters", 1)
      },t){var n=t.${r.word()}Token||t.key;return n?e.${r.word()}(n,${
        r.below(9999)
      }):(0,o.${r.text("letters", 2)})({key:"${r.word()}-${
        r.below(99)
      }",secret:!1,password:t.password,token:n.token})}`,
  ],
  "code": [
    1500,
    (r) =>
      `  const ${r.word()}Token = await this.${r.word()}Service.getToken(${r.word()}Key${
        r.below(9)
      }, { password: ${r.word()}Password, secret: config.${r.word()}.secret${
        r.below(9)
      } });`,
  ],
  "source map": [
    200,
    (r) =>
      `"mappings":"${
        Array.from({ length: 60 }, () => r.text("letters", 4)).join(",")
      };"`,
  ],
  "hex dump": [
    3000,
    (r) =>
      `${r.text("hex", 8)}: ${
        Array.from({ length: 8 }, () => r.text("hex", 4)).join(" ")
      }  ${r.text("letters", 16)}`,
  ],
  "web log": [
    3000,
    (r) =>
      `10.0.${r.below(255)}.${r.below(255)} - - [15/Jan/2026:10:0${
        r.below(9)
      }:00 +0000] "GET /${r.word()}/${r.uuid()}?page=${
        r.below(99)
      }&sort=key HTTP/1.1" 200 ${r.below(99999)} "-" "${r.text("hex", 32)}"`,
  ],
  "Kubernetes": [
    800,
    (r) =>
      `        - name: ${r.word().toUpperCase()}_PASSWORD\n          valueFrom:\n            secretKeyRef:\n              name: ${r.word()}-${
        r.text("hex", 8)
      }\n              key: ${r.word()}-password\n      image: registry.example.com/${r.word()}@sha256:${
        r.text("hex", 64)
      }`,
  ],
  "styles": [
    2000,
    (r) =>
      `.${r.word()}-${r.text("base62", 8)}{color:#${
        r.text("hex", 6)
      };background:url(/img/${r.text("hex", 20)}.png)}`,
  ],
  "public keys": [
    400,
    (r) =>
      `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ${
        r.text("base64", 340)
      } ${r.word()}@${r.word()}`,
  ],
  "container layers": [
    2000,
    (r) =>
      `${r.text("hex", 12)}: Pull complete  Digest: sha256:${
        r.text("hex", 64)
      }`,
  ],
};

function words(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.word()).join(" ");
}

function version(random: Random): string {
  return `${random.below(20)}.${random.below(40)}.${random.below(9)}`;
}
