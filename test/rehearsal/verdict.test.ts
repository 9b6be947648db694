import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../functions/policy.ts';
import type { Story } from '../../rehearsal/incident.ts';
import { judgePolicy, type RunFacts, tellVerdict, type Verdict } from '../../rehearsal/verdict.ts';
import { calm } from './launch-incident.ts';
import { rehearseSmall, smallGroup, smallIncident, startByHand } from './small-incident.ts';

const nothingRan: RunFacts = { executions: [], journals: [], alarmsInAlarm: [] };
const shipped = loadPolicy();
const [packetLoss] = shipped.rules;
const withAlarm = (alarm: string) => ({
  rules: shipped.rules.slice(0, 1).map((rule) => ({ ...rule, when: { ...rule.when, alarm: [alarm] } })),
});
const judged = (story: Story, over: Partial<RunFacts> = {}, policy = shipped): Verdict =>
  judgePolicy(policy, story, { ...nothingRan, ...over });
const whyOf = ({ rules }: Verdict, rule: string): string | undefined =>
  rules.find((each) => each.rule === rule)?.because;

describe('judgePolicy', () => {
  it.each([
    ['network-paket-loss-*', '. Did you mean "network-packet-loss-tgw"?'],
    ['*-packet-loss-tgx', '. Did you mean "network-packet-loss-tgw"?'],
    ['something-else', ''],
  ])('says that no alarm is called %s, and which was most likely meant', (alarm, question) => {
    expect(whyOf(judged(smallIncident(), {}, withAlarm(alarm)), 'packet-loss')).toBe(
      `no alarm of this story is called ${alarm}; it has network-packet-loss-tgw${question}`,
    );
  });

  it('says that an alarm never went into ALARM, or that nothing came of it', () => {
    const story = smallIncident();
    expect(whyOf(judged(story), 'packet-loss')).toBe(
      'its alarm network-packet-loss-tgw never went into ALARM',
    );
    expect(whyOf(judged(story, { alarmsInAlarm: ['network-packet-loss-tgw'] }), 'packet-loss')).toBe(
      'its alarm network-packet-loss-tgw went into ALARM, and nothing came of it',
    );
  });

  it('says that no group has the tags, which was most likely meant, and which did not opt in', () => {
    const of = (tags: Record<string, string>) =>
      whyOf(judged(smallIncident({ groups: [smallGroup('web', { tags })] })), 'launches-failing');
    expect(of({ tier: 'apis', holdfast: 'true' })).toBe(
      'no group has tier=api; tier is apis here. Did you mean "apis"?',
    );
    expect(of({ teir: 'api', holdfast: 'true' })).toBe(
      'no group has tier=api; no group has the tag tier. Did you mean "teir"?',
    );
    expect(of({ team: 'shop', holdfast: 'true' })).toBe('no group has tier=api; no group has the tag tier');
    expect(of({ tier: 'api' })).toBe('web did not opt in: no tag holdfast=true');
    expect(of({ tier: 'api', holdfast: 'true' })).toBe(
      'none of its groups had 3 failed launches within 60 min',
    );
  });

  it('says why a rule that started took no group', () => {
    const execution = {
      machine: 'holdfast-rehearsal-pause-scaling',
      rule: 'packet-loss',
      incidentId: 'i',
      status: 'SUCCEEDED',
    };
    const entry = { at: '', event: 'refused' as const, text: 'three groups match, more than two' };
    const verdict = judged(smallIncident(), {
      executions: [execution],
      journals: [{ incidentId: 'i', entries: [entry] }],
    });
    expect(verdict.hasRemedy).toBe(false);
    expect(tellVerdict(verdict)).toContain(
      'Rule packet-loss started once and took no group: three groups match, more than two.',
    );
    expect(tellVerdict(verdict).at(-1)).toBe(
      'NO REMEDY: pause-scaling, which is against this, never began. Holdfast did not help here.',
    );
  });

  it('says how many starts found another at work, and not of one that failed', () => {
    const started = (incidentId: string, status: string) => ({
      machine: 'holdfast-rehearsal-pause-scaling',
      rule: 'packet-loss',
      incidentId,
      status,
    });
    const held = { at: '', event: 'held' as const, autoScalingGroupName: 'web', text: 'held' };
    const told = (...executions: RunFacts['executions']) =>
      tellVerdict(
        judged(smallIncident(), { executions, journals: [{ incidentId: 'i', entries: [held] }] }),
      )[0];
    expect(told(started('i', 'SUCCEEDED'))).toBe('Rule packet-loss started once, for web.');
    expect(told(started('i', 'SUCCEEDED'), started('j', 'SUCCEEDED'))).toBe(
      'Rule packet-loss started 2 times, for web; 1 of these found another at work on the same, and left it to that.',
    );
    expect(told(started('i', 'SUCCEEDED'), started('j', 'FAILED'))).toBe(
      'Rule packet-loss started 2 times, for web.',
    );
  });

  it('counts no remedy that took other groups than those whose launches fail', () => {
    const fault = { name: 'x', groups: ['api'], fromSeconds: 0, untilSeconds: 1, outcome: { kind: 'stuck' } };
    const story = smallIncident({ losses: [], launchFaults: [fault as never] });
    const held = (name: string): Verdict =>
      judged(story, {
        executions: [
          {
            machine: 'holdfast-rehearsal-protect-instances',
            rule: 'launches-failing',
            incidentId: 'i',
            status: 'SUCCEEDED',
          },
        ],
        journals: [
          { incidentId: 'i', entries: [{ at: '', event: 'held', autoScalingGroupName: name, text: 'held' }] },
        ],
      });
    expect(held('api').hasRemedy).toBe(true);
    expect(held('web').hasRemedy).toBe(false);
    expect(tellVerdict(held('web')).at(-1)).toContain('never began for api. Holdfast did not help here.');
  });

  it('knows what is against lost packets, against failing launches, and what a story says itself', () => {
    expect(judged(smallIncident()).remedies).toEqual(['pause-scaling']);
    const fault = {
      name: 'x',
      groups: [],
      fromSeconds: 0,
      untilSeconds: 1,
      outcome: { kind: 'stuck' },
    } as never;
    const launches = smallIncident({ losses: [], launchFaults: [fault] });
    expect(judged(launches).remedies).toContain('protect-instances');
    expect(judged({ ...launches, remedies: ['resize-in-place'] }).remedies).toEqual(['resize-in-place']);
    expect(judged(smallIncident({ losses: [] }))).toMatchObject({ remedies: [], hasRemedy: true });
  });
});

