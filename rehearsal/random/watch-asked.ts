import type { SimulatedGroup, SimulatedInstance } from '../cloud/auto-scaling-group.ts';
import type { SimulatedCloud } from '../cloud/simulated-cloud.ts';
import type { Ledger } from './ledger.ts';

/** What an input, or a rule of the policy, asks of an execution. */
export interface Asked {
  dryRun?: boolean;
  block?: 'scale-in' | 'all';
  olderThan?: string;
  perGroupPerHour?: number;
  expiresAfter?: string;
  instanceTypes?: string | string[];
  floor?: number | string;
  waveSize?: number;
  reserveCapacity?: boolean;
  snapshot?: boolean;
  drainContinuing?: boolean;
  allowDowntime?: boolean;
  allowInstanceStoreLoss?: boolean;
  updateLaunchTemplate?: boolean;
  rule?: string;
}

/** What the rules of the policy of random incidents ask for, beside what each input says. */
const ofRule: Record<string, Asked> = {
  'much-loss': { block: 'all' },
  'stuck-launches': { olderThan: '10m' },
  larger: { instanceTypes: 'larger', expiresAfter: '2h' },
};

const hourMilliseconds = 3_600_000;

/** So long a call may be on its way that was decided before a person acted, or before its time was over. */
export const onTheWayMilliseconds = 45_000;

/** Milliseconds of whole minutes or hours, such as `90m` or `2h`; what is not said is `byDefault`. */
const millisecondsOf = (text: string | undefined, byDefault: string): number => {
  const [, count, unit] = /^(\d+)([mh])$/.exec(text ?? byDefault) ?? [];
  return Number(count) * (unit === 'h' ? hourMilliseconds : 60_000);
};

/** Looks whether executions do what they were asked, and no more. */
export const createAskedChecks = (
  { store, stepFunctions, time, ec2 }: SimulatedCloud,
  look: Ledger['look'],
) => {
  const askedOf = (input: unknown): Asked => {
    const asked = (input ?? {}) as Asked;
    return { ...ofRule[asked.rule ?? ''], ...asked };
  };
  /** What the executions of one machine were asked, whichever of them goes on with what another chose. */
  const askedOfAll = (remediation: string): Asked[] =>
    [...stepFunctions.executions.values()]
      .filter(({ machine }) => machine.endsWith(`-${remediation}`))
      .map(({ input }) => askedOf(input));
  const endedAt = new Map<string, { group: SimulatedGroup; at: number }>();

  return {
    askedOf,

    /** Only who asks for it, or resizes or drains, stops a group from launching or from changing its size. */
    checkSuspended: (group: SimulatedGroup, processes: string[]): void => {
      const isAll = askedOfAll('pause-scaling').some(({ block }) => block === 'all');
      const isResize = askedOfAll('resize-in-place').length > 0;
      const isDrain = askedOfAll('drain-pending-wait').length > 0;
      const isAsked: Record<string, boolean> = {
        Launch: isAll || isDrain || isResize,
        AlarmNotification: isAll || isResize,
        ScheduledActions: isAll || isResize,
      };
      for (const process of processes)
        look(
          'does as asked',
          isAsked[process] === false,
          () => `${process} of ${group.name} is suspended, for which nobody asked`,
        );
    },

    /** A launch is ended only once it has waited for as long as somebody said, and only so many an hour. */
    checkEnded: (group: SimulatedGroup, { instanceId, launchedAt }: SimulatedInstance): void => {
      const asked = askedOfAll('drain-pending-wait');
      const olderThan = Math.min(...asked.map((each) => millisecondsOf(each.olderThan, '30m')));
      look(
        'does as asked',
        time.now() - launchedAt < olderThan,
        () =>
          `${instanceId} of ${group.name} is ended ${Math.round((time.now() - launchedAt) / 1000)} s after its launch`,
      );
      const launchHooks = group.lifecycleHooks.filter(({ lifecycleTransition }) =>
        /LAUNCHING$/.test(lifecycleTransition),
      );
      look(
        'does as asked',
        launchHooks.length > 0 &&
          launchHooks.every(({ defaultResult }) => defaultResult === 'CONTINUE') &&
          asked.every(({ drainContinuing }) => drainContinuing !== true),
        () => `${instanceId} of ${group.name} is ended, which would have come into service`,
      );
      const perHour = Math.max(...asked.map(({ perGroupPerHour = 6 }) => perGroupPerHour));
      if (!endedAt.has(instanceId)) endedAt.set(instanceId, { group, at: time.now() });
      const lately = [...endedAt.values()].filter(
        (ended) => ended.group === group && time.now() - ended.at < hourMilliseconds,
      ).length;
      look(
        'does as asked',
        lately > perHour,
        () => `${lately} of ${group.name} are ended within an hour, and ${perHour} may`,
      );
    },

    /** More than one leave service at once only after a first one was resized alone. */
    checkWave: (group: SimulatedGroup, atOnce: number, isProven: boolean, { waveSize = 1 }: Asked): void => {
      const mayLeave = isProven ? waveSize : 1;
      look(
        'keeps the floor',
        atOnce > mayLeave,
        () => `${atOnce} of ${group.name} leave service at once, and ${mayLeave} may`,
      );
    },

    /** A resize begins nothing after its time is over. */
    checkBegun: (group: SimulatedGroup, incidentId: string, { expiresAfter }: Asked): void => {
      const startedAt = store.listIncidents().find((each) => each.incidentId === incidentId)?.startedAt;
      const lasted = time.now() - Date.parse(startedAt ?? time.iso());
      look(
        'does as asked',
        lasted > millisecondsOf(expiresAfter, '4h') + onTheWayMilliseconds,
        () =>
          `an instance of ${group.name} is taken out ${Math.round(lasted / 1000)} s after the resize began`,
      );
    },

    checkReserved: ({ reserveCapacity }: Asked): void =>
      look('does as asked', reserveCapacity === false, () => 'capacity is reserved, for which nobody asked'),

    /** Where capacity is to be held, some was held in its zone before an instance is stopped for the first time. */
    checkStopped: (
      { instanceId, availabilityZone, ec2: { startedAt }, launchedAt }: SimulatedInstance,
      asked: Asked,
    ): void => {
      if (asked.reserveCapacity === false || startedAt > launchedAt) return;
      look(
        'does as asked',
        !ec2.reservations.some((each) => each.availabilityZone === availabilityZone),
        () => `${instanceId} is stopped, and no capacity was ever held in ${availabilityZone}`,
      );
    },

    /** An instance gets only a type that was asked for, or one that its launch template names. */
    checkType: (group: SimulatedGroup | undefined, wanted: string, { instanceTypes }: Asked): void => {
      // The next size above the template's own.
      if (instanceTypes === undefined || instanceTypes === 'larger') return;
      look(
        'does as asked',
        ![instanceTypes, group?.launchTemplate.versions ?? []].flat().includes(wanted),
        () => `an instance of ${group?.name} becomes ${wanted}, and ${instanceTypes} was asked for`,
      );
    },

    checkTemplate: (operation: string, { updateLaunchTemplate }: Asked): void =>
      look('does as asked', updateLaunchTemplate !== true, () => `${operation}, for which nobody asked`),
  };
};
