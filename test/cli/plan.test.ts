import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makePlan, tellPlan } from '../../cli/commands/plan.ts';
import type { Account } from '../../cli/laptop/account.ts';
import { createPlanningRuntime } from '../../cli/laptop/planning-runtime.ts';
import { type ExecutionRequest, toExecutionRequest } from '../../cli/laptop/request.ts';
import type { JournalEntry } from '../../functions/domain/journal.ts';
import { loadPolicy } from '../../functions/policy.ts';
import { accountId, region } from '../../rehearsal/cloud/cloudwatch.ts';
import type { SimulatedCloud } from '../../rehearsal/cloud/simulated-cloud.ts';
import type { RehearsalOptions } from '../../rehearsal/rehearse.ts';
import { launchIncident } from '../rehearsal/launch-incident.ts';
import {
  deed,
  minutes,
  rehearseSmall,
  smallGroup,
  smallIncident,
  startByHand,
} from '../rehearsal/small-incident.ts';

const policy = loadPolicy();
const request = (name: string, flags: { group?: string[]; tags?: string[]; with?: string[] } = {}) =>
  toExecutionRequest(name, flags, {
    policy,
    reason: 'a plan',
    dryRun: true,
    now: '2021-01-04T14:00:00.000Z',
  });

const accountOf = (cloud: SimulatedCloud): Account => ({
  accountId,
  region,
  partition: 'aws',
  caller: 'a test',
  connect: cloud.connect,
  clock: { now: () => new Date().toISOString() },
});

/** Plans at a moment of a story, and has an execution plan the same at the same moment. */
const planned = async (
  asked: ExecutionRequest,
  story = smallIncident({ losses: [] }),
  at = minutes(5),
  over: Partial<RehearsalOptions> = {},
) => {
  let plan: ReturnType<typeof makePlan> | undefined;
  const { result, cloud } = await rehearseSmall(
    {
      ...story,
      deeds: [
        ...(story.deeds ?? []),
        deed(at, (running) => {
          const runtime = createPlanningRuntime(accountOf(running), policy, 'rehearsal', false);
          plan = makePlan(accountOf(running), runtime, asked);
          startByHand(running, 'dry', asked.input, asked.remediation);
        }),
      ],
    },
    over,
  );
  const dry = cloud.store.listJournals().find(({ incidentId }) => incidentId.endsWith(':dry'))?.entries;
  if (plan === undefined || dry === undefined) throw new Error('nothing was planned');
  return { plan: await plan, dry, result };
};

/** Calls without what differs from one execution to the next: its name, and until when it holds. */
const comparable = (journal: JournalEntry[]): unknown[] =>
  journal
    .flatMap(({ calls = [] }) => calls)
    .map(({ operation, input }) => {
      const {
        Tags: _tags,
        TagSpecifications: _specifications,
        ClientToken: _token,
        EndDate: _end,
        CapacityReservationId: _reservation,
        ...rest
      } = input as Record<string, unknown>;
      return [operation, rest];
    });

describe('holdfast plan', () => {
  it.each<[string, ExecutionRequest]>([
    ['pause-scaling', request('pause-scaling', { tags: ['tier=web'] })],
    ['protect-instances', request('protect-instances', { group: ['web-a'] })],
    [
      'resize-in-place',
      request('resize-in-place', { group: ['web-b'], with: ['instanceTypes=[m7i.xlarge]'] }),
    ],
    ['the rule packet-loss', request('packet-loss')],
  ])('plans of %s the calls of a dry run of the same input', async (_what, asked) => {
    const { plan, dry } = await planned(asked);
    expect(plan.result.action).toBe('REPORT');
    expect(comparable(plan.journal).length).toBeGreaterThan(0);
    expect(comparable(plan.journal)).toEqual(comparable(dry));
  });

  it('plans of drain-pending-wait the calls of a dry run of the same input', async () => {
    const { plan, dry } = await planned(
      request('drain-pending-wait', { group: ['api'] }),
      launchIncident(),
      minutes(45),
      { policy: { rules: policy.rules.slice(0, 1) } },
    );
    expect(comparable(plan.journal).length).toBeGreaterThan(0);
    expect(comparable(plan.journal)).toEqual(comparable(dry));
  });

  it('says which groups are left alone and why, and that nothing was changed', async () => {
    const { plan, result } = await planned(
      request('pause-scaling', { group: ['web-a', 'legacy', 'web-404'] }),
      smallIncident({
        losses: [],
        groups: [smallGroup('web-a'), smallGroup('legacy', { tags: { tier: 'web' } })],
      }),
    );
    const told = tellPlan(plan);
    expect(told).toMatch(/web-a +would act/);
    expect(told).toMatch(/legacy +left alone +.*holdfast/);
    expect(told).toMatch(/web-404 +left alone/);
    expect(told).toContain('→ SuspendProcesses web-a: ScalingProcesses');
    expect(told).toContain(
      '1 group would take part, 2 left alone. Nothing was changed. Every call in full: --json.',
    );
    expect(result.calls.filter(({ mutating }) => mutating)).toEqual([]);
  });
});

