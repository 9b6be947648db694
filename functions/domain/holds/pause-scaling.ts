import * as z from 'zod/mini';
import { groupsMaxField, holdChecks, lengthFields, releaseFields, toHoldSettings } from '../fields.ts';
import { giveBackSecondsMax } from '../limits.ts';
import { defineRemediation } from '../remediation.ts';
import { isOfSameAlarm } from '../request.ts';
import { describeHoldEnd, holdEndsAtLatest } from './hold-end.ts';
import { type HoldEffect, processOrder, scaleInProcesses } from './settings.ts';

/** What a hold forbids: only the loss of instances, or every change of size. */
export type Block = 'scale-in' | 'all';

/** What a `pause-scaling` hold does. `AddToLoadBalancer` never: what launches meanwhile would never be added. */
export const pauseScalingEffect = (block: Block): HoldEffect => ({
  processes: block === 'all' ? [...processOrder] : [...scaleInProcesses],
  protectsInstances: false,
});

/** Nothing is taken away while the network loses packets. */
export const pauseScaling = defineRemediation({
  description: 'Nothing is taken away while the network loses packets.',
  fields: () => ({
    block: z
      ._default(z.enum(['scale-in', 'all']), 'scale-in')
      .check(
        z.describe(
          'scale-in: nothing is taken away, scale-out stays alive. all: the size does not change at all.',
        ),
      ),
    ...releaseFields(),
    ...lengthFields(),
    groupsMax: groupsMaxField(),
  }),
  checks: holdChecks,
  toSettings: (fields) => ({
    settings: toHoldSettings(pauseScalingEffect(fields.block), fields),
  }),
  untilLaunchesSucceed: () => false,
  example: { autoScalingGroupName: 'web', reason: 'switch upgrade', expiresAfter: '2h' },
  traits: {
    ECS: {
      treatment: 'warned',
      why: 'Amazon ECS manages its instances and may set and remove scale-in protection by itself; where newcomers do not work Holdfast protects the others for a while at the end',
    },
    SPOT: {
      treatment: 'warned',
      why: 'it may have Spot Instances, and EC2 ends those whatever is suspended',
    },
    REPLACES_ROOT_VOLUMES: {
      treatment: 'warned',
      why: 'root volumes of its instances are being replaced: that pauses while InstanceRefresh is suspended, and what is in it is not in service',
    },
    INSTANCE_REFRESH: {
      treatment: 'warned',
      why: 'an instance refresh is in progress: it pauses while InstanceRefresh is suspended, and goes on once the group is given back',
    },
    STACK_UPDATE: {
      treatment: 'warned',
      why: 'an update of its CloudFormation stack is in progress: a rolling update needs Terminate, and may stall, fail and roll back while it is suspended',
    },
  },
  suspendedBecause: {
    Terminate: 'scale-in would take instances that the fleet needs when the packets flow again',
    ReplaceUnhealthy: 'an instance whose health check was lost on the way is not a sick instance',
    AZRebalance:
      'rebalancing launches and terminates, and with Terminate suspended may exceed the maximum by 10 %',
    HealthCheck:
      'load balancer checks fail with the network, and marks made now would be acted on at the end',
    InstanceRefresh: 'a rolling replacement must not run over a network that loses packets',
    Launch: 'asked for by block: all',
    AlarmNotification: 'asked for by block: all',
    ScheduledActions: 'asked for by block: all',
  },
  words: {
    began: ({ processes }) => (processes.includes('Launch') ? 'Scaling paused' : 'Scale-in paused'),
    held: ({ processes }) =>
      processes.includes('Launch')
        ? 'Auto Scaling neither launches nor terminates instances there.'
        : 'Auto Scaling does not terminate, replace or rebalance instances there. It can still launch more.',
    undo: 'Stop the execution: within six minutes Holdfast gives back the groups of this execution, and Auto Scaling may terminate instances again.',
  },
  takesAllGroupsOrNone: false,
  forbidsStops: true,
  onlyHolds: true,
  holdsItsGroups: true,
  endsAtLatest: holdEndsAtLatest,
  describeEnd: describeHoldEnd,
  isSameAffair: isOfSameAlarm,
  continuedBy: { field: 'giveBack', name: 'give-back' },
  giveBackSecondsMax,
});
