import { readdirSync, readFileSync } from 'node:fs';
import * as autoScaling from '@aws-sdk/client-auto-scaling';
import * as cloudFormation from '@aws-sdk/client-cloudformation';
import * as cloudWatch from '@aws-sdk/client-cloudwatch';
import * as dynamoDb from '@aws-sdk/client-dynamodb';
import * as ec2 from '@aws-sdk/client-ec2';
import * as stepFunctions from '@aws-sdk/client-sfn';
import * as sns from '@aws-sdk/client-sns';
import * as ssm from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../cli/program.ts';

const root = new URL('../../', import.meta.url);
const pages = ['README.md', ...readdirSync(new URL('docs', root)).map((file) => `docs/${file}`)].filter(
  (file) => file.endsWith('.md'),
);
/** Of no Region. */
const global = ['iam', 'sts', 'organizations'];

/** Every command of the AWS command line in a page, whole, also where it is continued on the next line. */
const commandsIn = (page: string): string[] => {
  const text = readFileSync(new URL(page, root), 'utf8').replaceAll(/\\\n\s*/g, '');
  return [...text.matchAll(/\baws [a-z0-9]+ [a-z0-9-]+ -[^`\n;]*/g)].map(([command]) => command);
};

describe('the commands in README and docs', () => {
  it('each name the Region', () => {
    const commands = pages.flatMap(commandsIn);
    expect(commands.length).toBeGreaterThan(30);
    const without = commands.filter(
      (command) => !command.includes(' --region ') && !global.includes(command.split(' ')[1] ?? ''),
    );
    expect(without).toEqual([]);
  });

  it('each name the Region and the stage where they are commands of osls', () => {
    const commands = pages.flatMap((page) => [
      ...readFileSync(new URL(page, root), 'utf8').matchAll(
        /npx osls (?:package|deploy|remove|info) -[^`\n#]*/g,
      ),
    ]);
    expect(commands.length).toBeGreaterThan(5);
    for (const [command] of commands) expect(command).toMatch(/--stage \S+ --region \S+/);
  });
});

/** The services of the AWS command line whose SDK is here. */
const services: Record<string, object> = {
  autoscaling: autoScaling,
  cloudformation: cloudFormation,
  cloudwatch: cloudWatch,
  dynamodb: dynamoDb,
  ec2,
  sns,
  ssm,
  stepfunctions: stepFunctions,
};
/** Of the command line alone, and no operation of an API. */
const customCommands = ['cloudformation deploy'];
/** Options of the command line itself. */
const ownOptions = [
  'region',
  'query',
  'output',
  'nopaginate',
  // Endpoint of sns subscribe, which the command line calls otherwise.
  'notificationendpoint',
];

const lettersOf = (name: string): string => name.replaceAll('-', '').toLowerCase();

type CommandClass = new (input: object) => { schema?: readonly unknown[] };

/** The members of an operation's input, in lower-case letters; `undefined` for an operation that there is not. */
const membersOf = (service: object, operation: string): string[] | undefined => {
  const wanted = `${lettersOf(operation)}command`;
  const found = Object.entries(service).find(([name]) => name.toLowerCase() === wanted);
  if (found === undefined) return undefined;
  const schema = new (found[1] as CommandClass)({}).schema?.[4];
  const [, , , , members] = (typeof schema === 'function' ? schema() : schema) as [0, 0, 0, 0, string[]];
  return members.map(lettersOf);
};

/** What is wrong with a command: its operation, or an option that the operation does not have. */
const mistakesIn = (command: string): string[] => {
  const [, service = '', operation = ''] = command.split(/\s+/);
  const sdk = services[service];
  if (sdk === undefined || customCommands.includes(`${service} ${operation}`)) return [];
  const members = membersOf(sdk, operation);
  if (members === undefined) return [`${service} has no ${operation}`];
  const options = [...(command.split('|')[0] ?? '').matchAll(/ --([a-z][a-z0-9-]*)/g)].map(
    ([, option = '']) => option,
  );
  return options
    .map(lettersOf)
    .filter(
      (option) =>
        !members.includes(option) &&
        !members.includes(option.replace(/^no/, '')) &&
        !ownOptions.includes(option),
    )
    .map((option) => `${service} ${operation} has no option ${option}`);
};

const messages = readdirSync(new URL('test/fixtures/messages', root)).map(
  (file) => `test/fixtures/messages/${file}`,
);

describe('the commands in README, docs and messages', () => {
  it('are operations of AWS with options that they have', () => {
    expect(mistakesIn('aws ec2 stop-instance --region x')).toEqual(['ec2 has no stop-instance']);
    expect(mistakesIn('aws ec2 stop-instances --instances i-1')).toEqual([
      'ec2 stop-instances has no option instances',
    ]);
    const commands = [...pages, ...messages].flatMap(commandsIn);
    expect(commands.length).toBeGreaterThan(80);
    expect(commands.flatMap(mistakesIn)).toEqual([]);
  });

  it('are commands of holdfast with options that they have', () => {
    const { commands } = createProgram(() => {});
    const mistakes = (line: string): string[] => {
      const [, name = '', ...words] = line.split(/\s+/);
      const command = commands.find((each) => each.name() === name);
      if (name === 'complete' || name.startsWith('-')) return [];
      if (command === undefined) return [`${line}: no command ${name}`];
      const known = command.options.map(({ long }) => long).concat('--help');
      return words
        .filter((word) => word.startsWith('--'))
        .filter((word) => !known.includes(word))
        .map((word) => `${line}: no option ${word}`);
    };
    expect(mistakes('holdfast plan --grup x')).toEqual(['holdfast plan --grup x: no option --grup']);
    const lines = [...pages, 'CONTRIBUTING.md'].flatMap((page) =>
      [...readFileSync(new URL(page, root), 'utf8').matchAll(/npx (holdfast [^`\n|#]*)/g)].map(
        ([, line = '']) => line.trim(),
      ),
    );
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.flatMap(mistakes)).toEqual([]);
  });

  it('are scripts of package.json where they are npm’s', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...pages, 'CONTRIBUTING.md'].flatMap((page) =>
      [...readFileSync(new URL(page, root), 'utf8').matchAll(/npm run (?:-s )?([a-z][a-z:-]*)/g)].map(
        ([, script = '']) => script,
      ),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
  });
});
