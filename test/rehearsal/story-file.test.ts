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
    const [whole = '', ofGroup = '', alarms = '', faults = '', deeds = ''] = blocks;
    const story = parse(whole) as { fleet: object[] };
    const fleet = [{ ...story.fleet[0], ...(parse(ofGroup) as object) }];
    const raw = {
      ...story,
      fleet,
      ...(parse(alarms) as object),
      ...(parse(faults) as object),
      ...(parse(deeds) as object),
    };
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
    for (const field of Object.keys(properties)) {
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
      'the file itself: found the unknown field durtion; allowed: one of name',
    ],
    [
      'a duration without a unit',
      { ...small, lasts: 60 },
      'lasts: found 60; allowed: a number and a unit, such as "90s", "10m", "2h" or "2h15m"',
    ],
    [
      'a name that no file has',
      { ...small, name: 'My story' },
      'name: found "My story"; allowed: a lower-case name',
    ],
    ['a fleet of nothing', { ...small, fleet: [] }, 'fleet: found []; allowed: at least 1 entry'],
    [
      'a group that is not there',
      { ...small, must: { beHeld: ['web', 'api'] } },
      'must.beHeld.1: found "api"; allowed: the name of a group of the fleet: web',
    ],
    [
      'a desired capacity out of reach',
      { ...small, fleet: [{ ...group, desiredCapacity: 9 }] },
      'group "web", field desiredCapacity: found 9; allowed: from minSize to maxSize, 1 to 4',
    ],
    [
      'two groups of one name',
      { ...small, fleet: [group, group] },
      'group "web", field name: found "web"; allowed: a name that no other group has',
    ],
    [
      'two executions of one name',
      {
        ...small,
        deeds: ['1m', '2m'].map((at) => ({
          at,
          text: 'x',
          start: {
            remediation: 'protect-instances',
            input: { autoScalingGroupName: 'web', reason: 'why', expiresAfter: '1h' },
          },
        })),
      },
      'allowed: a name that no deed before it starts, because a name counts once',
    ],
    [
      'a curve that is a number',
      { ...small, fleet: [{ ...group, load: 400 }] },
      'group "web", field load: found 400; allowed: moments and values, such as [[0m, 100], [20m, 200]]',
    ],
    [
      'a call that there is not',
      {
        ...small,
        deeds: [{ at: '1m', text: 'x', call: { service: 'EC2', operation: 'StopInstanes', input: {} } }],
      },
      'deeds.0.call.operation: found "StopInstanes"; allowed: an operation of EC2, such as StopInstances',
    ],
    [
      'a misspelt field of a call',
      {
        ...small,
        deeds: [
          {
            at: '1m',
            text: 'x',
            call: {
              service: 'AutoScaling',
              operation: 'SetDesiredCapacity',
              input: { AutoScalingGroupName: 'web', DesiredCapactiy: 3 },
            },
          },
        ],
      },
      'deeds.0.call.input.DesiredCapactiy: found 3; allowed: one of AutoScalingGroupName, DesiredCapacity, HonorCooldown',
    ],
    [
      'a call that lacks what it needs',
      {
        ...small,
        deeds: [
          {
            at: '1m',
            text: 'x',
            call: {
              service: 'AutoScaling',
              operation: 'SetDesiredCapacity',
              input: { AutoScalingGroupName: 'web' },
            },
          },
        ],
      },
      'allowed: with DesiredCapacity',
    ],
    [
      'a deed that is two',
      {
        ...small,
        deeds: [
          { at: '1m', text: 'x', stop: 'a', call: { service: 'EC2', operation: 'StopInstances', input: {} } },
        ],
      },
      'allowed: one of start, stop, call and deliver at most; with none it is only told',
    ],
    [
      'an input by hand that its execution would refuse',
      {
        ...small,
        deeds: [
          {
            at: '1m',
            text: 'x',
            start: {
              remediation: 'pause-scaling',
              input: { autoScalingGroupName: 'web', reason: 'why', expiresAfter: 120 },
            },
          },
        ],
      },
      'allowed: expiresAfter: found 120; allowed: one whole number and one unit, such as "90s"',
    ],
    [
      'an end before its beginning',
      { ...small, serviceOutages: [{ service: 'DynamoDB', from: '20m', until: '10m' }] },
      'serviceOutages.0.until: found "10m"; allowed: a moment after from',
    ],
    [
      'a deed after the end',
      { ...small, deeds: [{ at: '2h', text: 'x' }] },
      'deeds.0.at: found "2h"; allowed: a moment within the story',
    ],
    [
      'a curve that goes back',
      {
        ...small,
        fleet: [
          {
            ...group,
            load: [
              ['20m', 1],
              ['10m', 2],
            ],
          },
        ],
      },
      'allowed: moments in their order',
    ],
    [
      'an alarm of a tier that no group has',
      {
        ...small,
        alarms: [
          {
            alarmName: 'a',
            metric: {
              namespace: 'AWS/AutoScaling',
              name: 'GroupPendingInstances',
              dimensions: { tier: 'api' },
            },
            comparison: 'GreaterThanThreshold',
            threshold: 0,
            datapointsToAlarm: 1,
            evaluationPeriods: 1,
          },
        ],
      },
      'alarms.0.metric.dimensions: found {"tier":"api"}; allowed: tier, with the value of a tag of the fleet',
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

  it.each([
    ['90s', 90],
    ['2h15m', 8100],
    ['1d', 86_400],
  ])('takes %s for so long', (lasts, seconds) => {
    expect(parseStory({ ...small, lasts }, 'small.yml').durationSeconds).toBe(seconds);
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

describe('a deed', () => {
  const tell = (deeds: object[], withHoldfast = false) =>
    rehearse({
      incident: parseStory({ ...small, deeds }, 'small.yml'),
      seed: 1,
      policy: loadPolicy(),
      withHoldfast,
      dryRun: false,
    });
  const call = (operation: string, input: object) => ({ service: 'AutoScaling', operation, input });
  const told = async (deeds: object[]) =>
    (await tell(deeds)).timeline.filter(({ source }) => source === 'person').map(({ text }) => text);

  it('is made on the instances that are in service then', async () => {
    const input = { AutoScalingGroupName: 'web', InstanceIds: 'inService', ProtectedFromScaleIn: true };
    const { violations } = await tell([
      { at: '10m', text: 'somebody protects them', call: call('SetInstanceProtection', input) },
    ]);
    expect(violations).toEqual(['web ends with 2 instances protected from scale-in']);
  });

  it('is only told where it does nothing', async () => {
    expect(await told([{ at: '5m', text: 'the bridge is opened' }])).toEqual(['the bridge is opened']);
  });

  it('is told with the refusal where AWS refuses it', async () => {
    const input = { AutoScalingGroupName: 'web', DesiredCapacity: 99 };
    const [line] = await told([
      { at: '5m', text: 'somebody wants 99', call: call('SetDesiredCapacity', input) },
    ]);
    expect(line).toMatch(/^somebody wants 99: refused by AWS, ValidationError: /);
  });

  it('that cannot be made ends the telling with its name', async () => {
    const deeds = [
      {
        at: '5m',
        text: 'a zoo',
        call: call('EnableMetricsCollection', { AutoScalingGroupName: 'web', Granularity: '1Minute' }),
      },
    ];
    await expect(tell(deeds)).rejects.toThrow(
      'The deed "a zoo" cannot be told: EnableMetricsCollection with {',
    );
  });
});

describe('must.survive', () => {
  it('does not count what policies of a group that was never held take after the trouble', async () => {
    // Its load falls long after a short loss that takes nobody.
    const falling = {
      ...group,
      tags: { holdfast: 'true', tier: 'other' },
      maxSize: 12,
      desiredCapacity: 8,
      policies: [{ type: 'TargetTrackingScaling', name: 'cpu-50', targetValue: 50 }],
      load: [
        ['0m', 400],
        ['60m', 400],
        ['60m', 150],
      ],
    };
    const losses = [{ name: 'a moment', from: '10m', until: '11m', fraction: [['0m', 0.01]] }];
    const story = { ...small, lasts: '3h', fleet: [falling], losses, must: { survive: ['web'] } };
    const result = await rehearse({
      incident: parseStory(story, 'small.yml'),
      seed: 1,
      policy: loadPolicy(),
      withHoldfast: true,
      dryRun: false,
    });
    expect(result.timeline.some(({ text }) => text.includes('ended'))).toBe(true);
    expect(result.violations).toEqual([]);
  });
});
