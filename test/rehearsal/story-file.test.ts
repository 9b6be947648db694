import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadPolicy } from '../../functions/policy.ts';
import { allIncidents } from '../../rehearsal/incidents/all-incidents.ts';
import { rehearse } from '../../rehearsal/rehearse.ts';
import { loadStory, parseStory, storyJsonSchema } from '../../rehearsal/story-file.ts';
import { minutes } from './small-incident.ts';

const folder = new URL('../../rehearsal/stories/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.yml'));
const group = {
  name: 'web',
  tags: { holdfast: 'true' },
  minSize: 1,
  maxSize: 4,
  desiredCapacity: 2,
  availabilityZones: ['us-east-1a'],
  load: [['0m', 100]],
};
const small = {
  name: 'small',
  title: 'A small story',
  story: 'Something happens.',
  startsAt: '2026-03-02T03:00:00Z',
  lasts: '1h',
  fleet: [group],
};

describe('the shipped stories', () => {
  it('are the files in rehearsal/stories, each under its own name', () => {
    expect(files.map((file) => loadStory(new URL(file, folder)).name).sort()).toEqual(
      Object.keys(allIncidents).sort(),
    );
    for (const file of files) expect(file).toBe(`${loadStory(new URL(file, folder)).name}.yml`);
  });

  it('name their schema, which is committed', () => {
    for (const file of files) {
      expect(readFileSync(new URL(file, folder), 'utf8')).toMatch(
        /^# yaml-language-server: \$schema=story\.schema\.json\n/,
      );
    }
    const committed: unknown = JSON.parse(readFileSync(new URL('story.schema.json', folder), 'utf8'));
    expect(committed, 'run npm run schema').toEqual(JSON.parse(JSON.stringify(storyJsonSchema())));
  });
});

describe('docs/stories.md', () => {
  const page = readFileSync(new URL('../../docs/stories.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, block = '']) => block);

  it('shows a story that can be told, and deeds for it', async () => {
    const [whole = '', deeds = ''] = blocks;
    const raw = { ...(parse(whole) as object), ...(parse(deeds) as object) };
    const incident = parseStory(raw, 'docs/stories.md');
    const result = await rehearse({
      incident,
      seed: 1,
      policy: loadPolicy(),
      withHoldfast: true,
      dryRun: false,
    });
    expect(result.violations).toEqual([]);
    expect(result.executions.map(({ machine }) => machine)).toContain('holdfast-rehearsal-pause-scaling');
  });

  it('names every field of a story', () => {
    const { properties } = storyJsonSchema() as { properties: Record<string, unknown> };
    const small = ['autoScalingCallsPerSecond', 'autoScalingBurst'];
    for (const field of Object.keys(properties).filter((name) => !small.includes(name))) {
      expect(page).toContain(`\`${field}\``);
    }
  });
});

describe('parseStory', () => {
  it('fills in what is not said', () => {
    const story = parseStory(small, 'small.yml');
    expect(story).toMatchObject({
      durationSeconds: 3600,
      alarms: [],
      deeds: [],
      mustBeHeld: [],
      suspendedAtEnd: {},
    });
    expect(story.groups[0]).toMatchObject({
      healthCheckType: 'ELB',
      healthCheckGracePeriodSeconds: 300,
      bootSeconds: 240,
    });
  });

  it('draws straight lines between the points of a curve, and a step where two are at one moment', () => {
    const load = [
      ['10m', 100],
      ['20m', 200],
      ['20m', 50],
      ['30m', 50],
    ];
    const story = parseStory({ ...small, fleet: [{ ...group, load }] }, 'small.yml');
    const at = (minute: number) => story.load({ name: 'web' } as never, minutes(minute));
    expect([0, 10, 15, 19.9, 20, 25, 40].map(at)).toEqual([100, 100, 150, 199, 50, 50, 50]);
  });

  it('counts the moments of a loss from its beginning', () => {
    const losses = [
      {
        name: 'loss',
        from: '10m',
        until: '40m',
        fraction: [
          ['0m', 0.1],
          ['10m', 0.3],
        ],
        probeIsSilent: { from: '5m', until: '6m' },
      },
    ];
    const [loss] = parseStory({ ...small, losses }, 'small.yml').losses;
    expect(loss).toMatchObject({ fromSeconds: 600, untilSeconds: 2400 });
    expect([0, 300, 600, 900].map((seconds) => loss?.fraction(seconds))).toEqual([0.1, 0.2, 0.3, 0.3]);
    expect([299, 300, 359, 360].map((seconds) => loss?.probeIsSilent?.(seconds))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it.each([
    [
      'an unknown field',
      { ...small, durtion: '1h' },
      'the value itself: found the unknown field durtion; allowed: one of name',
    ],
    [
      'a duration without a unit',
      { ...small, lasts: 60 },
      'lasts: found 60; allowed: a value of type string',
    ],
    [
      'a name that no file has',
      { ...small, name: 'My story' },
      'name: found "My story"; allowed: a lower-case name',
    ],
    ['a fleet of nothing', { ...small, fleet: [] }, 'fleet: found []; allowed: at least 1 entries'],
    [
      'a group that is not there',
      { ...small, must: { beHeld: ['web', 'api'] } },
      'must.beHeld.1: found "api"; allowed: the name of a group of the fleet: web',
    ],
    [
      'a desired capacity out of reach',
      { ...small, fleet: [{ ...group, desiredCapacity: 9 }] },
      'fleet.0.desiredCapacity: found 9; allowed: from minSize to maxSize, 1 to 4',
    ],
    [
      'two groups of one name',
      { ...small, fleet: [group, group] },
      'fleet.1.name: found "web"; allowed: a name that no other group has',
    ],
    [
      'a deed that is nothing',
      { ...small, deeds: [{ at: '1m', text: 'x' }] },
      'deeds.0: found {"at":"1m","text":"x"}; allowed: exactly one of start, stop and call',
    ],
    [
      'a loss above one',
      { ...small, losses: [{ name: 'l', from: '1m', until: '2m', fraction: [['0m', 2]] }] },
      'losses.0.fraction.0.1: found 2; allowed: at most 1',
    ],
  ])('refuses %s by field, with what is allowed', (_what, raw, message) => {
    expect(() => parseStory(raw, 'small.yml')).toThrow('small.yml is not a valid story:');
    expect(() => parseStory(raw, 'small.yml')).toThrow(message);
  });

  it('takes what was written as YAML, with anchors', () => {
    const text = 'fleet: [&a {name: web, load: [[0m, 1]]}, {<<: *a, name: api}]';
    expect(parse(text, { merge: true })).toMatchObject({
      fleet: [{ name: 'web' }, { name: 'api', load: [['0m', 1]] }],
    });
  });

  it('says which file cannot be read', () => {
    expect(() => loadStory('none.yml')).toThrow('none.yml cannot be read as a story: ENOENT');
  });
});
