import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { remediations } from '../../functions/domain/remediations.ts';
import { parseHoldInput } from '../../functions/events/hold-input.ts';
import type { Promised } from '../../rehearsal/random/ledger.ts';
import { createRandomIncident, standardGroups } from '../../rehearsal/random/random-incident.ts';
import { runRandomIncident } from '../../rehearsal/random/run-random-incident.ts';
import { shrink } from '../../rehearsal/random/shrink.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const isProving = process.env.HOLDFAST_PROVE === '1';

/** A fault that makes the product break a promise: each `find` stands once in `file`. */
interface PlantedFault {
  promise: Promised;
  what: string;
  file: string;
  edits: [find: string, replace: string][];
  /** Which random incidents are told: as many as it takes to meet the fault. */
  from: number;
  seeds: number;
}

const faults: PlantedFault[] = [
  {
    promise: 'gives back',
    what: 'protections are not taken away again',
    file: 'functions/domain/holds/hold-calls.ts',
    edits: [['...protectionCalls(autoScalingGroupName, settings.filter(isInstance), false, reason),', '']],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'gives back',
    what: 'a resize sets desired capacity to the minimum in the end',
    file: 'functions/domain/resize/decide-restore.ts',
    edits: [
      [
        'desiredCapacity: Math.min(group.maxSize, Math.max(minSize, lowered)),',
        'desiredCapacity: Math.min(minSize, lowered),',
      ],
    ],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'gives back',
    what: 'a resize that leaves an instance sets the minimum to 0',
    file: 'functions/domain/resize/decide-restore.ts',
    edits: [['      minSize,\n      // AWS', '      minSize: left > 0 ? 0 : minSize,\n      // AWS']],
    from: 1,
    seeds: 300,
  },
  {
    promise: 'gives back',
    what: 'desired capacity is raised to the maximum',
    file: 'functions/domain/holds/plan-raise.ts',
    edits: [['Math.min(present, kept.desiredHighest, group.maxSize)', 'group.maxSize']],
    from: 1,
    seeds: 300,
  },
  {
    promise: 'keeps the floor',
    what: 'a wave takes as many as it likes',
    file: 'functions/domain/resize/decide-wave.ts',
    edits: [
      [
        'return left >= work.floor || (!healthy.has(instanceId) && seen.get(instanceId)?.isHealthy === false);',
        'return left >= work.floor || seen !== undefined || instanceId !== undefined;',
      ],
      ['Math.min(nextWaveSize(work), work.queue.length, healthy.size - work.floor)', 'work.queue.length'],
    ],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'keeps the floor',
    what: 'one fewer than the floor is left',
    file: 'functions/domain/resize/decide-wave.ts',
    edits: [
      ['return left >= work.floor || ', 'return left >= work.floor - 1 || '],
      ['healthy.size - work.floor);', 'healthy.size - work.floor + 1);'],
    ],
    from: 1,
    seeds: 300,
  },
  {
    promise: 'keeps the floor',
    what: 'a group may be without any in service, whatever is asked',
    file: 'functions/domain/resize/plan-resize.ts',
    edits: [['const least = allowDowntime ? 0 : 1;', 'const least = allowDowntime ? 0 : 0;']],
    from: 1,
    seeds: 120,
  },
  {
    promise: 'keeps the floor',
    what: 'a wave takes one too many',
    file: 'functions/domain/resize/decide-wave.ts',
    edits: [['Math.min(nextWaveSize(work), work', 'Math.min(nextWaveSize(work) + 1, work']],
    from: 1,
    seeds: 100,
  },
  {
    promise: 'keeps the floor',
    what: 'no first instance is resized alone',
    file: 'functions/domain/resize/decide-wave.ts',
    edits: [
      ['hasProvenCanary(work) ? work.waveSize : 1', 'hasProvenCanary(work) ? work.waveSize : work.waveSize'],
    ],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'keeps the floor',
    what: 'a floor in percent is halved',
    file: 'functions/domain/resize/plan-resize.ts',
    edits: [['Math.ceil((healthy * floor.percent) / 100)', 'Math.floor((healthy * floor.percent) / 200)']],
    from: 1,
    seeds: 150,
  },
  {
    promise: 'does as asked',
    what: 'no capacity is held',
    file: 'functions/domain/resize/decide-wave.ts',
    edits: [['incident.resize?.reserveCapacity !== false', 'incident.resize?.reserveCapacity === undefined']],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'does as asked',
    what: 'launches are ended that are a minute old',
    file: 'functions/domain/drain/drain-pending-wait.ts',
    edits: [['olderThanSeconds: fields.olderThan,', 'olderThanSeconds: Math.min(60, fields.olderThan),']],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'does as asked',
    what: 'every pause stops launches too',
    file: 'functions/domain/holds/pause-scaling.ts',
    edits: [["block === 'all' ? [...processOrder]", 'block !== undefined ? [...processOrder]']],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'does as asked',
    what: 'every resize changes the launch template',
    file: 'functions/tasks/resize/restore-group.ts',
    edits: [['updateLaunchTemplate === true && drift', 'updateLaunchTemplate !== undefined && drift']],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'touches only its own',
    what: 'neither code nor IAM asks for the opt-in tag',
    file: 'functions/domain/auto-scaling-group.ts',
    edits: [['tags[optInTag.key] === optInTag.value;', 'tags[optInTag.key] !== undefined || true;']],
    from: 1,
    seeds: 100,
  },
  {
    promise: 'dry run',
    what: 'nothing lowers what may happen',
    file: 'functions/domain/mode.ts',
    edits: [['rank[mode] < rank[lowest] ? mode : lowest', 'rank[mode] > rank[lowest] ? mode : lowest']],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'the switch stops it',
    what: 'every word of the kill switch is taken for live',
    file: 'functions/aws/systems-manager.ts',
    edits: [['return { mode, ...(changedAt', "return { mode: 'live', ...(changedAt"]],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'one execution',
    what: 'the name of an execution is made by chance',
    file: 'functions/domain/signals/decide-start.ts',
    edits: [
      ["digest('hex').slice(0, 16);", "digest('hex').slice(0, 8) + String(Math.random()).slice(2, 10);"],
    ],
    from: 1,
    seeds: 20,
  },
  {
    promise: 'ends',
    what: 'a hold goes on for as long as its alarm does',
    file: 'functions/domain/holds/decide-hold.ts',
    edits: [['heldSeconds >= incident.settings.holdAtMostSeconds', 'heldSeconds < 0']],
    from: 1,
    seeds: 130,
  },
  {
    promise: 'ends',
    what: 'the sweep looks after no incident',
    file: 'functions/tasks/signals/sweep.ts',
    edits: [
      [
        'await attempt(() => giveBackAbandoned(dependencies, incident, startedAt, result));',
        'await attempt(async () => void incident);',
      ],
    ],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'tells the truth',
    what: 'late messages are sent as they were written',
    file: 'functions/domain/telling/compose-messages.ts',
    edits: [
      [
        'if (now === undefined) return asWritten(notice);',
        'if (now === undefined || notice.at !== undefined) return asWritten(notice);',
      ],
    ],
    from: 1311,
    seeds: 180,
  },
  {
    promise: 'leaves nothing',
    what: 'the tag of a hold is not removed',
    file: 'functions/domain/holds/hold-tag.ts',
    edits: [['if (wanted === undefined) {', 'if (wanted === undefined && stage === undefined) {']],
    from: 1,
    seeds: 20,
  },
  {
    promise: 'a person outranks it',
    what: 'an override is forgotten',
    file: 'functions/domain/holds/wanted-state.ts',
    edits: [['for (const { setting } of record.overridden) wanted.delete(setting);', '']],
    from: 1,
    seeds: 120,
  },
  {
    promise: 'evidence first',
    what: 'instances are ended without evidence',
    file: 'functions/tasks/drain/keep-evidence.ts',
    edits: [['await store.keepEvidence(', 'await (async (..._: unknown[]) => {})(']],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'evidence first',
    what: 'a resize takes no snapshots',
    file: 'functions/tasks/resize/resize-instance.ts',
    edits: [['incident.resize?.snapshot === true;', 'incident.resize?.snapshot === undefined;']],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'evidence first',
    what: 'a drain takes no snapshots',
    file: 'functions/tasks/drain/keep-evidence.ts',
    edits: [['incident.drain?.snapshot === true &&', 'incident.drain?.snapshot === undefined &&']],
    from: 341,
    seeds: 60,
  },
  {
    promise: 'evidence first',
    what: 'instance stores are lost, whatever is asked',
    file: 'functions/domain/resize/preflight.ts',
    edits: [
      ['return allowsInstanceStoreLoss\n', 'return allowsInstanceStoreLoss || present.hasInstanceStore\n'],
    ],
    from: 321,
    seeds: 100,
  },
  {
    promise: 'stops no other',
    what: 'a round goes no further than to the first group that fails',
    file: 'functions/tasks/holds/apply-hold.ts',
    edits: [
      [
        'isInTime()\n          ? applyToGroup(',
        "isInTime() && !journal.some(({ event }) => event === 'failed')\n          ? applyToGroup(",
      ],
      ['{ concurrency: groupsAtOnce, stopOnError: false },', '{ concurrency: 1, stopOnError: false },'],
    ],
    from: 1,
    seeds: 60,
  },
  {
    promise: 'answers',
    what: 'nothing that a rule asks for is started',
    file: 'functions/tasks/incidents/start-executions.ts',
    edits: [
      [
        'const { started } = await stepFunctions.startExecution(stateMachineArns[rule.do], executionName, input);',
        'const started = [stepFunctions, stateMachineArns[rule.do], executionName, input].length === 4;',
      ],
    ],
    from: 1,
    seeds: 100,
  },
  {
    promise: 'dry run',
    what: 'an input that asks for a dry run is not heard',
    file: 'functions/tasks/incidents/plan-request.ts',
    edits: [['dryRun: parsed.dryRun,', 'dryRun: false,']],
    from: 1,
    seeds: 100,
  },
];

