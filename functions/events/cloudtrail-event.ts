import * as z from 'zod/mini';
import { bounded } from '../domain/bounded.ts';
import type { TrailEvent } from '../domain/holds/explain-overrides.ts';

const text = z.string();

/**
 * An event of CloudTrail, as far as it tells who changed a group.
 * Source: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element"; Amazon EC2 Auto
 * Scaling User Guide, "Log API calls with AWS CloudTrail", for the names of the parameters.
 */
const trailEventSchema = z.object({
  eventName: text,
  eventTime: text,
  userAgent: z.optional(text),
  errorCode: z.optional(text),
  userIdentity: z.object({
    type: z.optional(text),
    userName: z.optional(text),
    arn: z.optional(text),
    invokedBy: z.optional(text),
    sessionContext: z.optional(
      z.object({ sessionIssuer: z.optional(z.object({ userName: z.optional(text) })) }),
    ),
  }),
  requestParameters: z.nullish(
    z.object({
      autoScalingGroupName: z.optional(text),
      scalingProcesses: z.optional(z.array(text)),
      instanceIds: z.optional(z.array(text)),
      protectedFromScaleIn: z.optional(z.boolean()),
    }),
  ),
});

type Identity = z.output<typeof trailEventSchema>['userIdentity'];

/** Who made a call: a role with the name of its session, a user, a service of AWS. */
const whoOf = ({ type, userName, arn = '', invokedBy, sessionContext }: Identity): string => {
  const role = sessionContext?.sessionIssuer?.userName;
  if (role !== undefined) {
    const session = arn.split('/').at(-1) ?? '';
    return session === '' || session === role
      ? `the role ${bounded(role)}`
      : `the role ${bounded(role)} (session ${bounded(session)})`;
  }
  if (type === 'Root') return 'the root user of the account';
  if (userName !== undefined) return `the user ${bounded(userName)}`;
  return bounded(invokedBy ?? arn) || 'somebody whom CloudTrail does not name';
};

const tools: [RegExp, string][] = [
  [/terraform/i, 'Terraform'],
  [/pulumi/i, 'Pulumi'],
  [/cloudformation/i, 'AWS CloudFormation'],
  [/aws-cli/i, 'the AWS CLI'],
  [/console\.amazonaws\.com|AWS Internal|Mozilla/i, 'the AWS console'],
  [/boto3|botocore/i, 'Boto3'],
];

/** With what a call was made, as far as its user agent tells. */
const toolOf = (userAgent: string): string =>
  tools.find(([pattern]) => pattern.test(userAgent))?.[1] ?? bounded(userAgent.split(' ')[0] ?? '', 60);

/** Lambda names a session after its function; a person in a role of Holdfast's name has a session of their own. */
const isFunctionOfHoldfast = ({ arn = '', sessionContext }: Identity): boolean =>
  sessionContext?.sessionIssuer?.userName?.startsWith('holdfast-') === true &&
  arn.split('/').at(-1)?.startsWith('holdfast-') === true;

/** What an event says of a change of a group; `undefined` for one that failed, or that cannot be read. */
export const parseTrailEvent = (json: string): TrailEvent | undefined => {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch {
    return undefined;
  }
  const parsed = trailEventSchema.safeParse(raw);
  const parameters = parsed.data?.requestParameters;
  if (!parsed.success || parsed.data.errorCode !== undefined || !parameters?.autoScalingGroupName) {
    return undefined;
  }
  const { eventName, eventTime, userAgent = '', userIdentity } = parsed.data;
  const tool = toolOf(userAgent);
  return {
    at: eventTime,
    eventName,
    who: whoOf(userIdentity),
    ...(tool === '' ? {} : { tool }),
    ...(isFunctionOfHoldfast(userIdentity) ? { isOurs: true } : {}),
    autoScalingGroupName: parameters.autoScalingGroupName,
    processes: parameters.scalingProcesses ?? [],
    instanceIds: parameters.instanceIds ?? [],
    ...(parameters.protectedFromScaleIn === undefined
      ? {}
      : { protectedFromScaleIn: parameters.protectedFromScaleIn }),
  };
};
