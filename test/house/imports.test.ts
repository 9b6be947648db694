import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readModule } from './read-module.ts';
import { circlesIn, importsOf, leaksIn } from './rules.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const modules = globSync('functions/**/*.ts', { cwd: root })
  .sort()
  .map((file) => ({ file, module: readModule(readFileSync(`${root}${file}`, 'utf8')) }));

/** Leaks that were there once, or that a new file might bring, each with where the rule must see it. */
const leaks: [file: string, source: string, rule: RegExp, line: number][] = [
  ['functions/domain/telling/attention.ts', '\nconst now = Date.now();', /no clock/, 2],
  [
    'functions/domain/telling/attention.ts',
    'const at = (text: string): number => Date.parse(text);',
    /parses dates/,
    1,
  ],
  ['functions/domain/holds/decide-hold.ts', 'const dice = Math.random();', /no randomness/, 1],
  [
    'functions/domain/holds/decide-hold.ts',
    "import { randomBytes } from 'node:crypto';",
    /imports only itself/,
    1,
  ],
  [
    'functions/domain/holds/decide-hold.ts',
    "import * as crypto from 'node:crypto';",
    /imports only itself/,
    1,
  ],
  ['functions/domain/mode.ts', 'const stage = process.env.HOLDFAST_STAGE;', /reads the environment/, 1],
  [
    'functions/domain/telling/attention.ts',
    "import { parseSignal } from '../../events/signal.ts';",
    /imports only itself/,
    1,
  ],
  [
    'functions/domain/telling/attention.ts',
    "export { parseSignal } from '../../events/signal.ts';",
    /imports only itself/,
    1,
  ],
  [
    'functions/domain/telling/attention.ts',
    "const late = () => import('../../events/signal.ts');",
    /imports only itself/,
    1,
  ],
  [
    'functions/domain/drain/decide-drains.ts',
    "\n\nimport type { Resize } from '../resize/resize-record.ts';",
    /never import each other/,
    3,
  ],
  [
    'functions/domain/resize/decide-wave.ts',
    "import { isInFlight } from '../drain/decide-drains.ts';",
    /never import each other/,
    1,
  ],
  [
    'functions/domain/holds/decide-apply.ts',
    "import type { Drain } from '../drain/settings.ts';",
    /neither draining nor resizing/,
    1,
  ],
  [
    'functions/tasks/holds/apply-hold.ts',
    "import { createRuntime } from '../../lambda/runtime.ts';",
    /know no SDK/,
    1,
  ],
  [
    'functions/tasks/holds/apply-hold.ts',
    "import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';",
    /know no SDK/,
    1,
  ],
  ['functions/tasks/holds/apply-hold.ts', "import middy from '@middy/core';", /know no SDK/, 1],
  ['functions/tasks/holds/apply-hold.ts', 'setTimeout(() => {}, 1000);', /no timer/, 1],
  ['functions/tasks/holds/apply-hold.ts', 'const at = new Date();', /parses dates/, 1],
  [
    'functions/events/signal.ts',
    "import { applyToGroup } from '../tasks/holds/apply-to-group.ts';",
    /events\/ and state\/ import domain/,
    1,
  ],
  [
    'functions/state/create-store.ts',
    "import type { HoldInput } from '../events/hold-input.ts';",
    /events\/ and state\/ import domain/,
    1,
  ],
  ['functions/aws/ec2.ts', "import type { Store } from '../state/store.ts';", /aws\/ imports domain/, 1],
  [
    'functions/tasks/signals/sweep.ts',
    "import { handler } from '../../handlers/sweep.ts';",
    /imports a handler/,
    1,
  ],
  [
    'functions/lambda/runtime.ts',
    "import { rehearse } from '../../rehearsal/rehearse.ts';",
    /knows the rehearsal/,
    1,
  ],
  ['functions/domain/holds/decide-hold.ts', 'const { random } = Math;', /no randomness/, 1],
  ['functions/domain/holds/decide-hold.ts', "const dice = Math['random']();", /no randomness/, 1],
  ['functions/domain/mode.ts', "const made = eval('Date.now()');", /no code is made of text/, 1],
  ['functions/domain/mode.ts', "const fs = require('node:fs');", /no code is made of text/, 1],
  [
    'functions/tasks/holds/apply-hold.ts',
    'const later = import(`../../lambda/runtime.ts`);',
    /names its file/,
    1,
  ],
  [
    'functions/tasks/holds/apply-hold.ts',
    "import { setTimeout } from 'node:timers/promises';",
    /no timer/,
    1,
  ],
  ['functions/tasks/holds/apply-hold.ts', "import { randomUUID } from 'node:crypto';", /no randomness/, 1],
  ['functions/aws/ec2.ts', "import { env } from 'node:process';", /reads the environment/, 1],
  ['functions/events/signal.ts', 'const dice = Math.random();', /no randomness/, 1],
  ['functions/events/signal.ts', "import { EC2Client } from '@aws-sdk/client-ec2';", /events\/ parses/, 1],
  [
    'functions/domain/drain/decide-drains.ts',
    "\nexport type Theirs = import('../resize/resize-record.ts').Resize;",
    /never import each other/,
    2,
  ],
];

describe('the rules of the house', () => {
  it('are kept by every file under functions/', () => {
    expect(modules.length).toBeGreaterThan(100);
    const found = modules.flatMap(({ file, module }) => leaksIn(file, module));
    expect(found.map(({ file, line, what, rule }) => `${file}:${line} ${what}; but ${rule}`)).toEqual([]);
  });

  it.each(leaks)('see the leak in %s: %s', (file, source, rule, line) => {
    const found = leaksIn(file, readModule(source));
    expect(found).toContainEqual({ rule: expect.stringMatching(rule), file, line, what: expect.any(String) });
  });

  it('let the facts of an incident out in one place', () => {
    const writers = modules
      .filter(({ file }) => file.startsWith('functions/tasks/'))
      .filter(({ file }) => /\.(appendJournal|addNotice)\(/.test(readFileSync(`${root}${file}`, 'utf8')));
    expect(writers.map(({ file }) => file)).toEqual(['functions/tasks/incidents/emit-facts.ts']);
  });

  it('allow what the rules need', () => {
    const source = [
      "import { createHash } from 'node:crypto';",
      "import { Cron } from 'croner';",
      "import type { Policy } from '../../events/policy.ts';",
      "import { addSeconds } from '../times.ts';",
      'const most = Math.max(1, 2);',
      "const named = (process: string): boolean => process.startsWith('L');",
    ].join('\n');
    expect(leaksIn('functions/domain/holds/decide-hold.ts', readModule(source))).toEqual([]);
  });

  it('leave no circle of imports', () => {
    const graph = new Map(modules.map(({ file, module }) => [file, importsOf(file, module)]));
    expect(circlesIn(graph)).toEqual([]);
  });

  it('see a circle', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);
    expect(circlesIn(graph)).toEqual([['b', 'c', 'b']]);
  });
});
