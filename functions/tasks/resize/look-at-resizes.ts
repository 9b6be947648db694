import type { AutoScaling } from '../../aws/auto-scaling.ts';
import { describeAwsError } from '../../aws/aws-error.ts';
import type { Ec2Resize } from '../../aws/ec2-resize.ts';
import type { ElasticLoadBalancing } from '../../aws/elastic-load-balancing.ts';
import { type AutoScalingGroup, inService } from '../../domain/auto-scaling-group.ts';
import type { GroupRecord } from '../../domain/holds/group-record.ts';
import { isInFlight, type LaunchRecord } from '../../domain/launches/launch-record.ts';
import type { Mode } from '../../domain/mode.ts';
import type { SeenResize } from '../../domain/resize/decide-resize-step.ts';
import type { SeenWork } from '../../domain/resize/decide-wave.ts';
import type { InstanceFacts } from '../../domain/resize/instance-facts.ts';
import { inFlight, type ResizeRecord, type ResizeWork } from '../../domain/resize/resize-record.ts';
import type { Store } from '../../state/store.ts';
import type { TaskDependencies } from '../incidents/task-dependencies.ts';

/** What every task of a resize needs that changes instances. */
export interface ResizeDependencies extends TaskDependencies {
  ec2: (mode: Mode) => Ec2Resize;
  elasticLoadBalancing: (mode: Mode) => ElasticLoadBalancing;
}

/** AWS as one task of a resize reaches it. */
export interface ResizeClients {
  autoScaling: AutoScaling;
  ec2: Ec2Resize;
  elasticLoadBalancing: ElasticLoadBalancing;
}

/** The clients for a mode: what was begun live is brought home live. */
export const clientsFor = (dependencies: ResizeDependencies, mode: Mode): ResizeClients => ({
  autoScaling: dependencies.autoScaling(mode),
  ec2: dependencies.ec2(mode),
  elasticLoadBalancing: dependencies.elasticLoadBalancing(mode),
});

/** Ids that every target group of a group finds healthy; `undefined` where it has none. */
const healthyTargets = async (
  elasticLoadBalancing: ElasticLoadBalancing,
  { targetGroupArns = [] }: AutoScalingGroup,
): Promise<Set<string> | undefined> => {
  let healthy: Set<string> | undefined;
  for (const arn of targetGroupArns) {
    const targets = await elasticLoadBalancing.describeHealthyTargets(arn);
    healthy = healthy === undefined ? targets : new Set([...healthy].filter((id) => targets.has(id)));
  }
  return healthy;
};

/** Health of the instances of a group, with EC2's side of each that was asked about. */
export interface SeenHealth {
  instances: Map<string, InstanceFacts>;
  /** Ids of the instances in service that run and that every load balancer finds healthy. */
  healthy: Set<string>;
  /** `undefined` when a load balancer cannot be asked. */
  isTargetHealthy: (instanceId: string) => boolean | undefined;
  /** Why no load balancer could be asked, when one could not. */
  problem?: string;
}

/**
 * Looks at the health of a group's instances: one call to EC2 per hundred, one to the load balancer per target group.
 *
 * @param others ids to ask EC2 about beside those in service
 */
export const lookAtHealth = async (
  { ec2, elasticLoadBalancing }: ResizeClients,
  group: AutoScalingGroup,
  others: string[] = [],
): Promise<SeenHealth> => {
  const serving = inService(group);
  const ids = [...new Set([...serving.map(({ instanceId }) => instanceId), ...others])];
  const described = ids.length === 0 ? [] : await ec2.describeInstances(ids);
  const instances = new Map(described.map((facts) => [facts.instanceId, facts]));
  let targets: Set<string> | undefined;
  let problem: string | undefined;
  try {
    targets = await healthyTargets(elasticLoadBalancing, group);
  } catch (error) {
    problem = describeAwsError(error);
  }
  // Nobody is known to be healthy then: nothing is taken out of service, and what is out comes back all the same.
  const running = [...instances.values()]
    .filter(({ state }) => state === 'running')
    .map(({ instanceId }) => instanceId);
  // Without a load balancer EC2's status checks are all there is: the hold keeps the group's own health check still.
  const passed =
    targets === undefined && problem === undefined && running.length > 0
      ? await ec2.describePassedChecks(running)
      : undefined;
  const isTargetHealthy = (instanceId: string): boolean | undefined =>
    problem === undefined ? ((targets ?? passed)?.has(instanceId) ?? false) : undefined;
  return {
    instances,
    isTargetHealthy,
    ...(problem === undefined ? {} : { problem }),
    healthy: new Set(
      serving
        .filter(
          ({ instanceId, healthStatus }) =>
            healthStatus.toLowerCase() === 'healthy' &&
            instances.get(instanceId)?.state === 'running' &&
            isTargetHealthy(instanceId) === true,
        )
        .map(({ instanceId }) => instanceId),
    ),
  };
};

