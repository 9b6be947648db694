import { describe, it } from 'vitest';
import type { WaveNews } from '../../../functions/domain/resize/decide-wave.ts';
import type {
  ResizePlanFacts,
  ResizeRefusal,
  ResizeWarning,
} from '../../../functions/domain/resize/plan-resize.ts';
import type { TemplateRefusal } from '../../../functions/domain/resize/plan-template-update.ts';
import type { Finding, FindingFacts } from '../../../functions/domain/resize/preflight.ts';
import type {
  GroupWait,
  InstanceFailure,
  ResizeCause,
  ResizeEnd,
  ResizeTurn,
  RunEnd,
} from '../../../functions/domain/resize/resize-facts.ts';
import {
  tellFinding,
  tellFindings,
  tellResizePlan,
  tellResizeWarning,
} from '../../../functions/domain/telling/resize-plan-sentences.ts';
import {
  driftTodo,
  leftTodo,
  sizesTodo,
  tellDrift,
  tellEnding,
  tellFailure,
  tellGivenUp,
  tellNotResized,
  tellNotRestored,
  tellResizeEnd,
  tellRestored,
  tellStep,
  tellTemplateRefusal,
  tellTemplateUpdate,
  tellTurn,
  tellWaveNews,
  templateUpdateTodo,
} from '../../../functions/domain/telling/resize-sentences.ts';
import { now } from '../holds/group-fixtures.ts';
import { type Each, expectPage, told } from './book.ts';

const region = 'eu-west-1';
const instanceType = 'm7i.xlarge';

const failures: Each<InstanceFailure> = {
  UNHEALTHY: [{ because: 'UNHEALTHY', instanceType, seconds: 900 }],
  UNSTEADY: [{ because: 'UNSTEADY', instanceType, healthyForSeconds: 120, seconds: 900 }],
  CHECKS_FAILED: [{ because: 'CHECKS_FAILED', instanceType, seconds: 600 }],
  STOPPED_AGAIN: [
    { because: 'STOPPED_AGAIN', instanceType, stateReason: 'Client.InstanceInitiatedShutdown' },
    { because: 'STOPPED_AGAIN', instanceType, stateReason: '' },
  ],
  NOT_STARTED: [{ because: 'NOT_STARTED', instanceType, error: 'InsufficientInstanceCapacity' }],
  STEP_REFUSED: [
    { because: 'STEP_REFUSED', operation: 'StopInstance', seconds: 600, error: 'UnauthorizedOperation' },
  ],
  NO_CAPACITY: [
    { because: 'NO_CAPACITY', instanceTypes: [instanceType, 'm7a.xlarge'], availabilityZone: 'us-east-1a' },
  ],
  RUN_ENDED: [{ because: 'RUN_ENDED', ends: { because: 'NO_SUCH_GROUP' } }],
};
const failure: InstanceFailure = { because: 'CHECKS_FAILED', instanceType, seconds: 600 };

const waits: { [Wait in GroupWait['waitsFor']]: GroupWait } = {
  hold: { waitsFor: 'hold' },
  drains: { waitsFor: 'drains' },
  health: { waitsFor: 'health', healthy: 3, floor: 4 },
  sizes: { waitsFor: 'sizes' },
  Launch: { waitsFor: 'Launch' },
};

