import type { GroupSpec, LifecycleHookSpec } from '../cloud/auto-scaling-group.ts';
import { stateMachineArn } from '../cloud/step-functions.ts';
import type { Story } from '../incident.ts';

const minutes = (count: number): number => count * 60;

const brokenFrom = minutes(20);
const mendedAt = minutes(290);
const nightSizeAt = minutes(55);
const promotionPreparedAt = minutes(120);
const morningBeginsAt = minutes(150);
const resizeBeginsAt = minutes(165);
const promotionBeginsAt = minutes(250);

/** User data completes the hook once the application listens. Nobody completes it when the bootstrap hangs. */
const bootstrapHook: LifecycleHookSpec = {
  lifecycleHookName: 'bootstrap-complete',
  lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
  heartbeatTimeoutSeconds: 3600,
  defaultResult: 'ABANDON',
};

interface Api {
  name: string;
  instances: number;
  forThePromotion: number;
}

const apis: Api[] = [
  { name: 'api-orders', instances: 10, forThePromotion: 24 },
  { name: 'api-catalog', instances: 8, forThePromotion: 18 },
  { name: 'api-accounts', instances: 6, forThePromotion: 12 },
];

const apiGroup = ({ name, instances, forThePromotion }: Api): GroupSpec => ({
  name,
  tags: { tier: 'api', holdfast: 'true' },
  minSize: 4,
  maxSize: 40,
  desiredCapacity: instances,
  availabilityZones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'],
  healthCheckType: 'ELB',
  healthCheckGracePeriodSeconds: 300,
  bootSeconds: 240,
  deregistrationDelaySeconds: 60,
  requestsPerSecondAtFullCpu: 100,
  policies: [{ type: 'TargetTrackingScaling', name: 'cpu-50', targetValue: 50 }],
  lifecycleHooks: [bootstrapHook],
  scheduledActions: [
    { scheduledActionName: 'night', atSeconds: nightSizeAt, desiredCapacity: instances },
    {
      scheduledActionName: 'promotion',
      atSeconds: promotionPreparedAt,
      minSize: forThePromotion,
      desiredCapacity: forThePromotion,
    },
  ],
});

/** Groups that launch nothing this morning: the fault is not everybody's, so draining may go on. */
const quietGroup = (name: string): GroupSpec => ({
  ...apiGroup({ name, instances: 4, forThePromotion: 4 }),
  tags: { tier: 'worker', holdfast: 'true' },
  policies: [],
  scheduledActions: [],
});
const quietNames = ['worker-mail', 'worker-images', 'worker-reports', 'worker-search'];

/** Requests a second: a nightly batch pushes the load up, it falls again, the morning comes, and the promotion begins. */
const loadOf = ({ instances, forThePromotion }: Api, seconds: number): number => {
  if (seconds >= promotionBeginsAt) return forThePromotion * 48;
  if (seconds >= morningBeginsAt) return instances * 70;
  if (seconds < minutes(22)) return instances * 46;
  return seconds < minutes(50) ? instances * 64 : instances * 30;
};

const consoleOutput = [
  '[    0.000000] Linux version 6.12.58',
  '[   11.204113] cloud-init[1402]: Cloud-init v. 25.2 running modules:config',
  'Get:1 https://packages.internal.example stable InRelease',
  'Err:1 https://packages.internal.example stable InRelease  503  Service Unavailable [IP: 10.4.0.17 443]',
  'E: Failed to fetch https://packages.internal.example/stable/api-runtime_4.2.1_amd64.deb  503  Service Unavailable',
  'cloud-init: retrying apt-get in 30 s',
  '',
].join('\n');

/** The outage Holdfast was made for: a package repository breaks, and no new instance finishes its bootstrap. */
export const repositoryDown: Story = {
  name: 'repository-down',
  title: 'The package repository is down, and a promotion is coming',
  story: [
    'An API shop, at night. The package repository answers 503, so no new instance finishes its bootstrap: each one',
    'waits in Pending:Wait until its launch hook times out after an hour, and is replaced by one that does the same.',
    'A batch has just pushed desired capacity up; when it is over a scheduled action sets the size of the night, and',
    'scale-in takes the oldest instances, which are the only ones that work. In two hours another one prepares a promotion',
    'that nothing can be launched for, and the repository is mended only when the promotion has begun. With Holdfast an',
    'operator has what runs resized before. Policies alone take nothing: their scale-in waits for launches in progress.',
  ],
  startsAt: '2025-11-28T01:00:00.000Z',
  durationSeconds: minutes(390),
  groups: [...apis.map(apiGroup), ...quietNames.map(quietGroup)],
  alarms: [
    {
      alarmName: 'launches-pending-api',
      metric: { namespace: 'AWS/AutoScaling', name: 'GroupPendingInstances', dimensions: { tier: 'api' } },
      comparison: 'GreaterThanThreshold',
      threshold: 0,
      datapointsToAlarm: 12,
      evaluationPeriods: 12,
    },
  ],
  load: (group, seconds) => {
    const api = apis.find(({ name }) => name === group.name);
    return api === undefined ? 150 : loadOf(api, seconds);
  },
  losses: [],
  launchFaults: [
    {
      name: 'the package repository answers 503',
      groups: apis.map(({ name }) => name),
      fromSeconds: brokenFrom,
      untilSeconds: mendedAt,
      outcome: { kind: 'stuck', cause: 'the bootstrap cannot fetch its packages', consoleOutput },
    },
  ],
  deeds: [
    {
      atSeconds: resizeBeginsAt,
      text: 'an operator starts resize-in-place for the three APIs: the promotion begins at 05:10, and nothing can be launched',
      needsHoldfast: true,
      act: ({ stepFunctions }) => {
        stepFunctions.startExecution(
          stateMachineArn('holdfast-rehearsal-resize-in-place'),
          'resize-by-hand',
          {
            autoScalingGroupName: apis.map(({ name }) => name),
            instanceTypes: ['m7i.xlarge', 'm6i.xlarge'],
            waveSize: 2,
            reason: 'promotion at 05:10, and nothing can be launched',
          },
        );
      },
    },
  ],
  mustBeHeld: apis.map(({ name }) => name),
  mustSurvive: apis.map(({ name }) => name),
  autoScalingCallsPerSecond: 10,
  autoScalingBurst: 20,
};
