import { assertEquals } from "@std/assert";
import { findObstacle } from "./obstacles.ts";

Deno.test({
  name: "findObstacle() finds links and what is of the wrong sort",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "cs-names-" });
    try {
      await Deno.mkdir(`${folder}/sub`);
      await Deno.writeTextFile(`${folder}/file.md`, "x");
      await Deno.symlink("/etc", `${folder}/out`);
      await Deno.symlink("file.md", `${folder}/link.md`);
      await Deno.symlink("nowhere", `${folder}/broken.md`);
      const find = async (name: string) =>
        (await findObstacle(folder, name))?.obstacle ?? null;
      assertEquals(await find("new.md"), null);
      assertEquals(await find("new/new.md"), null);
      assertEquals(await find("file.md"), null);
      assertEquals(await find("sub/new.md"), null);
      assertEquals(await find("out/x.md"), "link");
      assertEquals(await find("link.md"), "link");
      assertEquals(await find("broken.md"), "link");
      assertEquals(await find("sub"), "not a file");
      assertEquals(await find("file.md/x.md"), "not a folder");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
