import type { Remediation } from '../../functions/domain/remediation-names.ts';
import type { GroupSpec, LaunchOutcome } from '../cloud/auto-scaling-group.ts';
import type { Quirks } from '../cloud/simulated-cloud.ts';
import type { ServiceName } from '../cloud/wire.ts';
import type { Refusals } from './refusals.ts';

/** What people, tools and AWS do at a moment, in seconds since the start; each is data, so that it can be left out. */
export type Part =
  | { kind: 'loss'; from: number; lasts: number; fraction: number; flapSeconds?: number }
  | { kind: 'launches fail'; from: number; lasts: number; groups: string[]; outcome: LaunchOutcome }
  | { kind: 'no capacity'; from: number; lasts: number; instanceTypes: string[] }
  | { kind: 'health checks fail'; from: number; lasts: number; groups: string[]; fraction: number }
  | { kind: 'starts do not serve'; from: number; lasts: number; groups: string[] }
  | { kind: 'restarts'; from: number; lasts: number; groups: string[]; everySeconds: number }
  | { kind: 'silence'; from: number; lasts: number; services: (ServiceName | 'DynamoDB')[]; error?: string }
  | { kind: 'by hand'; from: number; remediation: Remediation; input: Record<string, unknown> }
  | { kind: 'stop executions'; from: number }
  | { kind: 'kill switch'; from: number; lasts: number; word: string }
  | { kind: 'suspend'; from: number; group: string; processes: string[] }
  | { kind: 'resume'; from: number; group: string; processes: string[] }
  | { kind: 'protect' | 'unprotect'; from: number; group: string }
  | { kind: 'opt out'; from: number; lasts: number; group: string }
  | { kind: 'terminate an instance'; from: number; group: string }
  | { kind: 'set desired capacity'; from: number; group: string; to: number }
  | { kind: 'make anew' | 'delete'; from: number; group: string }
  | { kind: 'stack update' | 'instance refresh'; from: number; group: string }
  | { kind: 'disable alarm actions'; from: number; lasts: number }
  | { kind: 'terraform'; from: number; lasts: number; group: string; everySeconds: number }
  | { kind: 'ecs'; from: number; group: string }
  | { kind: 'deploy'; from: number; lasts: number; how: DeployedMeanwhile }
  | Refusals
  | { kind: 'death'; function: string; at: number; when: 'before' | 'after' };

/** Every kind of part there is, for whoever reads an incident from a file. */
export const partKinds = Object.keys({
  loss: true,
  'launches fail': true,
  'no capacity': true,
  'health checks fail': true,
  'starts do not serve': true,
  restarts: true,
  silence: true,
  'by hand': true,
  'stop executions': true,
  'kill switch': true,
  suspend: true,
  resume: true,
  protect: true,
  unprotect: true,
  'opt out': true,
  'terminate an instance': true,
  'set desired capacity': true,
  'make anew': true,
  delete: true,
  'stack update': true,
  'instance refresh': true,
  'disable alarm actions': true,
  terraform: true,
  ecs: true,
  deploy: true,
  refuses: true,
  death: true,
} satisfies Record<Part['kind'], true>);

/** What is deployed for a while: the same again, with other rules, or the stage as a dry run. */
export type DeployedMeanwhile = 'the same' | 'other rules' | 'dry run';

/** An incident that nobody has ever had: everything of it comes from one seed, and is plain data. */
export interface RandomIncident {
  seed: number;
  groups: GroupSpec[];
  parts: Part[];
  /** How unkind AWS is. */
  quirks: Partial<Quirks>;
  /** Of groups whose launches fail at once so many get an execution of their own: few, so that few groups share one. */
  groupsFailingAlone?: number;
  /** Whether the stage is deployed with `launchTemplates=on`. */
  changesLaunchTemplates?: boolean;
  /** Requests a second to a group, as a share of what its instances can serve. */
  load: number;
  /** From when on nothing more happens, in seconds since the start, where that is not after two hours. */
  quietFrom?: number;
}

/** A part of one kind. */
export type PartOf<Kind extends Part['kind']> = Extract<Part, { kind: Kind }>;

/** The parts of one kind. */
export const ofKind = <Kind extends Part['kind']>(parts: Part[], kind: Kind): PartOf<Kind>[] =>
  parts.filter((part): part is PartOf<Kind> => part.kind === kind);
