import { describe, expect, it } from 'vitest';
import type { HoldDecision } from '../../../functions/domain/holds/decide-hold.ts';
import {
  notGivenBackTodo,
  releaseTodo,
  tellHold,
  tellOverridden,
} from '../../../functions/domain/telling/hold-sentences.ts';

const until = '2026-03-02T05:00:00.000Z';

describe('tellHold', () => {
  it.each<[string, HoldDecision]>([
    [
      'the alarm is in ALARM, so the hold goes on',
      { action: 'KEEP', because: 'IN_ALARM', renewUntil: until },
    ],
    [
      `the alarm has been OK for 90 s of 10 min; the hold lasts until 2026-03-02 05:00 UTC`,
      { action: 'KEEP', because: 'COOLING_OFF', okSeconds: 90, coolOffSeconds: 600, lastsUntil: until },
    ],
    ['the alarm has been OK for 11 min', { action: 'RELEASE', because: 'COOLED_OFF', okSeconds: 660 }],
    [
      `the hold expired at 2026-03-02 05:00 UTC; the alarm cannot be read (Throttling)`,
      {
        action: 'RELEASE',
        because: 'EXPIRED',
        expiresAt: until,
        otherwise: { because: 'ALARM_UNREADABLE', error: 'Throttling' },
      },
    ],
    ['the sweep', { action: 'RELEASE', because: 'RELEASING', reason: 'the sweep' }],
    ['the hold is being given back already', { action: 'RELEASE', because: 'RELEASING' }],
    [
      'launches have not succeeded yet in 1 group, so the hold goes on',
      { action: 'KEEP', because: 'LAUNCHES_FAIL', waitingGroups: 1, renewUntil: until },
    ],
  ])('says: %s', (sentence, decision) => {
    expect(tellHold(decision)).toBe(sentence);
  });
});

describe('tellOverridden', () => {
  it('speaks of no danger where nothing can be terminated', () => {
    expect(tellOverridden(['AZRebalance'], {})).toMatch(/AZRebalance, against this hold$/);
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['a person or a tool such as Terraform resumed the process Terminate', {}, ['Terminate']],
    [
      'a person or a tool such as Terraform, or an update of the CloudFormation stack shop resumed the processes Terminate, AZRebalance',
      { 'aws:cloudformation:stack-name': 'shop' },
      ['Terminate', 'AZRebalance'],
    ],
    [
      'a person or a tool such as Terraform, or Amazon ECS removed the scale-in protection of 1 instance (i-1)',
      { AmazonECSManaged: '' },
      ['i-1'],
    ],
    [
      'a person or a tool such as Terraform resumed the process Terminate and removed the scale-in protection of 1 instance (i-1)',
      {},
      ['i-1', 'Terminate'],
    ],
  ])('says that %s', (what, tags, settings) => {
    expect(tellOverridden(settings, tags)).toBe(
      `${what}, against this hold. So Auto Scaling may terminate instances there now`,
    );
  });
});

describe('what a person can do', () => {
  const region = 'eu-west-1';
  it('is said in whole commands, quoted for the shell, with their Region', () => {
    expect(
      [
        ...releaseTodo(region, 'web&api', { because: 'IN_FORCE_AGAIN', settings: ['Terminate', 'i-1'] }),
        ...releaseTodo(region, 'web&api', {
          because: 'BROKEN_NEWCOMERS_STAY',
          instanceIds: ['i-1', 'i-2'],
          seconds: 1800,
        }),
        ...notGivenBackTodo(region, "it's", ['Terminate']),
      ].map((line) => line.replace(/^.*?: (?=aws )/, '')),
    ).toEqual([
      "aws autoscaling resume-processes --region eu-west-1 --auto-scaling-group-name 'web&api' --scaling-processes Terminate",
      "aws autoscaling set-instance-protection --region eu-west-1 --auto-scaling-group-name 'web&api' --no-protected-from-scale-in --instance-ids i-1",
      'aws autoscaling terminate-instance-in-auto-scaling-group --region eu-west-1 --instance-id i-1 --no-should-decrement-desired-capacity',
      `aws autoscaling create-or-update-tags --region eu-west-1 --tags '[{"ResourceId":"it'\\''s","ResourceType":"auto-scaling-group","Key":"holdfast","Value":"true","PropagateAtLaunch":false}]'`,
      "aws autoscaling resume-processes --region eu-west-1 --auto-scaling-group-name 'it'\\''s' --scaling-processes Terminate",
    ]);
  });
  it('is a command that is never cut, of however many instances', () => {
    const ids = Array.from({ length: 500 }, (_, index) => `i-${String(index).padStart(17, '0')}`);
    for (const line of notGivenBackTodo(region, 'g'.repeat(255), ids)) expect(line.length).toBeLessThan(2000);
    expect(notGivenBackTodo(region, 'g', ids)[1]).toContain('of 500 instances, 20 at a time');
  });
});
