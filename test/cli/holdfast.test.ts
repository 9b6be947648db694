import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readRehearsal } from '../../cli/commands/rehearsal-options.ts';
import { parseOptions } from '../../cli/parse-options.ts';

const program = fileURLToPath(new URL('../../cli/holdfast.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'holdfast-'));
afterAll(() => rmSync(folder, { recursive: true }));

const holdfast = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    // Node warns of both together.
    env: { ...process.env, FORCE_COLOR: undefined },
  });
  return { status, stdout, stderr };
};
const policyFile = (text: string): string => {
  const file = join(folder, 'policy.yml');
  writeFileSync(file, text);
  return file;
};

describe('holdfast', () => {
  it('prints one JSON object with --json and nothing else', () => {
    const { status, stdout, stderr } = holdfast('rehearse', 'packet-loss', '--seed', '5', '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      incident: 'packet-loss',
      seed: 5,
      virtualSeconds: 25_200,
      violations: [],
      holdsLeft: [],
    });
    for (const key of ['wallMilliseconds', 'executions', 'calls', 'inService', 'summary'])
      expect(result).toHaveProperty(key);
    expect(result.executions[0]).toMatchObject({
      machine: expect.any(String),
      name: expect.any(String),
      status: 'SUCCEEDED',
    });
    expect(result.inService[0]).toMatchObject({
      autoScalingGroupName: 'web-frontend',
      points: expect.arrayContaining([
        { seconds: 60, inService: 40, capacity: 40, needed: expect.any(Number) },
      ]),
    });
    expect(result.summary.groups).toHaveLength(3);
    expect(Object.keys(result.calls[0]).sort()).toEqual([
      'at',
      'functionName',
      'input',
      'mutating',
      'operation',
      'outcome',
      'service',
    ]);
  });

  it('tells the story twice and sums it up', () => {
    const { status, stdout } = holdfast('story', 'packet-loss');
    expect(status).toBe(0);
    for (const heading of ['WITHOUT HOLDFAST', 'WITH HOLDFAST', 'CAPACITY IN SERVICE', 'SUMMARY']) {
      expect(stdout).toContain(heading);
    }
    expect(stdout).toContain('→ SuspendProcesses web-api: ScalingProcesses Terminate, ReplaceUnhealthy');
    expect(stdout).toContain('No promise was broken.');
  });

  it('shows the plan of a dry run', () => {
    const { status, stdout } = holdfast('rehearse', 'packet-loss', '--dry-run');
    expect(status).toBe(0);
    expect(stdout).toContain(
      'SuspendProcesses {"AutoScalingGroupName":"web-api","ScalingProcesses":["Terminate"',
    );
  });

  it('exits with 1 when a promise was broken', () => {
    // Three hours are too short for this cool-off: the hold is left at the end, and that is a violation.
    const file = policyFile(`
rules:
  - name: too-long
    when: { alarm: network-packet-loss-* }
    do: pause-scaling
    targets: { tags: { tier: web } }
    with: { coolOff: 12h, expiresAfter: 12h }
`);
    const { status, stdout } = holdfast('rehearse', 'packet-loss', '--policy', file);
    expect(stdout).toContain('still runs when the story ends, and has not given everything back');
    expect(status).toBe(1);
  });

  it('exits with 1 when nothing that helps ever began, and says why', () => {
    const file = policyFile(`
rules:
  - name: loss
    when: { alarm: network-paket-loss-* }
    do: pause-scaling
    targets: { tags: { tier: web } }
`);
    const { status, stdout } = holdfast('rehearse', 'packet-loss', '--policy', file);
    expect(status).toBe(1);
    expect(stdout).toContain(
      'Rule loss never started: no alarm of this story is called network-paket-loss-*; it has network-packet-loss-tgw. Did you mean "network-packet-loss-tgw"?',
    );
    expect(stdout).toContain('NO REMEDY: pause-scaling, which is against this, never began.');
  });

  it('refuses an option that npm kept for itself', () => {
    const environment = { npm_lifecycle_event: 'rehearse', npm_config_dry_run: 'true' };
    expect(() => parseOptions(['packet-loss'], { 'dry-run': { type: 'boolean' } }, environment)).toThrow(
      '--dry-run: npm kept it for itself. Write -- before the options',
    );
    for (const over of [
      { npm_lifecycle_event: 'npx' },
      { npm_config_dry_run: 'false' },
      { npm_config_dry_run: '' },
    ]) {
      expect(
        parseOptions([], { 'dry-run': { type: 'boolean' } }, { ...environment, ...over }).values,
      ).toEqual({});
    }
    expect(parseOptions(['--dry-run'], { 'dry-run': { type: 'boolean' } }, environment).values).toEqual({
      'dry-run': true,
    });
  });

  it.each([['--help'], ['-h'], ['help']])('tells how to use it with %s', (word) => {
    expect(holdfast(word)).toMatchObject({ status: 0, stdout: expect.stringContaining('rehearse') });
  });

  it('explains every option of a command', () => {
    const { stdout } = holdfast('rehearse', '--help');
    for (const text of ['--seed <number>', '--dry-run', 'Story: a shipped story (packet-loss']) {
      expect(stdout).toContain(text);
    }
  });

  it('says its version', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(holdfast('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  it('completes commands, options, and words that it knows', () => {
    expect(holdfast('complete', '--', 'sna').stdout).toContain('snapshot');
    expect(holdfast('complete', '--', 'story', '--see').stdout).toContain('--seed');
    expect(holdfast('complete', '--', 'story', '').stdout).toContain('packet-loss');
    expect(holdfast('complete', '--', 'plan', '').stdout).toContain('resize-in-place');
    expect(holdfast('complete', 'bash')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('holdfast'),
    });
  });

  it.each([
    [{}, false],
    [{ CI: 'true' }, false],
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [{ FORCE_COLOR: '0' }, false],
  ])('colours what is no terminal only where it is asked for: %j', (environment, isColoured) => {
    const { stdout } = spawnSync(process.execPath, [program, 'validate'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...environment },
    });
    expect(stdout.includes('\u001b[')).toBe(isColoured);
  });

  it('loads nothing of AWS for its help', () => {
    const loaded = spawnSync(
      process.execPath,
      [
        '--import',
        'data:text/javascript,import{registerHooks}from"node:module";registerHooks({resolve(s,c,n){const r=n(s,c);process.stderr.write(r.url+"\\n");return r}})',
        program,
        '--help',
      ],
      { encoding: 'utf8' },
    );
    expect(loaded.stderr).toContain('commander');
    expect(loaded.stderr).not.toMatch(/@aws-sdk|@smithy|zod|\/rehearse\.ts/);
  });

  it.each([
    ['an unknown incident', ['rehearse', 'nope'], 'story: found "nope"; allowed: packet-loss'],
    ['an incident by the name of something else', ['rehearse', 'constructor'], 'story: found "constructor"'],
    ['a report into nothing', ['story', 'packet-loss', '--report='], '--report: found ""; allowed: a folder'],
    [
      'a report into a file',
      ['story', 'packet-loss', '--report', program],
      '--report: nothing can be written into',
    ],
    ['options before npm’s --', ['story', 'packet-loss', '7'], 'With npm, options follow --'],
    ['no incident', ['rehearse'], 'STORY: found nothing; rehearse needs it'],
    ['an unknown option', ['rehearse', 'packet-loss', '--sed', '1'], 'Did you mean "--seed"?'],
    ['a story that is nearly one', ['rehearse', 'paket-loss'], 'Did you mean "packet-loss"?'],
    ['an option twice', ['rehearse', 'packet-loss', '--seed', '1', '--seed', '2'], '--seed: found twice'],
    ['a negative seed', ['rehearse', 'packet-loss', '--seed', '-1'], '--seed: found "-1"; allowed: a whole'],
    ['an option without its value', ['rehearse', 'packet-loss', '--seed'], '--seed: found nothing'],
    [
      'an option in the place of a value',
      ['rehearse', 'packet-loss', '--seed', '--json'],
      '--seed: found "--json"',
    ],
    ['a value that is too much', ['rehearse', 'packet-loss', '--json=yes'], '--json=yes: unknown option'],
    ['an unknown command', ['reherse', 'packet-loss'], 'Did you mean "rehearse"?'],
    [
      'a seed that is none',
      ['rehearse', 'packet-loss', '--seed', 'x'],
      '--seed: found "x"; allowed: a whole number',
    ],
    [
      'a policy that is not there',
      ['rehearse', 'packet-loss', '--policy', '/nowhere.yml'],
      '--policy: there is no file /nowhere.yml',
    ],
  ])('exits with 2 and one message for %s', (_what, args, message) => {
    const { status, stdout, stderr } = holdfast(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  it.each([
    [
      'a wrong value',
      'rules: [{ name: a, when: { alarm: x }, do: reboot, targets: { tags: { a: b } } }]',
      'rule "a", field do: found "reboot"; allowed: "pause-scaling"',
    ],
    ['a file that is not YAML', 'rules: [', 'policy.yml'],
  ])('exits with 2 for a policy with %s', (_what, text, message) => {
    const { status, stdout, stderr } = holdfast('rehearse', 'packet-loss', '--policy', policyFile(text));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('readRehearsal', () => {
  it('refuses a dry run without Holdfast', () => {
    expect(() => readRehearsal('packet-loss', { dryRun: true, withoutHoldfast: true })).toThrow(
      'exclude each other',
    );
  });

  it('reads everything', () => {
    expect(readRehearsal('packet-loss', { seed: '7', withoutHoldfast: true, json: true })).toMatchObject({
      seed: 7,
      dryRun: false,
      withHoldfast: false,
      json: true,
    });
  });
});
