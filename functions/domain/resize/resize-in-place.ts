import * as z from 'zod/mini';
import { optionalDuration } from '../duration.ts';
import { count, flag, settleField } from '../fields.ts';
import { holdEndsAtLatest } from '../holds/hold-end.ts';
import { holdDefaults } from '../holds/settings.ts';
import { giveBackSecondsMax, homeTotalSecondsMax, resizePauseSeconds, waveSizeMax } from '../limits.ts';
import { defineRemediation } from '../remediation.ts';
import { resizeEffect } from './settings.ts';

const halfDay = 43_200;

const instanceTypeName = () =>
  z
    .string()
    .check(z.regex(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'an instance type such as "m7i.xlarge", or "larger"'));

const instanceTypesField = () =>
  z
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
    );

const floorField = () =>
  z
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
    );

const nodesWhy = (of: string): string =>
  `its instances are nodes of ${of}: a stop does not drain their pods or ask a disruption budget; replace the nodes instead`;

/** Running instances get a larger type, wave by wave. */
export const resizeInPlace = defineRemediation({
  description: 'Running instances get a larger type, wave by wave, in groups whose launches fail.',
  fields: () => ({
    instanceTypes: instanceTypesField(),
    waveSize: count(
      waveSizeMax,
      1,
      'Instances of a group that are out of service at one time, once a first one was resized alone.',
    ),
    floor: floorField(),
    reserveCapacity: flag(
      true,
      'Whether capacity for the new type is held before an instance is stopped. Without it an instance may find no room to start again.',
    ),
    snapshot: flag(false, 'Whether the volumes of an instance are snapshotted while it is stopped.'),
    updateLaunchTemplate: flag(
      false,
      'Whether a new version of the launch template gets the new type in the end. Without it the difference is reported, with the exact change.',
    ),
    allowDowntime: flag(false, 'Whether a group may be without any instance in service for a while.'),
    allowInstanceStoreLoss: flag(
      false,
      'Whether data on instance store volumes, which a stop loses, may be lost.',
    ),
    expiresAfter: optionalDuration(
      600,
      halfDay,
      14_400,
      'After this no further instance is begun; those in flight are brought home.',
    ),
    settle: settleField(),
    groupsMax: count(20, 5, 'More groups than this are refused as a whole.'),
  }),
  checks: () => [],
  toSettings: ({ expiresAfter, settle, groupsMax, floor, ...resize }) => ({
    settings: {
      effect: resizeEffect,
      coolOffSeconds: 0,
      expiresAfterSeconds: expiresAfter,
      // A resize is never renewed, and looks as often as instances need it.
      holdAtMostSeconds: expiresAfter,
      checkEverySeconds: resizePauseSeconds,
      settleSeconds: settle,
      groupsMax,
      launchesToRelease: holdDefaults.launchesToRelease,
    },
    resize: {
      instanceTypes: resize.instanceTypes,
      waveSize: resize.waveSize,
      ...(floor === undefined ? {} : { floor }),
      reserveCapacity: resize.reserveCapacity,
      snapshot: resize.snapshot,
      updateLaunchTemplate: resize.updateLaunchTemplate,
      allowDowntime: resize.allowDowntime,
      allowInstanceStoreLoss: resize.allowInstanceStoreLoss,
    },
  }),
  untilLaunchesSucceed: () => false,
  example: {
    autoScalingGroupName: 'api',
    instanceTypes: ['m7i.xlarge', 'm6i.xlarge'],
    reason: 'promotion at nine, and nothing can be launched',
  },
  traits: {
    ECS: {
      treatment: 'refused',
      why: 'its instances host containers of Amazon ECS, and the ECS agent does not register an instance whose type has changed: let the capacity provider replace them instead',
    },
    EKS: { treatment: 'refused', why: nodesWhy('Amazon EKS') },
    KUBERNETES: { treatment: 'refused', why: nodesWhy('a Kubernetes cluster') },
    ELASTIC_BEANSTALK: {
      treatment: 'warned',
      why: 'AWS Elastic Beanstalk manages it, and the next update of the environment sets the type that the environment names',
    },
    MIXED_INSTANCES: {
      treatment: 'warned',
      why: 'the group launches several types; their weights are not computed anew',
    },
    RESERVATIONS_FIRST: {
      treatment: 'warned',
      why: 'it launches into Capacity Reservations first: those for the type it has now stay paid for and empty',
    },
    ZONAL_SHIFT: {
      treatment: 'warned',
      why: 'zonal shift is enabled, and whether one is in progress is not looked for: resize nothing in a zone that is shifted away from',
    },
    REPLACES_ROOT_VOLUMES: {
      treatment: 'refused',
      why: 'root volumes of its instances are being replaced; try again when that has ended',
    },
    INSTANCE_REFRESH: {
      treatment: 'refused',
      why: 'an instance refresh is in progress; cancel it, or try again when it has ended',
    },
    STACK_UPDATE: {
      treatment: 'refused',
      why: 'an update of its CloudFormation stack is in progress; try again when it has ended',
    },
    CODE_DEPLOY: {
      treatment: 'warned',
      why: 'AWS CodeDeploy deploys to it: what is in Standby misses a deployment, so begin none meanwhile',
    },
    WARM_POOL: { treatment: 'warned', why: 'the instances of its warm pool keep the type that they have' },
    SUSPENDED_BY_AWS: {
      treatment: 'refused',
      why: 'AWS itself suspended Launch, because launches failed for a day, and Standby could not be left: resume it first',
    },
    COUNTS_UNITS: { treatment: 'refused', why: 'its sizes count units, not instances; resize it by hand' },
  },
  suspendedBecause: {
    Terminate: 'nothing may be taken away while instances are out of service',
    ReplaceUnhealthy:
      'an instance that has just come back must not be replaced by one that cannot be launched',
    AZRebalance: 'Standby unbalances the zones, and balancing them would launch and end instances',
    HealthCheck: 'an instance that warms up again is not a sick one, and we look at its health ourselves',
    InstanceRefresh: 'a rolling replacement would undo the resize as it goes',
    AlarmNotification: 'desired capacity moves with Standby, and nothing else may move it meanwhile',
    ScheduledActions: 'they would set desired capacity under our hands; what is due meanwhile is lost',
  },
  words: {
    began: () => 'Resize begun',
    held: () =>
      'Instances are resized wave by wave, and nothing else may terminate or replace them meanwhile.',
    undo: 'Instances that were resized keep their new type. Stop the execution: Holdfast puts back into service what it took out, but not what it left for you, and then gives all groups back.',
  },
  takesAllGroupsOrNone: true,
  forbidsStops: false,
  onlyHolds: false,
  holdsItsGroups: true,
  endsAtLatest: holdEndsAtLatest,
  describeEnd: () => 'Holdfast gives everything back once the last wave is in service again.',
  isSameAffair: (_incident, _request, { held, asked }) => asked.some((name) => held.includes(name)),
  continuedBy: { field: 'bringHome', name: 'bring-home' },
  giveBackSecondsMax: homeTotalSecondsMax + giveBackSecondsMax,
});
