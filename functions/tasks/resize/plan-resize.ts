import pMap from 'p-map';
import type * as z from 'zod/mini';
import type { AutoScaling } from '../../aws/auto-scaling.ts';
import type { CloudFormation } from '../../aws/cloudformation.ts';
import type { Ec2Resize } from '../../aws/ec2-resize.ts';
import type { ElasticLoadBalancing } from '../../aws/elastic-load-balancing.ts';
import { type AutoScalingGroup, isOptedIn } from '../../domain/auto-scaling-group.ts';
import { InvalidInputError, UnreadableFactError } from '../../domain/errors.ts';
import { executionNameOf, stageOfExecution } from '../../domain/execution-arn.ts';
import { isHookOfCodeDeploy } from '../../domain/group-traits.ts';
import type { GroupRecord } from '../../domain/holds/group-record.ts';
import { holdTagCall, holdTagKey, holdTagValue } from '../../domain/holds/hold-tag.ts';
import { isTaken, selectGroups } from '../../domain/holds/select-groups.ts';
import type { Incident } from '../../domain/incident.ts';
import type { JournalEntry } from '../../domain/journal.ts';
import { areLaunchesFailing, stuckInstances } from '../../domain/launches/launch-record.ts';
import type { Mode } from '../../domain/mode.ts';
import type { TraitReadAlone } from '../../domain/remediation.ts';
import { remediations } from '../../domain/remediations.ts';
import { type Request, toIncident } from '../../domain/request.ts';
import { familyOf, nextLargerType } from '../../domain/resize/instance-facts.ts';
import type { TakenBy } from '../../domain/resize/plan-resize.ts';
import {
  type GroupResizePlan,
  planResize,
  type ResizeFacts,
  typeCountedFrom,
} from '../../domain/resize/plan-resize.ts';
import { isFit } from '../../domain/resize/preflight.ts';
import type { TemplateFacts } from '../../domain/resize/resize-record.ts';
import type { ResizeSettings } from '../../domain/resize/settings.ts';
import { tellLeftAlone, tellSelectionRefusal } from '../../domain/telling/plan-sentences.ts';
import {
  tellFinding,
  tellFindings,
  tellResizePlan,
  tellResizeWarning,
} from '../../domain/telling/resize-plan-sentences.ts';
import { counted } from '../../domain/times.ts';
import { parseHoldInput } from '../../events/hold-input.ts';
import type { planHoldState } from '../../events/hold-state.ts';
import type { PlanHoldResult } from '../holds/plan-hold.ts';
import { beginPlan, type PlanDependencies, refusedGroups, showCalls } from '../holds/plan-hold.ts';
import { type DescribeStack, groupsBeingUpdated, remembering } from '../holds/stacks.ts';
import { writeJournal } from '../incidents/emit-facts.ts';
import { findPausedScaling } from '../incidents/find-paused-scaling.ts';
import { describeTargets, findOtherExecution, openIncident } from '../incidents/plan-request.ts';
import { lookAtHealth, type ResizeClients } from './look-at-resizes.ts';

/** What PlanResize needs. */
export interface PlanResizeDependencies extends PlanDependencies {
  ec2: (mode: Mode) => Ec2Resize;
  elasticLoadBalancing: (mode: Mode) => ElasticLoadBalancing;
  cloudFormation: CloudFormation;
  /** Whether this deployment may give launch templates new versions. */
  changesLaunchTemplates: boolean;
  /** Whether it only asks what could be resized, in a night in which launches fail. */
  isTrial?: true;
}

/**
 * - `RESIZE`: the incident is open, go on.
 * - `BRING_HOME`: another execution left something in flight; bring it home.
 * - `NOTHING`: everything has a type that was asked for.
 * - `REPORT`: dry run; `calls` is what would have been done.
 * - `REFUSE`: nothing may be done, and why.
 */
export interface PlanResizeResult extends Omit<PlanHoldResult, 'action'> {
  action: 'RESIZE' | 'BRING_HOME' | 'NOTHING' | 'REPORT' | 'REFUSE';
  /** What is risked, and what stands against single instances. */
  warnings: string[];
}

