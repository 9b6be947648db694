import * as z from 'zod/mini';
import { parseTime } from '../domain/times.ts';

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

/** An ISO 8601 time with its zone in whatever form AWS writes it, parsed to the form with `Z`. */
export const awsTimestamp = z.pipe(
  z.string(),
  z.transform((text, context) => {
    const time = parseTime(text);
    if (time === undefined) {
      context.issues.push({
        code: 'custom',
        input: text,
        message: 'an ISO 8601 time with its zone, such as 2026-03-02T03:00:00Z',
      });
      return z.NEVER;
    }
    return time;
  }),
);
