import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type Conditional, resolveConditions } from './resolve-conditions.ts';
import { compareWithExceptions, type Finding, type RuleException } from './rule-exceptions.ts';

/** What a rule pack of cdk-nag says of a template. */
interface Report {
  violations: {
    ruleName: string;
    description: string;
    violatingResources: { constructPath: string }[];
  }[];
}

/** The packages that npx installed for this command: they are no dependency of this repository. */
const requireFromNpx = (): NodeJS.Require => {
  const folder = (process.env.PATH ?? '').split(delimiter).find((path) => path.includes('_npx'));
  if (folder === undefined) throw new Error('Start it with npm run rule-pack: npx brings what it needs');
  return createRequire(join(folder, '..', 'package.json'));
};

const read = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8');

const packs = ['AwsSolutionsChecks', 'ServerlessChecks', 'NIST80053R5Checks'];

/** What the rule packs find in a template. */
const findIn = (templateFile: string): Finding[] => {
  const load = requireFromNpx();
  const { App, Stack } = load('aws-cdk-lib');
  const { CfnInclude } = load('aws-cdk-lib/cloudformation-include');
  const rules = load('cdk-nag');
  const app = new App();
  new CfnInclude(new Stack(app, 'holdfast'), 'template', { templateFile });
  return packs.flatMap((pack) => {
    const { violations } = new rules[pack](app).validateScope(app) as Report;
    return violations.flatMap(({ ruleName, description, violatingResources }) =>
      violatingResources.map(({ constructPath }) => ({
        rule: ruleName,
        resource: constructPath.slice(constructPath.lastIndexOf('/') + 1),
        description,
      })),
    );
  });
};

/*
 * Asks the rule packs of cdk-nag about the packaged template of prod. A finding that infra/rule-exceptions.yml gives no
 * reason for, and an exception that nothing needs any more, are failures.
 */
const template = JSON.parse(read('.packaged/prod/cloudformation-template-update-stack.json')) as Conditional;
// As most deploy it, and with everything that a stack can be given.
const byDefault = (condition: string): boolean =>
  ['HasNoOwnKey', 'KeepsTable', 'ReservesConcurrency'].includes(condition);
const withEverything = (condition: string): boolean => condition !== 'HasNoOwnKey';
const folder = mkdtempSync(join(tmpdir(), 'holdfast-rules-'));
const findings = [byDefault, withEverything].flatMap((isTrue, index) => {
  const file = join(folder, `${index}.template.json`);
  writeFileSync(file, JSON.stringify(resolveConditions(template, isTrue)));
  return findIn(file);
});
rmSync(folder, { recursive: true });
const exceptions = parse(read('infra/rule-exceptions.yml')) as RuleException[];
const complaints = compareWithExceptions(findings, exceptions);
for (const complaint of complaints) console.error(complaint);
console.log(
  `${packs.join(', ')}: ${findings.length} findings, ${complaints.length === 0 ? 'each with a reason in infra/rule-exceptions.yml' : `${complaints.length} complaints`}`,
);
if (complaints.length > 0) process.exitCode = 1;