describe('the policy for whoever plans', () => {
  it('allows what plans call, and nothing that none calls', async () => {
    // For check, backtest and snapshot.
    const sent = new Set([
      'autoscaling:DescribePolicies',
      'cloudtrail:LookupEvents',
      'cloudwatch:DescribeAlarmHistory',
      'cloudwatch:DescribeAlarms',
      'cloudwatch:GetMetricData',
      'cloudwatch:ListAlarmMuteRules',
    ]);
    const prefixes: Record<string, string> = {
      AutoScaling: 'autoscaling',
      CloudFormation: 'cloudformation',
      EC2: 'ec2',
      ElasticLoadBalancing: 'elasticloadbalancing',
    };
    const stories: [ExecutionRequest, Parameters<typeof planned>[1], number][] = [
      [request('pause-scaling', { tags: ['tier=web'] }), undefined, minutes(5)],
      [
        request('resize-in-place', { group: ['web-b', 'web-c'], with: ['instanceTypes=[m7i.xlarge]'] }),
        smallIncident({
          losses: [],
          groups: [
            smallGroup('web-b', {
              tags: { tier: 'web', holdfast: 'true', 'aws:cloudformation:stack-name': 'shop' },
            }),
            // Its health is what EC2 says.
            smallGroup('web-c', { healthCheckType: 'EC2' }),
          ],
        }),
        minutes(5),
      ],
      [request('drain-pending-wait', { group: ['api'] }), launchIncident(), minutes(45)],
    ];
    for (const [asked, story, at] of stories) {
      const { result } = await planned(asked, story, at, { policy: { rules: policy.rules.slice(0, 1) } });
      for (const { service, operation, functionName } of result.calls) {
        if (functionName === '') sent.add(`${prefixes[service]}:${operation}`);
      }
    }
    const { Statement } = JSON.parse(
      readFileSync(new URL('../../docs/examples/planner.policy.json', import.meta.url), 'utf8'),
    ) as { Statement: { Action: string[] }[] };
    expect([...sent].sort()).toEqual(Statement.flatMap(({ Action }) => Action));
  });
});

describe('toExecutionRequest', () => {
  it('makes the input of a remediation', () => {
    expect(
      request('resize-in-place', {
        tags: ['tier=web', 'team=a=b'],
        with: ['instanceTypes=[m7i.xlarge]', 'updateLaunchTemplate=true', 'expiresAfter=2h', 'atOnce=2'],
      }),
    ).toEqual({
      remediation: 'resize-in-place',
      input: {
        instanceTypes: ['m7i.xlarge'],
        updateLaunchTemplate: true,
        expiresAfter: '2h',
        atOnce: 2,
        tags: { tier: 'web', team: 'a=b' },
        reason: 'a plan',
        dryRun: true,
      },
    });
  });

  it.each<[string, Parameters<typeof request>, string]>([
    [
      'an unknown name',
      ['pause-scalin'],
      'rule or remediation: found "pause-scalin"; allowed: the rules packet-loss',
    ],
    ['a name that is near', ['paket-loss'], 'Did you mean "packet-loss"?'],
    ['no groups', ['pause-scaling'], 'groups: found neither --group nor --tags'],
    [
      'groups by both',
      ['pause-scaling', { group: ['a'], tags: ['b=c'] }],
      'groups: found both --group and --tags',
    ],
    [
      'groups of a rule',
      ['packet-loss', { group: ['a'] }],
      '--group: rule packet-loss says itself which groups',
    ],
    ['a tag that is none', ['pause-scaling', { tags: ['web'] }], '--tags: found "web"; allowed: key=value'],
    ['a tag twice', ['pause-scaling', { tags: ['tier=web', 'tier=api'] }], '--tags: found "tier" twice'],
    ['a field that is none', ['pause-scaling', { group: ['a'], with: ['x'] }], '--with: found "x"'],
  ])('refuses %s', (_what, words, message) => {
    expect(() => request(...words)).toThrow(message);
  });
});
