/**
 * The secrets of one share of sessions: the same secret has the same placeholder in all of them.
 *
 * @module
 */

import { Placeholders } from "../../secrets/placeholders.ts";
import { SecretRedactor } from "../../secrets/redactor.ts";
import type { Scanner } from "../../secrets/scanner.ts";

/** Opens the scanner of a project, by its folder. */
export type OpenScanner = (project: string) => Promise<Scanner>;

/** Makes the redactors of one share. */
export class SessionShareSecrets {
  readonly #placeholders = new Placeholders();
  readonly #scanners = new Map<string, Promise<Scanner>>();

  constructor(private readonly open: OpenScanner) {}

  /**
   * Returns a redactor for texts of a project, which has learned nothing yet.
   *
   * @throws What opening the scanner throws; the next call opens it again.
   */
  async redactor(project: string): Promise<SecretRedactor> {
    let scanner = this.#scanners.get(project);
    if (scanner === undefined) {
      this.#scanners.set(project, scanner = this.open(project));
      scanner.catch(() => this.#scanners.delete(project));
    }
    return new SecretRedactor(await scanner, this.#placeholders);
  }
}
