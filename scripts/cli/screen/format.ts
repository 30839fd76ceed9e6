/**
 * Counts, sizes, speeds, paths and times as people say them, in local time.
 *
 * Events for programs hold plain numbers and ISO times instead.
 *
 * @module
 */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Age below which something has happened "just now", in milliseconds. */
const JUST_NOW_MS = 10 * SECOND_MS;

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Formats a count: `1 minute`, `30 minutes`. */
export function formatCount(
  count: number,
  thing: string,
  things = `${thing}s`,
): string {
  return `${count} ${count === 1 ? thing : things}`;
}

/** Formats a size: `10 bytes`, `1.2 KB`, `3.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return formatCount(bytes, "byte");
  const units = ["KB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** Formats a speed, in bytes per second: `3.4 MB/s`. */
export function formatSpeed(bytesPerSecond: number): string {
  const bytes = Math.round(bytesPerSecond);
  return bytes < 1000 ? `${bytes} B/s` : `${formatBytes(bytes)}/s`;
}

/** Formats a path or an address as one word of a shell, quoted where that is necessary. */
export function formatPath(path: string): string {
  if (/^[\w./:-]+$/.test(path)) return path;
  const quoted = path.replaceAll("'", "'\\''");
  // What could steer the terminal is written as its bytes.
  return `'${quoted.replace(STEERING, (found) => `'$'${inOctal(found)}''`)}'`;
}

const STEERING = /[\p{Cc}\p{Bidi_C}\p{Zl}\p{Zp}]+/gu;

function inOctal(text: string): string {
  return Array.from(
    new TextEncoder().encode(text),
    (byte) => `\\${byte.toString(8).padStart(3, "0")}`,
  ).join("");
}

/** Formats a span of time by its largest units: `45 s`, `29 min`, `3 h 5 min`, `2 days`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / SECOND_MS));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return formatHours(minutes);
  return formatCount(Math.round(minutes / (24 * 60)), "day");
}

function formatHours(minutes: number): string {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
}

/** Formats a time of the past by its distance: `just now`, `3 min ago`, `yesterday 14:09`. */
export function formatPast(at: Date, now: Date): string {
  const ageMs = now.getTime() - at.getTime();
  if (ageMs < -JUST_NOW_MS || ageMs >= DAY_MS / 2) return formatTime(at, now);
  return ageMs < JUST_NOW_MS ? "just now" : `${formatSpan(ageMs)} ago`;
}

/** Formats the time until a deadline: `29 min left (14:09)`. */
export function formatLeft(deadline: Date, now: Date): string {
  const leftMs = deadline.getTime() - now.getTime();
  return `${formatSpan(leftMs)} left (${formatTime(deadline, now)})`;
}

/** Formats a local time, with the day unless it is today: `14:09`, `yesterday 14:09`. */
export function formatTime(at: Date, now: Date): string {
  const clock = [at.getHours(), at.getMinutes()]
    .map((part) => String(part).padStart(2, "0")).join(":");
  const day = formatDay(at, now);
  return day === "" ? clock : `${day} ${clock}`;
}

function formatDay(at: Date, now: Date): string {
  const days = Math.round((startOfDay(at) - startOfDay(now)) / DAY_MS);
  if (days === 0) return "";
  if (days === 1) return "tomorrow";
  if (days === -1) return "yesterday";
  const day = `${MONTHS[at.getMonth()]} ${at.getDate()}`;
  const isThisYear = at.getFullYear() === now.getFullYear();
  return isThisYear ? day : `${day} ${at.getFullYear()}`;
}

function startOfDay(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}
