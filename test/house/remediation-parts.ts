import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What a remediation needs beside its record, which the compiler asks for: a file, and what must stand in it. */
const parts: {
  what: string;
  file: (name: string) => string;
  text?: (name: string) => string;
  times?: number;
}[] = [
  {
    what: 'its state machine',
    file: () => 'infra/state-machines.yml',
    text: (name) => `StateMachineName: holdfast-\${sls:stage}-${name}\n`,
  },
  {
    what: 'its executions among the events that wake the sweep',
    file: () => 'serverless.yml',
    text: (name) => `:stateMachine:holdfast-\${sls:stage}-${name}\n`,
  },
  {
    what: 'its state machine in the alarm on throttling',
    file: () => 'infra/watching.yml',
    text: (name) => `!Ref ${logicalNameOf(name)}StateMachine `,
  },
  {
    what: 'its executions in three graphs: started, failed, timed out',
    file: () => 'infra/dashboard.yml',
    text: (name) => `:stateMachine:holdfast-\${sls:stage}-${name}"`,
    times: 3,
  },
  {
    what: 'its rule in the schema of the policy: run "npm run schema"',
    file: () => 'infra/policy.schema.json',
    text: (name) => `"const": "${name}"`,
  },
  {
    what: 'its page, with the state machine that is started by hand',
    file: (name) => `docs/${name}.md`,
    text: (name) => `holdfast-<stage>-${name}`,
  },
  { what: 'a link to its page', file: () => 'README.md', text: (name) => `(docs/${name}.md)` },
  {
    what: 'a dry run of it in the second cloud',
    file: () => 'conformance/stories/inputs.py',
    text: (name) => `"${name}"`,
  },
];

/** `pause-scaling` as `PauseScaling`. */
const logicalNameOf = (name: string): string =>
  name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/**
 * What a remediation does not have yet, each as "what: where".
 *
 * @param name the name of a remediation, as `do` has it
 */
export const missingParts = (name: string): string[] =>
  parts
    .filter(({ file, text, times = 1 }) => {
      const path = `${root}${file(name)}`;
      if (!existsSync(path)) return true;
      return text !== undefined && readFileSync(path, 'utf8').split(text(name)).length <= times;
    })
    .map(({ what, file }) => `${what}: ${file(name)}`);
