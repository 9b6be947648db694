import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { launchBreakerEffect } from '../../functions/domain/drain/settings.ts';
import { protectInstancesEffect } from '../../functions/domain/holds/protect-instances.ts';
import { parsePolicy, policyJsonSchema } from '../../functions/events/policy.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { defaultHoldSettings } from '../domain/holds/group-fixtures.ts';

const rule = (over: object = {}) => ({
  name: 'loss',
  when: { alarm: 'loss-*' },
  do: 'pause-scaling',
  targets: { tags: { tier: 'web' } },
  ...over,
});
const messageOf = (raw: unknown): string => {
  try {
    parsePolicy(raw, 'policy.yml');
  } catch (error) {
    expect((error as Error).name).toBe('InvalidPolicyError');
    return (error as Error).message;
  }
  throw new Error('the policy was accepted');
};

describe('parsePolicy', () => {
  it('fills in every default and turns durations into seconds', () => {
    expect(parsePolicy({ rules: [rule()] }, 'policy.yml').rules).toEqual([
      {
        name: 'loss',
        when: { alarm: ['loss-*'], freshForSeconds: 900 },
        do: 'pause-scaling',
        targets: { tags: { tier: 'web' } },
        settings: defaultHoldSettings,
      },
    ]);
  });

  it('reads a rule that only plans, and refuses a mode that there is not', () => {
    const { rules } = parsePolicy({ rules: [rule({ mode: 'dry-run' })] }, 'policy.yml');
    expect(rules[0]?.dryRun).toBe(true);
    expect(parsePolicy({ rules: [rule({ mode: 'live' })] }, 'policy.yml').rules[0]).not.toHaveProperty(
      'dryRun',
    );
    expect(messageOf({ rules: [rule({ mode: 'off' })] })).toContain(
      'rule "loss", field mode: found "off"; allowed: "live" or "dry-run"',
    );
  });

  it.each([
    ['90s', 90],
    ['10m', 600],
    ['2h', 7200],
    ['1d', 86_400],
  ])('reads the duration %s as %i seconds', (text, seconds) => {
    const { rules } = parsePolicy({ rules: [rule({ with: { coolOff: text } })] }, 'policy.yml');
    expect(rules[0]?.settings.coolOffSeconds).toBe(seconds);
  });

  it.each([
    [
      'an unknown value',
      rule({ with: { block: 'scale-out' } }),
      'rule "loss", field with.block: found "scale-out"; allowed: "scale-in" or "all"',
    ],
    [
      'an unknown field',
      rule({ with: { blok: 'all' } }),
      'rule "loss", field with: found the unknown field blok; allowed: one of block, coolOff, settle, expiresAfter, holdAtMost, checkEvery, groupsMax',
    ],
    [
      'a duration without a unit',
      rule({ with: { coolOff: '10' } }),
      'rule "loss", field with.coolOff: found "10"; allowed: one whole number and one unit',
    ],
    [
      'a duration of the wrong type',
      rule({ with: { coolOff: 10 } }),
      'rule "loss", field with.coolOff: found 10; allowed: one whole number and one unit, such as "90s"',
    ],
    [
      'a duration too short',
      rule({ with: { checkEvery: '29s' } }),
      'rule "loss", field with.checkEvery: found "29s"; allowed: from 30s to 5m',
    ],
    [
      'a remediation nobody built',
      rule({ do: 'reboot' }),
      'rule "loss", field do: found "reboot"; allowed: "pause-scaling" or "protect-instances" or "drain-pending-wait"',
    ],
    ['a missing alarm', rule({ when: {} }), 'rule "loss", field when.alarm: found nothing'],
    [
      'no tag',
      rule({ targets: { tags: {} } }),
      'rule "loss", field targets.tags: found {}; allowed: at least one tag and its value',
    ],
    [
      'a name that cannot be part of an execution name',
      rule({ name: 'Loss of packets' }),
      'rule "Loss of packets", field name: found "Loss of packets"; allowed: a lower-case name',
    ],
    [
      'more rounds than an execution has history for',
      rule({ with: { holdAtMost: '24h', checkEvery: '60s' } }),
      'rule "loss", field with.checkEvery: found "60s"; allowed: holdAtMost divided by checkEvery must be at most 1200 rounds',
    ],
    [
      'an expiry that would be cut short',
      rule({ with: { expiresAfter: '1d' } }),
      'rule "loss", field with.expiresAfter: found "1d"; allowed: at most holdAtMost',
    ],
    [
      'too many groups',
      rule({ with: { groupsMax: 5001 } }),
      'rule "loss", field with.groupsMax: found 5001; allowed: at most 5000',
    ],
  ])('names rule, field, what was found and what is allowed for %s', (_what, broken, message) => {
    expect(messageOf({ rules: [broken] })).toContain(message);
  });

  const launchRule = (over: object) =>
    rule({ when: { launchFailures: { count: 3, within: '1h' } }, ...over });

  it('reads rules that launches start, with the settings of their remediation', () => {
    const { rules } = parsePolicy(
      {
        rules: [
          launchRule({ name: 'a', do: 'protect-instances' }),
          rule({
            name: 'b',
            do: 'drain-pending-wait',
            when: { stuckInstances: 2 },
            with: { olderThan: '20m', perHour: 12 },
          }),
        ],
      },
      'policy.yml',
    );
    expect(rules[0]).toMatchObject({
      when: { launchFailures: { count: 3, withinSeconds: 3600 } },
      settings: { effect: protectInstancesEffect, launchesToRelease: 3 },
    });
    expect(rules[0]).not.toHaveProperty('drain');
    expect(rules[1]).toMatchObject({
      when: { stuckInstances: 2 },
      settings: { effect: launchBreakerEffect },
      drain: { olderThanSeconds: 1200, perHour: 12, perGroupPerHour: 6, probeAfterSeconds: 600 },
    });
  });

  it.each([
    [
      'two beginnings',
      launchRule({
        do: 'protect-instances',
        when: { alarm: 'a', launchFailures: { count: 1, within: '1h' } },
      }),
      'rule "loss", field when: found',
    ],
    [
      'no beginning',
      rule({ do: 'drain-pending-wait', when: {} }),
      'field when: found {}; allowed: exactly one of alarm and stuckInstances',
    ],
    [
      'a beginning of another remediation',
      launchRule({ do: 'pause-scaling' }),
      'field when: found the unknown field launchFailures; allowed: one of alarm, freshFor',
    ],
    [
      'a field of another remediation',
      launchRule({ do: 'protect-instances', with: { block: 'all' } }),
      'field with: found the unknown field block; allowed: one of launchesToRelease, coolOff, settle, expiresAfter, holdAtMost, checkEvery, groupsMax',
    ],
    [
      'no failure at all',
      launchRule({ do: 'protect-instances', when: { launchFailures: { count: 0, within: '1h' } } }),
      'field when.launchFailures.count: found 0; allowed: at least 1',
    ],
  ])('names what is wrong with %s', (_what, broken, message) => {
    expect(messageOf({ rules: [broken] })).toContain(message);
  });

  it('refuses two rules of one name', () => {
    expect(messageOf({ rules: [rule(), rule()] })).toContain(
      'rule "loss", field name: found "loss"; allowed: a name that no other rule has',
    );
  });

  it('names a rule without a name by its number', () => {
    expect(messageOf({ rules: [rule(), { ...rule(), name: 7 }] })).toContain(
      'rule number 2, field name: found 7',
    );
  });

  it.each([[null], [[]], ['rules'], [{}]])('refuses %j as a whole', (raw) => {
    expect(messageOf(raw)).toContain('policy.yml is not a valid policy');
  });
});

describe('infra/policy.yml', () => {
  it('is valid', () => {
    expect(loadPolicy().rules.map(({ name }) => name)).toEqual([
      'packet-loss',
      'launches-pending',
      'launches-failing',
      'stuck-launches',
    ]);
  });
});

describe('infra/policy.schema.json', () => {
  it('is what the schema generates; npm run schema writes it', () => {
    const committed = JSON.parse(
      readFileSync(new URL('../../infra/policy.schema.json', import.meta.url), 'utf8'),
    );
    expect(committed).toEqual(JSON.parse(JSON.stringify(policyJsonSchema())));
  });
});
