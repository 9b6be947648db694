import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../functions/events/policy.ts';
import { parseYamlFile } from '../../functions/yaml-file.ts';

const well = `rules:
  - name: packet-loss
    when:
      alarm: network-packet-loss-*
    do: pause-scaling
    targets:
      tags:
        tier: web
    with:
      block: scale-in
      coolOff: 10m
  - name: launches-failing
    when:
      launchFailures:
        count: 3
        within: 1h
    do: protect-instances
    targets:
      tags:
        tier: api
  - name: stuck-launches
    when:
      stuckInstances: 1
    do: drain-pending-wait
    targets:
      tags:
        tier: api
    with:
      olderThan: 15m
  - name: larger
    when:
      alarm: no-capacity
    do: resize-in-place
    targets:
      tags:
        tier: api
    with:
      instanceTypes: larger
`;

/** What is wrong with a text, a line each. */
const mistakesIn = (text: string): string[] => {
  try {
    const { value, ...written } = parseYamlFile(text, 'policy.yml');
    parsePolicy(value, 'policy.yml', written);
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
};

/** What is changed in the good policy, and what its only mistake says. */
const bad: [string, string, string, string][] = [
  [
    'a misspelt top field',
    'rules:',
    'rulse:',
    '1:1: the file itself: found the unknown field rulse; allowed: one of rules. Did you mean "rules"?',
  ],
  [
    'a misspelt remediation',
    'do: pause-scaling',
    'do: puase-scaling',
    '5:9: rule "packet-loss", field do: found "puase-scaling"; allowed: "pause-scaling" or "protect-instances" or "drain-pending-wait" or "resize-in-place". Did you mean "pause-scaling"?',
  ],
  [
    'an unknown remediation',
    'do: pause-scaling',
    'do: reboot',
    'field do: found "reboot"; allowed: "pause-scaling" or',
  ],
  ['a remediation in capitals', 'do: pause-scaling', 'do: PAUSE-SCALING', 'Did you mean "pause-scaling"?'],
  [
    'no remediation',
    '    do: pause-scaling\n',
    '',
    '2:5: rule "packet-loss", field do: found nothing; allowed: "pause-scaling" or',
  ],
  [
    'a remediation that is a number',
    'do: pause-scaling',
    'do: 1',
    'field do: found 1; allowed: "pause-scaling" or',
  ],
  [
    'a misspelt field of a rule',
    'targets:\n      tags:\n        tier: web',
    'target:\n      tags:\n        tier: web',
    '6:5: rule "packet-loss": found the unknown field target; allowed: one of name, description, mode, targets, do, when, with. Did you mean "targets"?',
  ],
  [
    'a field in other letters',
    'coolOff: 10m',
    'cooloff: 10m',
    '11:7: rule "packet-loss", field with: found the unknown field cooloff; allowed: one of block, coolOff, settle, expiresAfter, holdAtMost, checkEvery, groupsMax. Did you mean "coolOff"?',
  ],
  [
    'a field of another remediation',
    'coolOff: 10m',
    'olderThan: 10m',
    'found the unknown field olderThan; allowed: one of block',
  ],
  [
    'a duration without a unit',
    'coolOff: 10m',
    'coolOff: 10',
    '11:16: rule "packet-loss", field with.coolOff: found 10; allowed: one whole number and one unit, such as "90s", "90m", "2h" or "1d"',
  ],
  [
    'a duration in words',
    'coolOff: 10m',
    'coolOff: 10 minutes',
    'field with.coolOff: found "10 minutes"; allowed: one whole number and one unit',
  ],
  [
    'a duration that is too long',
    'coolOff: 10m',
    'coolOff: 3d',
    'field with.coolOff: found "3d"; allowed: from 0h to 24h',
  ],
  [
    'a duration that is a list',
    'coolOff: 10m',
    'coolOff: [10m]',
    'field with.coolOff: found ["10m"]; allowed: one whole number and one unit',
  ],
  [
    'a duration that is empty',
    'coolOff: 10m',
    'coolOff:',
    'field with.coolOff: found nothing; allowed: one whole number and one unit',
  ],
  [
    'a misspelt choice',
    'block: scale-in',
    'block: scalein',
    '10:14: rule "packet-loss", field with.block: found "scalein"; allowed: "scale-in" or "all". Did you mean "scale-in"?',
  ],
  [
    'a choice that is true',
    'block: scale-in',
    'block: true',
    'field with.block: found true; allowed: "scale-in" or "all"',
  ],
  [
    'a tag that is a number',
    'tier: web',
    'tier: 1',
    '8:15: rule "packet-loss", field targets.tags.tier: found 1; allowed: a text; quote it: "1"',
  ],
  [
    'a tag whose number loses its letters',
    'tier: web',
    'tier: 012345678901',
    'field targets.tags.tier: found 12345678901; allowed: a text; quote it: "012345678901"',
  ],
  [
    'a tag that is a version',
    'tier: web',
    'tier: 1.10',
    'field targets.tags.tier: found 1.1; allowed: a text; quote it: "1.10"',
  ],
  [
    'a tag that is true',
    'tier: web',
    'tier: true',
    'field targets.tags.tier: found true; allowed: a text; quote it: "true"',
  ],
  [
    'a start that is misspelt',
    'alarm: ',
    'alarms: ',
    'field when: found the unknown field alarms; allowed: one of alarm, freshFor. Did you mean "alarm"?',
  ],
  ['a tag without a value', 'tier: web', 'tier:', 'field targets.tags.tier: found nothing; allowed: a text'],
  [
    'tags that are a text',
    'tags:\n        tier: web',
    'tags: tier=web',
    '7:13: rule "packet-loss", field targets.tags: found "tier=web"; allowed: a name and a value, such as "tier: web"',
  ],
  [
    'tags that are a list',
    'tags:\n        tier: web',
    'tags: [tier]',
    'field targets.tags: found ["tier"]; allowed: a name and a value',
  ],
  [
    'no tags at all',
    'tags:\n        tier: web',
    'tags: {}',
    'field targets.tags: found {}; allowed: at least one tag and its value',
  ],
  [
    'targets that exclude themselves',
    'tier: web',
    'tier: web\n        holdfast: "false"',
    '9:19: rule "packet-loss", field targets.tags.holdfast: found "false"; allowed: "true", or nothing: only groups with the tag holdfast=true ever take part',
  ],
  [
    'no targets',
    '    targets:\n      tags:\n        tier: web\n',
    '',
    '2:5: rule "packet-loss", field targets: found nothing; allowed: the field tags, indented on the next line',
  ],
  [
    'names where tags belong',
    'tags:\n        tier: web',
    'names: [web]',
    'field targets: found the unknown field names; allowed: one of tags',
  ],
  [
    'every alarm',
    'alarm: network-packet-loss-*',
    'alarm: "*"',
    '4:14: rule "packet-loss", field when.alarm: found "*"; allowed: a name, or a pattern with something beside *: "*" alone is every alarm of the account, those of scaling policies too',
  ],
  [
    'an alarm that is a number',
    'alarm: network-packet-loss-*',
    'alarm: 5',
    'field when.alarm: found 5; allowed: a name, or a list of names; quote it: "5"',
  ],
  [
    'a number among alarms',
    'alarm: network-packet-loss-*',
    'alarm: [loss, 5]',
    '4:21: rule "packet-loss", field when.alarm.1: found 5; allowed: a text; quote it: "5"',
  ],
  [
    'no alarm in the list',
    'alarm: network-packet-loss-*',
    'alarm: []',
    'field when.alarm: found []; allowed: at least 1 entry',
  ],
  [
    'an empty alarm',
    'alarm: network-packet-loss-*',
    'alarm: ""',
    'field when.alarm: found ""; allowed: at least 1 character',
  ],
  [
    'a misspelt start',
    'alarm: network-packet-loss-*',
    'alram: network-packet-loss-*',
    '4:7: rule "packet-loss", field when: found the unknown field alram; allowed: one of alarm, freshFor. Did you mean "alarm"?',
  ],
  [
    'nothing that starts it',
    'alarm: network-packet-loss-*',
    'freshFor: 5m',
    'field when.alarm: found nothing; allowed: ',
  ],
  [
    'two things that start it',
    '      stuckInstances: 1',
    '      stuckInstances: 1\n      alarm: x',
    'field when: found {"stuckInstances":1,"alarm":"x"}; allowed: exactly one of alarm and stuckInstances',
  ],
  [
    'a start of another remediation',
    'alarm: network-packet-loss-*',
    'stuckInstances: 1',
    'field when: found the unknown field stuckInstances; allowed: one of alarm, freshFor',
  ],
  [
    'a misspelt count',
    'count: 3',
    'cuont: 3',
    '15:9: rule "launches-failing", field when.launchFailures: found the unknown field cuont; allowed: one of count, within. Did you mean "count"?',
  ],
  [
    'a count that is a text',
    'count: 3',
    'count: "3"',
    '15:16: rule "launches-failing", field when.launchFailures.count: found "3"; allowed: a number, without quotes',
  ],
  [
    'a count that is half',
    'count: 3',
    'count: 2.5',
    'field when.launchFailures.count: found 2.5; allowed: a whole number',
  ],
  [
    'a count of none',
    'count: 3',
    'count: 0',
    'field when.launchFailures.count: found 0; allowed: at least 1',
  ],
  [
    'no window',
    '\n        within: 1h',
    '',
    '14:7: rule "launches-failing", field when.launchFailures.within: found nothing; allowed: one whole number and one unit',
  ],
  [
    'more at once than in an hour',
    'olderThan: 15m',
    'atOnce: 9\n      perHour: 8',
    '30:16: rule "stuck-launches", field with.perHour: found 8; allowed: at least atOnce and at least perGroupPerHour: raise it, or lower those.',
  ],
  [
    'more of a group than of all in an hour',
    'olderThan: 15m',
    'perGroupPerHour: 40',
    'field with.perHour: found nothing; allowed: at least atOnce and at least perGroupPerHour: raise it, or lower those. Where nothing is said they are 5 and 6, and perHour is 30',
  ],
  [
    'probes that get rarer than they may',
    'olderThan: 15m',
    'probeAfter: 2h\n      probeAtMost: 1h',
    'field with.probeAtMost: found "1h"; allowed: at least probeAfter',
  ],
  [
    'a yes',
    'olderThan: 15m',
    'drainContinuing: yes',
    '29:24: rule "stuck-launches", field with.drainContinuing: found "yes"; allowed: true or false, without quotes',
  ],
  [
    'more than a limit allows',
    'olderThan: 15m',
    'atOnce: 21',
    'field with.atOnce: found 21; allowed: at most 20',
  ],
  [
    'a hold that ends before it expires',
    'coolOff: 10m',
    'expiresAfter: 2h\n      holdAtMost: 1h',
    'field with.expiresAfter: found "2h"; allowed: at most holdAtMost; set both, where nothing is said they are 2h and 12h',
  ],
  [
    'more rounds than an execution can make',
    'coolOff: 10m',
    'holdAtMost: 24h\n      checkEvery: 15s',
    'field with.checkEvery: found "15s"; allowed: ',
  ],
  [
    'a name with blanks',
    'name: packet-loss',
    'name: Packet Loss',
    '2:11: rule "Packet Loss", field name: found "Packet Loss"; allowed: a lower-case name of at most 40 letters, digits and hyphens: it becomes part of execution names',
  ],
  [
    'no name',
    'name: packet-loss\n    when',
    'when',
    '2:5: rule number 1, field name: found nothing; allowed: a text',
  ],
  [
    'a name twice',
    'name: launches-failing',
    'name: packet-loss',
    '12:11: rule "packet-loss", field name: found "packet-loss"; allowed: a name that no other rule has',
  ],
  [
    'a misspelt mode',
    'do: pause-scaling',
    'do: pause-scaling\n    mode: dryrun',
    '6:11: rule "packet-loss", field mode: found "dryrun"; allowed: "live" or "dry-run". Did you mean "dry-run"?',
  ],
  [
    'no types to resize to',
    'instanceTypes: larger',
    'instanceTypes: []',
    'field with.instanceTypes: found []; allowed: ',
  ],
  [
    'a misspelt word for a larger type',
    'instanceTypes: larger',
    'instanceTypes: lager',
    'field with.instanceTypes: found "lager"; allowed: ',
  ],
];

describe('a bad policy', () => {
  it('is made from a good one', () => {
    expect(mistakesIn(well)).toEqual([]);
    expect(bad.length).toBeGreaterThanOrEqual(50);
  });

  it.each(bad)(
    'with %s says where, the field, what was found and what is allowed, and nothing else',
    (_what, from, to, said) => {
      expect(well.split(from).length).toBeGreaterThan(1);
      const mistakes = mistakesIn(well.replace(from, to));
      expect(mistakes).toEqual([expect.stringContaining(said)]);
      expect(mistakes[0]).toMatch(/^policy\.yml:\d+:\d+: .+: found .+; allowed: \S.*$/);
    },
  );

  it.each([
    ['no list', 'rules: {a: b}', 'policy.yml:1:1: rules: found {"a":"b"}; allowed: a list'],
    ['no rules', 'rules: []', 'policy.yml:1:8: rules: found []; allowed: at least 1 entry'],
    [
      'a list',
      '- a',
      'policy.yml:1:1: the file itself: found ["a"]; allowed: the field rules, indented on the next line',
    ],
    [
      'nothing',
      '',
      'policy.yml:1:1: the file itself: found nothing; allowed: the field rules, indented on the next line',
    ],
    [
      'a text for a rule',
      'rules: [a]',
      'policy.yml:1:9: rule number 1: found "a"; allowed: a name and a value',
    ],
  ])('that is %s says so', (_what, text, said) => {
    expect(mistakesIn(text)).toEqual([expect.stringContaining(said)]);
  });

  it('of which a word is wrong says what else is', () => {
    const text = well
      .replace('do: pause-scaling', 'do: puase-scaling')
      .replace('coolOff: 10m', 'cooloff: 10m')
      .replace('tier: web', 'tier: 1');
    expect(mistakesIn(text)).toEqual([
      expect.stringContaining('field do: found "puase-scaling"'),
      expect.stringContaining('field targets.tags.tier: found 1'),
      expect.stringContaining('found the unknown field cooloff'),
    ]);
  });

  it.each([
    ['refers to itself', 'rules: &a\n  - *a\n', 'policy.yml:2:5: this refers to something'],
    ['refers to nothing', 'rules: *b\n', 'policy.yml:1:8: this refers to something'],
    [
      'begins a value with a star',
      'rules: *\n',
      'policy.yml:1:8: a value that begins with * has to be in quotes',
    ],
    ['has two documents', 'rules: []\n---\nrules: []\n', 'policy.yml:2:1: one document in a file'],
    [
      'is indented with tabs',
      'rules:\n\t- name: x\n',
      'policy.yml:2:1: tabs do not indent in YAML; use spaces',
    ],
    [
      'has a field twice',
      'rules: []\nrules: []\n',
      'policy.yml:2:1: a field stands twice here; keep one of them',
    ],
  ])('that %s says the line, the column and what to do', (_what, text, said) => {
    expect(() => parseYamlFile(text, 'policy.yml')).toThrow(said);
  });
});