const ends: Each<RunEnd> = {
  RELEASING: [
    { because: 'RELEASING', reason: undefined },
    { because: 'RELEASING', reason: 'the mode was set to off' },
  ],
  MODE: [{ because: 'MODE', mode: 'dry-run' }],
  EXPIRED: [{ because: 'EXPIRED', expiresAt: now }],
  ROUNDS_MAX: [{ because: 'ROUNDS_MAX', rounds: 400 }],
  SCALING_PAUSED: [{ because: 'SCALING_PAUSED', autoScalingGroupName: 'web', reason: 'packets are lost' }],
  NOT_OPTED_IN: [{ because: 'NOT_OPTED_IN' }],
  NO_SUCH_GROUP: [{ because: 'NO_SUCH_GROUP' }],
  WAITED_TOO_LONG: Object.values(waits).map((wait) => ({ because: 'WAITED_TOO_LONG', wait, seconds: 1800 })),
  INSTANCE_FAILED: [{ because: 'INSTANCE_FAILED', instanceId: 'i-1', failure }],
  INSTANCE_ENDED: [
    { because: 'INSTANCE_ENDED', instanceId: 'i-1', end: { because: 'TERMINATED_IN_STANDBY' } },
  ],
};

const outcomes: Each<ResizeEnd> = {
  ...failures,
  IN_SERVICE_AND_NOT_RUNNING: [
    { because: 'IN_SERVICE_AND_NOT_RUNNING', state: 'stopped' },
    { because: 'IN_SERVICE_AND_NOT_RUNNING', state: undefined },
  ],
  NOTHING_DONE: [
    { because: 'NOTHING_DONE', failure: undefined },
    { because: 'NOTHING_DONE', failure },
  ],
  NOT_TAKEN_OUT_OF_SERVICE: [{ because: 'NOT_TAKEN_OUT_OF_SERVICE', seconds: 600 }],
  IN_SERVICE_AND_HEALTHY: [
    { because: 'IN_SERVICE_AND_HEALTHY', instanceType },
    { because: 'IN_SERVICE_AND_HEALTHY', instanceType, failure },
  ],
  HEALTH_UNKNOWN: [{ because: 'HEALTH_UNKNOWN', instanceType }],
  UNHEALTHY_AT_HOME: [{ because: 'UNHEALTHY_AT_HOME', failure }],
  UNKNOWN_TO_EC2: [{ because: 'UNKNOWN_TO_EC2', seconds: 600 }],
  TERMINATED_IN_STANDBY: [{ because: 'TERMINATED_IN_STANDBY' }],
  TOO_LONG_ON_ITS_WAY: [
    { because: 'TOO_LONG_ON_ITS_WAY', state: 'stopped', seconds: 3600, failure: undefined },
    { because: 'TOO_LONG_ON_ITS_WAY', state: 'stopped', seconds: 3600, failure },
  ],
  PENDING_TOO_LONG: [{ because: 'PENDING_TOO_LONG', seconds: 600 }],
  FORCED_STOP_HANGS: [{ because: 'FORCED_STOP_HANGS', seconds: 1200 }],
  LEFT_THE_GROUP: [
    { because: 'LEFT_THE_GROUP', lifecycleState: 'Terminating' },
    { because: 'LEFT_THE_GROUP', lifecycleState: undefined },
  ],
  HANGS_IN_STATE: [{ because: 'HANGS_IN_STATE', lifecycleState: 'EnteringStandby', seconds: 1800 }],
  NOT_IN_SERVICE: [{ because: 'NOT_IN_SERVICE' }],
  NO_SUCH_GROUP: [{ because: 'NO_SUCH_GROUP' }],
  EVERY_TYPE_FAILED: [{ because: 'EVERY_TYPE_FAILED', failure, seconds: 1800 }],
};

const turns: Each<ResizeTurn> = {
  ...failures,
  BROUGHT_HOME_AS: [{ because: 'BROUGHT_HOME_AS', failure, instanceType: 'm7i.large' }],
  NEXT_TYPE: [{ because: 'NEXT_TYPE', failure, instanceType: 'm7a.xlarge' }],
  ALL_TYPES_AGAIN: [{ because: 'ALL_TYPES_AGAIN', failure }],
  REFUSED_FOR_NOW: [{ because: 'REFUSED_FOR_NOW', operation: 'StartInstance', error: 'Throttling' }],
};

