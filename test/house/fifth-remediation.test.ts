import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remediationNames } from '../../functions/domain/remediation-names.ts';
import { missingParts } from './remediation-parts.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A made-up remediation, as somebody would write it who has read CONTRIBUTING.md. */
const freezeSchedules = `
import { expiryFits, groupsMaxField, lengthFields, releaseFields, toHoldSettings } from '../fields.ts';
import { giveBackSecondsMax } from '../limits.ts';
import { defineRemediation } from '../remediation.ts';
import { isOfSameAlarm } from '../request.ts';
import { describeHoldEnd, holdEndsAtLatest } from './hold-end.ts';

/** No scheduled action changes a size while people work on the fleet. */
export const freezeSchedules = defineRemediation({
  description: 'No scheduled action changes a size while people work on the fleet.',
  fields: () => ({ ...releaseFields(), ...lengthFields(), groupsMax: groupsMaxField() }),
  checks: () => [expiryFits()],
  toSettings: (fields) => ({
    settings: toHoldSettings({ processes: ['ScheduledActions'], protectsInstances: false }, fields),
  }),
  untilLaunchesSucceed: () => false,
  example: { autoScalingGroupName: 'web', reason: 'migration' },
  traits: {},
  suspendedBecause: { ScheduledActions: 'people work on the fleet' },
  words: { began: () => 'Schedules frozen', held: () => 'No schedule changes a size.', undo: 'Stop the execution.' },
  takesAllGroupsOrNone: false,
  forbidsStops: false,
  onlyHolds: false,
  holdsItsGroups: true,
  endsAtLatest: holdEndsAtLatest,
  describeEnd: describeHoldEnd,
  isSameAffair: isOfSameAlarm,
  continuedBy: { field: 'giveBack', name: 'give-back' },
  giveBackSecondsMax,
});
`;

describe('a fifth remediation', () => {
  let copy: string;

  const edit = (file: string, from: string, to: string): void => {
    const before = readFileSync(join(copy, file), 'utf8');
    if (!before.includes(from)) throw new Error(`${file} no longer has: ${from}`);
    writeFileSync(join(copy, file), before.replace(from, to));
  };

  /** What the compiler says, each error with its explanation. */
  const compile = (): string[] => {
    const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], {
      cwd: copy,
      encoding: 'utf8',
    });
    return stdout.split(/\n(?=\S)/).filter((error) => error.includes(': error TS'));
  };

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'holdfast-fifth-'));
    for (const folder of ['functions', 'rehearsal', 'report', 'cli', 'infra', 'conformance']) {
      cpSync(join(root, folder), join(copy, folder), { recursive: true });
    }
    for (const file of ['package.json', 'tsconfig.json']) cpSync(join(root, file), join(copy, file));
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
    edit('tsconfig.json', '"test", ', '');
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it('is asked for by the compiler, first its record and then every field of it, and is accepted with them', () => {
    expect(compile()).toEqual([]);

    edit(
      'functions/domain/remediation-names.ts',
      "'resize-in-place',",
      "'resize-in-place',\n  'freeze-schedules',",
    );
    expect(compile()).toEqual([
      expect.stringMatching(/^functions.domain.remediations\.ts.*"freeze-schedules"' is missing/),
    ]);

    const list = 'functions/domain/remediations.ts';
    edit(
      list,
      "'resize-in-place': resizeInPlace,",
      "'resize-in-place': resizeInPlace,\n  'freeze-schedules': freezeSchedules,",
    );
    edit(list, 'import', "import { freezeSchedules } from './holds/freeze-schedules.ts';\nimport");
    const record = join(copy, 'functions/domain/holds/freeze-schedules.ts');
    for (const field of ['forbidsStops', 'onlyHolds', 'isSameAffair']) {
      writeFileSync(record, freezeSchedules.replace(new RegExp(`\n  ${field}: .*`), ''));
      expect(compile()).toContainEqual(
        expect.stringMatching(new RegExp(`freeze-schedules\\.ts[^]*'${field}'`)),
      );
    }
    writeFileSync(record, freezeSchedules);
    expect(compile()).toEqual([]);

    // Policy and input know it, and nothing else was touched.
    const script = `
      const { parsePolicy } = await import('./functions/events/policy.ts');
      const { parseHoldInput } = await import('./functions/events/hold-input.ts');
      const rule = { name: 'frozen', do: 'freeze-schedules', when: { alarm: 'migration' }, targets: { tags: { tier: 'api' } } };
      const said = (work) => { try { return work(); } catch (error) { return error.message; } };
      console.log(JSON.stringify({
        policy: said(() => parsePolicy({ rules: [{ ...rule, with: { expiresAfter: '1h' } }] }, 'test')),
        wrong: said(() => parsePolicy({ rules: [{ ...rule, with: { olderThan: '1h' } }] }, 'test')),
        byHand: said(() => parseHoldInput('freeze-schedules', { reason: 'x' })),
      }));`;
    const stdout = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: copy,
      encoding: 'utf8',
    });
    const { policy, wrong, byHand } = JSON.parse(stdout);

    expect(policy.rules[0].settings).toMatchObject({ effect: { processes: ['ScheduledActions'] } });
    expect(wrong).toContain('olderThan');
    expect(byHand).toContain('"reason":"migration"');
  });

  it('is asked for by this test: what is missing beside the record, and where', () => {
    expect(missingParts('freeze-schedules')).toEqual([
      'its state machine: infra/state-machines.yml',
      'its executions among the events that wake the sweep: serverless.yml',
      'its state machine in the alarm on throttling: infra/watching.yml',
      'its executions in three graphs: started, failed, timed out: infra/dashboard.yml',
      'its rule in the schema of the policy: run "npm run schema": infra/policy.schema.json',
      'its page, with the state machine that is started by hand: docs/freeze-schedules.md',
      'a link to its page: README.md',
      'a dry run of it in the second cloud: conformance/stories/inputs.py',
    ]);
  });

  it.each(remediationNames)('misses nothing that %s has', (name) => {
    expect(missingParts(name)).toEqual([]);
  });
});
