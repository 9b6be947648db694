import * as z from 'zod';

/**
 * What the Task states of `statemachines/hold.asl.json` hand to their functions: the state, of which each reads
 * the little it needs. Everything else about an incident is in the table.
 */

/** Input of PlanHold. */
export const planHoldState = z.object({
  executionArn: z.string().min(1),
  remediation: z.enum(['pause-scaling']),
  input: z.unknown(),
});

const incident = z.object({ incidentId: z.string().min(1) });

/** Input of ApplyHold. */
export const applyHoldState = z.object({ plan: incident, check: z.object({ round: z.int() }).optional() });

/** Input of CheckHold. */
export const checkHoldState = z.object({
  plan: incident,
  applied: z.object({ round: z.int() }),
  check: z.object({ because: z.string() }).optional(),
});

/** Input of ReleaseHold. */
export const releaseHoldState = z.object({
  plan: incident,
  check: z.object({ reason: z.string() }).optional(),
  failure: z.object({ Error: z.string() }).optional(),
  release: z.object({ round: z.int() }).optional(),
});

/** Input of ReportHold. */
export const reportHoldState = z.object({
  plan: z.object({ incidentId: z.string().min(1), action: z.enum(['HOLD', 'REPORT', 'REFUSE']) }),
});
