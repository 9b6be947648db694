import resources from '../infra/expand-permissions.cjs';

interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: unknown;
  Condition?: object;
}

interface PolicyProperties {
  PolicyName: string;
  PolicyDocument: { Statement: Statement[] };
}
/** What a role has itself: under a condition of the template, and without it. */
interface PoliciesIf {
  'Fn::If': [string, PolicyProperties[], PolicyProperties[]];
}

const policiesOfItsOwn = ({ 'Fn::If': [condition, all, always] }: PoliciesIf) =>
  all.map((policy) => ({
    policy,
    condition: always.some(({ PolicyName }) => PolicyName === policy.PolicyName) ? '' : condition,
  }));

const isPlain = (value: unknown): value is string => typeof value === 'string';

/** A resource as a reviewer reads it: CloudFormation's functions as their text. */
const spoken = (value: unknown): string => {
  if (isPlain(value)) return value;
  if (Array.isArray(value)) return value.map(spoken).join(', ');
  const [inner] = Object.values(value as object);
  return Array.isArray(inner) ? `\${${inner.join('.')}}` : isPlain(inner) ? inner : JSON.stringify(value);
};

/**
 * The whole policy of the role of each function, one line for each statement: what it may do, on what, under which
 * condition.
 *
 * @param stage name of the stage
 * @param mode what the stage may do: `live`, or `dry-run`
 * @param launchTemplates whether it is deployed with `launchTemplates=on`
 */
export const describePermissions = (
  stage: string,
  mode: 'live' | 'dry-run',
  launchTemplates: 'on' | 'off' = 'off',
): string => {
  const permissions = resources.readPermissions();
  const expanded = resources.expandPermissions(permissions, { stage, mode, launchTemplates });
  const roles = Object.entries(expanded).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
  const shared = Object.values(expanded).filter(({ Type }) => Type === 'AWS::IAM::Policy');
  return roles
    .flatMap(([role, { Properties }]) => [
      role,
      ...[
        ...policiesOfItsOwn(Properties.Policies as PoliciesIf),
        ...shared
          .filter((policy) => (policy.Properties.Roles as { Ref: string }[]).some(({ Ref }) => Ref === role))
          .map(({ Properties: policy }) => ({
            policy: policy as unknown as PolicyProperties,
            condition: '',
          })),
      ].flatMap(({ policy, condition }) =>
        policy.PolicyDocument.Statement.map(
          ({ Effect, Action, Resource, Condition }) =>
            `  ${condition === '' ? '' : `if ${condition}: `}${Effect === 'Deny' ? 'never ' : ''}${[Action].flat().join(', ')} on ${spoken(Resource)}${Condition === undefined ? '' : ` where ${JSON.stringify(Condition)}`}`,
        ),
      ),
    ])
    .join('\n');
};
