import { describe, expect, it } from 'vitest';
import { composeMessages } from '../../functions/domain/telling/compose-messages.ts';
import { brokenNewcomersTodo, overriddenTodo } from '../../functions/domain/telling/hold-sentences.ts';
import { type Notice, type NoticeKind, toNotice } from '../../functions/domain/telling/notice.ts';
import { noticesIn } from '../../functions/domain/telling/told-at-once.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { killSwitchParameter } from '../../rehearsal/cloud/simulated-cloud.ts';
import type { Story } from '../../rehearsal/incident.ts';
import type { RehearsalOptions, RehearsalResult } from '../../rehearsal/rehearse.ts';
import { now } from '../domain/holds/group-fixtures.ts';
import { apiGroup, calm, launchIncident, quietGroups, scaleOutAt, stuck } from './launch-incident.ts';
import { quiet, resizeIncident, startResize } from './resize-incident.ts';
import {
  deed,
  lossBeginsAt,
  minutes,
  rehearseSmall,
  smallGroup,
  smallIncident,
  startByHand,
} from './small-incident.ts';

/*
 * One message of each kind as people get it, in test/fixtures/messages: to be read. After a change of words run
 * `npm run test:unit -- test/rehearsal/golden-messages.test.ts --update` and read what changed aloud.
 */

type Messages = RehearsalResult['messages'];

const tell = ({ subject, text }: { subject: string; text: string }): string =>
  `Subject: ${subject}\n\n${text}\n`;

const isAsKept = (
  messages: { kind: string; subject: string; text: string }[],
  kind: string,
  file: string,
) => {
  const first = messages.find((message) => message.kind === kind);
  return expect(first === undefined ? 'no such message' : tell(first)).toMatchFileSnapshot(
    `../fixtures/messages/${file}.txt`,
  );
};

const rehearse = async (story: Story, over: Partial<RehearsalOptions> = {}): Promise<Messages> =>
  (await rehearseSmall(story, { quirks: calm, ...over })).result.messages;

const byHand = (input: object) =>
  deed(60, (cloud) => startByHand(cloud, 'by-hand', { reason: 'switch upgrade', ...input }));

const one = [smallGroup('web')];

/** Launches of one group hang, and Holdfast drains it. */
const hangingLaunches = (over: Partial<Story> = {}): Story => launchIncident(over);

