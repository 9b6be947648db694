import * as z from 'zod/mini';
import { defaultHoldSettings, type HoldSettings } from '../domain/hold-effects.ts';
import { checkEverySecondsMax, checkEverySecondsMin, groupsMax, roundsMax } from '../domain/limits.ts';
import { optionalDuration } from './duration.ts';

const day = 86_400;
const defaults = defaultHoldSettings;

/**
 * The fields of a rule's `with`, and of a start by hand, for `pause-scaling`. Field names carry no unit because
 * their values do.
 */
export const pauseScalingFields = {
  block: z
    ._default(z.enum(['scale-in', 'all']), defaults.block)
    .check(
      z.describe(
        'scale-in: nothing is taken away, scale-out stays alive. all: the size does not change at all.',
      ),
    ),
  coolOff: optionalDuration(
    0,
    day,
    defaults.coolOffSeconds,
    'How long the alarm must have been OK before the groups are given back.',
  ),
  expiresAfter: optionalDuration(
    600,
    day,
    defaults.expiresAfterSeconds,
    'How long a hold lasts after its alarm was last seen in ALARM, or after a start by hand.',
  ),
  holdAtMost: optionalDuration(
    600,
    day,
    defaults.holdAtMostSeconds,
    'The longest a hold may last, however long its alarm stays.',
  ),
  checkEvery: optionalDuration(
    checkEverySecondsMin,
    checkEverySecondsMax,
    defaults.checkEverySeconds,
    'Pause between two looks at the alarm and the groups.',
  ),
  settle: optionalDuration(
    0,
    3600,
    defaults.settleSeconds,
    'How long health is judged afresh after HealthCheck is given back and before what acts on it is.',
  ),
  groupsMax: z
    ._default(z.int().check(z.minimum(1), z.maximum(groupsMax)), defaults.groupsMax)
    .check(z.describe('More groups than this are refused as a whole: so many call for a person.')),
};

/** The parsed fields. */
export type PauseScalingFields = z.output<z.ZodMiniObject<typeof pauseScalingFields>>;

type HoldLength = Pick<PauseScalingFields, 'holdAtMost' | 'checkEvery' | 'expiresAfter'>;

/** What must hold between the fields, wherever they are written. */
export const pauseScalingChecks = [
  // A hold must end before its execution runs out of history.
  z.refine<HoldLength>(({ holdAtMost, checkEvery }) => holdAtMost / checkEvery <= roundsMax, {
    path: ['checkEvery'],
    error: `holdAtMost divided by checkEvery must be at most ${roundsMax} rounds, the most one execution can make: lengthen checkEvery or shorten holdAtMost`,
  }),
  // What a person asks for must not be cut short in silence.
  z.refine<HoldLength>(({ holdAtMost, expiresAfter }) => expiresAfter <= holdAtMost, {
    path: ['expiresAfter'],
    error: 'at most holdAtMost (12h where nothing is said): shorten it, or set holdAtMost as well',
  }),
] as const;

/** Parsed fields as the settings of a hold: the units move from the values to the names. */
export const toHoldSettings = (fields: PauseScalingFields): HoldSettings => ({
  block: fields.block,
  coolOffSeconds: fields.coolOff,
  expiresAfterSeconds: fields.expiresAfter,
  holdAtMostSeconds: fields.holdAtMost,
  checkEverySeconds: fields.checkEvery,
  settleSeconds: fields.settle,
  groupsMax: fields.groupsMax,
});
