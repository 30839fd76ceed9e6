/**
 * The choice of what is taken out of sessions, as the options of a command say it.
 *
 * @module
 */

import { openScanner, type Scanner } from "../../../lib/secrets/scanner.ts";
import type { Redaction } from "../../../lib/session/redact/session_redactor.ts";
import { ShareSecrets } from "../../../lib/session/redact/share_secrets.ts";
import { formatCount } from "../screen/format.ts";
import { openOptions } from "../session_options.ts";
import type { Terminal } from "../terminal.ts";
import { pathsOf } from "./anonymous.ts";
import { openProjectScanner, type ProjectScanner } from "./project.ts";

/** Options of a command that hands sessions over. */
export interface SessionSecretsOptions {
  /** Folder of the project that the command runs for. */
  project?: string;
  keepSecrets: boolean;
  preview: boolean;
  anonymous: boolean;
}

/** The secrets of the sessions that one command hands over. */
export class SessionSecrets {
  readonly redaction: Redaction;
  readonly #folder: string;
  readonly #scanners: ProjectScanner[] = [];
  /** Projects whose files the command may not read. */
  readonly #unseen = new Set<string>();

  constructor(options: SessionSecretsOptions) {
    this.#folder = options.project ?? ".";
    const isKept = options.keepSecrets && !options.preview;
    this.redaction = {
      openOptions: openOptions(),
      secrets: isKept
        ? null
        : new ShareSecrets((project) => this.#openScanner(project)),
      anonymous: options.anonymous ? pathsOf(options) : null,
    };
  }

  /** Places so far that the allow files of projects let pass. */
  get allowed(): number {
    return this.#scanners.reduce((sum, { allowed }) => sum + allowed, 0);
  }

  /** Warns of projects whose `.env` files nobody could look at. */
  warnOfUnseen(terminal: Terminal): void {
    const { size } = this.#unseen;
    if (size === 0) return;
    terminal.warn(
      `values of .env files are not known for ${
        formatCount(size, "other project")
      }; share those sessions from the folder of their project`,
    );
  }

  async #openScanner(project: string): Promise<Scanner> {
    const folder = await this.#folderOf(project);
    if (folder === null) {
      this.#unseen.add(project);
      return openScanner();
    }
    const scanner = await openProjectScanner(folder);
    this.#scanners.push(scanner);
    return scanner;
  }

  /** The folder that tells of a project's secrets; `null` when the command may not read it. */
  async #folderOf(project: string): Promise<string | null> {
    const own = await Deno.realPath(this.#folder).catch(() => this.#folder);
    if (project === own) return this.#folder;
    const read = { name: "read", path: project } as const;
    const { state } = await Deno.permissions.query(read);
    return state === "granted" ? project : null;
  }
}
