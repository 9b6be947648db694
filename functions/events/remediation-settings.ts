import * as z from 'zod/mini';
import {
  type DrainSettings,
  defaultHoldSettings,
  type HoldSettings,
  launchBreakerEffect,
  pauseScalingEffect,
  protectInstancesEffect,
  type Remediation,
  type ResizeSettings,
  resizeEffect,
} from '../domain/holds/settings.ts';
import {
  checkEverySecondsMax,
  checkEverySecondsMin,
  groupsMax as groupsAtMost,
  hookSecondsMax,
  resizePauseSeconds,
  roundsMax,
  waveSizeMax,
} from '../domain/limits.ts';
import { optionalDuration } from './duration.ts';

const day = 86_400;
const defaults = defaultHoldSettings;

const count = (maximum: number, byDefault: number, description: string) =>
  z._default(z.int().check(z.minimum(1), z.maximum(maximum)), byDefault).check(z.describe(description));

const lengthFields = {
  expiresAfter: optionalDuration(
    600,
    day,
    defaults.expiresAfterSeconds,
    'How long a hold lasts after what it is for was last seen, or after a start by hand.',
  ),
  holdAtMost: optionalDuration(
    600,
    day,
    defaults.holdAtMostSeconds,
    'The longest a hold may last, however long what it is for lasts.',
  ),
  checkEvery: optionalDuration(
    checkEverySecondsMin,
    checkEverySecondsMax,
    defaults.checkEverySeconds,
    'Pause between two rounds; three times that, up to five minutes, after ten quiet ones of a hold that protects no instances.',
  ),
};

const releaseFields = {
  coolOff: optionalDuration(
    0,
    day,
    defaults.coolOffSeconds,
    'How long the alarm must have been OK before the groups are given back.',
  ),
  settle: optionalDuration(
    0,
    3600,
    defaults.settleSeconds,
    'How long health is judged afresh after HealthCheck is given back and before what acts on it is.',
  ),
};

const groupsMaxField = count(
  groupsAtMost,
  defaults.groupsMax,
  'More groups than this are refused as a whole: so many call for a person.',
);

/**
 * The fields of a rule's `with`, and of a start by hand, for `pause-scaling`. Field names carry no unit because
 * their values do.
 */
export const pauseScalingFields = {
  block: z
    ._default(z.enum(['scale-in', 'all']), 'scale-in')
    .check(
      z.describe(
        'scale-in: nothing is taken away, scale-out stays alive. all: the size does not change at all.',
      ),
    ),
  ...releaseFields,
  ...lengthFields,
  groupsMax: groupsMaxField,
};

/** The fields for `protect-instances`. */
export const protectInstancesFields = {
  launchesToRelease: count(
    50,
    defaults.launchesToRelease,
    'Launches of a group that must have come into service since its last failure for it to count as well again; fewer are enough where no more are missing.',
  ),
  ...releaseFields,
  ...lengthFields,
  groupsMax: groupsMaxField,
};

/** The fields for `drain-pending-wait`. */
export const drainPendingWaitFields = {
  olderThan: optionalDuration(
    60,
    hookSecondsMax,
    1800,
    'Instances in Pending:Wait for longer than this are stuck. Longer than a good launch ever takes.',
  ),
  atOnce: count(20, 5, 'Instances being drained at one time, in all groups.'),
  perGroupPerHour: count(100, 6, 'Instances drained within an hour in one group.'),
  perHour: count(1000, 30, 'Instances drained within an hour in all groups.'),
  breakerAfter: count(
    20,
    3,
    'Drains of a group without a launch that succeeded, after which no more are made; when what was launched in their place is stuck too, the breaker opens.',
  ),
  probeAfter: optionalDuration(
    300,
    day,
    600,
    'How long the open breaker waits before its first probe; it doubles.',
  ),
  probeAtMost: optionalDuration(300, day, 3600, 'The longest it waits between two probes.'),
  snapshot: z
    ._default(z.boolean(), false)
    .check(
      z.describe(
        'Whether the volumes of an instance are snapshotted before it is ended. An instance that does not carry the tag holdfast=true is then not ended.',
      ),
    ),
  ...lengthFields,
  groupsMax: groupsMaxField,
};

const instanceTypeName = () =>
  z
    .string()
    .check(z.regex(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'an instance type such as "m7i.xlarge", or "larger"'));

/**
 * The fields for `resize-in-place`. Made when they are asked for: most functions that read inputs never see one, and a
 * schema takes its time at every start.
 */
