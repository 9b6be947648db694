import type { Remediation } from '../../functions/domain/remediation-names.ts';
import type { Dice } from './dice.ts';
import { ofKind, type Part, type RandomIncident } from './parts.ts';
import { tiers } from './policy.ts';

/** What somebody types into the console. */
type Input = Record<string, unknown>;

const drainOf = ({ pick, between }: Dice): Input => ({
  olderThan: pick(['5m', '15m']),
  expiresAfter: `${between(30, 90)}m`,
});

const resizeOf = ({ chance, pick, between }: Dice): Input => ({
  instanceTypes: pick(['m7i.xlarge', 'm7i.2xlarge', 'larger']),
  waveSize: pick([1, 2, 4]),
  expiresAfter: `${between(10, 120)}m`,
  ...(chance(0.3) ? { allowInstanceStoreLoss: true } : {}),
});

/** Draws an execution that somebody starts. */
export const byHandOf = (dice: Dice, names: string[]): { remediation: Remediation; input: Input } => {
  const { chance, pick, some, between } = dice;
  // Draining and resizing are as frequent as holds.
  const remediation = pick<Remediation>([
    'pause-scaling',
    'protect-instances',
    'drain-pending-wait',
    'drain-pending-wait',
    'resize-in-place',
    'resize-in-place',
  ]);
  const chosen = some(names, 0.3);
  const targets = chance(0.3)
    ? { tags: { tier: pick(tiers) } }
    : { autoScalingGroupName: chosen.length === 0 ? [pick(names)] : chosen.slice(0, 5) };
  const fields: Partial<Record<Remediation, Input>> = {
    'pause-scaling': { block: pick(['scale-in', 'all']), expiresAfter: `${between(10, 60)}m` },
    'protect-instances': { expiresAfter: `${between(10, 60)}m` },
    'drain-pending-wait': drainOf(dice),
    'resize-in-place': resizeOf(dice),
  };
  return {
    remediation,
    input: {
      ...targets,
      ...fields[remediation],
      reason: 'a random reason',
      ...(chance(0.1) ? { dryRun: true } : {}),
    },
  };
};

/** Settings of holds: `holdAtMost` no shorter than the longest `expiresAfter`, and all over within the hours of an incident. */
const lengthsOf = ({ chance, pick }: Dice): Input => ({
  ...(chance(0.3) ? { holdAtMost: pick(['90m', '2h']) } : {}),
  ...(chance(0.3) ? { checkEvery: pick(['40s', '2m', '5m']) } : {}),
  ...(chance(0.3) ? { groupsMax: pick([1, 3, 20]) } : {}),
});

const releasesOf = ({ chance, pick }: Dice): Input => ({
  ...(chance(0.3) ? { coolOff: pick(['0s', '10m']) } : {}),
  ...(chance(0.3) ? { settle: pick(['0s', '1m', '20m']) } : {}),
});

/** Every setting of a remediation that people seldom touch: each is now and then another than where nothing is said. */
const settingsOf: Partial<Record<Remediation, (dice: Dice) => Input>> = {
  'pause-scaling': (dice) => ({ ...releasesOf(dice), ...lengthsOf(dice) }),
  'protect-instances': (dice) => ({
    ...releasesOf(dice),
    ...lengthsOf(dice),
    ...(dice.chance(0.3) ? { launchesToRelease: dice.pick([1, 5]) } : {}),
    // Without a launch it is held to its end: not for longer than an incident is told.
    ...(dice.chance(0.3) ? { until: 'launches-succeed', holdAtMost: '2h' } : {}),
  }),
  'drain-pending-wait': (dice) => ({
    ...lengthsOf(dice),
    ...(dice.chance(0.3) ? { atOnce: dice.pick([1, 2, 20]) } : {}),
    ...(dice.chance(0.3) ? { perGroupPerHour: dice.pick([1, 2, 20]) } : {}),
    ...(dice.chance(0.3) ? { perHour: dice.pick([20, 100]) } : {}),
    ...(dice.chance(0.3) ? { breakerAfter: dice.pick([1, 2, 5]) } : {}),
    ...(dice.chance(0.3) ? { probeAfter: dice.pick(['5m', '15m']) } : {}),
    ...(dice.chance(0.3) ? { probeAtMost: dice.pick(['15m', '2h']) } : {}),
    ...(dice.chance(0.3) ? { drainContinuing: true } : {}),
    ...(dice.chance(0.3) ? { snapshot: true } : {}),
  }),
  'resize-in-place': (dice) => ({
    ...(dice.chance(0.5) ? { floor: dice.pick([0, 1, 2, 3, 4, 6, '0%', '50%', '80%', '100%']) } : {}),
    ...(dice.chance(0.3) ? { allowDowntime: true } : {}),
    ...(dice.chance(0.3) ? { reserveCapacity: false } : {}),
    ...(dice.chance(0.3) ? { snapshot: true } : {}),
    ...(dice.chance(0.3) ? { updateLaunchTemplate: true } : {}),
    ...(dice.chance(0.3) ? { settle: dice.pick(['0s', '1m', '20m']) } : {}),
    ...(dice.chance(0.3) ? { groupsMax: dice.pick([1, 3, 20]) } : {}),
  }),
};

/** A resize early on of a group that it may well be allowed for, so that some come to their end. */
const oneMoreResize = (dice: Dice, { groups }: RandomIncident): Part[] => {
  const many = groups.filter(({ desiredCapacity }) => desiredCapacity > 1);
  if (many.length === 0 || !dice.chance(0.2)) return [];
  return [
    {
      kind: 'by hand',
      from: dice.between(60, 3600),
      remediation: 'resize-in-place',
      input: {
        autoScalingGroupName: [dice.pick(many).name],
        ...resizeOf(dice),
        reason: 'a random reason',
      },
    },
  ];
};

/** A drain of a group of which launches are stuck: somebody asked for more while none succeeds. */
const oneMoreDrain = (dice: Dice, { parts, groups }: RandomIncident): Part[] => {
  const waits = groups
    .filter(
      ({ lifecycleHooks = [], maxSize, desiredCapacity }) =>
        lifecycleHooks.length > 0 && maxSize > desiredCapacity,
    )
    .map(({ name }) => name);
  const fails = ofKind(parts, 'launches fail').filter(({ outcome }) => outcome.kind === 'stuck');
  const stuck = ofKind(parts, 'set desired capacity').filter(
    ({ group, from }) =>
      waits.includes(group) &&
      fails.some((each) => each.groups.includes(group) && from >= each.from && from < each.from + each.lasts),
  );
  if (stuck.length === 0 || !dice.chance(0.5)) return [];
  const { group, from } = dice.pick(stuck);
  return [
    {
      kind: 'by hand',
      from: from + dice.between(300, 900),
      remediation: 'drain-pending-wait',
      input: { autoScalingGroupName: [group], ...drainOf(dice), reason: 'a random reason' },
    },
  ];
};

/**
 * The same incident in which whoever starts something by hand sets what is set seldom, with one more resize or drain here
 * and there, and a stage that may change launch templates, or not.
 */
export const withSettings = (dice: Dice, incident: RandomIncident): RandomIncident => {
  const parts = [...incident.parts, ...oneMoreResize(dice, incident), ...oneMoreDrain(dice, incident)].map(
    (part): Part =>
      part.kind === 'by hand' && dice.chance(0.7)
        ? { ...part, input: { ...part.input, ...settingsOf[part.remediation]?.(dice) } }
        : part,
  );
  return { ...incident, parts, ...(dice.chance(0.7) ? { changesLaunchTemplates: true } : {}) };
};
