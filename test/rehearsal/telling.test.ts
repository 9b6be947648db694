import { describe, expect, it } from 'vitest';
import { holdTagKey } from '../../functions/domain/holds/hold-tag.ts';
import { sentenceOf } from '../../functions/domain/telling/sentence-of.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { CloudError } from '../../rehearsal/cloud/cloud-error.ts';
import { assumedRole } from '../../rehearsal/cloud/cloudtrail.ts';
import { killSwitchParameter, type SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import { packageRepository } from '../../rehearsal/incidents/package-repository.ts';
import { calm, startOf } from './launch-incident.ts';
import {
  deed,
  lossBeginsAt,
  lossEndsAt,
  minutes,
  onlyExecution,
  rehearseSmall,
  smallGroup,
  smallIncident,
  startByHand,
} from './small-incident.ts';

const byHand = (input: object, at = 60) =>
  deed(at, (cloud) => startByHand(cloud, `by-hand-${at}`, { reason: 'switch upgrade', ...input }));
const told = (result: { messages: { kind: string; subject: string }[] }) =>
  result.messages.map(({ kind }) => kind);

describe('people', () => {
  it('are told soon of what was done, and in the end of what came of it', async () => {
    const { result } = await rehearseSmall(smallIncident());
    expect(told(result)).toEqual(['acted', 'gave-back']);
    const [acted] = result.messages;
    expect(acted?.subject).toBe(
      '[Holdfast rehearsal] Scale-in paused: web-a, web-b (123456789012, us-east-1)',
    );
    expect(acted?.seconds).toBeLessThan(lossBeginsAt + 300);
    expect(acted?.text).toContain(
      'Holdfast gives everything back once the alarm network-packet-loss-tgw has been OK for 10 min',
    );
    const seconds = result.metrics.flatMap(({ SecondsFromAlarmToHold }) => SecondsFromAlarmToHold ?? []);
    expect(seconds).toEqual([expect.any(Number)]);
    expect(seconds[0]).toBeLessThan(60);
    // A gauge: each sweep says how many groups are held, and in the end that none is.
    const held = result.metrics.flatMap(({ GroupsHeld }) => GroupsHeld ?? []);
    expect([held[0], Math.max(...held), held.at(-1)]).toEqual([0, 2, 0]);
  });

  it('get one message of two hundred groups', async () => {
    const groups = Array.from({ length: 200 }, (_, index) => smallGroup(`web-${index}`));
    const { result } = await rehearseSmall(
      smallIncident({ groups, autoScalingCallsPerSecond: 10, autoScalingBurst: 20 }),
      { policy: { rules: loadPolicy().rules.filter((rule) => rule.do === 'pause-scaling') } },
    );
    expect(told(result)).toEqual(['acted', 'gave-back']);
  });

  it('get one message of many executions that begin together', async () => {
    const groups = Array.from({ length: 12 }, (_, index) => smallGroup(`web-${index}`));
    const starts = groups.map(({ name }) =>
      startOf('protect-instances', name, { autoScalingGroupName: name, reason: 'no launches' }, minutes(5)),
    );
    const { result } = await rehearseSmall(
      smallIncident({ losses: [], groups, deeds: starts, durationSeconds: minutes(30) }),
      { endsWhen: ({ time }) => time.elapsedSeconds() > minutes(10) },
    );
    expect(told(result)).toEqual(['acted']);
    expect(result.messages[0]?.subject).toMatch(
      /^\[Holdfast rehearsal\] Instances protected: web-\w+, .* and \d+ more \(/,
    );
  });

  it('are told of a dry run what would be done, of a rule once for a long time', async () => {
    const { result } = await rehearseSmall(packageRepository, { dryRun: true, quirks: calm });
    const wouldDrain = result.messages.filter(({ subject }) => subject.includes('drain-pending-wait'));
    const plans = result.executions.filter(({ machine }) => machine.endsWith('drain-pending-wait'));
    expect(new Set(told(result))).toEqual(new Set(['would-act']));
    expect(plans.length).toBeGreaterThan(10);
    expect(wouldDrain.length).toBeLessThan(plans.length / 2);
  });

  it('are told of a refusal, and not of an alarm that is tended already', async () => {
    const { result } = await rehearseSmall(
      smallIncident({ losses: [], deeds: [byHand({ autoScalingGroupName: 'nobody-has-this' })] }),
    );
    expect(told(result)).toEqual(['refused']);
    expect(result.messages[0]?.text).toContain('there is no Auto Scaling group of this name');
    const again = await rehearseSmall(
      smallIncident({
        losses: [
          { name: 'loss', fromSeconds: minutes(10), untilSeconds: minutes(20), fraction: () => 0.2 },
          { name: 'loss again', fromSeconds: minutes(25), untilSeconds: minutes(40), fraction: () => 0.2 },
        ],
      }),
    );
    expect(again.result.executions.length).toBe(2);
    expect(told(again.result)).toEqual(['acted', 'gave-back']);
  });

  it('are told of an execution that fails before it can report', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        losses: [],
        deeds: [
          deed(60, ({ parameters }) => parameters.set(killSwitchParameter, 'nonsense')),
          byHand({ autoScalingGroupName: 'web-a' }, 70),
          deed(minutes(20), ({ parameters }) => parameters.set(killSwitchParameter, 'live')),
        ],
      }),
    );
    expect(told(result)).toEqual(['failed', 'needs-a-person']);
    expect(result.messages[0]?.subject).toMatch(
      /ACTION NEEDED\] Execution failed, nothing changed \(123456789012, us-east-1\)$/,
    );
  });

  it('are told of what a person takes back', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        deeds: [
          deed(lossBeginsAt + minutes(15), ({ autoScaling }) => {
            autoScaling.handle('ResumeProcesses', {
              AutoScalingGroupName: 'web-a',
              ScalingProcesses: ['Terminate'],
            });
          }),
        ],
      }),
    );
    expect(told(result)).toEqual(['acted', 'overridden', 'overridden', 'gave-back']);
    expect(result.messages[1]?.text).toContain(
      'web-a: a person or a tool such as Terraform resumed the process Terminate',
    );
  });

  it('are told who it was and with what, once CloudTrail tells it, and in the end', async () => {
    const story = smallIncident({
      deeds: [
        deed(1, ({ cloudTrail }) => {
          cloudTrail.people = assumedRole('deploy', 'run-7', 'HashiCorp/1.0 Terraform/1.9.0');
        }),
        deed(lossBeginsAt + minutes(15), ({ autoScaling }) => {
          autoScaling.handle('ResumeProcesses', {
            AutoScalingGroupName: 'web-a',
            ScalingProcesses: ['Terminate'],
          });
        }),
      ],
    });
    const { result } = await rehearseSmall(story, { quirks: { ...calm, trailDelaySeconds: 600 } });
    const [first, second] = result.messages.filter(({ kind }) => kind === 'overridden');
    expect(first?.text).toContain('a person or a tool such as Terraform resumed');
    expect(second?.text).toMatch(
      /web-a: at 2021-01-04 14:25 UTC the role deploy \(session run-7\) resumed the process Terminate, with Terraform \(CloudTrail\)/,
    );
    expect((second?.seconds ?? 0) - (first?.seconds ?? 0)).toBeGreaterThan(minutes(5));
    expect(result.messages.at(-1)?.text).toContain('the role deploy (session run-7) resumed');
    const asked = result.calls.filter(({ operation }) => operation === 'LookupEvents');
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThan(5);
  });

  it('are told that somebody did where CloudTrail cannot be asked, and nothing fails', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        serviceOutages: [
          {
            service: 'CloudTrail',
            error: 'AccessDeniedException',
            fromSeconds: 0,
            untilSeconds: minutes(120),
          },
        ],
        deeds: [
          deed(lossBeginsAt + minutes(15), ({ autoScaling }) => {
            autoScaling.handle('ResumeProcesses', {
              AutoScalingGroupName: 'web-a',
              ScalingProcesses: ['Terminate'],
            });
          }),
        ],
      }),
      { quirks: calm },
    );
    expect(told(result)).toEqual(['acted', 'overridden', 'gave-back']);
    expect(result.violations).toEqual([]);
  });

  it('are told that the sweep gave back what a person stopped', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        deeds: [
          deed(lossBeginsAt + minutes(10), (cloud) =>
            cloud.stepFunctions.stopExecution(onlyExecution(cloud)),
          ),
        ],
      }),
    );
    expect(told(result).at(0)).toBe('acted');
    expect(told(result).filter((kind) => kind === 'gave-back')).toHaveLength(1);
    expect(result.messages.at(-1)?.text).toContain('Holdfast held 2 groups and gave all of them back.');
  });

  it('are told that a group that left cannot be given back', async () => {
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        deeds: [
          deed(lossBeginsAt + minutes(10), ({ autoScaling }) => {
            const group = autoScaling.groups.get('web-a');
            if (group !== undefined) delete group.tags.holdfast;
          }),
        ],
        durationSeconds: minutes(300),
      }),
    );
    expect(told(result)).toContain('needs-a-person');
    expect(new Set(result.messages.map(({ text }) => text)).size).toBe(result.messages.length);
    expect(cloud.autoScaling.groups.get('web-a')?.suspended.size).toBeGreaterThan(0);
    expect(Math.max(...result.metrics.map(({ OverdueIncidents = 0 }) => OverdueIncidents))).toBe(1);
  });

  it('are told once the topic takes messages again, and nothing waits for that', async () => {
    const { result } = await rehearseSmall(
      smallIncident({
        deeds: [
          deed(1, ({ sns, time }) => {
            const { handle } = sns;
            sns.handle = (operation, input) => {
              if (time.elapsedSeconds() < lossBeginsAt + minutes(5)) {
                throw new CloudError('InternalError', 'An internal service error has occurred', 500);
              }
              return handle(operation, input);
            };
          }),
        ],
      }),
    );
    expect(told(result)).toEqual(['acted', 'gave-back']);
    expect(result.messages[0]?.seconds).toBeGreaterThan(lossBeginsAt + minutes(5));
    expect(result.violations).toEqual([]);
  });
});