describe('a rehearsal', () => {
  it.each([false, true])('in which the remedy begins says for which groups (dry run: %s)', async (dryRun) => {
    const story = smallIncident();
    const { result } = await rehearseSmall(story, { quirks: calm, dryRun });
    const verdict = judgePolicy(shipped, story, result);
    expect(verdict.hasRemedy).toBe(true);
    expect(tellVerdict(verdict)[0]).toMatch(/^Rule packet-loss started .*, for web-a, web-b\.$/);
  });

  it('in which a rule only plans has no remedy', async () => {
    const story = smallIncident();
    const [rule] = shipped.rules;
    if (rule?.settings === undefined) throw new Error('no rule');
    const policy = { rules: [{ ...rule, dryRun: true as const }] };
    const { result } = await rehearseSmall(story, { quirks: calm, policy });
    const verdict = judgePolicy(policy, story, result);
    expect(verdict.hasRemedy).toBe(false);
    expect(verdict.rules[0]?.groups).toEqual([]);
  });

  it('in which there are more groups than a rule may hold says which are held', async () => {
    const story = smallIncident();
    const [rule] = shipped.rules;
    if (rule?.settings === undefined) throw new Error('no rule');
    const policy = { rules: [{ ...rule, settings: { ...rule.settings, groupsMax: 1 } }] };
    const { result } = await rehearseSmall(story, { quirks: calm, policy });
    const verdict = judgePolicy(policy, story, result);
    expect(verdict.rules[0]?.groups).toEqual(['web-a']);
    expect(result.messages[0]?.text).toMatch(/^Scale-in paused in 1 of 2 groups: web-a/);
    expect(result.messages[0]?.text).toContain('web-b: left alone: groupsMax allows 1 group');
  });

  it('in which only people start a remedy says so', async () => {
    const story = smallIncident({
      deeds: [
        {
          atSeconds: 60,
          text: 'people hold it',
          act: (cloud) =>
            startByHand(cloud, 'by-hand', {
              autoScalingGroupName: 'web-a',
              reason: 'loss',
              expiresAfter: '30m',
            }),
        },
      ],
    });
    const policy = withAlarm('network-paket-loss-*');
    const { result } = await rehearseSmall(story, { quirks: calm, policy });
    const verdict = judgePolicy(policy, story, result);
    expect(verdict.hasRemedy).toBe(true);
    expect(tellVerdict(verdict).at(-1)).toBe(
      'No rule of this policy did anything here: what Holdfast did was started by hand, by people of the story.',
    );
  });

  it('that ends before a hold is given back says so in one line, with what to change', async () => {
    const { result } = await rehearseSmall(smallIncident({ durationSeconds: 1500 }), { quirks: calm });
    expect(result.violations).toEqual([
      expect.stringMatching(
        /^the execution .+ still runs when the story ends, and has not given everything back; let the story last longer \(lasts\)$/,
      ),
    ]);
  });

  it('in which no alarm fits has no remedy', async () => {
    const story = smallIncident();
    const policy = withAlarm('network-paket-loss-*');
    const { result } = await rehearseSmall(story, { quirks: calm, policy });
    expect(packetLoss?.name).toBe('packet-loss');
    expect(result.violations).toEqual([]);
    expect(judgePolicy(policy, story, result).hasRemedy).toBe(false);
  });
});
