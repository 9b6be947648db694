import { optInTag } from '../auto-scaling-group.ts';
import type {
  GroupResizePlan,
  InstanceFindings,
  ResizePlanFacts,
  ResizeRefusal,
  ResizeWarning,
} from '../resize/plan-resize.ts';
import { type Finding, type FindingFacts, isFit } from '../resize/preflight.ts';
import { counted, firstOf } from '../times.ts';
import { tellGroupRefusal } from './plan-sentences.ts';

/** What was checked of an instance: the fact, and for a refusal the remedy. */
const tellFindingFacts = (facts: FindingFacts): string => {
  switch (facts.because) {
    case 'FOUND':
      return facts.found;
    case 'WITHIN':
      return `${facts.used} of ${facts.allowed}`;
    case 'UNKNOWN':
      return `AWS does not say ${facts.what}, so it is not touched`;
    case 'UNKNOWN_TYPE':
      return `EC2 knows no ${facts.instanceType} in this Region`;
    case 'NOT_OPTED_IN':
      return `the instance does not carry ${optInTag.key}=${optInTag.value}: tag it, and let the group propagate the tag at launch`;
    case 'NOT_RUNNING':
      return `${facts.state}: only a running instance is resized`;
    case 'ROOT_IS_NOT_EBS':
      return `${facts.found ?? 'unknown'}: only an instance with an EBS root volume can be stopped`;
    case 'STARTS_NOT_FROM_EBS':
      return `ebs, and ${facts.instanceType} does not start from it: choose another type`;
    case 'INSTANCE_STORE':
      return `${facts.instanceType} has instance store, and a stop loses what is on it: set allowInstanceStoreLoss if it may be lost`;
    case 'INSTANCE_STORE_LOST':
      return 'what is on instance store will be lost, as allowed';
    case 'INSTANCE_STORE_APPEARS':
      return `${facts.instanceType} has instance store, which appears raw and is not mounted`;
    case 'CANNOT_BE_CHANGED':
      return `${facts.instanceLifecycle}: the type of such an instance cannot be changed, or it cannot be stopped`;
    case 'NOT_ON_DEMAND':
      return `${facts.instanceType} is not sold on demand: choose another type`;
    case 'CAN_HIBERNATE':
      return 'configured: the type of an instance that can hibernate cannot be changed';
    case 'NOT_SUPPORTED': {
      const { found, instanceType, supported } = facts;
      const instead =
        supported === undefined ? 'does not support it' : `supports ${supported.join(', ') || 'none'}`;
      return `${found}, and ${instanceType} ${instead}: choose another type`;
    }
    case 'NEEDS_ENA':
      return `${facts.instanceType} needs ENA, and the instance is not enabled for it`;
    case 'HAS_TO_BE_OFF':
      return `on, and ${facts.instanceType} does not support it: turn it off first`;
    case 'XEN_TO_NITRO':
      return 'from Xen to Nitro: it needs NVMe drivers, and mounts by UUID; the canary shows whether it has them';
    case 'TOO_MANY':
      return tellTooMany(facts);
    case 'NO_SUCH_NETWORK_CARD':
      return `one is on a network card that ${facts.instanceType} does not have`;
    case 'BOUND_TO_ITS_HOST':
      return `${facts.tenancy ?? 'unknown'}: a start is bound to its host's types and room; do it by hand`;
    case 'IN_PLACEMENT_GROUP':
      return `in ${facts.placementGroup}, where a start again may find no room; do it by hand`;
    case 'BANDWIDTH_WEIGHTED':
      return `weighted ${facts.weighting}: reset it to default first`;
    case 'FEWER_THREADS':
      return `${facts.threadsPerCore} thread per core was chosen; it is kept where the new type can have it, else dropped`;
    case 'STOP_PROTECTED':
      return 'on: somebody does not want it stopped; ask, and turn DisableApiStop off';
    case 'NOT_RESERVABLE':
      return `${facts.platform}: EC2 reserves no capacity for it; set reserveCapacity to false if it may be resized without`;
    case 'ON_AN_OUTPOST':
      return 'it runs on an Outpost, where no capacity can be held for it; do it by hand';
    case 'USES_ENCLAVES':
      return `on, and ${facts.instanceType} does not support Nitro Enclaves: choose another type`;
    case 'MANAGED_BY':
      return `${facts.managedBy} manages it, and AWS refuses to change it from outside`;
    case 'NO_PUBLIC_IPV4_AFTER':
      return 'with a second network interface it gets no public address when it starts again; give it an Elastic IP first';
    case 'NOT_OFFERED':
      return `${facts.instanceType} is not offered in ${facts.availabilityZone}: choose another type`;
    case 'TARGETS_A_RESERVATION':
      return 'it targets a reservation of its present type: change that first';
    case 'USES_NO_RESERVATION':
      return 'its preference is none, so it would not start in the capacity that is held: set it to open';
    case 'PUBLIC_IPV4_CHANGES':
      return `${facts.address} is not an Elastic IP and will change`;
    case 'MARKETPLACE_PRODUCT':
      return `a Marketplace product may not allow ${facts.instanceType}; the canary shows it`;
    case 'LOSES_LAUNCH_CREDITS':
      return 'a stop loses the launch credits of a burstable instance';
  }
};

