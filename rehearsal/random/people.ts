import type { SimulatedGroup } from '../cloud/auto-scaling-group.ts';

/** What people did to one group, as far as it decides how that must end. */
interface GroupOfPeople {
  /** Processes that people had suspended when nobody else did. */
  suspended: Set<string>;
  /** Processes that people suspended while they were suspended already: whose they are nobody can tell. */
  unclear: Set<string>;
  /** When people last suspended a process, in milliseconds. */
  suspendedAt: Map<string, number>;
  /** When people last resumed a process, in milliseconds. */
  resumedAt: Map<string, number>;
  protected: Set<string>;
  unclearProtection: Set<string>;
  /** Whether Amazon ECS protects instances of it, and takes that away, every minute. */
  isManagedByEcs?: true;
  /** When it opted out last, in milliseconds; absent while it is opted in. */
  optedOutAt?: number;
}

const newGroup = (spec: Pick<SimulatedGroup, 'suspendedProcesses'>): GroupOfPeople => ({
  suspended: new Set(spec.suspendedProcesses ?? []),
  unclear: new Set(),
  suspendedAt: new Map(),
  resumedAt: new Map(),
  protected: new Set(),
  unclearProtection: new Set(),
});

/** What people did, group by group: what is theirs must stay theirs. A group made anew is another one. */
export interface People {
  of(group: SimulatedGroup): GroupOfPeople;
  /** Since when the stage is deployed as a dry run, in milliseconds, where somebody did that for a while. */
  dryRunSince?: number;
  /** Since when the kill switch says something else than `live`, in milliseconds. */
  switchedSince?: number;
  /** What it says then. */
  switchWord?: string;
}

/** Nobody has done anything yet. */
export const createPeople = (): People => {
  const groups = new Map<number, GroupOfPeople>();
  return {
    of: (group) => {
      const known = groups.get(group.groupNumber) ?? newGroup(group);
      groups.set(group.groupNumber, known);
      return known;
    },
  };
};
