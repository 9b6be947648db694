/** Whole seconds since 1970 of an ISO 8601 time. */
export const unixSeconds = (at: string): number => Math.floor(Date.parse(at) / 1000);

/** Milliseconds since 1970 of an ISO 8601 time; `undefined` for a text that is none. */
export const unixMilliseconds = (at: string): number | undefined => {
  const milliseconds = Date.parse(at);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
};

/** The ISO 8601 time of so many milliseconds since 1970. */
export const fromUnixMilliseconds = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** An ISO 8601 time as the SDK and others want it. */
export const toDate = (at: string): Date => new Date(at);

/** The ISO 8601 time of so many seconds since 1970. */
export const fromUnixSeconds = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** Date, time and zone of ISO 8601; alarm events write the zone as `+0000`. */
const isoTime = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/;

/** Whether a month has this day: `Date.parse` takes 31 February for 3 March. */
const isDay = (year: number, month: number, day: number): boolean =>
  month >= 1 && day >= 1 && new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1;

/** A text as the ISO 8601 time in UTC that it names; `undefined` when it names none, or none with its zone. */
export const parseTime = (text: string): string | undefined => {
  const [, year, month, day] = isoTime.exec(text) ?? [];
  const milliseconds = Date.parse(text);
  return !isDay(Number(year), Number(month), Number(day)) || Number.isNaN(milliseconds)
    ? undefined
    : new Date(milliseconds).toISOString();
};

/** Adds seconds to an ISO 8601 time and returns an ISO 8601 time. */
export const addSeconds = (at: string, seconds: number): string =>
  new Date(Date.parse(at) + seconds * 1000).toISOString();

/** The hours from one time to another, both included: `2026-01-04T14` and so on. */
export const hoursBetween = (from: string, to: string): string[] => {
  const hours: string[] = [];
  for (let at = `${from.slice(0, 13)}:00:00.000Z`; at <= to; at = addSeconds(at, 3600)) {
    hours.push(at.slice(0, 13));
  }
  return hours;
};

/** Seconds from `from` to `to`, both ISO 8601; negative when `to` is the earlier. */
export const secondsBetween = (from: string, to: string): number =>
  (Date.parse(to) - Date.parse(from)) / 1000;

/** A number of things as a person says it: `1 group`, `2 groups`, `2 launches`. */
export const counted = (count: number, noun: string, nouns = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : nouns}`;

/** The first of many names as a person says them: a message must stay a message. */
export const firstOf = (names: string[], shown = 20): string =>
  names.length <= shown
    ? names.join(', ')
    : `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`;

/** A moment as a person says it, to the minute: `2021-01-04 14:21 UTC`. */
export const spokenTime = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;

/** The time of day of a moment, as a person says it: `14:21 UTC`. */
export const spokenClock = (at: string): string => `${at.slice(11, 16)} UTC`;

/** A duration as a person says it: `90 s`, `10 min`, `2 h`, `1 h 30 min`. */
export const spokenDuration = (seconds: number): string => {
  const rounded = Math.max(0, Math.round(seconds));
  if (rounded < 120) return `${rounded} s`;
  const minutes = Math.round(rounded / 60);
  if (minutes < 120) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};
