/** CPace against all of the draft's own vectors; their source is named in the test data. */

import { assert, assertEquals } from "@std/assert";
import vectors from "../../testdata/cpace_ristretto255_sha512.json" with {
  type: "json",
};
import type { Bytes } from "../bytes.ts";
import {
  calculateGenerator,
  DSI,
  generatorString,
  intermediateSessionKey,
  sampleScalar,
  scalarFromBytes,
  scalarMult,
  scalarMultVfy,
  sidOutput,
} from "./cpace.ts";
import {
  isLexicographicallyLarger,
  lvCat,
  orderedCat,
  prependLength,
  transcriptIr,
  transcriptOc,
} from "./cpace_strings.ts";
import { sha512 } from "@noble/hashes/sha2.js";

const hex = (text: string): Bytes => Uint8Array.fromHex(text);

Deno.test("prependLength() matches every vector", () => {
  for (const v of vectors.string_utils.prepend_len) {
    assertEquals(prependLength(hex(v.in)).toHex(), v.out);
  }
});

Deno.test("lvCat() matches every vector", () => {
  for (const v of vectors.string_utils.lv_cat) {
    assertEquals(lvCat(...v.in.map(hex)).toHex(), v.out);
  }
});

Deno.test("isLexicographicallyLarger() matches every vector", () => {
  for (const v of vectors.string_utils.lexicographically_larger) {
    assertEquals(isLexicographicallyLarger(hex(v.a), hex(v.b)), v.out);
  }
});

Deno.test("orderedCat() matches every vector", () => {
  for (const v of vectors.string_utils.o_cat) {
    assertEquals(orderedCat(hex(v.a), hex(v.b)).toHex(), v.out);
  }
});

for (
  const [name, build, cases] of [
    ["transcriptIr()", transcriptIr, vectors.string_utils.transcript_ir],
    ["transcriptOc()", transcriptOc, vectors.string_utils.transcript_oc],
  ] as const
) {
  Deno.test(`${name} matches every vector`, () => {
    for (const v of cases) {
      assertEquals(
        build(hex(v.Ya), hex(v.ADa), hex(v.Yb), hex(v.ADb)).toHex(),
        v.out,
      );
    }
  });
}

Deno.test("calculateGenerator() matches the vector, step by step", () => {
  const v = vectors.calculate_generator;
  assertEquals(DSI.toHex(), vectors.DSI);
  const string = generatorString(hex(v.PRS), hex(v.CI), hex(v.sid));
  assertEquals(string.toHex(), v.generator_string);
  assertEquals(sha512(string).toHex(), v.generator_string_hash);
  assertEquals(
    calculateGenerator(hex(v.PRS), hex(v.CI), hex(v.sid)).toBytes().toHex(),
    v.g,
  );
});

for (const party of ["A", "B"] as const) {
  Deno.test(`scalarMult() gives the share of party ${party}`, () => {
    const g = vectors.calculate_generator;
    const v = vectors.scalar_mult[party];
    const generator = calculateGenerator(hex(g.PRS), hex(g.CI), hex(g.sid));
    assertEquals(scalarMult(scalarFromBytes(hex(v.y)), generator).toHex(), v.Y);
  });
}

Deno.test("scalarMultVfy() gives both parties the same K", () => {
  const { A, B } = vectors.scalar_mult;
  const { K } = vectors.scalar_mult_vfy;
  assertEquals(scalarMultVfy(scalarFromBytes(hex(A.y)), hex(B.Y))?.toHex(), K);
  assertEquals(scalarMultVfy(scalarFromBytes(hex(B.y)), hex(A.Y))?.toHex(), K);
});

for (
  const valid of [vectors.scalar_mult.valid, vectors.scalar_mult_vfy.valid]
) {
  Deno.test("scalarMultVfy() multiplies a valid element", () => {
    assertEquals(
      scalarMultVfy(scalarFromBytes(hex(valid.s)), hex(valid.X))?.toHex(),
      valid.out,
    );
  });
}

for (const v of vectors.scalar_mult_vfy.invalid) {
  Deno.test(`scalarMultVfy() refuses ${v.name}`, () => {
    assertEquals(v.out, vectors.scalar_mult_vfy["G.I"]);
    assertEquals(scalarMultVfy(scalarFromBytes(hex(v.s)), hex(v.Y)), null);
  });
}

Deno.test("scalarMultVfy() refuses an element of another length", () => {
  assertEquals(scalarMultVfy(1n, new Uint8Array(31)), null);
  assertEquals(scalarMultVfy(1n, new Uint8Array(33)), null);
});

for (
  const [name, build] of [
    ["initiator_responder", transcriptIr],
    ["ordered_concatenation", transcriptOc],
  ] as const
) {
  Deno.test(`intermediateSessionKey() and sidOutput() match the ${name} vectors`, () => {
    const { A, B } = vectors.scalar_mult;
    const transcript = build(hex(A.Y), hex(A.AD), hex(B.Y), hex(B.AD));
    const isk = intermediateSessionKey(
      hex(vectors.ISK.sid),
      hex(vectors.scalar_mult_vfy.K),
      transcript,
    );
    assertEquals(isk.toHex(), vectors.ISK[name].ISK);
    assertEquals(sidOutput(transcript).toHex(), vectors.sid_output[name]);
  });
}

Deno.test("sampleScalar() draws again when the bytes reduce to zero", () => {
  const queue = [new Uint8Array(64), new Uint8Array(64).fill(7)];
  const scalar = sampleScalar((bytes) => {
    bytes.set(queue.shift()!);
    return bytes;
  });
  assert(scalar !== 0n);
  assertEquals(queue.length, 0);
});
