import * as z from 'zod/mini';

const secondsPerUnit: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

const withUnit = 'one whole number and one unit, such as "90s", "90m", "2h" or "1d"';

/** Seconds as a person would write them: `15m`, not `900s`. */
const written = (seconds: number): string => {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
};

/**
 * A duration with its unit, such as `90s`, `10m`, `2h` or `1d`, parsed to seconds.
 *
 * @param secondsMin the shortest allowed
 * @param secondsMax the longest allowed
 */
export const duration = (secondsMin: number, secondsMax: number) =>
  z.pipe(
    z.string(withUnit).check(z.regex(/^\d{1,6}[smhd]$/, withUnit)),
    z.transform((text, context) => {
      const seconds = Number(text.slice(0, -1)) * (secondsPerUnit[text.slice(-1)] ?? 0);
      if (seconds < secondsMin || seconds > secondsMax) {
        context.issues.push({
          code: 'custom',
          input: text,
          message: `from ${written(secondsMin)} to ${written(secondsMax)}`,
        });
        return z.NEVER;
      }
      return seconds;
    }),
  );

/** A duration that may be left out, with what it is for, which the JSON Schema of the policy tells too. */
export const optionalDuration = (
  secondsMin: number,
  secondsMax: number,
  defaultSeconds: number,
  description: string,
) => z.prefault(duration(secondsMin, secondsMax), written(defaultSeconds)).check(z.describe(description));
