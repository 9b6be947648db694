import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../functions/events/policy.ts';
import { packetLoss } from '../../rehearsal/incidents/packet-loss.ts';
import { asksForMoreAt, calm, launchIncident, onlyRules, startOf, stuck } from './launch-incident.ts';
import { changes, leftBehind, nothingLeft, rehearseResize, secondsOf } from './resize-incident.ts';
import { minutes } from './small-incident.ts';

/** The breaker opens some half an hour after the group asked for more; a quarter of an hour later somebody resizes. */
const resizeAt = asksForMoreAt + minutes(45);
const resize = (input: object = {}) =>
  startOf(
    'resize-in-place',
    'by-hand',
    { autoScalingGroupName: 'api', instanceTypes: 'm7i.xlarge', reason: 'promotion', ...input },
    resizeAt,
  );
const policy = onlyRules('stuck-launches');
const before = { minSize: 1, maxSize: 200, desiredCapacity: 6 };

describe('a resize while the launch breaker holds Launch', () => {
  it('lets Launch run, launches nothing, and suspends it again before desired capacity is what it was', async () => {
    const run = await rehearseResize(
      launchIncident({
        deeds: [resize()],
        launchFaults: [
          {
            name: 'launches hang',
            groups: ['api'],
            fromSeconds: 0,
            untilSeconds: minutes(190),
            outcome: stuck,
          },
        ],
        durationSeconds: minutes(200),
      }),
      { policy, quirks: { ...calm, reservationsTakeRunning: false } },
    );
    const made = changes(run.result).map(
      ({ operation, input }) => `${operation} ${input.ScalingProcesses ?? ''}`,
    );
    const first = made.indexOf('UpdateAutoScalingGroup ');
    const last = made.lastIndexOf('UpdateAutoScalingGroup ');
    expect(made.slice(first, first + 3)).toEqual([
      'UpdateAutoScalingGroup ',
      'SetDesiredCapacity ',
      'ResumeProcesses Launch',
    ]);
    expect(made.slice(last - 2, last + 1)).toEqual([
      'SuspendProcesses Launch',
      'SetDesiredCapacity ',
      'UpdateAutoScalingGroup ',
    ]);
    const ofResize = run.result.calls.filter(({ functionName }) =>
      /^(prepare|restore)Group$/.test(functionName),
    );
    const minimums = ofResize.filter(({ operation }) => operation === 'UpdateAutoScalingGroup');
    expect(minimums.map(({ input }) => [input.MinSize, input.DesiredCapacity])).toEqual([
      [1, undefined],
      [1, undefined],
    ]);
    const desired = ofResize.filter(({ operation }) => operation === 'SetDesiredCapacity');
    expect(desired.map(({ input }) => input.DesiredCapacity)).toEqual([4, 6]);
    const [from = 0, until = 0] = desired.map(({ at }) => secondsOf(at));
    expect(until - from).toBeGreaterThan(minutes(20));
    const launchedAt = run.group.activities
      .filter(({ description }) => description.startsWith('Launching'))
      .map(({ startTime }) => secondsOf(new Date(startTime).toISOString()));
    expect(launchedAt.length).toBeGreaterThan(2);
    expect(launchedAt.filter((seconds) => seconds > from && seconds < until)).toEqual([]);
    const inService = run.group.instances.filter(({ lifecycleState }) => lifecycleState === 'InService');
    expect(inService.map(({ ec2 }) => ec2.instanceType)).toEqual(
      Array.from({ length: 4 }, () => 'm7i.xlarge'),
    );
    expect(run.group.desiredCapacity).toBe(6);
  });

  it('is begun by a rule, whose alarm goes off while launches fail', async () => {
    const rule = {
      name: 'more-room',
      do: 'resize-in-place',
      when: { alarm: 'network-packet-loss-*' },
      targets: { tags: { tier: 'api' } },
      with: { instanceTypes: 'larger' },
    };
    const run = await rehearseResize(
      launchIncident({
        alarms: packetLoss.alarms,
        losses: [{ name: 'loss', fromSeconds: minutes(40), untilSeconds: minutes(60), fraction: () => 0.1 }],
        durationSeconds: minutes(300),
      }),
      { policy: { rules: [...policy.rules, ...parsePolicy({ rules: [rule] }, 'test').rules] } },
    );
    expect(run.result.executions.filter(({ machine }) => machine.endsWith('resize-in-place'))).toMatchObject([
      { name: expect.stringMatching(/^more-room-/), status: 'SUCCEEDED' },
    ]);
    expect(run.group.instances.filter(({ ec2 }) => ec2.instanceType === 'm7i.xlarge')).toHaveLength(4);
    expect(leftBehind(run, before)).toEqual(nothingLeft);
  });

  it('lowers nothing while somebody lets Terminate run, which would end what is above it', async () => {
    const run = await rehearseResize(
      launchIncident({
        deeds: [
          resize(),
          {
            atSeconds: resizeAt,
            text: 'somebody resumes Terminate as soon as it is suspended',
            act: ({ autoScaling, time }) =>
              time.every(1, () => {
                const group = autoScaling.groups.get('api');
                if (group?.suspended.has('Terminate') === true && !group.tags.resumed) {
                  group.suspended.delete('Terminate');
                  group.tags.resumed = 'true';
                }
              }),
          },
        ],
        durationSeconds: minutes(200),
      }),
      { policy, quirks: { ...calm, reservationsTakeRunning: false } },
    );
    expect(run.journal.filter((line) => line.startsWith('overridden: '))).not.toEqual([]);
    expect(changes(run.result).filter(({ operation }) => operation === 'UpdateAutoScalingGroup')).toEqual([]);
    expect(run.group.terminations.filter(({ wasGood }) => wasGood)).toEqual([]);
  });

  it('leaves nothing behind when launches are mended later', async () => {
    const run = await rehearseResize(
      launchIncident({ deeds: [resize({ waveSize: 2 })], durationSeconds: minutes(300) }),
      { policy },
    );
    expect(run.result.violations).toEqual([]);
    expect(leftBehind(run, before)).toEqual(nothingLeft);
    expect(run.group.instances).toHaveLength(6);
  });

  it.each(Array.from({ length: 10 }, (_, index) => 4 + index * 40))(
    'leaves nothing behind when its execution is stopped after %i seconds',
    async (seconds) => {
      const run = await rehearseResize(
        launchIncident({
          deeds: [
            resize({ waveSize: 2 }),
            {
              atSeconds: resizeAt + seconds,
              text: 'somebody stops the execution',
              act: ({ stepFunctions }) => {
                for (const [arn, { machine }] of stepFunctions.executions) {
                  if (machine.endsWith('resize-in-place')) stepFunctions.stopExecution(arn);
                }
              },
            },
          ],
          durationSeconds: minutes(300),
        }),
        { policy },
      );
      expect(run.result.executions.filter(({ status }) => status === 'ABORTED')).toHaveLength(1);
      expect(leftBehind(run, before)).toEqual(nothingLeft);
      expect(run.group.instances).toHaveLength(6);
      expect(run.result.breakersLeft).toEqual([]);
    },
  );
});
