/**
 * Findings of the launcher for this command (`scripts/launcher/doctor.sh`): a name and a
 * value on each line. The launcher for Windows and the compiled program tell nothing.
 *
 * @module
 */

/** A folder of ours, as the launcher reports it. */
export interface FoundFolder {
  /** Its path without links; `undefined` when it was not looked at. */
  real?: string;
  /** The folder that cannot be written to: itself, or one that it would be made in. */
  closed?: string;
}

/** Findings of the launcher. */
export interface LauncherFindings {
  /** Whether the launcher has looked at all. */
  isLooked: boolean;
  /** The client on PATH: as found, without links, and the file that may name its version. */
  client?: { path: string; real: string; package?: string };
  /** Sockets of all programs on the port of multicast DNS; `undefined` where the system does not tell. */
  sockets?: number;
  /** Firewalls that are switched on. */
  firewalls: string[];
  /** Folders of copies of the plugin that are no longer there. */
  gone: string[];
  folder(name: "state" | "usual" | "written"): FoundFolder;
}

/** Reads the launcher's findings. */
export function readFound(text: string): LauncherFindings {
  const lines = text.split("\n").map((line) => {
    const at = line.indexOf(" ");
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  const all = (name: string) =>
    lines.filter(([own]) => own === name).map(([, value]) => value);
  const one = (name: string) => all(name)[0];
  const [path, real] = [one("client"), one("client-real")];
  const sockets = one("multicast");
  return {
    isLooked: one("looked") === "yes",
    client: path === undefined || real === undefined
      ? undefined
      : { path, real, package: one("client-package") },
    sockets: sockets === undefined ? undefined : Number(sockets),
    firewalls: all("firewall"),
    gone: all("gone"),
    folder: (name) => ({ real: one(name), closed: one(`${name}-closed`) }),
  };
}
