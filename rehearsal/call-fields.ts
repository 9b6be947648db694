import * as autoScaling from '@aws-sdk/client-auto-scaling';
import * as ec2 from '@aws-sdk/client-ec2';

/** The part of the SDK's schema of a structure that names its members: the first ones are required. */
type StructureSchema = readonly [
  kind: number,
  namespace: string,
  name: string,
  traits: unknown,
  members: string[],
  schemas: unknown[],
  required?: number,
];

type CommandClass = new (input: object) => { schema?: readonly unknown[] };

const commandsOf = { AutoScaling: autoScaling, EC2: ec2 } as unknown as Record<
  'AutoScaling' | 'EC2',
  Record<string, CommandClass | undefined>
>;

/**
 * The fields of the input of a call, as the SDK knows them.
 *
 * @returns `undefined` for an operation that the service does not have
 */
export const fieldsOfCall = (
  service: 'AutoScaling' | 'EC2',
  operation: string,
): { known: string[]; required: string[] } | undefined => {
  const Command = commandsOf[service][`${operation}Command`];
  if (Command === undefined) return undefined;
  const schema = new Command({}).schema?.[4];
  const resolved = (typeof schema === 'function' ? (schema as () => unknown)() : schema) as StructureSchema;
  const [, , , , members, , required = 0] = resolved;
  return { known: members, required: members.slice(0, required) };
};
