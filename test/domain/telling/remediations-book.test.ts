import { describe, expect, it } from 'vitest';
import { pauseScalingEffect } from '../../../functions/domain/holds/pause-scaling.ts';
import { protectInstancesEffect } from '../../../functions/domain/holds/protect-instances.ts';
import type { Incident } from '../../../functions/domain/incident.ts';
import { remediations } from '../../../functions/domain/remediations.ts';
import type { Request } from '../../../functions/domain/request.ts';
import { anIncident, later } from '../holds/group-fixtures.ts';
import { expectPage } from './book.ts';

const alarm = { alarmName: 'loss', alarmArn: 'arn:loss', stateTimestamp: later(0) };
const { alarm: _alarm, ...withoutAlarm } = anIncident({ untilLaunchesSucceed: true });
const request = (over: Partial<Request> = {}): Request =>
  ({ remediation: 'protect-instances', untilLaunchesSucceed: true, names: ['web'], ...over }) as Request;

describe('an affair of protect-instances', () => {
  const isSame = (incident: Incident, asked: string[], over: Partial<Request> = {}) =>
    remediations['protect-instances'].isSameAffair(incident, request(over), { held: ['web', 'api'], asked });

  it.each<[string, Incident, string[], Partial<Request>, boolean]>([
    ['all of its groups are held until launches succeed', withoutAlarm, ['web', 'api'], {}, true],
    ['one of them is not', withoutAlarm, ['web', 'db'], {}, false],
    ['no group is asked for', withoutAlarm, [], {}, false],
    ['what is asked for ends by its expiry', withoutAlarm, ['web'], { untilLaunchesSucceed: false }, false],
    ['what is held ends by its expiry', { ...withoutAlarm, untilLaunchesSucceed: false }, ['web'], {}, false],
    ['an alarm began what is held', { ...withoutAlarm, alarm }, ['web'], {}, false],
    ['one alarm asks for both', { ...withoutAlarm, alarm }, [], { alarm, rule: 'packet-loss' }, true],
    [
      'another alarm asks',
      { ...withoutAlarm, alarm },
      ['web'],
      { alarm: { ...alarm, alarmArn: 'arn:b', alarmName: 'b' } },
      false,
    ],
  ])('is the same, or another, where %s', (_what, incident, asked, over, expected) => {
    expect(isSame(incident, asked, over)).toBe(expected);
  });

  it('lasts until launches succeed, unless a person asks for its expiry', () => {
    const { untilLaunchesSucceed } = remediations['protect-instances'];
    expect([
      untilLaunchesSucceed(),
      untilLaunchesSucceed({ until: 'launches-succeed' }),
      untilLaunchesSucceed({ until: 'expiry' }),
    ]).toEqual([true, true, false]);
    expect(remediations['pause-scaling'].untilLaunchesSucceed()).toBe(false);
  });
});

describe('the words of a remediation', () => {
  it('say what began, what is held, how it ends, and how to undo it', async () => {
    const effects = [pauseScalingEffect('scale-in'), pauseScalingEffect('all'), protectInstancesEffect];
    const incidents: Incident[] = [
      anIncident(),
      withoutAlarm,
      { ...withoutAlarm, alarm },
      { ...withoutAlarm, untilLaunchesSucceed: false },
    ];
    await expectPage(
      'remediations',
      Object.fromEntries(
        Object.entries(remediations).map(([name, { words, describeEnd, description }]) => [
          name,
          [
            description,
            ...new Set(effects.map((effect) => words.began(effect))),
            ...new Set(effects.map((effect) => words.held(effect))),
            words.undo,
            ...new Set(incidents.map(describeEnd)),
          ],
        ]),
      ),
    );
  });
});
