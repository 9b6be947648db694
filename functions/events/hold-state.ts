// The small build of zod: these four functions run in every round, and what they read is our own.
import * as z from 'zod/mini';

/**
 * What the Task states of `statemachines/hold.asl.json` hand to their functions: the state, of which each reads
 * the little it needs. Everything else about an incident is in the table.
 */

/** Input of PlanHold. */
export const planHoldState = z.object({
  executionArn: z.string().check(z.minLength(1)),
  remediation: z.enum(['pause-scaling']),
  input: z.unknown(),
});

const incident = z.object({ incidentId: z.string().check(z.minLength(1)) });

/** Input of ApplyHold. */
export const applyHoldState = z.object({ plan: incident, check: z.optional(z.object({ round: z.int() })) });

/** Input of CheckHold. */
export const checkHoldState = z.object({
  plan: incident,
  applied: z.object({ round: z.int() }),
  check: z.optional(z.object({ because: z.string() })),
});

/** Input of ReleaseHold. */
export const releaseHoldState = z.object({
  plan: incident,
  failure: z.optional(z.object({ Error: z.string() })),
  release: z.optional(z.object({ round: z.int() })),
});

/** Input of ReportHold. */
export const reportHoldState = z.object({
  plan: z.object({
    incidentId: z.string().check(z.minLength(1)),
    action: z.enum(['HOLD', 'REPORT', 'REFUSE']),
  }),
});
