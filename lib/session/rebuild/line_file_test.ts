import { assert, assertEquals } from "@std/assert";
import { inFolder } from "../../testing/folder.ts";
import { LineFile } from "./line_file.ts";

Deno.test("LineFile writes lines before many have gathered, empty ones too", () =>
  inFolder((folder) => {
    for (const line of ["", "x", "x".repeat(100)]) {
      const pieces: number[] = [];
      const count = (bytes: number) => pieces.push(bytes);
      using file = new LineFile(folder, `${line.length}.txt`, count);
      for (let index = 0; index < 200_000; index++) file.write(line);
      assertEquals(file.finish().size, 200_000 * (line.length + 1));
      assert(Math.max(...pieces) <= 64 * 1024 + line.length, `${pieces}`);
    }
    return Promise.resolve();
  }));
