// The small build of zod: these functions run in every round, and what they read is our own.
import * as z from 'zod/mini';
import { remediationNames } from '../domain/remediation-names.ts';

/**
 * What the Task states of the state machines hand to their functions: the state, of which each reads the little it needs. Everything else about an incident is in the table.
 */

const incident = z.object({ incidentId: z.string().check(z.minLength(1)) });

/** Input of PlanHold and PlanDrain. */
export const planHoldState = z.object({
  executionArn: z.string().check(z.minLength(1)),
  remediation: z.enum(remediationNames),
  input: z.unknown(),
});

/** Input of ApplyHold. */
export const applyHoldState = z.object({ plan: incident, check: z.optional(z.object({ round: z.int() })) });

/** Input of CheckHold. */
export const checkHoldState = z.object({
  plan: incident,
  applied: z.object({
    round: z.int(),
    unfinished: z.optional(z.int()),
    launches: z.optional(
      z.object({
        succeedAgain: z.boolean(),
        waitingGroups: z.int(),
        unprovenGroups: z.optional(z.int()),
        stillFailing: z.optional(z.array(z.string())),
      }),
    ),
  }),
  check: z.optional(z.object({ because: z.optional(z.string()), inspectAskedAt: z.optional(z.string()) })),
  inspected: z.optional(z.object({ at: z.string(), isUnfinished: z.boolean(), suspects: z.int() })),
});

/** Input of InspectGroups. */
export const inspectGroupsState = z.object({
  plan: incident,
  inspected: z.optional(z.object({ next: z.int(), reached: z.int(), unreadable: z.int() })),
});

/** Input of ReleaseHold. */
export const releaseHoldState = z.object({
  plan: incident,
  failure: z.optional(z.object({ Error: z.string() })),
  release: z.optional(z.object({ round: z.int() })),
});

/** What every report is about: what was planned, and how it ended. */
const reported = {
  incidentId: z.string().check(z.minLength(1)),
  reason: z.optional(z.string()),
  askedFor: z.optional(z.string()),
  rule: z.optional(z.string()),
  tendedBy: z.optional(z.string()),
  isNoNews: z.optional(z.boolean()),
};
const ended = {
  failure: z.optional(z.object({ Error: z.string() })),
  release: z.optional(z.object({ action: z.string(), remaining: z.optional(z.int()) })),
  round: z.optional(z.object({ next: z.optional(z.string()) })),
};

/** Input of ReportHold and ReportDrain. */
export const reportHoldState = z.object({
  plan: z.object({ ...reported, action: z.enum(['HOLD', 'GIVE_BACK', 'REPORT', 'REFUSE']) }),
  ...ended,
});

/** Input of ChooseDrains. */
export const chooseDrainsState = z.object({
  plan: incident,
  round: z.optional(z.object({ round: z.int() })),
});

/** Input of TendBreakers, KeepEvidence and AbandonLaunches. */
export const drainRoundState = z.object({ plan: incident });

/** Input of ReportResize. */
export const reportResizeState = z.object({
  plan: z.object({ ...reported, action: z.enum(['RESIZE', 'BRING_HOME', 'NOTHING', 'REPORT', 'REFUSE']) }),
  ...ended,
});

/** Input of ChooseWave and of every step of a resize. */
export const resizeRoundState = z.object({
  plan: incident,
  round: z.optional(
    z.object({ round: z.int(), next: z.optional(z.string()), tried: z.optional(z.array(z.string())) }),
  ),
  step: z.optional(z.object({ hasToWait: z.boolean(), hasWaited: z.optional(z.boolean()) })),
});
