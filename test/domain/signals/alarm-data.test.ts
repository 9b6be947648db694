import { describe, expect, it } from 'vitest';
import { isOkForWantOfData, triggeringAlarms } from '../../../functions/domain/signals/alarm-data.ts';

const data = (value: object): string => JSON.stringify({ version: '1.0', ...value });
const points = (...values: (number | undefined)[]) => ({
  evaluatedDatapoints: values.map((value) => (value === undefined ? { timestamp: 't' } : { value })),
});
const threeOfThree = { evaluationPeriods: 3, datapointsToAlarm: 3, threshold: 2 };
const threshold = { comparisonOperator: 'GreaterThanThreshold' };

describe('isOkForWantOfData', () => {
  it.each([
    ['nothing', points(undefined, undefined, undefined), true],
    ['one good point, which alone keeps three of three from ALARM', points(0.5, undefined, undefined), false],
    ['only points that breach', points(5, undefined, undefined), true],
    ['no point at all', { recentDatapoints: [] }, true],
    ['a recent point', { recentDatapoints: [0.5] }, false],
    ['nothing that tells', {}, false],
  ])('of reasonData with %s', (_what, value, expected) => {
    const state = { reason: 'told', reasonData: data(value), ...threeOfThree, ...threshold };
    expect(isOkForWantOfData(state)).toBe(expected);
  });

  it.each([
    [3, 2, 1, true],
    [3, 2, 2, false],
    [5, 2, 3, true],
    [5, 2, 4, false],
    [1, 1, 1, false],
  ])(
    'of %i periods of which %i alarm, with %i good points',
    (evaluationPeriods, datapointsToAlarm, good, expected) => {
      const recentDatapoints = Array.from({ length: good }, () => 0.5);
      const state = {
        reason: '',
        reasonData: data({ recentDatapoints }),
        evaluationPeriods,
        datapointsToAlarm,
      };
      expect(isOkForWantOfData(state)).toBe(expected);
    },
  );

  it.each([
    ['GreaterThanThreshold', 2, false],
    ['GreaterThanOrEqualToThreshold', 2, true],
    ['GreaterThanOrEqualToThreshold', 1.9, false],
    ['LessThanThreshold', 2, false],
    ['LessThanThreshold', 1.9, true],
    ['LessThanOrEqualToThreshold', 2.1, false],
    ['LessThanOrEqualToThreshold', 2, true],
    ['GreaterThanUpperThreshold', 2, false],
  ])('by %s of a point on the threshold', (comparisonOperator, value, expected) => {
    const state = { reason: '', reasonData: data(points(value)), threshold: 2, comparisonOperator };
    expect(isOkForWantOfData({ ...state, evaluationPeriods: 1 })).toBe(expected);
  });

  it.each([
    [
      'Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as [NonBreaching].',
      true,
    ],
    [
      'Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].',
      true,
    ],
    [
      'Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as [NonBreaching].',
      false,
    ],
    [
      'Threshold Crossed: 1 datapoint [2.0 (19/08/26 09:36:00)] was not greater than the threshold (2.0) and 7 missing datapoints were treated as [NonBreaching].',
      false,
    ],
    [
      'Threshold Crossed: 12 datapoints were received for 15 periods and 3 missing datapoints were treated as [NonBreaching].',
      false,
    ],
    [
      'Threshold Crossed: 12 datapoints [2.0 (19/08/26 09:36:00), …] were not greater than the threshold (2.0) and 1 missing datapoint was treated as [NonBreaching].',
      false,
    ],
    ['Threshold Crossed: 13 missing datapoints were treated as [NonBreaching].', true],
    ['No time series were returned by the query. Treat missing data is configured as [NonBreaching].', true],
    ['2 time series evaluated to OK', false],
    ['Threshold Crossed: 3 datapoints were not greater than the threshold (2.0).', false],
    ['Unchecked: Initial alarm creation', false],
  ])('of the text %s', (reason, expected) => {
    expect(isOkForWantOfData({ reason, ...threeOfThree })).toBe(expected);
  });

  it.each([
    [{ evaluatedDatapoints: [], recentDatapoints: [0.5] }, false],
    [{ evaluatedDatapoints: [null, { value: 'much' }] }, true],
    [{ recentDatapoints: [5, null] }, true],
  ])('of reasonData %j', (value, expected) => {
    const state = { reason: '', reasonData: data(value), threshold: 2, ...threshold, evaluationPeriods: 1 };
    expect(isOkForWantOfData(state)).toBe(expected);
  });

  it('of data without a threshold, as metric math has them: whatever was received is good', () => {
    const state = { reason: '', reasonData: data(points(5)), evaluationPeriods: 1 };
    expect(isOkForWantOfData(state)).toBe(false);
  });

  it.each(['no JSON', '[]', '3', 'null'])('takes reasonData %s for none', (reasonData) => {
    expect(isOkForWantOfData({ reason: '', reasonData, ...threeOfThree })).toBe(false);
  });
});

describe('triggeringAlarms', () => {
  const child = (name: string, value: string) => ({
    arn: `arn:aws:cloudwatch:us-east-1:123456789012:alarm:${name}`,
    state: { value },
  });

  it('names the children, and sees that one has too little data', () => {
    const children = [child('a:b', 'OK'), child('c', 'INSUFFICIENT_DATA')];
    expect(triggeringAlarms(data({ triggeringAlarms: children }))).toEqual({
      alarmNames: ['a:b', 'c'],
      lackData: true,
    });
  });

  it.each([
    [
      'what is no alarm',
      { arn: 'arn:aws:cloudwatch:us-east-1:123456789012:dashboard:d', state: { value: 'OK' } },
    ],
    [
      'an alarm without a name',
      { arn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm', state: { value: 'OK' } },
    ],
    ['what has no ARN', { arn: 7, state: null }],
  ])('leaves out %s', (_what, other) => {
    const children = [other, child('c', 'OK')];
    expect(triggeringAlarms(data({ triggeringAlarms: children }))).toEqual({
      alarmNames: ['c'],
      lackData: false,
    });
  });

  it.each([undefined, '{}', data({ triggeringAlarms: [{}] })])('finds nothing in %s', (reasonData) => {
    expect(triggeringAlarms(reasonData)).toEqual({ alarmNames: [], lackData: false });
  });
});
