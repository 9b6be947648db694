import { describe, expect, it } from 'vitest';
import type { HoldDecision } from '../../../functions/domain/holds/decide-hold.ts';
import { tellHold, tellOverridden } from '../../../functions/domain/telling/hold-sentences.ts';

const until = '2026-03-02T05:00:00.000Z';

describe('tellHold', () => {
  it.each<[string, HoldDecision]>([
    [
      'the alarm is in ALARM, so the hold goes on',
      { action: 'KEEP', because: 'IN_ALARM', renewUntil: until },
    ],
    [
      `the alarm has been OK for 90 s of 10 min; the hold lasts until ${until}`,
      { action: 'KEEP', because: 'COOLING_OFF', okSeconds: 90, coolOffSeconds: 600, lastsUntil: until },
    ],
    ['the alarm has been OK for 11 min', { action: 'RELEASE', because: 'COOLED_OFF', okSeconds: 660 }],
    [
      `the hold expired at ${until}; the alarm cannot be read (Throttling)`,
      {
        action: 'RELEASE',
        because: 'EXPIRED',
        expiresAt: until,
        otherwise: { because: 'ALARM_UNREADABLE', error: 'Throttling' },
      },
    ],
    ['the sweep', { action: 'RELEASE', because: 'RELEASING', reason: 'the sweep' }],
    ['it is being given back already', { action: 'RELEASE', because: 'RELEASING' }],
    [
      'launches have not succeeded yet in 1 group, so the hold goes on',
      { action: 'KEEP', because: 'LAUNCHES_FAIL', waitingGroups: 1, renewUntil: until },
    ],
  ])('says: %s', (sentence, decision) => {
    expect(tellHold(decision)).toBe(sentence);
  });
});

describe('tellOverridden', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['a person or a tool, such as Terraform,', {}, ['Terminate']],
    [
      'an update of the CloudFormation stack shop, a person or a tool, such as Terraform,',
      { 'aws:cloudformation:stack-name': 'shop' },
      ['Terminate'],
    ],
    ['Amazon ECS, a person or a tool, such as Terraform,', { AmazonECSManaged: '' }, ['i-1']],
    ['a person or a tool, such as Terraform,', { AmazonECSManaged: '' }, ['Terminate']],
  ])('says that it may have been %s', (who, tags, settings) => {
    expect(tellOverridden(settings, tags)).toBe(
      `${who} took back ${settings.join()} meanwhile; left alone from now on`,
    );
  });
});
