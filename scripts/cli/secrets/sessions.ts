/**
 * The choice of what is taken out of sessions, as the options of a command say it.
 *
 * @module
 */

import { isAbsolute, relative } from "@std/path";
import { openScanner, type Scanner } from "../../../lib/secrets/scanner.ts";
import {
  type Redaction,
  SessionRedactor,
} from "../../../lib/session/redact/session_redactor.ts";
import { SessionShareSecrets } from "../../../lib/session/redact/share_secrets.ts";
import { mapStrings } from "../../../lib/text/map_strings.ts";
import { formatCount } from "../screen/format.ts";
import { openOptions } from "../sessions/options.ts";
import type { Terminal } from "../terminal.ts";
import { anonymizerOf } from "./anonymous.ts";
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
        : new SessionShareSecrets((project) => this.openScanner(project)),
      anonymous: options.anonymous ? anonymizerOf(options) : null,
    };
  }

  /**
   * Returns a value of JSON without the secrets in its texts, and without the user's name in paths
   * if that is asked for.
   *
   * @param project Folder of the project that it is about; by default the command's.
   */
  async safe<T>(value: T, project: string = this.#folder): Promise<T> {
    const redactor = await SessionRedactor.open(project, this.redaction);
    mapStrings(value, (text) => {
      redactor.learnText(text);
      return text;
    });
    await redactor.scanRest();
    return mapStrings(value, redactor.redact);
  }

  /** Places so far that the allow files of projects let pass. */
  get allowed(): number {
    return this.#scanners.reduce((sum, { allowed }) => sum + allowed, 0);
  }

  /** Warns of projects whose `.env` files the command may not read. */
  warnOfUnseen(terminal: Terminal): void {
    const { size } = this.#unseen;
    if (size === 0) return;
    terminal.warn(
      `cannot read the .env files of ${
        formatCount(size, "other project")
      }, so their values are not taken out; share those sessions from the folder of their project`,
    );
  }

  /** Opens the scanner of a project; by default the command's. */
  async openScanner(project: string = this.#folder): Promise<Scanner> {
    const folders = await this.#foldersOf(project);
    if (folders === null) {
      this.#unseen.add(project);
      return openScanner();
    }
    const [folder, ...parts] = folders;
    const scanner = await openProjectScanner(folder, parts);
    this.#scanners.push(scanner);
    return scanner;
  }

  /** Folders that tell of a project's secrets; `null` when the command may not read them. */
  async #foldersOf(
    project: string,
  ): Promise<[folder: string, ...parts: string[]] | null> {
    const own = await Deno.realPath(this.#folder).catch(() => this.#folder);
    if ([this.#folder, own, ""].includes(project)) return [this.#folder];
    // A session may state any path.
    if (!isAbsolute(project)) return null;
    const read = { name: "read", path: project } as const;
    const { state } = await Deno.permissions.query(read);
    if (state !== "granted") return null;
    const way = relative(own, project);
    const isPart = !way.startsWith("..") && !isAbsolute(way);
    return isPart ? [this.#folder, project] : [project];
  }
}