/** Lines shown in an execution's output, which may not exceed 256 KiB; all of them are in the journal. */
const linesShown = 50;
/** How long failed launches count for a rule that resizes only while launches fail. */
const failingWithinSeconds = 3600;
/** An instance that waits in a launch hook for so long counts as a launch that fails, before anybody ends it. */
const stuckAfterSeconds = 900;
/** Stop protection is read instance by instance. */
const readsAtOnce = 4;

/** The findings of a group: of each instance and type one line, all of it in words. */
const toFindingsEntries = ({ autoScalingGroupName, findings }: GroupResizePlan, at: string): JournalEntry[] =>
  findings.map((found) => ({
    at,
    event: 'checked',
    autoScalingGroupName,
    instanceId: found.instanceId,
    because: isFit(found.findings) ? 'FIT' : 'UNFIT',
    checks: found.findings.length,
    text: tellFindings(found),
  }));

const toPlanEntry = (plan: GroupResizePlan, mode: Mode, at: string): JournalEntry => {
  const { action, autoScalingGroupName, warnings, calls } = plan;
  const reason = tellResizePlan(plan);
  const text = {
    RESIZE: `${mode === 'live' ? 'will' : 'would'} resize ${reason}`,
    NOTHING: `nothing to do: ${reason}`,
    REFUSE: tellLeftAlone(reason),
  }[action];
  return {
    at,
    event: action === 'REFUSE' ? 'refused' : 'planned',
    autoScalingGroupName,
    because: action,
    text: [text, ...warnings.map(tellResizeWarning)].join('; '),
    calls,
  };
};

/** The plan with the tag that the group has meanwhile. */
const withTag = (
  plan: GroupResizePlan,
  group: AutoScalingGroup,
  tag: string | undefined,
  stage: string,
): GroupResizePlan => {
  const calls = [
    holdTagCall(group, tag, stage),
    holdTagCall({ ...group, tags: { [holdTagKey]: tag ?? '' } }, undefined, stage),
  ];
  return plan.action === 'RESIZE'
    ? { ...plan, calls: [...plan.calls, ...calls.filter((call) => call !== undefined)] }
    : plan;
};

/** Warnings and refusals of single instances, the like ones told once; only so many of them. */
const warningsOf = (plans: GroupResizePlan[]): string[] => {
  const warnings = plans.flatMap((plan) => [
    ...plan.warnings.map(tellResizeWarning),
    ...plan.findings.flatMap(({ instanceId, instanceType, findings }) =>
      findings
        .filter(({ verdict }) => verdict !== 'pass')
        .map((finding) => `${finding.verdict} ${instanceId} as ${instanceType}: ${tellFinding(finding)}`),
    ),
  ]);
  const alike = [...new Set(warnings)];
  return alike.length <= linesShown
    ? alike
    : [...alike.slice(0, linesShown), `and ${alike.length - linesShown} more, in the journal`];
};

/** Where a plan reads; a stack is asked for once, however many of the groups belong to it. */
interface PlanClients extends ResizeClients {
  describeStack: DescribeStack;
}

/** What every plan of a run rests on. */
interface Planning {
  clients: PlanClients;
  request: Request & { resize: ResizeSettings };
  incidentId: string;
  mode: Mode;
  /** ISO 8601 */
  now: string;
}

/** The plan for one group, and what it rests on. */
interface PlannedGroup {
  facts: ResizeFacts;
  plan: GroupResizePlan;
}

/**
 * Finds the groups, checks everything that can be known of every instance for every type, plans the waves, and opens
 * the incident. Changes nothing in AWS.
 *
 * @throws what `beginPlan` throws
 */
