import { describe, expect, it } from 'vitest';
import { decideRestore } from '../../../functions/domain/resize/decide-restore.ts';
import type { InstanceFailure, ResizeEnd, RunEnd } from '../../../functions/domain/resize/resize-facts.ts';
import {
  leftTodo,
  tellEnding,
  tellFailure,
  tellResizeEnd,
  tellRestored,
  tellStep,
  tellTurn,
  tellWaveNews,
} from '../../../functions/domain/telling/resize-sentences.ts';
import { aGroup, aRecord, now } from '../holds/group-fixtures.ts';
import { someWork } from '../resize/resize-fixtures.ts';

const noCapacity: InstanceFailure = {
  because: 'NO_CAPACITY',
  instanceTypes: ['m7i.xlarge', 'm6i.xlarge'],
  availabilityZone: 'us-east-1a',
};

describe('the sentences of a resize', () => {
  it('tells a failure through everything that it ended', () => {
    const ends: RunEnd = { because: 'INSTANCE_FAILED', instanceId: 'i-1', failure: noCapacity };
    const said = 'i-1 failed: no capacity of m7i.xlarge or m6i.xlarge can be held in us-east-1a';
    expect(tellEnding(ends)).toBe(`Holdfast resizes no further instance: ${said}`);
    const failure: InstanceFailure = { because: 'RUN_ENDED', ends };
    expect(tellResizeEnd({ because: 'NOTHING_DONE', failure })).toBe(said);
    expect(tellResizeEnd({ because: 'IN_SERVICE_AND_HEALTHY', instanceType: 'm7i.large', failure })).toBe(
      `in service and healthy as m7i.large (${said})`,
    );
  });

  it('reads what the release before this one stored as a sentence', () => {
    expect(tellEnding('the mode is off')).toBe('Holdfast resizes no further instance: the mode is off');
    expect(tellFailure('it did not start')).toBe('it did not start');
    // While both releases run, the last one copies why the run ended as this one stored it.
    expect(tellFailure({ because: 'MODE', mode: 'off' })).toBe('the mode is off');
    expect(
      tellResizeEnd({
        because: 'TOO_LONG_ON_ITS_WAY',
        state: 'stopped',
        seconds: 7200,
        failure: 'so it was',
      }),
    ).toBe('it is still in Standby and stopped, 2 h after Holdfast began to bring it back (so it was)');
  });

  it('says what is tried next', () => {
    const failure: InstanceFailure = { because: 'NOT_STARTED', instanceType: 'm7i.xlarge', error: 'NoRoom' };
    const why = 'as m7i.xlarge it did not start (NoRoom)';
    expect(tellTurn({ because: 'BROUGHT_HOME_AS', failure, instanceType: 'm7i.large' })).toBe(
      `${why}; Holdfast brings it back as m7i.large`,
    );
    expect(tellTurn({ because: 'ALL_TYPES_AGAIN', failure })).toBe(
      `${why}, and so did every other type; Holdfast tries all of them again`,
    );
    expect(tellTurn(failure)).toBe(why);
  });

  it('says what is left, and in whole commands what a person can do', () => {
    const facts: ResizeEnd = { because: 'FORCED_STOP_HANGS', seconds: 600 };
    expect(tellWaveNews({ event: 'left', instanceId: 'i-1', facts })).toBe(
      'it is still stopping 10 min after Holdfast forced it to stop; ask AWS Support',
    );
    expect(leftTodo('eu-west-1', 'web&api', 'i-1', false)).toEqual([
      'Look at i-1. If it is stopped, start it: aws ec2 start-instances --region eu-west-1 --instance-ids i-1',
      "Once it works, put it back in service: aws autoscaling exit-standby --region eu-west-1 --auto-scaling-group-name 'web&api' --instance-ids i-1",
    ]);
    expect(tellWaveNews({ event: 'kept', instanceId: 'i-1', facts: { because: 'NOT_IN_SERVICE' } })).toBe(
      'it is no longer in service, and Holdfast left it alone',
    );
  });

  it('says why a step is taken', () => {
    expect(tellStep('StopInstance', true, { because: 'STOP_HANGS', seconds: 300 })).toBe(
      'is stopped, by force: it has been stopping for 5 min',
    );
  });

  it('says why sizes are not those of before', () => {
    const sizes = { before: { minSize: 4, desiredCapacity: 4 }, minSizes: [1], changedAt: now };
    const group = aGroup({ minSize: 2 });
    const decision = decideRestore(
      group,
      aRecord(),
      someWork({
        sizes: { ...sizes, desiredCapacity: 4 },
        restoringSince: now,
        restore: { minSize: 2, desiredCapacity: 5 },
      }),
      now,
    );
    expect(decision.action === 'SET' && tellRestored(group, decision)).toMatch(
      /^minimum 2 → 2, desired capacity \d+ → 5 \(somebody changed the minimum meanwhile, so Holdfast leaves it\)$/,
    );
  });
});
