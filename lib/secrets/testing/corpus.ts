/**
 * The corpus: invented secrets in shell output, JSON and prose, made from
 * `testdata/secrets/kinds.json`, the same ones in every run.
 *
 * @module
 */

import { Random } from "./random.ts";

/** A kind of secret, as `testdata/secrets/README.md` describes it. */
interface Kind {
  kind: string;
  value: string;
  name?: string;
  line?: string;
}

/** A text with one secret in it. */
export interface Case {
  kind: string;
  surroundings: string;
  text: string;
  /** Place of the secret in the text, in UTF-16 units. */
  start: number;
  end: number;
}

const FILE = new URL("../../../testdata/secrets/kinds.json", import.meta.url);

/** Makes all cases: three of each kind, each with a value of its own. */
export function makeCases(): Case[] {
  const kinds: Kind[] = JSON.parse(Deno.readTextFileSync(FILE));
  return kinds.flatMap((kind, index) =>
    Object.entries(SURROUNDINGS).map(([surroundings, put], at) => {
      const random = new Random(index * 10 + at);
      const value = makeValue(kind.value, random);
      const text = put(random, kind, value);
      const start = text.indexOf(inside(surroundings, value));
      const end = start + inside(surroundings, value).length;
      if (start === -1) throw new Error(`No secret in ${kind.kind}`);
      return { kind: kind.kind, surroundings, text, start, end };
    })
  );
}

/** A value as it stands in its surroundings: in a JSON string, line ends are escaped. */
function inside(surroundings: string, value: string): string {
  return surroundings === "JSON" ? JSON.stringify(value).slice(1, -1) : value;
}

type Put = (random: Random, kind: Kind, value: string) => string;

const SURROUNDINGS: Record<string, Put> = {
  shell: (random, { name, line }, value) => {
    const prompt = `jo@host:~/work$ `;
    if (line !== undefined) {
      const shown = line.replace("VALUE", () => value);
      return `${prompt}cat settings\n# set up ${random.word()}\n${shown}\n\n${prompt}`;
    }
    if (name !== undefined) {
      const form = random.of([
        "export NAME=VALUE",
        "NAME=VALUE",
        'NAME="VALUE"',
      ]);
      const shown = form.replace("NAME", name).replace("VALUE", () => value);
      return `${prompt}env | sort\nHOME=/home/jo\n${shown}\nPATH=/usr/bin:/bin\n${prompt}`;
    }
    return `${prompt}./show ${random.word()}\n${value}\n${prompt}exit\n`;
  },
  JSON: (random, { name, line }, value) => {
    const content = line === undefined
      ? { [name ?? random.word()]: value, id: random.below(1000) }
      : { stdout: line.replace("VALUE", () => value), code: 0 };
    return JSON.stringify({ type: random.word(), ...content });
  },
  prose: (random, { name, line }, value) => {
    const word = random.word();
    if (line !== undefined) {
      const shown = line.replace("VALUE", () => value);
      return `In the ${word} file I found this:\n\n${shown}\n\nPlease move it elsewhere.`;
    }
    if (name === undefined) {
      return `For the ${word} job, please use ${value} from now on, the old one is gone.`;
    }
    return random.of([
      `I have set ${name} to ${value} in the ${word} dashboard.`,
      `The ${name} is \`${value}\`, as the ${word} team says.`,
      `In production, ${name}: ${value} (for the ${word} job).`,
    ]);
  },
};

const PART = /\{([A-Za-z0-9]+)(?::([^{}]*))?\}/g;

/** Makes a value of a form. */
function makeValue(form: string, random: Random): string {
  return form.replace(PART, (_part, name: string, rest = "") => {
    const makers: Record<string, () => string> = {
      uuid: () => random.uuid(),
      snowflake: () => btoa(`1${random.text("digits", 17)}`),
      password: () => makePassword(random),
      words: () => Array.from({ length: 4 }, () => random.word()).join("-"),
      basic: () => btoa(`deploy:${random.text("base62", Number(rest))}`),
      pem: () => makeKey(rest, random).join("\n"),
      escaped: () =>
        makeKey(
          `${rest.split(":")[0]} PRIVATE KEY:MIIEpAIBAAKCAQEA:${
            rest.split(":")[1]
          }`,
          random,
        )
          .join("\\n"),
      numbered: () =>
        makeKey(rest, random)
          .map((line, at) =>
            at === 0 ? line : `${String(at + 1).padStart(6)}\t${line}`
          )
          .join("\n"),
      marked: () => {
        const at = rest.indexOf(":");
        return makeKey(rest.slice(at + 1), random)
          .join(`\n${rest.slice(0, at)}`);
      },
      cut: () => makeKey(rest, random).slice(0, -1).join("\n"),
      pgp: () => makePgpKey(Number(rest), random),
    };
    return makers[name]?.() ?? random.text(name, Number(rest));
  });
}

/** A password as people make it up: two words, a number, sometimes a sign. */
function makePassword(random: Random): string {
  const word = random.word();
  return word[0]!.toUpperCase() + word.slice(1) + random.word() +
    random.text("digits", 2) + random.of(["", "!", "_x", "-"]);
}

/** Lines of a key in PEM: `label:start:lines`. */
function makeKey(form: string, random: Random): string[] {
  const [label, start, count] = form.split(":");
  const lines = [start! + random.text("base64", 64 - start!.length)];
  while (lines.length < Number(count)) lines.push(random.text("base64", 64));
  lines[lines.length - 1] = lines.at(-1)!.slice(0, 54) + "==";
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`];
}

function makePgpKey(count: number, random: Random): string {
  const lines = ["-----BEGIN PGP PRIVATE KEY BLOCK-----", ""];
  for (let line = 0; line < count; line++) {
    lines.push(random.text("base64", 64));
  }
  lines.push(`=${random.text("base64", 4)}`);
  return [...lines, "-----END PGP PRIVATE KEY BLOCK-----"].join("\n");
}
