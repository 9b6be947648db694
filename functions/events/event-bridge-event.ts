import * as z from 'zod/mini';

/**
 * The envelope every EventBridge event shares.
 * Source: Amazon EventBridge User Guide, "Events in Amazon EventBridge".
 */
export const eventBridgeEnvelope = z.object({
  source: z.string(),
  'detail-type': z.string(),
  time: z.string(),
  resources: z.array(z.string()),
  detail: z.unknown(),
});

/** An ISO 8601 time in whatever form AWS writes it (alarm events use `+0000`), parsed to the form with `Z`. */
export const awsTimestamp = z.pipe(
  z.string(),
  z.transform((text, context) => {
    const milliseconds = Date.parse(text);
    if (Number.isNaN(milliseconds)) {
      context.issues.push({ code: 'custom', input: text, message: 'an ISO 8601 time' });
      return z.NEVER;
    }
    return new Date(milliseconds).toISOString();
  }),
);
