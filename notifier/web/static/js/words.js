// Numbers, times and names as people read them. Pure: the present is passed in. All times are UTC.

const NBSP = "\u00a0";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const NONE = "–";

/** A number and its unit stay on one line. */
export const together = (text) => String(text ?? "").replace(/(\d) (?=(?:%|ms\/s|ms|s|min|h|d|KiB|MiB|GiB|TiB|records\/s|\/s)(?![A-Za-z]))/g, `$1${NBSP}`);

/** Whole numbers with separators: 1,012. */
export const count = (value) => grouped.format(value);

/** "1 job", "3 jobs". */
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** Three or four digits: 12,400, 985, 14.6, 0.31. */
export function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size >= 1e9) return `${trim(value / 1e9)}${NBSP}G`;
  if (size >= 1e6) return `${trim(value / 1e6)}${NBSP}M`;
  if (size >= 99.95) return grouped.format(value);
  return trim(value);
}

function trim(value) {
  const size = Math.abs(value);
  if (size >= 99.95) return grouped.format(value);
  if (size >= 9.995) return String(Number(value.toFixed(1)));
  if (size >= 1) return String(Number(value.toFixed(2)));
  return String(Number(value.toPrecision(2)));
}

const BYTES = [["TiB", 2 ** 40], ["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10], ["B", 1]];

/** A figure in words: `{ value: "985", unit: "ms/s" }`. `beside` is a number that stands next to it and shares its scale. */
export function figure(value, unit, beside = value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return { value: NONE, unit: "" };
  const larger = Math.max(Math.abs(value), Math.abs(beside ?? 0));
  switch (unit) {
    case "ms": return { value: duration(value / 1000, true), unit: "" };
    case "s": case "seconds": return { value: duration(value, true), unit: "" };
    case "bytes": case "bytes/s": {
      const [name, size] = BYTES.find(([, least]) => larger >= least) ?? BYTES.at(-1);
      return { value: trim(value / size), unit: unit === "bytes" ? name : `${name}/s` };
    }
    case "ratio": return larger > 1.5 ? { value: number(value), unit: "×" } : { value: trim(value * 100), unit: "%" };
    case "percent": case "%": return { value: trim(value), unit: "%" };
    case "times": return { value: number(value), unit: "×" };
    case "count": case "1": case "bool": case "": case undefined: case null: return { value: number(value), unit: "" };
    default: return { value: number(value), unit };
  }
}

/** The same as one string: "985 ms/s". */
export function figureText(value, unit, beside) {
  const { value: text, unit: name } = figure(value, unit, beside);
  if (name === "") return text;
  return name === "×" ? `${text}×` : `${text}${NBSP}${name}`;
}

/** "healthy below 800", "useful above 40 %", or nothing. The unit is left out where it stands beside the value already. */
export function limitText({ healthy_min: min, healthy_max: max, unit, value }) {
  const say = (limit) => {
    const shown = figure(limit, unit, value);
    const same = figure(value, unit, limit).unit === shown.unit;
    return same ? shown.value : figureText(limit, unit, value);
  };
  if (present(min) && present(max)) return `healthy ${say(min)} to ${say(max)}`;
  if (present(max)) return `healthy below ${say(max)}`;
  if (present(min)) return `healthy above ${say(min)}`;
  return "";
}

export const present = (value) => value !== null && value !== undefined;

/** Is the value where healthy jobs do not go? */
export function beyondLimit({ healthy_min: min, healthy_max: max, value }) {
  if (!present(value)) return false;
  return (present(max) && value > max) || (present(min) && value < min);
}

/** Used share of the room to the limit, 1 at the limit; -1 where there is none. */
export function closeness({ healthy_min: min, healthy_max: max, value }) {
  if (!present(value)) return -1;
  if (present(max) && max > 0) return value / max;
  if (present(min) && value > 0) return min / value;
  return -1;
}

/** 27 min, 1 h 53 min, 4 d 6 h; `exact` keeps seconds up to ten minutes: 5 min 12 s. */
export function duration(seconds, exact = false) {
  if (!Number.isFinite(seconds)) return NONE;
  if (seconds < 0) return `-${duration(-seconds, exact)}`;
  if (exact && seconds < 1) return seconds === 0 ? `0${NBSP}s` : `${trim(seconds * 1000)}${NBSP}ms`;
  if (exact && seconds < 59.95) return `${trim(Number(seconds.toFixed(1)))}${NBSP}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${NBSP}s`;
  if (whole < 3600) return two(Math.floor(whole / 60), "min", exact && whole < 600 ? whole % 60 : 0, "s");
  if (whole < 86400) return two(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
  return two(Math.floor(whole / 86400), "d", Math.floor((whole % 86400) / 3600), "h");
}

const two = (large, largeUnit, small, smallUnit) => `${large}${NBSP}${largeUnit}${small > 0 ? ` ${small}${NBSP}${smallUnit}` : ""}`;

const pad = (value) => String(value).padStart(2, "0");

/** 02:46, with `seconds` 02:46:10. */
export function clock(time, seconds = false) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return NONE;
  const text = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
  return seconds ? `${text}:${pad(date.getUTCSeconds())}` : text;
}

/** The shortest that is clear: 02:46 within half a day or today, 18 Nov, 18 Nov 2025. */
export function when(time, now) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return NONE;
  const today = new Date(now);
  if (date.toISOString().slice(0, 10) === today.toISOString().slice(0, 10) || Math.abs(today - date) < 12 * 3600e3) return clock(date);
  return day(date, today);
}

/** 18 Nov 22:50 */
export function dayAndClock(time, now) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return NONE;
  return `${day(date, new Date(now))} ${clock(date)}`;
}

function day(date, today) {
  const text = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
  return date.getUTCFullYear() === today.getUTCFullYear() ? text : `${text} ${date.getUTCFullYear()}`;
}

export const secondsBetween = (from, to) => (new Date(to) - new Date(from)) / 1000;

/** A probability as people believe it: whole per cent, never certain. */
export const confidence = (share) => `${Math.min(99, Math.max(share > 0 ? 1 : 0, Math.round(share * 100)))}${NBSP}%`;

const SHORT = { gc: "GC", oom: "out of memory", rpc: "RPC", sql: "SQL", dns: "DNS", ha: "HA", jobmanager: "JobManager", taskmanager: "TaskManager", kubernetes: "Kubernetes", yarn: "YARN" };

/** `gc_overhead` as words: GC overhead. */
export function classWords(name) {
  const text = name.split("_").map((word) => SHORT[word] ?? word).join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Joins names: a, b and c. */
export const listed = (items) => (items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`);
