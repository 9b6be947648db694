import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../functions/domain/journal.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { createDynamoDbStore } from '../../functions/state/dynamodb-store.ts';
import type { Story } from '../../rehearsal/incident.ts';
import { allIncidents } from '../../rehearsal/incidents/all-incidents.ts';
import { type RehearsalResult, rehearse } from '../../rehearsal/rehearse.ts';
import { reportOfIncident } from '../../report/from-incident.ts';
import { markdownOf } from '../../report/markdown.ts';
import { pageOf } from '../../report/page.ts';
import { type Dynalite, startDynalite } from '../state/strict-dynalite.ts';

const journalOf = (result: RehearsalResult, machine: string) => {
  const found = result.journals.find(({ incidentId }) => incidentId.includes(`-${machine}:`));
  if (found === undefined) throw new Error(`No journal of ${machine}`);
  return found;
};

describe('the report of an incident', () => {
  let packageRepository: RehearsalResult;
  beforeAll(async () => {
    packageRepository = await rehearse({
      incident: allIncidents['package-repository'] as Story,
      seed: 1,
      policy: loadPolicy(),
      withHoldfast: true,
      dryRun: false,
    });
  });

  it('says what was drained, with its evidence, why, and that it is over', () => {
    const { incidentId, entries } = journalOf(packageRepository, 'drain-pending-wait');
    const report = reportOfIncident(incidentId, entries, packageRepository.evidence);
    expect(report.summary).toMatch(/^In .+ Holdfast .*drained \d+ instances.*, and gave everything back\.$/);
    expect(report.title).toMatch(/^drain-pending-wait: stuck-launches-/);
    const lanes = report.groups.find(({ name }) => name === 'api-orders')?.lanes ?? [];
    expect(lanes.find(({ name }) => name === 'launches')?.bands.length).toBeGreaterThan(0);
    const page = pageOf(report);
    expect(page).toContain('gnutls_handshake() failed');
    expect(page).toContain('the breaker opens');
    expect(markdownOf(report)).toContain('## What was done, and why');
  });

  it('says of a resize how many were resized', () => {
    const { incidentId, entries } = journalOf(packageRepository, 'resize-in-place');
    const { summary, groups } = reportOfIncident(incidentId, entries, []);
    expect(summary).toMatch(/resized \d+ instances/);
    expect(groups[0]?.lanes.map(({ name }) => name)).toContain('resize');
  });

  it('names what failed, claims nothing that a journal cannot know, and tells days where it lasts long', () => {
    const arn = 'arn:aws:states:eu-west-1:123456789012:execution:holdfast-prod-pause-scaling:by-hand';
    const report = reportOfIncident(
      arn,
      [
        { at: '2026-01-01T00:00:00Z', event: 'opened', text: 'the incident is open over 1 group' },
        {
          at: '2026-01-01T00:01:00Z',
          event: 'failed',
          autoScalingGroupName: 'a',
          text: 'could not be held (AccessDenied)',
        },
        { at: '2026-01-02T02:10:00Z', event: 'closed', text: 'everything was given back' },
      ],
      [],
    );
    expect(report.summary).toBe('In 26 h 10 min Holdfast changed nothing.');
    expect(report.notSaved).toEqual(['a: could not be held (AccessDenied).']);
    const page = pageOf(report);
    expect(page).toContain('01-02 02:10');
    expect(page).not.toContain('Nothing that served was lost');
  });

  it('tells what only one entry says, and what is not over', () => {
    const refused: JournalEntry = {
      at: '2026-01-01T00:00:00Z',
      event: 'refused',
      text: 'no group was found',
    };
    const arn = 'arn:aws:states:eu-west-1:123456789012:execution:holdfast-prod-pause-scaling:by-hand';
    const report = reportOfIncident(arn, [refused], []);
    expect(report).toMatchObject({
      title: 'pause-scaling: by-hand',
      about: 'An incident of stage prod in account 123456789012, eu-west-1, from its journal.',
      summary: 'In 0 s Holdfast changed nothing.',
      notSaved: ['No group was found.'],
    });
    expect(pageOf(report)).toContain('No group was found.');
    const opened: JournalEntry = { ...refused, event: 'opened', text: 'the incident is open over 1 group' };
    expect(reportOfIncident(arn, [opened], []).summary).toBe(
      'In 0 s Holdfast changed nothing; by its journal it is not over.',
    );
  });
});

describe('npm run report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-incident-'));
  const arn = 'arn:aws:states:us-east-1:123456789012:execution:holdfast-prod-pause-scaling:by-hand';
  let table: Dynalite;
  beforeAll(async () => {
    table = await startDynalite('holdfast-prod');
    const clock = { now: () => '2026-01-01T00:00:00.000Z' };
    const store = createDynamoDbStore(table.client, table.name, clock, () => 'test');
    await store.appendJournal(arn, [
      { at: '2026-01-01T00:00:00.000Z', event: 'held', autoScalingGroupName: 'web', text: 'held: a test' },
      {
        at: '2026-01-01T00:10:00.000Z',
        event: 'given-back',
        autoScalingGroupName: 'web',
        text: 'given back',
      },
      { at: '2026-01-01T00:10:00.000Z', event: 'closed', text: 'everything was given back' },
    ]);
  });
  afterAll(async () => {
    await table.stop();
    rmSync(folder, { recursive: true });
  });

  const report = (...args: string[]): Promise<{ status: number | null; output: string }> =>
    new Promise((resolve) => {
      const program = fileURLToPath(new URL('../../cli/holdfast.js', import.meta.url));
      const child = spawn(process.execPath, [program, 'journal', ...args], {
        env: {
          ...process.env,
          AWS_ENDPOINT_URL: table.endpoint,
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
        },
      });
      let output = '';
      child.stdout.on('data', (data) => {
        output += data;
      });
      child.stderr.on('data', (data) => {
        output += data;
      });
      child.on('close', (status) => resolve({ status, output }));
    });

  it('reads the journal from the table of the stage', async () => {
    expect(await report(arn, '--report', folder)).toEqual({
      status: 0,
      output: expect.stringContaining(`The report: ${join(folder, 'by-hand.html')}\n`),
    });
    expect(readFileSync(join(folder, 'by-hand.md'), 'utf8')).toContain(
      '**In 10 min Holdfast held web, and gave everything back.**',
    );
  });

  it('says what it lacks', async () => {
    expect(await report(`${arn}-other`, '--report', folder)).toEqual({
      status: 2,
      output:
        'The table has no journal of by-hand-other: it failed before its plan, the name is wrong, or it is older than the table keeps journals.\n',
    });
    const unknown = await report();
    expect(unknown.status).toBe(2);
    expect(unknown.output).toContain(
      'execution: found nothing; allowed: the name or ARN of an execution, --last, or --group NAME',
    );
  });
});
