import resources from '../infra/expand-permissions.cjs';

interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: unknown;
  Condition?: object;
}

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
 */
export const describePermissions = (stage: string, mode: 'live' | 'dry-run'): string => {
  const expanded = resources.expandPermissions(resources.readPermissions(), stage, mode);
  const roles = Object.keys(expanded).filter((name) => expanded[name]?.Type === 'AWS::IAM::Role');
  const policies = Object.values(expanded).filter(({ Type }) => Type === 'AWS::IAM::Policy');
  return roles
    .flatMap((role) => [
      role,
      ...policies
        .filter(({ Properties }) => (Properties.Roles as { Ref: string }[]).some(({ Ref }) => Ref === role))
        .flatMap(({ Properties }) =>
          (Properties.PolicyDocument as { Statement: Statement[] }).Statement.map(
            ({ Effect, Action, Resource, Condition }) =>
              `  ${Effect === 'Deny' ? 'never ' : ''}${[Action].flat().join(', ')} on ${spoken(Resource)}${Condition === undefined ? '' : ` where ${JSON.stringify(Condition)}`}`,
          ),
        ),
    ])
    .join('\n');
};