export const createPlanResize = (dependencies: PlanResizeDependencies) => {
  const { store, clock } = dependencies;

  const readTemplate = async (
    ec2: Ec2Resize,
    { launchTemplate, hasMixedInstances }: AutoScalingGroup,
  ): Promise<TemplateFacts | undefined> => {
    if (launchTemplate === undefined) return undefined;
    const { launchTemplateId, version } = launchTemplate;
    const found = await ec2.describeLaunchTemplate(launchTemplateId, version);
    if (found === undefined) return undefined;
    return { ...launchTemplate, ...found, ...(hasMixedInstances === true ? { isOverridden: true } : {}) };
  };

  /** What else changes the group now, as far as it takes a call of its own to see. */
  const readTraitsAlone = async (
    { autoScaling, describeStack }: PlanClients,
    group: AutoScalingGroup,
  ): Promise<TraitReadAlone[]> => {
    const { autoScalingGroupName: name } = group;
    const updating = await groupsBeingUpdated(describeStack, [group]);
    const hooks = await autoScaling.describeLaunchHooks(name);
    const isSeen: Record<TraitReadAlone, boolean> = {
      INSTANCE_REFRESH: (await autoScaling.describeInstanceRefresh(name)) !== undefined,
      STACK_UPDATE: updating.length > 0,
      CODE_DEPLOY: hooks.some(({ lifecycleHookName }) => isHookOfCodeDeploy(lifecycleHookName)),
    };
    return (Object.keys(isSeen) as TraitReadAlone[]).filter((trait) => isSeen[trait]);
  };

  /** The types wanted in a group. */
  const wantedTypes = async (
    ec2: Ec2Resize,
    { instanceTypes }: ResizeSettings,
    countedFrom: string | undefined,
  ): Promise<string[]> => {
    if (instanceTypes !== 'larger') return instanceTypes;
    if (countedFrom === undefined) return [];
    const family = await ec2.describeFamily(familyOf(countedFrom));
    const larger = nextLargerType(countedFrom, family);
    return larger === undefined ? [] : [larger.instanceType];
  };

  /** Other groups that launch from the template of one. */
  const groupsWithTemplate = async (
    autoScaling: AutoScaling,
    { autoScalingGroupName: name, launchTemplate }: AutoScalingGroup,
  ): Promise<string[]> => {
    if (launchTemplate === undefined) return [];
    const all = await autoScaling.describeAutoScalingGroupsByTags({});
    return all
      .filter((other) => other.launchTemplate?.launchTemplateId === launchTemplate.launchTemplateId)
      .map(({ autoScalingGroupName }) => autoScalingGroupName)
      .filter((other) => other !== name);
  };

  /** Why something else of ours has the group, or scaling is paused in it. */
  const takenBecause = async (incidentId: string, record: GroupRecord): Promise<TakenBy | undefined> => {
    const [resize] = await store.readResizes([record.autoScalingGroupName]);
    if (resize?.work !== undefined && resize.work.incidentId !== incidentId) {
      return { because: 'RESIZED_BY_ANOTHER', executionName: executionNameOf(resize.work.incidentId) };
    }
    const paused = await findPausedScaling(store, [record]);
    return paused && { because: 'SCALING_PAUSED', reason: paused.reason };
  };

  const lookAtGroup = async (
    clients: PlanClients,
    request: Request & { resize: ResizeSettings },
    incidentId: string,
    group: AutoScalingGroup,
  ): Promise<ResizeFacts> => {
    const { autoScaling, ec2 } = clients;
    const name = group.autoScalingGroupName;
    const [record] = await store.readGroups([name]);
    const [launches] = await store.readLaunches([name]);
    if (record === undefined || launches === undefined)
      throw new Error(`The store has no answer for ${name}`);
    const takenBy = await takenBecause(incidentId, record);
    const traits = await readTraitsAlone(clients, group);
    const template = await readTemplate(ec2, group);
    const { instances, healthy, problem } = await lookAtHealth(clients, group);
    if (problem !== undefined) {
      throw new UnreadableFactError(`The health of the targets of ${name} cannot be read: ${problem}`);
    }
    // Counted from what runs, a rule would climb to the top of the family.
    const isClimbing = group.hasMixedInstances === true && request.rule !== undefined;
    const from = isClimbing ? undefined : typeCountedFrom(group, template, [...instances.values()]);
    const wanted = await wantedTypes(ec2, request.resize, from);
    const present = [...new Set([...instances.values()].map(({ instanceType }) => instanceType))];
    const zones = [...new Set([...instances.values()].map(({ availabilityZone }) => availabilityZone))];
    const hasWork = wanted.length > 0 && instances.size > 0;
    const types = hasWork ? await ec2.describeInstanceTypes([...new Set([...wanted, ...present])]) : [];
    const offered = hasWork ? await ec2.describeOfferings(wanted, zones) : new Set<string>();
    const concerned = hasWork
      ? [...instances.values()].filter(({ instanceType }) => !wanted.includes(instanceType))
      : [];
    const stopProtected = await pMap(
      // Of the others nothing may be read, and nothing needs to be: they are left alone.
      concerned.filter(isOptedIn),
      async ({ instanceId }) => [instanceId, await ec2.isStopProtected(instanceId)] as const,
      { concurrency: readsAtOnce },
    );
    const areFailing =
      areLaunchesFailing(launches, clock.now(), failingWithinSeconds) ||
      stuckInstances(launches, group, stuckAfterSeconds, clock.now()).length > 0;
    return {
      group,
      record,
      instances,
      healthy,
      types: new Map(types.map((type) => [type.instanceType, type])),
      offered,
      stopProtected: new Map(stopProtected),
      wantedTypes: wanted,
      traitsReadAlone: traits,
      ...(from === undefined ? {} : { countedFrom: from }),
      sharesTemplateWith: request.resize.updateLaunchTemplate
        ? await groupsWithTemplate(autoScaling, group)
        : [],
      ...(template === undefined ? {} : { template }),
      ...(takenBy === undefined ? {} : { takenBy }),
      // A group whose launches succeed can scale out instead.
      needsNoResize: request.rule !== undefined && !areFailing && dependencies.isTrial !== true,
    };
  };

  /** Plans the resize of every group, one after the other. */
  const planGroups = async (
    { clients, request, incidentId, mode, now }: Planning,
    groups: AutoScalingGroup[],
  ): Promise<PlannedGroup[]> => {
    const incident = toIncident(request, incidentId, mode, now);
    const endsAtLatest = remediations[request.remediation].endsAtLatest(incident);
    const tag = holdTagValue([{ incidentId, reason: request.reason, endsAtLatest }]);
    const planned: PlannedGroup[] = [];
    for (const group of groups) {
      const facts = await lookAtGroup(clients, request, incidentId, group);
      const plan = planResize(facts, request.resize, incidentId, now);
      planned.push({ facts, plan: withTag(plan, group, tag, stageOfExecution(incidentId)) });
    }
    return planned;
  };

  /** Opens the incident, and writes down what is to be done in each of its groups. */
  const open = async (
    incident: Incident,
    { waveSize }: ResizeSettings,
    begun: PlannedGroup[],
    leftAlone: JournalEntry[],
  ): Promise<void> => {
    const { incidentId, startedAt } = incident;
    const names = begun.map(({ plan }) => plan.autoScalingGroupName);
    await openIncident(dependencies, incident, names, leftAlone);
    // A task that is tried again keeps to the groups of its first try.
    const opened = new Set(await store.readIncidentGroups(incidentId));
    for (const { plan, facts } of begun) {
      const { autoScalingGroupName, queue, floor } = plan;
      if (!opened.has(autoScalingGroupName)) continue;
      const [record] = await store.readResizes([autoScalingGroupName]);
      // A task that is tried again finds what it wrote itself.
      if (record === undefined || record.work !== undefined) continue;
      const { template, group } = facts;
      const { autoScalingGroupArn } = group;
      await store.writeResize({
        ...record,
        work: {
          incidentId,
          ...(autoScalingGroupArn === undefined ? {} : { autoScalingGroupArn }),
          startedAt,
          floor,
          waveSize,
          queue,
          resizes: [],
          reservations: [],
          ...(template === undefined ? {} : { launchTemplate: template }),
        },
      });
    }
  };

  /** Another execution's incident, which the sweep gave up. */
  const bringHome = async (incidentId: string): Promise<PlanResizeResult> => {
    const incident = await store.readIncident(incidentId);
    const base = { incidentId, groups: 0, refused: 0, warnings: [], ...showCalls([]) };
    if (incident?.resize === undefined) {
      return { ...base, action: 'REFUSE', mode: 'live', reason: `nothing of ${incidentId} is open` };
    }
    return {
      ...base,
      action: 'BRING_HOME',
      mode: incident.mode,
      askedFor: incident.reason,
      reason: 'what its execution left is brought home',
    };
  };

  return async (state: z.output<typeof planHoldState>): Promise<PlanResizeResult> => {
    const parsed = parseHoldInput(state.remediation, state.input);
    if (parsed.trigger === 'sweep') return bringHome(parsed.incidentId);
    const { request, mode, incidentId, ofRule, refuse } = await beginPlan(dependencies, state);
    const { resize } = request;
    if (resize === undefined) throw new InvalidInputError('The input asks for nothing that can be resized');
    if (resize.updateLaunchTemplate && !dependencies.changesLaunchTemplates) {
      throw new InvalidInputError(
        'updateLaunchTemplate: found true; allowed: false, because this stage is deployed without permission to change launch templates. To give it, deploy with --param launchTemplates=on. Nothing was changed.',
      );
    }
    const refuseAll = async (reason: string, tended?: string): Promise<PlanResizeResult> => ({
      ...(await refuse(reason, tended)),
      action: 'REFUSE',
      warnings: [],
    });
    if (mode === 'off') return refuseAll('the mode is off; nothing was looked at');
    const now = clock.now();
    const clients: PlanClients = {
      autoScaling: dependencies.autoScaling(mode),
      ec2: dependencies.ec2(mode),
      elasticLoadBalancing: dependencies.elasticLoadBalancing(mode),
      describeStack: remembering(dependencies.cloudFormation),
    };
    const groups = await describeTargets(clients.autoScaling, request);
    const selection = selectGroups(groups, request.names, {
      remediation: request.remediation,
      groupsMax: request.settings.groupsMax,
    });
    const taken = selection.groups.filter(isTaken).map(({ autoScalingGroupName }) => autoScalingGroupName);
    const unfit = refusedGroups(selection, now);
    const tendedBy = await findOtherExecution(dependencies, incidentId, request, taken);
    if (tendedBy !== undefined)
      return refuseAll(`the execution ${tendedBy} resizes one of these groups already`, tendedBy);
    if (selection.refusal !== undefined) {
      await writeJournal(store, incidentId, unfit);
      return refuseAll(tellSelectionRefusal(selection.refusal, 'resized'));
    }

    const planned = await planGroups(
      { clients, request: { ...request, resize }, incidentId, mode, now },
      groups.filter(({ autoScalingGroupName }) => taken.includes(autoScalingGroupName)),
    );
    const plans = planned.map(({ plan }) => plan);
    const entries = plans.map((plan) => toPlanEntry(plan, mode, now));
    await writeJournal(store, incidentId, [
      ...unfit,
      ...plans.flatMap((plan) => toFindingsEntries(plan, now)),
      ...entries,
    ]);
    const begun = planned.filter(({ plan }) => plan.action === 'RESIZE');
    const refused = plans.filter(({ action }) => action === 'REFUSE').length + unfit.length;
    const calls = begun.flatMap(({ plan }) => plan.calls);
    const base = {
      incidentId,
      ...ofRule,
      mode,
      groups: begun.length,
      refused,
      warnings: warningsOf(plans),
      ...showCalls(calls),
    };
    const reasons = plans.map((plan) => `${plan.autoScalingGroupName}: ${tellResizePlan(plan)}`).join('. ');
    if (begun.length === 0) return { ...base, action: refused > 0 ? 'REFUSE' : 'NOTHING', reason: reasons };
    if (mode === 'dry-run') return { ...base, action: 'REPORT', reason: reasons };
    const leftAlone = [...unfit, ...entries.filter(({ event }) => event === 'refused')];
    await open(toIncident(request, incidentId, mode, now), resize, begun, leftAlone);
    return {
      ...base,
      action: 'RESIZE',
      reason: `${request.reason}; ${counted(begun.length, 'group')}. ${reasons}`,
      calls: [],
      callsLeftOut: calls.length,
    };
  };
};
