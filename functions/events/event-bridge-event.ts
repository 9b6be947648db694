import * as z from 'zod/mini';

/**
 * The envelope every EventBridge event shares.
 * Source: Amazon EventBridge User Guide, "Events in Amazon EventBridge".
 */
export const eventBridgeEnvelope = z.object({
  source: z.string(),
  'detail-type': z.string(),
  account: z.string(),
  region: z.string(),
  time: z.string(),
  resources: z.array(z.string()),
  detail: z.unknown(),
});

/** Date, time and zone of ISO 8601; alarm events write the zone as `+0000`. */
const isoTime = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/;

/** Whether a month has this day: `Date.parse` takes 31 February for 3 March. */
const isDay = (year: number, month: number, day: number): boolean =>
  month >= 1 && day >= 1 && new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1;

/** An ISO 8601 time with its zone in whatever form AWS writes it, parsed to the form with `Z`. */
export const awsTimestamp = z.pipe(
  z.string(),
  z.transform((text, context) => {
    const [, year, month, day] = isoTime.exec(text) ?? [];
    const milliseconds = Date.parse(text);
    if (!isDay(Number(year), Number(month), Number(day)) || Number.isNaN(milliseconds)) {
      context.issues.push({
        code: 'custom',
        input: text,
        message: 'an ISO 8601 time with its zone, such as 2026-03-02T03:00:00Z',
      });
      return z.NEVER;
    }
    return new Date(milliseconds).toISOString();
  }),
);