/** EC2's side of some instances alone. */
const lookAtInstances = async ({ ec2 }: ResizeClients, ids: string[]): Promise<SeenHealth> => {
  const described = await ec2.describeInstances(ids);
  return {
    instances: new Map(described.map((facts) => [facts.instanceId, facts])),
    healthy: new Set(),
    isTargetHealthy: () => undefined,
  };
};

/** A group that is being resized, as it is and as it is remembered; `group` is absent when it is gone. */
export interface SeenGroupWork {
  resize: ResizeRecord;
  work: ResizeWork;
  record: GroupRecord;
  group: AutoScalingGroup | undefined;
}

/**
 * Looks at one group that is being resized. Records first, so that one still unchanged when it is written proves that
 * nobody of ours changed anything since. One call.
 *
 * @returns `undefined` when the group is not being resized by this incident
 */
export const lookAtWork = async (
  autoScaling: AutoScaling,
  store: Store,
  incidentId: string,
  name: string,
): Promise<SeenGroupWork | undefined> => {
  const [resize] = await store.readResizes([name]);
  const [record] = await store.readGroups([name]);
  const work = resize?.work;
  if (resize === undefined || record === undefined || work?.incidentId !== incidentId) return undefined;
  const [group] = await autoScaling.describeAutoScalingGroups([name]);
  const isAnother =
    work.autoScalingGroupArn !== undefined &&
    group?.autoScalingGroupArn !== undefined &&
    group.autoScalingGroupArn !== work.autoScalingGroupArn;
  return { resize, work, record, group: isAnother ? undefined : group };
};

/** Whether an open incident drains instances of the group; what a closed one left half way is nobody's. */
const isBeingDrained = async (store: Store, launches: LaunchRecord | undefined): Promise<boolean> => {
  const incidents = new Set((launches?.drains ?? []).filter(isInFlight).map(({ incidentId }) => incidentId));
  for (const incidentId of incidents) {
    if ((await store.readIncident(incidentId)) !== undefined) return true;
  }
  return false;
};

/** The same with its instances; `seen` is absent when the group is gone. */
export type SeenResizeWork = Pick<SeenGroupWork, 'resize' | 'work'> & { seen?: SeenWork };

/** Looks at one group that is being resized, and at its instances. */
export const lookAtResize = async (
  clients: ResizeClients,
  store: Store,
  incidentId: string,
  name: string,
): Promise<SeenResizeWork | undefined> => {
  const looked = await lookAtWork(clients.autoScaling, store, incidentId, name);
  if (looked === undefined) return undefined;
  const { resize, work, record, group } = looked;
  if (group === undefined) return { resize, work };
  const [launches] = await store.readLaunches([name]);
  const ids = inFlight(work).map(({ instanceId }) => instanceId);
  const stateOf = (id: string): string | undefined =>
    group.instances.find(({ instanceId }) => instanceId === id)?.lifecycleState;
  // While all that is in flight is out of service nobody's health is asked for, and no status check before Standby.
  const asksHealth = ids.length === 0 || ids.some((id) => stateOf(id) === 'InService');
  const { instances, healthy, isTargetHealthy } = asksHealth
    ? await lookAtHealth(clients, group, ids)
    : await lookAtInstances(clients, ids);
  const running = ids.filter((id) => stateOf(id) === 'Standby' && instances.get(id)?.state === 'running');
  const passed = running.length === 0 ? new Set<string>() : await clients.ec2.describePassedChecks(running);
  const seen = new Map(
    ids.map((instanceId): [string, SeenResize] => [
      instanceId,
      {
        lifecycleState: stateOf(instanceId),
        ec2: instances.get(instanceId),
        hasPassedChecks: passed.has(instanceId),
        isHealthy: isTargetHealthy(instanceId),
      },
    ]),
  );
  const isDraining = await isBeingDrained(store, launches);
  // Whoever was asked to leave does not count, whatever the description says.
  for (const { instanceId, stage } of inFlight(work)) {
    if (stage !== 'CHOSEN' && stage !== 'EXITING') healthy.delete(instanceId);
  }
  return { resize, work, seen: { group, record, work, seen, healthy, isDraining } };
};
