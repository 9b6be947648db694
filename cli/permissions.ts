import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import checkParameters from '../infra/check-parameters.cjs';
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
  const [[name, inner] = ['', '']] = Object.entries(value as object);
  if (name === 'Fn::If') return `${spoken(inner[1])} if ${inner[0]}, else ${spoken(inner[2])}`;
  return Array.isArray(inner) ? `\${${inner.join('.')}}` : isPlain(inner) ? inner : JSON.stringify(value);
};

const tell = (condition: string, { Effect, Action, Resource, Condition }: Statement): string =>
  `  ${condition === '' ? '' : `if ${condition}: `}${Effect === 'Deny' ? 'never ' : ''}${[Action].flat().join(', ')} on ${spoken(Resource)}${Condition === undefined ? '' : ` where ${JSON.stringify(Condition)}`}`;

const root = new URL('../', import.meta.url);
const tags = [
  { tag: '!Ref', resolve: (text: string) => ({ Ref: text }) },
  { tag: '!Sub', resolve: (text: string) => ({ 'Fn::Sub': text }) },
  { tag: '!GetAtt', resolve: (text: string) => ({ 'Fn::GetAtt': text.split('.') }) },
  { tag: '!If', collection: 'seq' as const, resolve: <Node>(choices: Node) => choices },
];
const readYaml = <File>(file: string): File =>
  parse(readFileSync(new URL(file, root), 'utf8'), {
    customTags: tags,
    merge: true,
    maxAliasCount: -1,
  }) as File;

/** What the role of the state machines may do. */
const policiesOfStateMachines = (tracing: 'on' | 'off'): PolicyProperties[] => {
  const { Resources } = readYaml<{
    Resources: { StateMachineRole: { Properties: { Policies: PolicyProperties[] } } };
  }>('infra/state-machines.yml');
  const traces = readYaml<{ Resources: Record<string, { Properties: PolicyProperties }> }>(
    `infra/tracing-${tracing}.yml`,
  );
  return [
    ...Resources.StateMachineRole.Properties.Policies,
    ...Object.values(traces.Resources).map(({ Properties }) => Properties),
  ];
};

/** A stage, as far as it decides what its roles may do. */
export interface StageOptions {
  stage: string;
  mode: 'live' | 'dry-run';
  launchTemplates: 'on' | 'off';
  tracing: 'on' | 'off';
}

/**
 * What decides about the roles of a stage, from `serverless.yml` and from parameters of the command line.
 *
 * @param params each `name=value`
 * @throws a refusal of check-parameters.cjs that names the stage or parameter that is wrong
 */
export const readStageOptions = async (stage: string, params: string[]): Promise<StageOptions> => {
  const file = readYaml<Record<string, object>>('serverless.yml');
  const checked = await checkParameters({
    options: { param: params, region: 'us-east-1' },
    resolveConfigurationProperty: async ([field = '']) => file[field] ?? {},
    resolveVariable: async () => stage,
  });
  return checked as unknown as StageOptions;
};

/**
 * The whole policy of every role of a stage, one line for each statement: what it may do, on what, under which
 * condition.
 */
export const describePermissions = ({ stage, mode, launchTemplates, tracing }: StageOptions): string => {
  const permissions = resources.readPermissions();
  const expanded = resources.expandPermissions(permissions, { stage, mode, launchTemplates, tracing });
  const roles = Object.entries(expanded).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
  const shared = Object.values(expanded).filter(({ Type }) => Type === 'AWS::IAM::Policy');
  const ofFunctions = roles.flatMap(([role, { Properties }]) => [
    role,
    ...policiesOfItsOwn(Properties.Policies as PoliciesIf).flatMap(({ policy, condition }) =>
      policy.PolicyDocument.Statement.map((statement) => tell(condition, statement)),
    ),
    ...shared
      .filter((policy) => (policy.Properties.Roles as { Ref: string }[]).some(({ Ref }) => Ref === role))
      .flatMap((policy) => (policy.Properties as unknown as PolicyProperties).PolicyDocument.Statement)
      .map((statement) => tell('', statement)),
  ]);
  const ofMachines = policiesOfStateMachines(tracing).flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.map((statement) => tell('', statement)),
  );
  return [...ofFunctions, 'StateMachineRole', ...ofMachines].join('\n');
};