describe('a random incident', () => {
  it('is the same for the same seed', async () => {
    expect(createRandomIncident(7)).toEqual(createRandomIncident(7));
    expect(createRandomIncident(7).groups).toHaveLength(standardGroups);
    const [one, two] = [
      await runRandomIncident(createRandomIncident(7)),
      await runRandomIncident(createRandomIncident(7)),
    ];
    expect(two.result.calls).toEqual(one.result.calls);
    expect(two.broken).toEqual(one.broken);
  });

  it('has every kind of part, and drains and resizes about as often as it holds', () => {
    const incidents = Array.from({ length: 2000 }, (_, seed) => createRandomIncident(seed));
    const parts = incidents.flatMap((incident) => incident.parts);
    expect(new Set(parts.map(({ kind }) => kind)).size).toBe(27);
    const byHand = parts.flatMap((part) => (part.kind === 'by hand' ? [part.remediation] : []));
    const count = (...names: string[]) => byHand.filter((name) => names.includes(name)).length;
    const holds = count('pause-scaling', 'protect-instances');
    for (const other of [count('drain-pending-wait'), count('resize-in-place')]) {
      expect(other / holds).toBeGreaterThan(0.8);
      expect(other / holds).toBeLessThan(1.6);
    }
    const sizes = new Set(
      incidents.flatMap(({ groups }) => groups.map(({ desiredCapacity }) => desiredCapacity)),
    );
    expect([...sizes].sort()).toEqual([0, 1, 2, 3, 4, 5, 7]);
    expect(Math.max(...incidents.flatMap(({ groups }) => groups.map(({ name }) => name.length)))).toBe(252);
  });

  it('sets every field of every remediation by hand, to more than one value or not at all', () => {
    const seen = new Map<string, Set<string>>();
    for (let seed = 0; seed < 4000; seed += 1) {
      for (const part of createRandomIncident(seed).parts) {
        if (part.kind !== 'by hand') continue;
        const { fields, fieldsByHand } = remediations[part.remediation];
        for (const field of Object.keys({ ...fields(), ...fieldsByHand?.() })) {
          const name = `${part.remediation}.${field}`;
          seen.set(name, (seen.get(name) ?? new Set()).add(JSON.stringify(part.input[field])));
        }
      }
    }
    expect([...seen].filter(([, values]) => values.size < 2)).toEqual([]);
    expect(seen.size).toBeGreaterThan(35);
  });

  it('asks for nothing by hand that is refused as bad input', () => {
    for (let seed = 0; seed < 1000; seed += 1) {
      for (const part of createRandomIncident(seed).parts) {
        if (part.kind === 'by hand') expect(() => parseHoldInput(part.remediation, part.input)).not.toThrow();
      }
    }
  });

  it('of a large fleet has up to so many groups, and none too', () => {
    const counts = Array.from({ length: 400 }, (_, seed) => createRandomIncident(seed, 200).groups.length);
    expect(Math.min(...counts)).toBeLessThan(3);
    expect(Math.max(...counts)).toBeGreaterThan(195);
  });

  it('is made as short as it can be', async () => {
    const incident = createRandomIncident(3);
    expect(incident.parts.length).toBeGreaterThan(3);
    const [, needed] = incident.parts;
    const [group] = incident.groups;
    const shortest = await shrink(
      incident,
      async ({ parts, groups }) =>
        parts.some((part) => part === needed) && groups.some((each) => each === group),
    );
    expect(shortest).toEqual({ ...incident, parts: [needed], groups: [group], quirks: {} });
  });

  it.each(isProving ? [] : [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('breaks no promise (seed %i)', async (seed) => {
    const { broken } = await runRandomIncident(createRandomIncident(seed));
    expect(broken, `npm run prove -- --from ${seed} --seeds 1`).toEqual([]);
  });
});

describe('a promise', () => {
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'holdfast-promises-'));
    for (const part of [
      'cli',
      'functions',
      'infra',
      'rehearsal',
      'statemachines',
      'serverless.yml',
      'package.json',
    ])
      cpSync(join(root, part), join(copy, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  const prove = ({ from, seeds }: Pick<PlantedFault, 'from' | 'seeds'>) =>
    spawnSync(process.execPath, ['cli/prove.ts', '--from', `${from}`, '--seeds', `${seeds}`, '--as-found'], {
      cwd: copy,
      encoding: 'utf8',
    });

  it.each(isProving ? faults : faults.filter(({ promise }) => promise === 'leaves nothing'))(
    'that $promise is seen to be broken where $what',
    ({ file, edits, promise, ...incidents }) => {
      const path = join(copy, file);
      const source = readFileSync(path, 'utf8');
      for (const [find] of edits) expect(source.split(find), `${file} has it once: ${find}`).toHaveLength(2);
      writeFileSync(
        path,
        edits.reduce((text, [find, replace]) => text.replace(find, () => replace), source),
      );
      const { status, stdout, stderr } = prove(incidents);
      writeFileSync(path, source);
      expect(stdout, stderr).toContain(`  ${promise}: `);
      expect(status).toBe(1);
    },
  );
});
