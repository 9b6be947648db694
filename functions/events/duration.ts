import * as z from 'zod';

const secondsPerUnit: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * A duration with its unit, such as `90s`, `10m`, `2h` or `1d`, parsed to seconds.
 *
 * @param secondsMin the shortest allowed
 * @param secondsMax the longest allowed
 */
export const duration = (secondsMin: number, secondsMax: number) =>
  z
    .string()
    .regex(/^\d{1,6}[smhd]$/, 'expected a number and a unit, such as "90s", "10m", "2h" or "1d"')
    .transform((text, context) => {
      const seconds = Number(text.slice(0, -1)) * (secondsPerUnit[text.slice(-1)] ?? 0);
      if (seconds < secondsMin || seconds > secondsMax) {
        context.issues.push({
          code: 'custom',
          input: text,
          message: `expected from ${secondsMin}s to ${secondsMax}s, found ${seconds}s`,
        });
        return z.NEVER;
      }
      return seconds;
    });
