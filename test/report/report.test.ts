import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readmePicture } from '../../cli/write-picture.ts';
import { loadPolicy } from '../../functions/policy.ts';
import type { Story } from '../../rehearsal/incident.ts';
import { allIncidents } from '../../rehearsal/incidents/all-incidents.ts';
import { type RehearsalResult, rehearse } from '../../rehearsal/rehearse.ts';
import { reportOfRehearsal } from '../../report/from-rehearsal.ts';
import { markdownOf } from '../../report/markdown.ts';
import { pageOf } from '../../report/page.ts';
import type { Report } from '../../report/report.ts';

const run = (incident: Story, withHoldfast: boolean, dryRun = false) =>
  rehearse({ incident, seed: 1, policy: loadPolicy(), withHoldfast, dryRun });

describe('the report of a story', () => {
  const story = allIncidents['packet-loss'] as Story;
  let without: RehearsalResult;
  let helped: RehearsalResult;
  let report: Report;
  beforeAll(async () => {
    without = await run(story, false);
    helped = await run(story, true);
    report = reportOfRehearsal(story, without, helped);
  });

  it('has each group with its floor, its maximum, what was needed and what worked', () => {
    expect(report.groups.map(({ name }) => name)).toEqual(['web-frontend', 'web-api', 'web-legacy']);
    const [frontend] = report.groups;
    expect(frontend).toMatchObject({ minSize: 8, maxSize: 120 });
    expect(frontend?.courses.map(({ kind }) => kind)).toEqual([
      'needed',
      'works',
      'inService',
      'worksWithout',
      'inServiceWithout',
    ]);
    // The points are those of the samples, and only where a number changes.
    const samples = helped.inService[0]?.points ?? [];
    const works = frontend?.courses.find(({ kind }) => kind === 'works')?.points ?? [];
    for (const { seconds, capacity } of samples) {
      const at = Date.parse(story.startsAt) + seconds * 1000;
      expect(works.findLast((point) => point.at <= at)?.value).toBe(capacity);
    }
    expect(works.length).toBeLessThan(samples.length / 4);
  });

  it('tells every message, every line of both runs, the plan and the numbers of the terminal', () => {
    expect(report.messages.map(({ subject }) => subject)).toEqual(
      helped.messages.map(({ subject }) => subject),
    );
    expect(report.runs.map(({ title }) => title)).toEqual(['With Holdfast', 'Without Holdfast']);
    expect(report.plan).toEqual(helped.plan);
    const rows = report.comparison?.groups[0]?.rows ?? [];
    expect(rows.find(({ label }) => label.startsWith('good instances lost'))?.cells).toEqual(
      [without, helped].map(({ summary }) => String(summary.groups[0]?.goodInstancesLost)),
    );
    const page = pageOf(report);
    for (const { subject } of report.messages) expect(page).toContain(subject.replaceAll('&', '&amp;'));
  });

  it('says what was not saved, and that who did not opt in was left alone', () => {
    expect(report.notSaved[0]).toMatch(
      /^web-legacy, which did not opt in and was left alone: \d+ good instances were lost/,
    );
  });

  it('keeps what a text says from becoming markup', () => {
    const hostile = '<script>alert(1)</script> & "x" | *y*';
    const told = { ...report, title: hostile, summary: hostile, notSaved: [hostile] };
    const page = pageOf(told);
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('&lt;script>alert(1)');
    expect(markdownOf(told)).toContain('\\<script\\>alert(1)\\</script\\> & "x" \\| \\*y\\*');
  });

  it('says how to make it again', async () => {
    const again = (...args: Parameters<typeof reportOfRehearsal>) =>
      reportOfRehearsal(...args).about.split('npm run ')[1];
    expect(again(story, without, helped)).toBe('story -- packet-loss --seed 1');
    expect(
      again(story, without, helped, { story: 'mine.yml', policyFile: 'p.yml', fleetFile: 'f.json' }),
    ).toBe('story -- mine.yml --seed 1 --policy p.yml --fleet f.json');
    expect(again(story, without, undefined)).toBe('rehearse -- packet-loss --seed 1 --without-holdfast');
    expect(again(story, undefined, await run(story, true, true))).toBe(
      'rehearse -- packet-loss --seed 1 --dry-run',
    );
  });

  it('draws outages and shortages as trouble, in the words of the timeline', async () => {
    const troubled = {
      ...story,
      serviceOutages: [
        { service: 'EC2' as const, error: 'UnauthorizedOperation', fromSeconds: 60, untilSeconds: 120 },
      ],
      capacityShortages: [{ instanceTypes: ['m7i.large'], fromSeconds: 60, untilSeconds: 120 }],
      durationSeconds: 600,
    };
    const result = await run(troubled, false);
    const [lane] = reportOfRehearsal(troubled, result, undefined).groups[0]?.lanes ?? [];
    const texts = lane?.bands.map(({ text }) => text) ?? [];
    expect(texts).toContain('EC2 refuses with UnauthorizedOperation');
    expect(texts).toContain('EC2 has no m7i.large');
    for (const text of texts.slice(-2)) {
      expect(result.timeline.some((line) => line.text.startsWith(text))).toBe(true);
    }
  });

  it('leaves names as they are', () => {
    const [first, ...others] = report.groups;
    const named = { ...report, groups: [{ ...first, name: 'web-1.23456' }, ...others] } as Report;
    expect(pageOf(named)).toContain('Capacity of web-1.23456 over time');
  });

  it('asks for nothing from outside', () => {
    const page = pageOf(report);
    expect(page).not.toMatch(/(?:src|href)="(?!#)/);
    expect(page).not.toMatch(/@import|url\(/);
    expect(page).toContain("default-src 'none'");
  });

  it('is the same to the byte from the same runs', () => {
    expect(pageOf(reportOfRehearsal(story, without, helped))).toBe(pageOf(report));
  });

  it('tells a run alone, and a dry run with its plan', async () => {
    expect(reportOfRehearsal(story, undefined, helped).runs.map(({ id }) => id)).toEqual(['with']);
    expect(reportOfRehearsal(story, without, undefined).summary).toMatch(
      /^Without Holdfast \d+ good instances/,
    );
    const dry = reportOfRehearsal(story, undefined, await run(story, true, true));
    expect(dry.summary).toMatch(/^With Holdfast, which only looked, \d+ good instances/);
    expect(dry.plan.length).toBeGreaterThan(0);
  });
});

describe('every story', () => {
  it.each(Object.keys(allIncidents))(
    '%s says the difference in one sentence, and where it is told',
    async (name) => {
      const story = allIncidents[name] as Story;
      const report = reportOfRehearsal(story, await run(story, false), await run(story, true));
      expect(report.summary).toMatch(/^(With Holdfast|No difference: ).*\.$/);
      expect(report.summary.split('\n')).toHaveLength(1);
      expect(report.sources.length).toBeGreaterThan(0);
      expect(report.simplified.length).toBeGreaterThan(0);
      expect(report.notSaved.length).toBeGreaterThan(0);
      expect(markdownOf(report)).toContain(`# ${story.title}`);
    },
  );
});

describe('the picture of the README', () => {
  it('is what its script makes', async () => {
    const committed = readFileSync(new URL('../../docs/packet-loss.svg', import.meta.url), 'utf8');
    expect(committed, 'run npm run picture').toBe(await readmePicture());
  });
});
