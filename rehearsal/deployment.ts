import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { FunctionDefinition } from '../functions/lambda/define-function.ts';
import { accountId, region } from './cloud/cloudwatch.ts';
import type { EventPattern } from './cloud/eventbridge.ts';
import type { DeployedStateMachine } from './cloud/step-functions.ts';

const root = new URL('../', import.meta.url);

/** CloudFormation's short functions, reduced to what this reader needs: the text behind the tag. */
const cloudFormationTags = [
  ...['!GetAtt', '!Ref', '!Sub'].map((tag) => ({ tag, resolve: (text: string) => text })),
  { tag: '!If', collection: 'seq' as const, resolve: <Node>(choices: Node) => choices },
];

const readYaml = (file: string): unknown =>
  parse(readFileSync(new URL(file, root), 'utf8'), {
    customTags: cloudFormationTags,
    merge: true,
    maxAliasCount: -1,
  });

/** A function as `serverless.yml` deploys it. */
export interface FunctionOfServerless {
  name: string;
  /** Path of its source. */
  file: string;
  timeoutSeconds: number;
  /** Retries of an asynchronous invocation; Lambda's default is two. */
  retryAttempts: number;
  eventPatterns: EventPattern[];
  everySeconds: number[];
  /** How it reads the table's stream, if it does. */
  stream?: { batchSize: number; batchWindowSeconds: number; retryAttempts: number };
}

/** What this repository deploys, read from its own files: the rehearsal runs nothing else. */
export interface Deployment {
  functions: FunctionOfServerless[];
  stateMachines: DeployedStateMachine[];
  /** The stage whose names the resources bear. */
  stage: string;
}

interface ServerlessFile {
  functions: Record<
    string,
    {
      handler: string;
      timeout: number;
      maximumRetryAttempts?: number;
      events?: {
        eventBridge?: { pattern: EventPattern };
        schedule?: { rate: string[] };
        stream?: { batchSize: number; batchWindow: number; maximumRetryAttempts: number };
      }[];
    }
  >;
}

interface StateMachinesFile {
  Resources: Record<
    string,
    {
      Type: string;
      Properties: {
        StateMachineName: string;
        Definition: string;
        DefinitionSubstitutions: Record<string, string>;
      };
    }
  >;
}

/** A pattern with CloudFormation's variables, and the stage's, filled in as in the simulated account. */
const resolvePattern = (pattern: EventPattern, stage: string): EventPattern =>
  JSON.parse(
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are CloudFormation's and osls's own.
    JSON.stringify(pattern)
      .replaceAll('${AWS::Partition}', 'aws')
      .replaceAll('${AWS::Region}', region)
      .replaceAll('${AWS::AccountId}', accountId)
      .replaceAll('${sls:stage}', stage),
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: these are CloudFormation's and osls's own.
  ) as EventPattern;

const rateSeconds = (rate: string): number => {
  const minutes = /^rate\((\d+) minutes?\)$/.exec(rate)?.[1];
  if (minutes === undefined)
    throw new Error(`The rehearsal knows schedules as rate(n minutes), found ${rate}`);
  return Number(minutes) * 60;
};

/** `PlanHoldLambdaFunction.Arn`, as osls names the resource of the function `planHold`. */
const functionOfAttribute = (attribute: string): string => {
  const name = /^(\w+)LambdaFunction\.Arn$/.exec(attribute)?.[1];
  if (name === undefined) throw new Error(`${attribute} is not the ARN of a function of serverless.yml`);
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
};

const readStateMachine = (
  stage: string,
  properties: StateMachinesFile['Resources'][string]['Properties'],
): DeployedStateMachine => {
  const file = /^\$\{file\((.+)\)\}$/.exec(properties.Definition)?.[1];
  if (file === undefined)
    throw new Error(`A state machine is defined in a file, found ${properties.Definition}`);
  const substitutions = properties.DefinitionSubstitutions;
  const functionOfTask: Record<string, string> = {};
  const definition = JSON.parse(
    JSON.stringify(readYaml(file)).replace(/\$\{(\w+)\}/g, (_placeholder, name: string) => {
      const value = substitutions[name];
      if (value === undefined)
        throw new Error(`${file} needs ${name}, which infra/state-machines.yml does not give`);
      return value;
    }),
  ) as DeployedStateMachine['definition'];
  for (const [name, state] of Object.entries(definition.States)) {
    if (state.Type === 'Task') functionOfTask[name] = functionOfAttribute(state.Resource);
  }
  return { name: properties.StateMachineName.replace(/\$\{sls:stage\}/, stage), definition, functionOfTask };
};

const streamOf = (
  events: NonNullable<ServerlessFile['functions'][string]['events']>,
): Pick<FunctionOfServerless, 'stream'> => {
  const stream = events.find((event) => event.stream !== undefined)?.stream;
  if (stream === undefined) return {};
  const { batchSize, batchWindow, maximumRetryAttempts } = stream;
  return { stream: { batchSize, batchWindowSeconds: batchWindow, retryAttempts: maximumRetryAttempts } };
};

const known = new Map<string, Deployment>();

/** What is deployed, from `serverless.yml` and `infra/`: read once, since thousands of incidents are told in one process. */
export const readDeployment = (stage: string): Deployment => {
  const deployment = known.get(stage) ?? readFiles(stage);
  known.set(stage, deployment);
  return deployment;
};

const readFiles = (stage: string): Deployment => {
  const serverless = readYaml('serverless.yml') as ServerlessFile;
  const machines = readYaml('infra/state-machines.yml') as StateMachinesFile;
  return {
    stage,
    functions: Object.entries(serverless.functions).map(
      ([name, { handler, timeout, maximumRetryAttempts = 2, events = [] }]) => ({
        name,
        file: handler.replace(/\.handler$/, '.ts'),
        timeoutSeconds: timeout,
        retryAttempts: maximumRetryAttempts,
        eventPatterns: events.flatMap(({ eventBridge }) =>
          eventBridge === undefined ? [] : [resolvePattern(eventBridge.pattern, stage)],
        ),
        ...streamOf(events),
        everySeconds: events.flatMap(({ schedule }) =>
          schedule === undefined ? [] : schedule.rate.map(rateSeconds),
        ),
      }),
    ),
    stateMachines: Object.values(machines.Resources)
      .filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine')
      .map(({ Properties }) => readStateMachine(stage, Properties)),
  };
};

/** Loads the definition that a function's handler file exports. */
export const loadFunction = async (file: string): Promise<FunctionDefinition<never, unknown>> => {
  const name = /^functions\/handlers\/([\w-]+)\.ts$/.exec(file)?.[1];
  // The folder is written out: so a bundler finds what there is.
  const loaded: { definition: FunctionDefinition<never, unknown> } = await import(
    `../functions/handlers/${name}.ts`
  );
  return loaded.definition;
};