describe('the tag of a held group', () => {
  const tagOf = ({ autoScaling }: SimulatedCloud, name = 'web-a') =>
    autoScaling.groups.get(name)?.tags[holdTagKey];

  it('says who holds it as long as somebody does, and leaves every other tag alone', async () => {
    const seen: (string | undefined)[] = [];
    const look = (at: number) => deed(at, (cloud) => seen.push(tagOf(cloud)));
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        deeds: [look(lossBeginsAt), look(lossBeginsAt + minutes(8)), look(lossEndsAt), look(minutes(110))],
      }),
    );
    const held = expect.stringMatching(
      /^rehearsal holds it: pause-scaling until 2021-01-05 \d\d:\d\d UTC at the latest: rule packet-loss: the alarm network-packet-loss-tgw went into ALARM at .* - packet-loss-/,
    );
    expect(seen).toEqual([undefined, held, held, undefined]);
    expect(cloud.autoScaling.groups.get('web-a')?.tags).toEqual({ tier: 'web', holdfast: 'true' });
    expect(result.violations).toEqual([]);
  });

  it('names two holds, and after the first has gone the other', async () => {
    const seen: (string | undefined)[] = [];
    const look = (at: number) => deed(at, (cloud) => seen.push(tagOf(cloud)));
    const { result } = await rehearseSmall(
      smallIncident({
        losses: [],
        deeds: [
          byHand({ autoScalingGroupName: 'web-a', expiresAfter: '15m' }, 60),
          byHand({ autoScalingGroupName: 'web-a', expiresAfter: '60m' }, 120),
          look(minutes(8)),
          look(minutes(40)),
        ],
      }),
    );
    expect(seen[0]).toMatch(/- by-hand-60 \+.*- by-hand-120/);
    expect(seen[1]).toMatch(/- by-hand-120/);
    expect(seen[1]).not.toContain('by-hand-60');
    expect(result.violations).toEqual([]);
  });

  it('that is left over is removed by the sweep, and another stage’s is not', async () => {
    const { cloud, result } = await rehearseSmall(
      smallIncident({
        losses: [],
        deeds: [
          deed(60, ({ autoScaling }) => {
            const tags = (name: string) => autoScaling.groups.get(name)?.tags ?? {};
            tags('web-a')[holdTagKey] = 'rehearsal holds it: left over';
            tags('web-b')[holdTagKey] = 'prod holds it: somebody else';
          }),
        ],
        durationSeconds: minutes(20),
      }),
    );
    expect([tagOf(cloud, 'web-a'), tagOf(cloud, 'web-b')]).toEqual([
      undefined,
      'prod holds it: somebody else',
    ]);
    expect(result.violations).toEqual(['web-b ends with the tag holdfast-hold']);
  });

  it('that AWS does not take stops nothing', async () => {
    const { result, cloud } = await rehearseSmall(
      smallIncident({
        deeds: [
          deed(60, ({ autoScaling }) => {
            const group = autoScaling.groups.get('web-a');
            for (let n = 0; n < 60; n += 1) if (group !== undefined) group.tags[`tag-${n}`] = 'x';
          }),
        ],
      }),
    );
    expect(result.violations).toEqual([]);
    expect(cloud.store.listJournals()[0]?.entries.map(sentenceOf)).toContainEqual(
      expect.stringContaining('web-a: its tag cannot be changed'),
    );
    expect(told(result)).toEqual(['acted', 'gave-back']);
  });
});
