import type { GroupSpec, SimulatedGroup } from '../../rehearsal/cloud/auto-scaling-group.ts';
import type { Quirks, SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import type { Deed, Story } from '../../rehearsal/incident.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import type { RehearsalOptions, RehearsalResult } from '../../rehearsal/rehearse.ts';
import { calm, startOf } from './launch-incident.ts';
import { journalOf, minutes, rehearseSmall, smallGroup, smallIncident } from './small-incident.ts';

/** A resize by hand, a minute into the story. */
export const startResize = (over: object = {}, name = 'by-hand', atSeconds = 60): Deed =>
  startOf(
    'resize-in-place',
    name,
    { autoScalingGroupName: 'web', instanceTypes: 'm7i.xlarge', reason: 'more room', ...over },
    atSeconds,
  );

/** One group of four without load balancer trouble, resized by hand. */
export const resizeIncident = (
  deeds: Deed[],
  over: Partial<Story> = {},
  spec: Partial<GroupSpec> = {},
): Story =>
  smallIncident({
    losses: [],
    alarms: [],
    load: () => 100,
    groups: [smallGroup('web', spec)],
    durationSeconds: minutes(90),
    deeds,
    ...over,
  });

/** Where the facts are unsure, one way. */
export const quiet: Partial<Quirks> = {
  ...calm,
  reservationsTakeRunning: false,
  reservationDelaySeconds: 0,
  standbyLagSeconds: 0,
  startFailsLater: false,
};

/** In service, running, and healthy for its load balancer; without one its status checks have passed. */
const healthyOf = (group: SimulatedGroup, now: number): number =>
  group.instances.filter(
    ({ lifecycleState, ec2, target }) =>
      lifecycleState === 'InService' &&
      ec2.state === 'running' &&
      (group.healthCheckType === 'ELB' ? target.state === 'healthy' : ec2.checksOkAt <= now),
  ).length;

/** What a run came to. */
export interface ResizeRun {
  result: RehearsalResult;
  cloud: SimulatedCloud;
  group: SimulatedGroup;
  /** The fewest healthy ones at any time since the start, by group. */
  fewestHealthy: Record<string, number>;
  journal: string[];
  /** `InService m7i.xlarge running`, … of each instance. */
  instances: string[];
}

/** Rehearses a resize, and watches the health of every group every five seconds. */
export const rehearseResize = async (
  incident: Story,
  over: Partial<RehearsalOptions> = {},
): Promise<ResizeRun> => {
  const fewestHealthy: Record<string, number> = {};
  const watch: Deed = {
    atSeconds: 2,
    text: '',
    act: ({ autoScaling, time }) =>
      time.every(5, () => {
        for (const group of autoScaling.groups.values()) {
          fewestHealthy[group.name] = Math.min(
            fewestHealthy[group.name] ?? Number.POSITIVE_INFINITY,
            healthyOf(group, time.now()),
          );
        }
      }),
  };
  const { result, cloud } = await rehearseSmall(
    { ...incident, deeds: [watch, ...(incident.deeds ?? [])] },
    { quirks: quiet, ...over },
  );
  const [group] = cloud.autoScaling.groups.values();
  if (group === undefined) throw new Error('the group is gone');
  return {
    result,
    cloud,
    group,
    fewestHealthy,
    journal: journalOf(cloud),
    instances: group.instances
      .map(({ lifecycleState, ec2 }) => `${lifecycleState} ${ec2.instanceType} ${ec2.state}`)
      .sort(),
  };
};

/** Calls that changed something, in order: operation and input. */
export const changes = (result: RehearsalResult): { operation: string; input: Record<string, unknown> }[] =>
  result.calls
    .filter(({ mutating, outcome }) => mutating && outcome === 'ok')
    .map(({ operation, input }) => ({ operation, input }));

/** Seconds since the start of the small incident's story. */
export const secondsOf = (at: string): number => (Date.parse(at) - Date.parse(packetLoss.startsAt)) / 1000;

/** The executions of the resize machine, by status. */
export const statuses = ({ cloud }: Pick<ResizeRun, 'cloud'>): string[] =>
  [...cloud.stepFunctions.executions.values()].map(({ status, error }) =>
    [status, error].filter(Boolean).join(' '),
  );

/** What must be so in the end whatever happened: nothing of Holdfast is left, and sizes and suspensions are as before. */
export const leftBehind = (
  { cloud, group }: Pick<ResizeRun, 'cloud' | 'group'>,
  before: Partial<SimulatedGroup>,
) => ({
  minSize: group.minSize - (before.minSize ?? 0),
  maxSize: group.maxSize - (before.maxSize ?? 0),
  desiredCapacity: group.desiredCapacity - (before.desiredCapacity ?? 0),
  suspended: [...group.suspended.keys()],
  protected: group.instances.filter(({ protectedFromScaleIn }) => protectedFromScaleIn).length,
  notInService: group.instances
    .filter(({ lifecycleState, ec2 }) => /Standby/.test(lifecycleState) || /^stop/.test(ec2.state))
    .map(({ instanceId, lifecycleState, ec2 }) => `${instanceId} ${lifecycleState} ${ec2.state}`),
  reservations: cloud.ec2.reservations.filter(({ state }) => state === 'active').length,
  records: cloud.store.listGroups().length + cloud.store.listResizes().length,
});

/** Nothing at all. */
export const nothingLeft = {
  minSize: 0,
  maxSize: 0,
  desiredCapacity: 0,
  suspended: [],
  protected: 0,
  notInService: [],
  reservations: 0,
  records: 0,
};

/** Whether an execution was started, none runs any more, and nothing of them is left to anybody. */
export const isOver = ({ stepFunctions, store }: SimulatedCloud): boolean => {
  const executions = [...stepFunctions.executions.values()];
  return (
    executions.length > 0 &&
    executions.every(({ status }) => status !== 'RUNNING') &&
    store.listGroups().length + store.listResizes().length === 0
  );
};
