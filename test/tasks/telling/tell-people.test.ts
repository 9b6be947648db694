import { describe, expect, it } from 'vitest';
import { emptyGroupRecord } from '../../../functions/domain/holds/group-record.ts';
import type { Message } from '../../../functions/domain/telling/compose-messages.ts';
import type { Metrics } from '../../../functions/domain/telling/metrics.ts';
import { type Notice, toNotice } from '../../../functions/domain/telling/notice.ts';
import { createTellPeople } from '../../../functions/tasks/telling/tell-people.ts';
import { now } from '../../domain/holds/group-fixtures.ts';

const incidentId = 'arn:aws:states:eu-west-1:123456789012:execution:holdfast-prod-pause-scaling:loss';
const notice = (kind: Notice['kind'], instancesDrained = 0): Notice =>
  toNotice({
    kind,
    at: now,
    incidentId,
    headline: 'done',
    counts: instancesDrained > 0 ? { instancesDrained } : {},
  });
const records = (...notices: Notice[]) => ({
  Records: notices.map((each, index) => ({
    eventName: 'INSERT' as const,
    dynamodb: {
      SequenceNumber: String(index + 1),
      NewImage: { notice: { S: JSON.stringify(each) } },
    },
  })),
});

const place = {
  stage: 'prod',
  accountId: '123456789012',
  partition: 'aws',
  region: 'eu-west-1',
  tableName: 't',
  killSwitchParameter: 'k',
};

const createTeller = (refuses: (message: Message) => boolean = () => false) => {
  const told: string[] = [];
  const measured: Metrics[] = [];
  const tellPeople = createTellPeople({
    store: {
      readGroups: async (names) => names.map(emptyGroupRecord),
      readIncident: async () => undefined,
      readResizes: async () => [],
    },
    clock: { now: () => now },
    topic: {
      publish: async (message) => {
        if (refuses(message)) throw new Error('Rate exceeded');
        told.push(message.kind);
      },
    },
    place,
    measure: (metrics) => measured.push(metrics),
    log: { info: () => {} },
  });
  return { tellPeople, told, measured };
};

describe('createTellPeople', () => {
  it('publishes one message for each kind, and measures', async () => {
    const { tellPeople, told, measured } = createTeller();
    expect(await tellPeople(records(notice('acted', 2), notice('gave-back'), notice('acted', 3)))).toEqual({
      batchItemFailures: [],
    });
    expect(told).toEqual(['acted', 'gave-back']);
    expect(measured).toContainEqual({ InstancesDrained: 2 });
    expect(measured).toContainEqual({ InstancesDrained: 3 });
  });

  it('says where to begin again when the topic refuses, and measures nothing of it', async () => {
    const { tellPeople, told, measured } = createTeller(({ kind }) => kind === 'refused');
    expect(await tellPeople(records(notice('acted', 2), notice('refused'), notice('failed')))).toEqual({
      batchItemFailures: [{ itemIdentifier: '2' }],
    });
    expect(told).toEqual(['acted']);
    expect(measured).toEqual([{ InstancesDrained: 2 }]);
  });

  it('says so too of what is told in other words than it was written in', async () => {
    const { tellPeople } = createTeller(({ kind }) => kind === 'acted');
    const begun = {
      ...notice('acted'),
      incidentId: incidentId.replace('drain-pending-wait', 'pause-scaling'),
    };
    expect(await tellPeople(records(notice('failed'), { ...begun, groups: ['web'] }))).toEqual({
      batchItemFailures: [{ itemIdentifier: '2' }],
    });
  });

  it('tells the others when one cannot be read', async () => {
    const { tellPeople, told } = createTeller();
    const broken = { ...notice('acted'), kind: 'something else' } as unknown as Notice;
    expect(await tellPeople(records(broken, notice('failed')))).toEqual({ batchItemFailures: [] });
    expect(told).toEqual(['failed']);
  });
});

describe('a notice of the release before this one', () => {
  it('is told too', async () => {
    const { tellPeople, told } = createTeller();
    const old = {
      ...notice('acted'),
      done: '2 of 2 groups are held',
      lines: ['a line'],
      linesLeftOut: 0,
      leftOut: undefined,
      headline: undefined,
      todo: undefined,
      details: undefined,
      undo: undefined,
    } as unknown as Notice;
    expect(await tellPeople(records(old))).toEqual({ batchItemFailures: [] });
    expect(told).toEqual(['acted']);
  });
});

describe('a table that cannot be read', () => {
  it('keeps nobody from being told', async () => {
    const told: string[] = [];
    const tellPeople = createTellPeople({
      topic: { publish: async ({ text }) => void told.push(text) },
      place,
      store: {
        readGroups: () => Promise.reject(new Error('Throttling')),
        readIncident: async () => undefined,
        readResizes: async () => [],
      },
      clock: { now: () => now },
      measure: () => {},
      log: { info: () => {} },
    });
    await tellPeople(records({ ...notice('acted'), groups: ['web'] }));
    expect(told[0]).toContain('This could not be looked up');
  });
});

describe('what lies under the key of notices and is none', () => {
  it.each([['no JSON'], ['{}'], ['null'], [undefined]])('(%s) does not stop the others', async (S) => {
    const { tellPeople, told } = createTeller();
    const { Records } = records(notice('acted'));
    const strange = {
      eventName: 'INSERT' as const,
      dynamodb: { SequenceNumber: '0', NewImage: { notice: { S } } },
    };
    const none = { eventName: 'INSERT' as const, dynamodb: { SequenceNumber: '00' } };
    expect(await tellPeople({ Records: [strange, none, ...Records] })).toEqual({ batchItemFailures: [] });
    expect(told).toEqual(['acted']);
  });
});