const causes: Each<ResizeCause> = {
  IN_SERVICE: [{ because: 'IN_SERVICE', instanceType: 'm7i.large', wantedType: instanceType }],
  UNHEALTHY_WITH_ANOTHER_TYPE: [{ because: 'UNHEALTHY_WITH_ANOTHER_TYPE', wantedType: 'm7i.large' }],
  NOT_RUNNING: [{ because: 'NOT_RUNNING', state: 'stopped' }],
  UNHEALTHY_AT_HOME: [{ because: 'UNHEALTHY_AT_HOME', failure }],
  IN_STANDBY: [{ because: 'IN_STANDBY', instanceType: 'm7i.large', wantedType: instanceType }],
  CHECKS_PASSED: [{ because: 'CHECKS_PASSED', instanceType }],
  STOP_HANGS: [{ because: 'STOP_HANGS', seconds: 600 }],
  STOPPED_WITH_ITS_TYPE: [{ because: 'STOPPED_WITH_ITS_TYPE', instanceType }],
  STOPPED_WITH_ANOTHER_TYPE: [
    { because: 'STOPPED_WITH_ANOTHER_TYPE', instanceType: 'm7i.large', wantedType: instanceType },
  ],
};

describe('what people are told of a resize', () => {
  it('of one instance', async () => {
    const news: WaveNews[] = [
      {
        event: 'chosen',
        instanceId: 'i-1',
        wantedType: instanceType,
        originalType: 'm7i.large',
        isAlone: true,
      },
      {
        event: 'chosen',
        instanceId: 'i-1',
        wantedType: instanceType,
        originalType: 'm7i.large',
        isAlone: false,
      },
      { event: 'turned', instanceId: 'i-1', facts: { because: 'ALL_TYPES_AGAIN', failure } },
      { event: 'refused', facts: { because: 'NOT_OPTED_IN' } },
      { event: 'resized', instanceId: 'i-1', facts: { because: 'IN_SERVICE_AND_HEALTHY', instanceType } },
    ];
    await expectPage('resize', {
      'How its resize ended': told(outcomes, tellResizeEnd),
      'What is tried next': told(turns, tellTurn),
      'What went wrong': told(failures, tellFailure),
      'As a release before told it': [tellFailure('it did not start')],
      'A step': [
        ...told(causes, (cause) => tellStep('EnterStandby', false, cause)),
        ...(['StopInstance', 'ChangeInstanceType', 'StartInstance', 'ExitStandby'] as const).map(
          (operation) => tellStep(operation, false, { because: 'CHECKS_PASSED', instanceType }),
        ),
        tellStep('StopInstance', true, { because: 'STOP_HANGS', seconds: 600 }),
      ],
      News: news.map(tellWaveNews),
      'What a person can do about one that was left': leftTodo(region, 'web', 'i-1', false),
      'What a person can do about one that was left in service': leftTodo(region, 'web', 'i-1', true),
    });
  });

  it('of a group', async () => {
    const sizes = { minSize: 2, desiredCapacity: 4 };
    const set = { action: 'SET', sizes, isMinimumChanged: false, leftInStandby: 0 } as const;
    const before = { minSize: 1, desiredCapacity: 3 };
    const template = { launchTemplateId: 'lt-1', version: '7', versionNumber: 7, instanceType: 'm7i.large' };
    const { instanceType: _type, ...withoutType } = template;
    const drift = { resized: 2, instanceTypes: [instanceType] };
    const drifts = [
      drift,
      { ...drift, launchTemplate: template },
      { ...drift, resized: 1, launchTemplate: { ...template, version: '$Latest' } },
      { ...drift, launchTemplate: { ...template, version: '$Default' } },
      { ...drift, instanceTypes: [instanceType, 'm7a.xlarge'], launchTemplate: withoutType },
      { ...drift, instanceTypes: [], launchTemplate: template },
    ];
    const refusals: Each<TemplateRefusal> = {
      NO_LAUNCH_TEMPLATE: [{ because: 'NO_LAUNCH_TEMPLATE' }],
      MIXED_INSTANCES: [{ because: 'MIXED_INSTANCES' }],
      NOT_ALL_OF_ONE_TYPE: [{ because: 'NOT_ALL_OF_ONE_TYPE' }],
      RUN_ENDED: [{ because: 'RUN_ENDED', ends: { because: 'NOT_OPTED_IN' } }],
      VERSION_BY_NUMBER: [{ because: 'VERSION_BY_NUMBER', version: '7' }],
      HAS_IT_ALREADY: [{ because: 'HAS_IT_ALREADY', instanceType }],
      CHANGED_MEANWHILE: [{ because: 'CHANGED_MEANWHILE' }],
    };
    await expectPage('resized-group', {
      'No further instance': told(ends, tellEnding),
      'Those that were not resized': told(ends, (end) => tellNotResized(4, end)),
      'One, where nothing ended the run': [tellNotResized(1, undefined)],
      'As a release before told it': [tellEnding('the run was ended')],
      'Sizes are set back': [
        tellRestored(before, set),
        tellRestored(before, { ...set, isMinimumChanged: true }),
        tellRestored(before, { ...set, leftInStandby: 1 }),
        tellRestored(before, { ...set, isMinimumChanged: true, leftInStandby: 2 }),
      ],
      'Sizes are not': [tellNotRestored(sizes), tellGivenUp(sizes, 3600), ...sizesTodo(region, 'web', sizes)],
      'What the launch template launches': drifts.map(tellDrift),
      'What a person can do about it': drifts.flatMap((each) => driftTodo(region, each)),
      'The launch template has it': [tellTemplateUpdate(8)],
      'How to take that back': [
        ...templateUpdateTodo(region, { ...template, version: '$Latest' }, 8, false),
        ...templateUpdateTodo(region, { ...template, version: '$Default' }, 8, true),
        ...templateUpdateTodo(region, { ...withoutType, version: '$Latest' }, 8, false),
      ],
      'The launch template is left': told(refusals, tellTemplateRefusal),
    });
  });

  it('of a plan', async () => {
    const facts: Each<FindingFacts> = {
      FOUND: [{ because: 'FOUND', found: 'running' }],
      WITHIN: [{ because: 'WITHIN', used: 2, allowed: 28 }],
      UNKNOWN: [{ because: 'UNKNOWN', what: 'the architecture of the instance' }],
      UNKNOWN_TYPE: [{ because: 'UNKNOWN_TYPE', instanceType }],
      NOT_OPTED_IN: [{ because: 'NOT_OPTED_IN' }],
      NOT_RUNNING: [{ because: 'NOT_RUNNING', state: 'stopped' }],
      ROOT_IS_NOT_EBS: [
        { because: 'ROOT_IS_NOT_EBS', found: 'instance-store' },
        { because: 'ROOT_IS_NOT_EBS', found: undefined },
      ],
      STARTS_NOT_FROM_EBS: [{ because: 'STARTS_NOT_FROM_EBS', instanceType }],
      INSTANCE_STORE: [{ because: 'INSTANCE_STORE', instanceType }],
      INSTANCE_STORE_LOST: [{ because: 'INSTANCE_STORE_LOST' }],
      INSTANCE_STORE_APPEARS: [{ because: 'INSTANCE_STORE_APPEARS', instanceType }],
      CANNOT_BE_CHANGED: [{ because: 'CANNOT_BE_CHANGED', instanceLifecycle: 'spot' }],
      NOT_ON_DEMAND: [{ because: 'NOT_ON_DEMAND', instanceType }],
      CAN_HIBERNATE: [{ because: 'CAN_HIBERNATE' }],
      NOT_SUPPORTED: [
        { because: 'NOT_SUPPORTED', found: 'arm64', instanceType, supported: ['i386', 'x86_64'] },
        { because: 'NOT_SUPPORTED', found: 'arm64', instanceType, supported: [] },
        { because: 'NOT_SUPPORTED', found: 'v2.0', instanceType },
      ],
      NEEDS_ENA: [{ because: 'NEEDS_ENA', instanceType }],
      HAS_TO_BE_OFF: [{ because: 'HAS_TO_BE_OFF', instanceType }],
      XEN_TO_NITRO: [{ because: 'XEN_TO_NITRO' }],
      TOO_MANY: (['interfaces', 'addresses', 'IPv6 addresses', 'slots'] as const).map((what) => ({
        because: 'TOO_MANY',
        what,
        used: 9,
        allowed: 8,
        instanceType,
      })),
      NO_SUCH_NETWORK_CARD: [{ because: 'NO_SUCH_NETWORK_CARD', instanceType }],
      BOUND_TO_ITS_HOST: [
        { because: 'BOUND_TO_ITS_HOST', tenancy: 'host' },
        { because: 'BOUND_TO_ITS_HOST', tenancy: undefined },
      ],
      IN_PLACEMENT_GROUP: [{ because: 'IN_PLACEMENT_GROUP', placementGroup: 'near' }],
      BANDWIDTH_WEIGHTED: [{ because: 'BANDWIDTH_WEIGHTED', weighting: 'vpc-1' }],
      FEWER_THREADS: [{ because: 'FEWER_THREADS', threadsPerCore: 1 }],
      STOP_PROTECTED: [{ because: 'STOP_PROTECTED' }],
      NOT_RESERVABLE: [{ because: 'NOT_RESERVABLE', platform: 'SUSE Linux' }],
      ON_AN_OUTPOST: [{ because: 'ON_AN_OUTPOST' }],
      USES_ENCLAVES: [{ because: 'USES_ENCLAVES', instanceType }],
      MANAGED_BY: [{ because: 'MANAGED_BY', managedBy: 'eks.amazonaws.com' }],
      NO_PUBLIC_IPV4_AFTER: [{ because: 'NO_PUBLIC_IPV4_AFTER' }],
      NOT_OFFERED: [{ because: 'NOT_OFFERED', instanceType, availabilityZone: 'us-east-1a' }],
      TARGETS_A_RESERVATION: [{ because: 'TARGETS_A_RESERVATION' }],
      USES_NO_RESERVATION: [{ because: 'USES_NO_RESERVATION' }],
      PUBLIC_IPV4_CHANGES: [{ because: 'PUBLIC_IPV4_CHANGES', address: '203.0.113.7' }],
      MARKETPLACE_PRODUCT: [{ because: 'MARKETPLACE_PRODUCT', instanceType }],
      LOSES_LAUNCH_CREDITS: [{ because: 'LOSES_LAUNCH_CREDITS' }],
    };
    const refusals: Each<ResizeRefusal> = {
      NOT_OPTED_IN: [{ because: 'NOT_OPTED_IN' }],
      BEING_DELETED: [{ because: 'BEING_DELETED', status: 'Delete in progress' }],
      RESIZED_BY_ANOTHER: [{ because: 'RESIZED_BY_ANOTHER', executionName: 'resize-1' }],
      SCALING_PAUSED: [{ because: 'SCALING_PAUSED', reason: 'packets are lost' }],
      LAUNCHES_SUCCEED: [{ because: 'LAUNCHES_SUCCEED' }],
      TRAIT: [{ because: 'TRAIT', trait: 'SPOT', why: 'it launches Spot Instances' }],
      IN_STANDBY: [
        { because: 'IN_STANDBY', instanceIds: ['i-1'] },
        { because: 'IN_STANDBY', instanceIds: ['i-1', 'i-2', 'i-3', 'i-4', 'i-5', 'i-6'] },
      ],
      LAUNCH_SUSPENDED: [{ because: 'LAUNCH_SUSPENDED' }],
      TRAFFIC_SOURCES: [
        { because: 'TRAFFIC_SOURCES', sources: ['the Classic Load Balancer old', 'a lattice'] },
      ],
      NO_LARGER_TYPE: [
        { because: 'NO_LARGER_TYPE', instanceType: 'm7i.48xlarge' },
        { because: 'NO_LARGER_TYPE', instanceType: undefined },
      ],
      NOTHING_IN_SERVICE: [{ because: 'NOTHING_IN_SERVICE' }],
      TOO_MANY_IN_SERVICE: [{ because: 'TOO_MANY_IN_SERVICE', serving: 300, limit: 250 }],
      GROUP_OF_ONE: [{ because: 'GROUP_OF_ONE' }],
      AT_THE_FLOOR: [{ because: 'AT_THE_FLOOR', healthy: 3, serving: 4, floor: 3 }],
      UNKNOWN_TO_EC2: [{ because: 'UNKNOWN_TO_EC2', instanceId: 'i-1' }],
      NO_INSTANCE_FITS: [{ because: 'NO_INSTANCE_FITS', toResize: 2 }],
    };
    const warnings: Each<ResizeWarning> = {
      NOTHING_RESERVED: [{ because: 'NOTHING_RESERVED' }],
      TRAIT: [{ because: 'TRAIT', trait: 'SPOT', why: 'it launches Spot Instances' }],
      TEMPLATE_SHARED: [
        { because: 'TEMPLATE_SHARED', autoScalingGroupNames: ['a', 'b', 'c', 'd', 'e', 'f'] },
      ],
    };
    const refused: Finding[] = [
      { check: 'state', verdict: 'refuse', because: 'NOT_RUNNING', state: 'stopped' },
      { check: 'NVMe', verdict: 'warn', because: 'XEN_TO_NITRO' },
      { check: 'purchase', verdict: 'pass', because: 'FOUND', found: 'on-demand' },
    ];
    const findings = ['i-1', 'i-1', 'i-2', 'i-3', 'i-4', 'i-5', 'i-6'].map((instanceId) => ({
      instanceId,
      instanceType,
      findings: refused,
    }));
    const candidate = { instanceId: 'i-7', wantedTypes: [instanceType] };
    const plan = (over: ResizePlanFacts, more: object = {}) =>
      ({
        autoScalingGroupName: 'web',
        warnings: [],
        findings: [],
        queue: [],
        floor: 3,
        waves: [],
        calls: [],
        ...more,
        ...over,
      }) as Parameters<typeof tellResizePlan>[0];
    const resize = { action: 'RESIZE', serving: 8, healthy: 4, leftOut: 0 } as const;
    const nothing = { action: 'NOTHING', serving: 4, wantedTypes: [instanceType, 'm7a.xlarge'] } as const;
    await expectPage('resize-plan', {
      'What was checked': told(facts, (fact) => tellFinding({ check: 'check', verdict: 'refuse', ...fact })),
      'All of one instance': [
        tellFindings({ instanceId: 'i-1', instanceType, findings: refused }),
        tellFindings({ instanceId: 'i-1', instanceType, findings: refused.slice(1) }),
      ],
      Refused: told(refusals, (refusal) =>
        tellResizePlan(plan({ action: 'REFUSE', ...refusal }, { findings })),
      ),
      'Nothing to do': [
        tellResizePlan(plan({ ...nothing, wantedTypes: [...nothing.wantedTypes] })),
        tellResizePlan(plan({ ...nothing, wantedTypes: [instanceType], countedFrom: 'm7i.large' })),
      ],
      'To be resized': [
        tellResizePlan(plan(resize, { queue: [candidate], waves: [['i-7']] })),
        tellResizePlan(
          plan(
            { ...resize, leftOut: 6 },
            { queue: [candidate, candidate], waves: [['i-7'], ['i-8']], findings },
          ),
        ),
      ],
      Warnings: told(warnings, tellResizeWarning),
    });
  });
});
