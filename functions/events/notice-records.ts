import * as z from 'zod/mini';

const text = z.string();
const count = z.optional(z.number());

/** A notice as the table keeps it. */
export const noticeSchema = z.object({
  kind: z.enum([
    'would-act',
    'acted',
    'gave-back',
    'refused',
    'overridden',
    'breaker-opened',
    'failed',
    'needs-a-person',
  ]),
  at: text,
  incidentId: text,
  identity: text,
  seen: z.optional(text),
  done: text,
  next: z.optional(text),
  groups: z.array(text),
  groupsLeftOut: z.int(),
  lines: z.array(text),
  linesLeftOut: z.int(),
  counts: z.object({
    instancesDrained: count,
    instancesResized: count,
    secondsFromAlarmToHold: count,
    groupsHeld: count,
  }),
});

/**
 * New notices, as the table's stream brings them: the event of a DynamoDB stream, of which the event source mapping
 * lets only items through that were inserted under the key of notices.
 * Source: AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB" (with-ddb).
 */
export const noticeRecords = z.object({
  Records: z.array(
    z.object({
      eventName: z.literal('INSERT'),
      dynamodb: z.object({
        SequenceNumber: text,
        // Whatever else lies under the key of notices must not stop the others.
        NewImage: z.optional(z.object({ notice: z.optional(z.object({ S: z.optional(text) })) })),
      }),
    }),
  ),
});