const tellTooMany = ({
  what,
  used,
  allowed,
  instanceType,
}: FindingFacts & { because: 'TOO_MANY' }): string => {
  switch (what) {
    case 'interfaces':
      return `${used} attached, and ${instanceType} takes ${allowed}`;
    case 'addresses':
    case 'IPv6 addresses':
      return `${used} ${what} on one, and ${instanceType} takes ${allowed} on each`;
    case 'slots':
      return `${used} slots are used, and ${instanceType} has ${allowed}`;
  }
};

/** What was checked of an instance, and what came of it. */
export const tellFinding = (finding: Finding): string => `${finding.check}: ${tellFindingFacts(finding)}`;

/** All that was checked of an instance for a type. */
export const tellFindings = ({ instanceType, findings }: InstanceFindings): string => {
  const each = findings.map(
    (finding) => `${finding.verdict} ${finding.check} (${tellFindingFacts(finding)})`,
  );
  return `as ${instanceType} ${isFit(findings) ? 'passes' : 'is refused'}: ${each.join('; ')}`;
};

/** The first refusals of each check, each once. */
const tellFirstRefusals = (findings: InstanceFindings[]): string =>
  firstOf(
    [
      ...new Set(
        findings.flatMap(({ instanceId, instanceType, findings: found }) =>
          found
            .filter(({ verdict }) => verdict === 'refuse')
            .map((finding) => `${instanceId} as ${instanceType}: ${tellFinding(finding)}`),
        ),
      ),
    ],
    5,
  );

const tellRefusal = (refusal: ResizeRefusal, findings: InstanceFindings[]): string => {
  switch (refusal.because) {
    case 'NOT_OPTED_IN':
    case 'BEING_DELETED':
      return tellGroupRefusal(refusal);
    case 'RESIZED_BY_ANOTHER':
      return `the execution ${refusal.executionName} resizes it already`;
    case 'SCALING_PAUSED':
      return `its scaling is paused (${refusal.reason}): nothing is stopped meanwhile`;
    case 'LAUNCHES_SUCCEED':
      return 'its launches do not fail: it can scale out instead';
    case 'TRAIT':
      return refusal.why;
    case 'IN_STANDBY':
      return `${firstOf(refusal.instanceIds, 5)} ${refusal.instanceIds.length === 1 ? 'is' : 'are'} in Standby, put there by somebody else: let ${refusal.instanceIds.length === 1 ? 'it' : 'them'} leave Standby first`;
    case 'LAUNCH_SUSPENDED':
      return 'somebody suspended Launch, and Standby could not be left: resume it first';
    case 'TRAFFIC_SOURCES':
      return `it gets traffic from ${refusal.sources.join(', ')}, whose health checks cannot be asked`;
    case 'NO_LARGER_TYPE':
      return `no larger type is known: ${refusal.instanceType === undefined ? 'its launch template names no single type' : `${refusal.instanceType} is the largest of its family`}. Name instanceTypes`;
    case 'NOTHING_IN_SERVICE':
      return 'nothing is in service';
    case 'TOO_MANY_IN_SERVICE':
      return `${refusal.serving} are in service, more than the ${refusal.limit} of one run`;
    case 'GROUP_OF_ONE':
      return 'a group of one is without any while it is resized: set allowDowntime if that may be';
    case 'AT_THE_FLOOR':
      return `${refusal.healthy} of ${refusal.serving} in service are healthy, and the floor is ${refusal.floor}: not one can be taken out of service`;
    case 'UNKNOWN_TO_EC2':
      return `EC2 does not know ${refusal.instanceId}, which is in service`;
    case 'NO_INSTANCE_FITS':
      return `none of ${counted(refusal.toResize, 'instance')} can be resized: ${tellFirstRefusals(findings)}`;
  }
};

const tellNothing = ({
  serving,
  wantedTypes,
  countedFrom,
}: ResizePlanFacts & { action: 'NOTHING' }): string => {
  const have = `all ${serving} in service have ${wantedTypes.join(' or ')}`;
  return countedFrom === undefined
    ? `${have} already`
    : `${have} or more already, one size above ${countedFrom}, what it is set up with; to go further, name the type`;
};

/** What a plan for one group rests on: how much is resized, why nothing has to be, or why nothing may be. */
export const tellResizePlan = (plan: GroupResizePlan): string => {
  switch (plan.action) {
    case 'REFUSE':
      return tellRefusal(plan, plan.findings);
    case 'NOTHING':
      return tellNothing(plan);
    case 'RESIZE': {
      const { queue, serving, waves, floor, healthy, leftOut, findings } = plan;
      const rest = leftOut === 0 ? '' : `; ${leftOut} are left out: ${tellFirstRefusals(findings)}`;
      return `${counted(queue.length, 'instance')} of ${serving} in service in ${counted(waves.length, 'wave')}, the first a canary of one; ${floor} of ${healthy} healthy ones stay in service at any time${rest}`;
    }
  }
};

/** What is risked. */
export const tellResizeWarning = (warning: ResizeWarning): string => {
  switch (warning.because) {
    case 'NOTHING_RESERVED':
      return 'no capacity is reserved: between stop and start nothing holds the place of an instance, and neither its new type nor its old one may have room then; it would be left stopped in Standby for a person';
    case 'TRAIT':
      return warning.why;
    case 'TEMPLATE_SHARED':
      return `its launch template, which is to be changed, is used by ${firstOf(warning.autoScalingGroupNames, 5)} too`;
  }
};
