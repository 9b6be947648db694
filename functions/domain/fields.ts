import * as z from 'zod/mini';
import { optionalDuration } from './duration.ts';
import { type HoldEffect, type HoldSettings, holdDefaults } from './holds/settings.ts';
import { checkEverySecondsMax, checkEverySecondsMin, groupsMax, roundsMax } from './limits.ts';

const day = 86_400;

/** A whole number from 1 to `maximum` that may be left out. */
export const count = (maximum: number, byDefault: number, description: string) =>
  z._default(z.int().check(z.minimum(1), z.maximum(maximum)), byDefault).check(z.describe(description));

/** A yes or no that may be left out. */
export const flag = (byDefault: boolean, description: string) =>
  z._default(z.boolean(), byDefault).check(z.describe(description));

/** How long a hold lasts, and how often it is looked at. */
export const lengthFields = () => ({
  expiresAfter: optionalDuration(
    600,
    day,
    holdDefaults.expiresAfterSeconds,
    'How long a hold lasts after what it is for was last seen, or after a start by hand.',
  ),
  holdAtMost: optionalDuration(
    600,
    day,
    holdDefaults.holdAtMostSeconds,
    'The longest a hold may last, however long what it is for lasts.',
  ),
  checkEvery: optionalDuration(
    checkEverySecondsMin,
    checkEverySecondsMax,
    holdDefaults.checkEverySeconds,
    'Pause between two rounds; three times that, up to five minutes, after ten quiet ones of a hold that protects no instances.',
  ),
});

/** How long health is judged afresh. */
export const settleField = () =>
  optionalDuration(
    0,
    3600,
    holdDefaults.settleSeconds,
    'How long health is judged afresh after HealthCheck is given back and before what acts on it is.',
  );

/** How a hold ends. */
export const releaseFields = () => ({
  coolOff: optionalDuration(
    0,
    day,
    holdDefaults.coolOffSeconds,
    'How long the alarm must have been OK before the groups are given back.',
  ),
  settle: settleField(),
});

/** How many groups one incident may be about. */
export const groupsMaxField = () =>
  count(
    groupsMax,
    holdDefaults.groupsMax,
    'At most so many groups are taken: the first by name. The others are left alone, and named.',
  );

type HoldLength = Record<'holdAtMost' | 'checkEvery' | 'expiresAfter', number>;

/** The fields of a hold, parsed: those that a remediation does not have are left out. */
interface HoldFields extends HoldLength {
  groupsMax: number;
  coolOff?: number;
  settle?: number;
  launchesToRelease?: number;
}

/** The fields of a hold as its settings: the units move from the values to the names. */
export const toHoldSettings = (effect: HoldEffect, fields: HoldFields): HoldSettings => ({
  effect,
  coolOffSeconds: fields.coolOff ?? 0,
  expiresAfterSeconds: fields.expiresAfter,
  holdAtMostSeconds: fields.holdAtMost,
  checkEverySeconds: fields.checkEvery,
  settleSeconds: fields.settle ?? 0,
  groupsMax: fields.groupsMax,
  launchesToRelease: fields.launchesToRelease ?? holdDefaults.launchesToRelease,
});

/** What a person asks for must not be cut short in silence. */
export const expiryFits = () =>
  z.refine<HoldLength>(({ holdAtMost, expiresAfter }) => !(expiresAfter > holdAtMost), {
    path: ['expiresAfter'],
    error: 'at most holdAtMost; set both, where nothing is said they are 2h and 12h',
  });

/** What must hold between the fields of a hold: it must end before its execution runs out of history. */
export const holdChecks = () => [
  z.refine<HoldLength>(({ holdAtMost, checkEvery }) => holdAtMost / checkEvery <= roundsMax, {
    path: ['checkEvery'],
    error: `holdAtMost divided by checkEvery must be at most ${roundsMax} rounds, the most one execution can make: lengthen checkEvery or shorten holdAtMost`,
  }),
  expiryFits(),
];
