import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../functions/events/policy.ts';
import { killSwitchParameter, type SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import type { Deed, Story } from '../../rehearsal/incident.ts';
import type { RehearsalOptions } from '../../rehearsal/rehearse.ts';
import { deed, minutes, rehearseSmall, smallGroup, smallIncident } from './small-incident.ts';

const rule = {
  name: 'packet-loss',
  when: { alarm: 'network-packet-loss-*' },
  do: 'pause-scaling',
  targets: { tags: { tier: 'web' } },
};
const policy = parsePolicy({ rules: [rule] }, 'policy.yml');

const hours = (count: number): number => minutes(60 * count);
const setSwitch = (atSeconds: number, word: string): Deed =>
  deed(atSeconds, ({ parameters }) => parameters.set(killSwitchParameter, word));
const refuse = (
  cloud: SimulatedCloud,
  service: 'autoScaling' | 'cloudWatch',
  refused: string,
  until: number,
): void => {
  const { handle } = cloud[service];
  cloud[service].handle = (operation, input) => {
    if (operation === refused && cloud.time.elapsedSeconds() < until)
      throw Object.assign(new Error('you may not'), { name: 'AccessDenied' });
    return handle(operation, input);
  };
};

/** A quiet day, on which the check of readiness runs every hour; what people were told, with when. */
const tellDay = async (deeds: Deed[], durationSeconds = hours(8), over: Partial<RehearsalOptions> = {}) => {
  const { result, cloud } = await rehearseSmall(
    smallIncident({ losses: [], deeds, durationSeconds, mayEndAfterSeconds: durationSeconds }),
    { policy, checksReadiness: true, ...over },
  );
  return {
    result,
    cloud,
    told: result.messages.map(
      ({ seconds, kind, subject }) => `${Math.floor(seconds / 3600)}h ${kind}: ${subject}`,
    ),
  };
};

const notReady = '[Holdfast rehearsal: ACTION NEEDED] Not ready for an outage (123456789012, us-east-1)';
const over = '[Holdfast rehearsal] No longer in the way (123456789012, us-east-1)';

describe('the check of the deployed stage', () => {
  it('tells nobody anything while everything is ready, and changes nothing', async () => {
    const { result, told } = await tellDay([]);
    expect(told).toEqual([]);
    expect(result.violations).toEqual([]);
    const own = result.calls.filter(({ functionName }) => functionName === 'checkReadiness');
    expect(own.length).toBeGreaterThan(20);
    expect(own.filter(({ mutating }) => mutating)).toEqual([]);
  });

  it('tells once that something became not ready, and once that three checks found it over', async () => {
    const { told, result } = await tellDay([setSwitch(minutes(90), 'off'), setSwitch(minutes(290), 'live')]);
    expect(told).toEqual([`2h not-ready: ${notReady}`, `7h ready-again: ${over}`]);
    const [first, second] = result.messages;
    expect(first?.text).toContain('Stage rehearsal: the kill switch says off.');
    expect(first?.text).toContain('Stage rehearsal: holdfast switch live, when Holdfast is to act.');
    expect(first?.text).toContain('hourly check, stage rehearsal');
    expect(second?.text).toContain(
      'Stage rehearsal: this was so for 2 h 59 min, and has been over since 2021-01-04 19:00 UTC: the kill switch says off.',
    );
  });

  it('believes no single look', async () => {
    const { told } = await tellDay([setSwitch(minutes(60) - 1, 'off'), setSwitch(minutes(60) + 30, 'live')]);
    expect(told).toEqual([]);
  });

  it('tells of what comes and goes once, and again when it comes after it was over', async () => {
    const flapping = [1, 2, 3, 4, 5, 6].flatMap((hour) => [
      setSwitch(hours(hour) - 60, hour % 2 === 0 ? 'live' : 'off'),
    ]);
    const { told } = await tellDay([...flapping, setSwitch(hours(10.5), 'off')], hours(12));
    expect(told).toEqual([
      `1h not-ready: ${notReady}`,
      `8h ready-again: ${over}`,
      `11h not-ready: ${notReady}`,
    ]);
  });

  it('tells once where two checks run at the same time, and where one dies after it told', async () => {
    const both = await tellDay(
      [
        setSwitch(minutes(30), 'off'),
        deed(hours(1), ({ lambda }) => lambda.invokeAsync('checkReadiness', {})),
        setSwitch(minutes(90), 'live'),
      ],
      hours(6),
    );
    expect(both.told).toEqual([`1h not-ready: ${notReady}`, `4h ready-again: ${over}`]);
    // It tells, and is not heard of again before it writes down that it did.
    let notices = 0;
    let hasDied = false;
    const died = await tellDay([setSwitch(minutes(30), 'off'), setSwitch(minutes(90), 'live')], hours(6), {
      dies: ({ functionName, operation, when }) => {
        if (functionName !== 'checkReadiness' || when !== 'before') return false;
        if (operation === 'addNotice') notices += 1;
        const isDeath = operation === 'writeReadiness' && notices === 1 && !hasDied;
        hasDied ||= isDeath;
        return isDeath;
      },
    });
    expect(died.told).toEqual([`1h not-ready: ${notReady}`, `4h ready-again: ${over}`]);
  });

  it('does not take for over what it cannot read, and says so after hours', async () => {
    const { told, result } = await tellDay(
      [
        deed(minutes(30), (cloud) => {
          for (const group of cloud.autoScaling.groups.values()) delete group.tags.holdfast;
        }),
        deed(minutes(90), (cloud) => {
          for (const group of cloud.autoScaling.groups.values()) group.tags.holdfast = 'true';
          refuse(cloud, 'cloudWatch', 'DescribeAlarms', hours(9.5));
        }),
      ],
      hours(14),
    );
    const unknown =
      '[Holdfast rehearsal: ACTION NEEDED] Nobody knows whether it is ready (123456789012, us-east-1)';
    expect(told).toEqual([
      `1h not-ready: ${notReady.replace(' (', ': web-a, web-b (')}`,
      `8h not-ready: ${unknown}`,
      `12h ready-again: ${over.replace(' (', ': web-a, web-b (')}`,
    ]);
    expect(result.messages[1]?.text).toContain('Rule packet-loss: its alarm is not known: AccessDenied');
    expect(result.messages[2]?.text).toContain(
      'this was so for 8 h 59 min, and has been over since 2021-01-05 00:00 UTC: web-a, web-b did not opt in',
    );
  });

  it('takes the kill switch of a dry run for what it is', async () => {
    const { told } = await tellDay([setSwitch(60, 'dry-run')], hours(3), { dryRun: true });
    expect(told).toEqual([]);
  });

  describe('of a rule in dry run', () => {
    const dry = parsePolicy({ rules: [{ ...rule, mode: 'dry-run' }] }, 'policy.yml');
    const lastTold = (daysAgo: number): Deed =>
      deed(2, ({ store, time }) => {
        const at = new Date(time.now() - daysAgo * 86_400_000).toISOString();
        void store.writeReadiness({ at, version: 0, known: {}, scoredAt: { 'packet-loss': at } });
      });
    const scaleIn = deed(minutes(20), ({ autoScaling }) => {
      autoScaling.handle('SetDesiredCapacity', { AutoScalingGroupName: 'web-a', DesiredCapacity: 2 });
    });
    const scoresOf = async (deeds: Deed[], over: Partial<Story> = {}) => {
      const { result } = await rehearseSmall(smallIncident({ deeds, ...over }), {
        policy: dry,
        checksReadiness: true,
      });
      expect(result.violations).toEqual([]);
      return result.messages.filter(({ subject }) => subject.includes('A week of a rule'));
    };

    it('tells what it would have kept, and proposes to go live', async () => {
      const [score, ...others] = await scoresOf([lastTold(8), scaleIn]);
      expect(others).toEqual([]);
      expect(score?.kind).toBe('would-act');
      expect(score?.text).toContain('Rule packet-loss would have held 1 time in the last 7 days');
      expect(score?.text).toContain('and kept 9 instances that Auto Scaling took.');
      expect(score?.text).toContain('take "mode: dry-run" out of the rule packet-loss, and deploy.');
    });

    it('proposes to narrow it where its holds would have been for nothing', async () => {
      const [score] = await scoresOf([lastTold(8)], {
        groups: [smallGroup('web-a', { healthCheckType: 'EC2' })],
      });
      expect(score?.text).toContain('Narrow the rule packet-loss before it goes live: 1 of 1 hold would');
    });

    it('proposes nothing where it would not have begun', async () => {
      const [score] = await scoresOf([lastTold(8)], { losses: [] });
      expect(score?.text).toContain('Rule packet-loss would not have begun in the last 7 days.');
      expect(score?.text).toContain('Nothing now.');
    });

    it('waits for a week, of a rule that is new too', async () => {
      expect(await scoresOf([lastTold(6), scaleIn])).toEqual([]);
      expect(await scoresOf([scaleIn])).toEqual([]);
    });
  });

  it('publishes the policy that it runs', async () => {
    const { cloud } = await tellDay([], hours(3));
    const published = await cloud.store.readPublishedPolicy();
    expect(JSON.parse(published?.text ?? '')).toEqual(policy);
    expect(published?.hash).toMatch(/^[0-9a-f]{64}$/);
    // Written once, however often it is checked.
    expect(published?.since).toBe('2021-01-04T15:00:00.450Z');
  });
});