const stories: Record<string, { kind: NoticeKind; messages: () => Promise<Messages> }> = {
  'acted, one group': {
    kind: 'acted',
    messages: () => rehearse(smallIncident({ groups: one })),
  },
  'acted, some of them left alone': {
    kind: 'acted',
    messages: () =>
      rehearse(
        smallIncident({
          losses: [],
          groups: [smallGroup('web'), { ...smallGroup('legacy'), tags: {} }],
          deeds: [byHand({ autoScalingGroupName: ['web', 'wbe', 'legacy'], expiresAfter: '30m' })],
        }),
      ),
  },
  'acted, launches ended': { kind: 'acted', messages: () => rehearse(hangingLaunches(), { policy: drains }) },
  'gave back, one group': { kind: 'gave-back', messages: () => rehearse(smallIncident({ groups: one })) },
  'gave back, launches ended': {
    kind: 'gave-back',
    messages: () => rehearse(hangingLaunches(), { policy: drains }),
  },
  'gave back, resized': {
    kind: 'gave-back',
    messages: () => rehearse(resizeIncident([startResize()]), { quirks: quiet }),
  },
  'would act': {
    kind: 'would-act',
    messages: () => rehearse(smallIncident({ groups: one }), { dryRun: true }),
  },
  refused: {
    kind: 'refused',
    messages: () => rehearse(smallIncident({ losses: [], deeds: [byHand({ autoScalingGroupName: 'wbe' })] })),
  },
  'overridden, one group': {
    kind: 'overridden',
    messages: () =>
      rehearse(
        smallIncident({
          groups: one,
          deeds: [
            deed(lossBeginsAt + minutes(15), ({ autoScaling }) => {
              autoScaling.handle('ResumeProcesses', {
                AutoScalingGroupName: 'web',
                ScalingProcesses: ['Terminate'],
              });
            }),
          ],
        }),
      ),
  },
  'breaker opened': {
    kind: 'breaker-opened',
    messages: () => rehearse(hangingLaunches(), { policy: drains }),
  },
  'failed, one execution': {
    kind: 'failed',
    messages: () =>
      rehearse(
        smallIncident({
          losses: [],
          deeds: [
            deed(30, ({ parameters }) => parameters.set(killSwitchParameter, 'nonsense')),
            byHand({ autoScalingGroupName: 'web-a' }),
            deed(minutes(20), ({ parameters }) => parameters.set(killSwitchParameter, 'live')),
          ],
        }),
      ),
  },
  'needs a person, kill switch': {
    kind: 'needs-a-person',
    messages: () =>
      rehearse(
        smallIncident({
          losses: [],
          deeds: [deed(30, ({ parameters }) => parameters.set(killSwitchParameter, 'disabled'))],
        }),
      ),
  },
  'needs a person, resize': {
    kind: 'needs-a-person',
    messages: () => rehearse(resizeIncident([startResize()]), { quirks: { ...quiet, deafStartRate: 1 } }),
  },
  'needs a person, not given back': {
    kind: 'needs-a-person',
    messages: () =>
      rehearse(
        smallIncident({
          groups: one,
          deeds: [
            deed(lossBeginsAt + minutes(10), ({ autoScaling }) => {
              const group = autoScaling.groups.get('web');
              if (group !== undefined) delete group.tags.holdfast;
            }),
          ],
          durationSeconds: minutes(200),
        }),
      ),
  },
  'needs a person, launches fail everywhere': {
    kind: 'needs-a-person',
    messages: () => {
      const names = ['api-a', 'api-b', 'api-c'];
      return rehearse(
        launchIncident({
          groups: [...names.map((name) => apiGroup(name, scaleOutAt(minutes(10), 6))), ...quietGroups(2)],
          launchFaults: [
            { name: 'hang', groups: names, fromSeconds: 0, untilSeconds: minutes(90), outcome: stuck },
          ],
        }),
        { policy: drains },
      );
    },
  },
  'acted, 300 groups': {
    kind: 'acted',
    messages: () => rehearse(ofManyGroups(), { policy: pauses }),
  },
  'gave back, 300 groups': {
    kind: 'gave-back',
    messages: () => rehearse(ofManyGroups(), { policy: pauses }),
  },
};

const drains = { rules: loadPolicy().rules.filter((rule) => rule.do === 'drain-pending-wait') };
const pauses = { rules: loadPolicy().rules.filter((rule) => rule.do === 'pause-scaling') };
const nameOf = (index: number): string => `web-${String(index).padStart(3, '0')}`;
const ofManyGroups = (): Story =>
  smallIncident({
    groups: Array.from({ length: 300 }, (_, index) => smallGroup(nameOf(index))),
    autoScalingCallsPerSecond: 10,
    autoScalingBurst: 20,
  });

const place = {
  stage: 'prod',
  accountId: '123456789012',
  accountAlias: 'shop',
  partition: 'aws',
  region: 'eu-west-1',
  tableName: 'holdfast-prod',
  killSwitchParameter: '/holdfast/prod/mode',
  docsUrl: 'https://wiki.example.com/holdfast/docs',
};
const execution = (machine: string, name: string): string =>
  `arn:aws:states:eu-west-1:123456789012:execution:holdfast-prod-${machine}:${name}`;
const entries = (
  event: 'overridden' | 'broken-newcomers' | 'breaker-opened',
  text: (name: string) => string,
  todo: (name: string) => string[] = () => [],
) =>
  Array.from({ length: 300 }, (_, index) => ({
    at: now,
    event,
    autoScalingGroupName: nameOf(index),
    text: text(nameOf(index)),
    todo: todo(nameOf(index)),
  }));
