import type * as z from 'zod/mini';
import type { ScalingProcess } from './auto-scaling-group.ts';
import type { HoldEffect } from './holds/settings.ts';
import type { AskedSettings, Incident } from './incident.ts';
import type { Request } from './request.ts';

/** The groups of an open incident, and those of a request that comes while it is open. */
interface GroupsAsked {
  held: string[];
  asked: string[];
}

/** What else manages a group, or what it is made of, where that matters to a remediation. */
export type GroupTrait =
  | 'ECS'
  | 'EKS'
  | 'KUBERNETES'
  | 'ELASTIC_BEANSTALK'
  | 'MIXED_INSTANCES'
  | 'WARM_POOL'
  | 'SUSPENDED_BY_AWS'
  | 'COUNTS_UNITS'
  | 'SPOT'
  | 'RESERVATIONS_FIRST'
  | 'ZONAL_SHIFT'
  | 'REPLACES_ROOT_VOLUMES'
  | TraitReadAlone;

/** A trait that takes a call for each group, or each stack, to see: no hold waits for it. */
export type TraitReadAlone = 'INSTANCE_REFRESH' | 'STACK_UPDATE' | 'CODE_DEPLOY';

/**
 * What a remediation does with a group that has a trait, and why.
 * - `handled`: as with any other group.
 * - `warned`: it acts, and says what to look out for.
 * - `refused`: it leaves the group alone, and says why.
 */
export type Treatment = { treatment: 'handled' } | { treatment: 'warned' | 'refused'; why: string };

/**
 * All that makes a remediation different from the others. Policy, input, plans, journal, metrics and messages read the
 * record and ask for no remediation by its name. Two places name one: a breaker that opens starts `protect-instances`,
 * and a plan to resize names itself.
 */
export interface RemediationRecord {
  /** What a rule that asks for it does, in one sentence, for editors. */
  description: string;
  /** What can start a rule of it beside an alarm. */
  startsOn?: 'launchFailures' | 'stuckInstances';
  /**
   * The fields of a rule's `with`, and of an input by hand. Names carry no unit because their values do. Made when they
   * are asked for: a schema takes its time at every start of a function.
   */
  fields: () => z.core.$ZodShape;
  /** Fields that only an input by hand has. */
  fieldsByHand?: () => z.core.$ZodShape;
  /** What must hold between the fields. */
  checks: () => z.core.$ZodCheck<Record<string, unknown>>[];
  /** Parsed fields as settings: the units move from the values to the names. */
  toSettings: (fields: Record<string, unknown>) => AskedSettings;
  /** Whether it is over once launches succeed again; `byHand` are the parsed fields of an input, absent for a rule. */
  untilLaunchesSucceed: (byHand?: Record<string, unknown>) => boolean;
  /** A correct input by hand, shown with every complaint about a wrong one. */
  example: object;
  /**
   * Why it suspends what it suspends.
   * Source: Amazon EC2 Auto Scaling User Guide, "Suspend and resume processes".
   */
  suspendedBecause: Partial<Record<ScalingProcess, string>>;
  /** What it does with groups that something else manages too, or that are special; with all others it acts as ever. */
  traits: Partial<Record<GroupTrait, Treatment>>;
  /** Why it protects instances from scale-in, where it does. */
  protectedBecause?: string;
  /** Why settings are put in force in a group, where that is not the reason of the incident. */
  imposedBecause?: string;
  words: {
    /** What began, in a few words, for the subject of a message. */
    began: (effect: HoldEffect) => string;
    /** What its hold means for its groups: sentences. */
    held: (effect: HoldEffect) => string;
    /** What can be undone, and what stopping its execution leads to: sentences, before the command that stops it. */
    undo: string;
  };
  /** Whether it does nothing at all where more groups match than `groupsMax`, instead of leaving alone those over it. */
  takesAllGroupsOrNone: boolean;
  /** Whether no instance may be stopped in a group that it holds. */
  forbidsStops: boolean;
  /** Whether all that it does is to hold groups, which nothing but its end ends. */
  onlyHolds: boolean;
  /** Whether it holds its groups for as long as it runs: who is not held any more is over with it. */
  holdsItsGroups: boolean;
  /** When an incident is over at the latest, ISO 8601; `undefined` when nobody can tell. */
  endsAtLatest: (incident: Incident) => string | undefined;
  /** When an incident is given back, as a person says it. */
  describeEnd: (incident: Incident) => string;
  /** Whether an open incident of it is the same affair as a request for it: then nothing new is begun. */
  isSameAffair: (incident: Incident, request: Request, groups: GroupsAsked) => boolean;
  /** The input field, and what the name begins with, of an execution that ends what another one began. */
  continuedBy: { field: 'giveBack' | 'bringHome'; name: 'give-back' | 'bring-home' };
  /** How long giving back takes at most, from its beginning. */
  giveBackSecondsMax: number;
}

/**
 * Makes a record of a remediation, with the types of its fields known inside and forgotten outside.
 *
 * @param definition the record, its functions typed by its own fields
 */
export const defineRemediation = <
  Shape extends z.core.$ZodShape,
  ByHand extends z.core.$ZodShape = Record<never, never>,
>(
  definition: Omit<
    RemediationRecord,
    'fields' | 'fieldsByHand' | 'checks' | 'toSettings' | 'untilLaunchesSucceed'
  > & {
    fields: () => Shape;
    fieldsByHand?: () => ByHand;
    checks: () => z.core.$ZodCheck<z.output<z.ZodMiniObject<Shape>>>[];
    toSettings: (fields: z.output<z.ZodMiniObject<Shape>>) => AskedSettings;
    untilLaunchesSucceed: (byHand?: z.output<z.ZodMiniObject<ByHand>>) => boolean;
  },
): RemediationRecord => definition as unknown as RemediationRecord;