export const resizeInPlaceFields = () => ({
  instanceTypes: z
    .union(
      [
        z.literal('larger'),
        z.pipe(
          instanceTypeName(),
          z.transform((only) => [only]),
        ),
        z.array(instanceTypeName()).check(z.minLength(1), z.maxLength(10)),
      ],
      'an instance type such as "m7i.xlarge", a list of up to ten in order of preference, or "larger"',
    )
    .check(
      z.describe(
        'Instance types in order of preference; or larger: the next size above the type of the launch template, of the same family.',
      ),
    ),
  waveSize: count(
    waveSizeMax,
    1,
    'Instances of a group that are out of service at one time, once a first one was resized alone.',
  ),
  floor: z
    .optional(
      z.union(
        [
          z.pipe(
            z.int().check(z.minimum(0), z.maximum(10_000)),
            z.transform((instances) => ({ instances })),
          ),
          z.pipe(
            z
              .string()
              .check(z.regex(/^([1-9]?\d|100)%$/, 'a number of instances, or a percentage such as "80%"')),
            z.transform((text) => ({ percent: Number(text.slice(0, -1)) })),
          ),
        ],
        'a number of instances, or a percentage of what is healthy now such as "80%"',
      ),
    )
    .check(
      z.describe(
        'The fewest instances in service and healthy that may be left: a number, or a percentage of what is now. Without it what is now less one wave.',
      ),
    ),
  reserveCapacity: z
    ._default(z.boolean(), true)
    .check(
      z.describe(
        'Whether capacity for the new type is held before an instance is stopped. Without it an instance may find no room to start again.',
      ),
    ),
  snapshot: z
    ._default(z.boolean(), false)
    .check(z.describe('Whether the volumes of an instance are snapshotted while it is stopped.')),
  updateLaunchTemplate: z
    ._default(z.boolean(), false)
    .check(
      z.describe(
        'Whether a new version of the launch template gets the new type in the end. Without it the difference is reported, with the exact change.',
      ),
    ),
  allowDowntime: z
    ._default(z.boolean(), false)
    .check(z.describe('Whether a group may be without any instance in service for a while.')),
  allowInstanceStoreLoss: z
    ._default(z.boolean(), false)
    .check(z.describe('Whether data on instance store volumes, which a stop loses, may be lost.')),
  expiresAfter: optionalDuration(
    600,
    day / 2,
    14_400,
    'After this no further instance is begun; those in flight are brought home.',
  ),
  settle: releaseFields.settle,
  groupsMax: count(20, 5, 'More groups than this are refused as a whole.'),
});

type HoldLength = Record<'holdAtMost' | 'checkEvery' | 'expiresAfter', number>;

// What a person asks for must not be cut short in silence.
const expiryFits = z.refine<HoldLength>(({ holdAtMost, expiresAfter }) => !(expiresAfter > holdAtMost), {
  path: ['expiresAfter'],
  error: 'at most holdAtMost (12h where nothing is said): shorten it, or set holdAtMost as well',
});

/** What must hold between the fields of a hold, wherever they are written. */
export const holdChecks = [
  // A hold must end before its execution runs out of history.
  z.refine<HoldLength>(({ holdAtMost, checkEvery }) => holdAtMost / checkEvery <= roundsMax, {
    path: ['checkEvery'],
    error: `holdAtMost divided by checkEvery must be at most ${roundsMax} rounds, the most one execution can make: lengthen checkEvery or shorten holdAtMost`,
  }),
  expiryFits,
] as const;

/** What must hold between the fields of `drain-pending-wait`. */
export const drainChecks = [
  expiryFits,
  z.refine<Record<'probeAfter' | 'probeAtMost', number>>(
    ({ probeAfter, probeAtMost }) => probeAfter <= probeAtMost,
    { path: ['probeAtMost'], error: 'at least probeAfter (1h where nothing is said)' },
  ),
] as const;

type Fields<Shape extends z.core.$ZodShape> = z.output<z.ZodMiniObject<Shape>>;
type ParsedFields = Pick<Fields<typeof lengthFields>, 'expiresAfter'> & { groupsMax: number } & Partial<
    Fields<typeof lengthFields> &
      Fields<typeof releaseFields> &
      Fields<typeof pauseScalingFields> &
      Fields<typeof protectInstancesFields>
  >;

const effectOf = (
  remediation: Remediation,
  block: 'scale-in' | 'all' = 'scale-in',
): HoldSettings['effect'] => {
  switch (remediation) {
    case 'pause-scaling':
      return pauseScalingEffect(block);
    case 'protect-instances':
      return protectInstancesEffect;
    case 'drain-pending-wait':
      return launchBreakerEffect;
    case 'resize-in-place':
      return resizeEffect;
  }
};

/** Parsed fields as the settings of a hold: the units move from the values to the names. */
export const toHoldSettings = (remediation: Remediation, fields: ParsedFields): HoldSettings => ({
  effect: effectOf(remediation, fields.block),
  coolOffSeconds: fields.coolOff ?? 0,
  expiresAfterSeconds: fields.expiresAfter,
  // A resize is never renewed, and looks as often as instances need it.
  holdAtMostSeconds: fields.holdAtMost ?? fields.expiresAfter,
  checkEverySeconds: fields.checkEvery ?? resizePauseSeconds,
  settleSeconds: fields.settle ?? 0,
  groupsMax: fields.groupsMax,
  launchesToRelease: fields.launchesToRelease ?? defaults.launchesToRelease,
});

/** Parsed fields as the settings of draining. */
export const toDrainSettings = (fields: Fields<typeof drainPendingWaitFields>): DrainSettings => ({
  olderThanSeconds: fields.olderThan,
  atOnce: fields.atOnce,
  perGroupPerHour: fields.perGroupPerHour,
  perHour: fields.perHour,
  breakerAfter: fields.breakerAfter,
  probeAfterSeconds: fields.probeAfter,
  probeAtMostSeconds: fields.probeAtMost,
  snapshot: fields.snapshot,
});

/** Parsed fields as the settings of resizing. */
export const toResizeSettings = (fields: Fields<ReturnType<typeof resizeInPlaceFields>>): ResizeSettings => ({
  instanceTypes: fields.instanceTypes,
  waveSize: fields.waveSize,
  ...(fields.floor === undefined ? {} : { floor: fields.floor }),
  reserveCapacity: fields.reserveCapacity,
  snapshot: fields.snapshot,
  updateLaunchTemplate: fields.updateLaunchTemplate,
  allowDowntime: fields.allowDowntime,
  allowInstanceStoreLoss: fields.allowInstanceStoreLoss,
});
