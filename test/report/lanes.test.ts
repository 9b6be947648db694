import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../functions/domain/journal.ts';
import { lanesOf } from '../../report/lanes.ts';

const at = (minute: number): string => new Date(minute * 60_000).toISOString();
const entry = (
  minute: number,
  event: JournalEntry['event'],
  over: Partial<JournalEntry> = {},
): JournalEntry => ({
  at: at(minute),
  event,
  autoScalingGroupName: 'web',
  text: event,
  ...over,
});
const laneOf = (name: string, ...journals: JournalEntry[][]) =>
  lanesOf(
    'web',
    journals.map((entries, index) => ({ incidentId: `incident-${index}`, entries })),
    99 * 60_000,
  ).find((lane) => lane.name === name);
const minutesOf = (bands: { from: number; until: number }[] = []) =>
  bands.map(({ from, until }) => [from / 60_000, until / 60_000]);

describe('lanesOf', () => {
  it('draws a hold from when it was put on until it was given back, each execution for itself', () => {
    const held = laneOf(
      'held',
      [
        entry(1, 'held'),
        entry(2, 'held'),
        entry(10, 'given-back'),
        entry(12, 'held'),
        entry(20, 'given-back'),
      ],
      [entry(5, 'held'), entry(30, 'given-back')],
    );
    expect(minutesOf(held?.bands)).toEqual([
      [1, 10],
      [12, 20],
      [5, 30],
    ]);
  });

  it('ends a hold with its execution, or with the end of what is drawn; others’ groups end nothing', () => {
    const { autoScalingGroupName: _name, ...closed } = entry(9, 'closed');
    expect(minutesOf(laneOf('held', [entry(1, 'held'), closed])?.bands)).toEqual([[1, 9]]);
    const other = entry(5, 'given-back', { autoScalingGroupName: 'api' });
    expect(minutesOf(laneOf('held', [entry(1, 'held'), other])?.bands)).toEqual([[1, 99]]);
  });

  it('draws the launch breaker from when it opened until it closed, probes in between', () => {
    const launches = laneOf('launches', [
      entry(1, 'breaker-opened'),
      entry(10, 'breaker', { because: 'PROBES' }),
      entry(20, 'breaker', { because: 'PROBE_FAILED' }),
      entry(30, 'breaker', { because: 'LAUNCH_SUCCEEDED' }),
    ]);
    expect(minutesOf(launches?.bands)).toEqual([[1, 30]]);
    expect(launches?.marks).toHaveLength(4);
  });

  it('marks steps of a resize, and what needs a person, in the words of the journal', () => {
    const step = entry(3, 'step', { instanceId: 'i-1', text: 'is started' });
    expect(laneOf('resize', [step])?.marks).toEqual([{ at: 180_000, text: 'web: i-1: is started' }]);
    expect(laneOf('needs a person', [entry(4, 'left')])?.marks).toHaveLength(1);
  });
});
