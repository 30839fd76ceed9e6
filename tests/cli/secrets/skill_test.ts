/**
 * Secrets in the document of `distill-share`: Claude replaces them, and only the user keeps them.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { assertFailure } from "../../support/checks.ts";
import { ClaudeSession, LOOPBACK } from "../../support/claude_session.ts";
import { Machine } from "../../support/machine.ts";
import { TOKEN } from "./_secrets.ts";

const TEXT = `# Handover\n\nDeploy with ${TOKEN}.\n`;

Deno.test("skill distill-share has Claude replace secrets and try again, with the line that the user typed", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  const path = await session.writeDocument(TEXT);
  await session.type("distill-share", `${LOOPBACK} our words`);
  const refused = await session.run("distill-share");
  assertFailure(
    refused,
    "SECRETS_FOUND",
    `Cannot share "${path}": it holds 1 secret (line 3: GitHub token ghp_…3hJ6)`,
    "In the document, replace each secret with the place where it is stored",
  );
  assert(!refused.stderr.includes(TOKEN));
  assertEquals(await Deno.readTextFile(path), TEXT);
  assertEquals(await machine.entries(), []);
  // What Claude may choose is not this.
  assertFailure(
    await session.run("distill-share", "--keep-secrets"),
    "USAGE",
    "There is no option --keep-secrets",
  );
  assertEquals(await machine.entries(), []);
  await session.writeDocument(TEXT.replace(TOKEN, "the token in .env"));
  await using _sharing = await session.share("distill-share");
  await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("skill distill-share shares secrets where the user typed --keep-secrets, and only shows them after --preview", async () => {
  await using machine = await Machine.make();
  const session = new ClaudeSession(machine);
  const path = await session.writeDocument(TEXT);
  await session.type("distill-share", `--preview ${LOOPBACK}`);
  const shown = await session.run("distill-share");
  assert(/line 3: GitHub token ghp_…3hJ6\n/.test(shown.stderr), shown.stderr);
  assert(/typed --preview, so nothing is shared/.test(shown.stderr));
  const { code } = await session.run("distill-share");
  assertEquals([code, await machine.entries()], [2, []]);
  assertEquals(await Deno.readTextFile(path), TEXT);
  await session.type("distill-share", `--keep-secrets ${LOOPBACK}`);
  await using sharing = await session.share("distill-share");
  const args = [sharing.words, sharing.address];
  const { text } = await machine.run("receive", args);
  assert(text.includes(TOKEN), text);
});