const each300 = (notice: (name: string) => Notice): Notice[] =>
  Array.from({ length: 300 }, (_, index) => notice(nameOf(index)));

/** Kinds of which a run over 300 groups would take long: what is told of one, three hundred times. */
const of300: Partial<Record<NoticeKind, Notice[]>> = {
  overridden: noticesIn(
    execution('pause-scaling', 'loss'),
    entries(
      'overridden',
      () => 'a person or a tool such as Terraform resumed the process Terminate, against this hold',
      (name) => overriddenTodo('eu-west-1', name, ['Terminate']),
    ),
  ),
  'breaker-opened': noticesIn(
    execution('drain-pending-wait', 'stuck'),
    entries(
      'breaker-opened',
      (name) =>
        `the breaker opens: Holdfast terminated 3 stuck launches, no launch has come into service since, and i-${name}-4, launched after them, is stuck too. Holdfast has suspended Launch until 2026-03-02 03:10 UTC`,
      () => ['Find out why new instances do not come into service, and fix that.'],
    ),
  ),
  'needs-a-person': noticesIn(
    execution('pause-scaling', 'loss'),
    entries(
      'broken-newcomers',
      (name) =>
        `2 instances that came into service lately do not work (unhealthy in a target group: i-${name}-1, i-${name}-2). They occupy slots in the group, and no health check marks them while HealthCheck is suspended`,
      (name) => brokenNewcomersTodo('eu-west-1', [`i-${name}-1`, `i-${name}-2`]),
    ),
  ),
  'would-act': each300((name) =>
    toNotice({
      kind: 'would-act',
      at: now,
      incidentId: execution('protect-instances', `launches-failing-${name}`),
      headline: 'Would hold',
      seen: `rule launches-failing: launches of ${name} failed, the latest at 2026-03-02 02:58 UTC`,
      done: [{ groups: [name], text: 'would be held' }],
      next: 'Nothing. The exact calls are in the output of the execution and in its journal.',
      groups: [name],
    }),
  ),
  refused: each300((name) =>
    toNotice({
      kind: 'refused',
      at: now,
      incidentId: execution('protect-instances', `launches-failing-${name}`),
      headline: 'NOT held',
      seen: `rule launches-failing: launches of ${name} failed, the latest at 2026-03-02 02:58 UTC`,
      done: [
        'Nothing was changed: none of these groups can be held now, for the reasons below.',
        {
          groups: [name],
          text: 'left alone: 2001 instances are in service, more than the 2000 of one group that can be protected; set NewInstancesProtectedFromScaleIn on it and protect them by hand',
        },
      ],
      todo: ['If these groups need it now, do it by hand; WHAT HAPPENED says why Holdfast does not.'],
      next: 'Nothing, until its rule or a person starts it again.',
      groups: [name],
    }),
  ),
  failed: each300((name) =>
    toNotice({
      kind: 'failed',
      at: now,
      incidentId: execution('protect-instances', `launches-failing-${name}`),
      headline: 'Execution failed, nothing changed',
      done: ['The execution failed: Throttling. It changed nothing.', 'Rate exceeded'],
      todo: ['Look at the execution (the link is below), and fix the cause. It says: Rate exceeded'],
      next: 'Holdfast tries again every five minutes while the alarm is in ALARM or launches fail.',
      undo: 'NOTHING',
    }),
  ),
};

describe('a message as people get it', () => {
  for (const [name, { kind, messages }] of Object.entries(stories)) {
    it(`of ${name}`, { timeout: 120_000 }, async () => {
      await isAsKept(await messages(), kind, name.replaceAll(/\W+/g, '-'));
    });
  }

  it.each(Object.entries(of300))('of %s, 300 groups', async (kind, notices) => {
    const messages = composeMessages(place, notices);
    expect(messages).toHaveLength(1);
    await isAsKept(messages, kind, `${kind}-300-groups`);
  });
});
