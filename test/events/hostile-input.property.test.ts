import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { remediationNames } from '../../functions/domain/remediation-names.ts';
import { parseHoldInput } from '../../functions/events/hold-input.ts';
import { parsePolicy } from '../../functions/events/policy.ts';
import { createHandler, type FunctionDefinition } from '../../functions/lambda/define-function.ts';
import { stateMachineArn } from '../../rehearsal/cloud/step-functions.ts';
import { parseFleet } from '../../rehearsal/fleet-file.ts';
import { parseStory } from '../../rehearsal/story-file.ts';
import { checkAsyncProperty, checkProperty } from '../check-property.ts';
import { holdfast } from '../cli/run-holdfast.ts';
import { minutes, rehearseSmall, smallIncident } from '../rehearsal/small-incident.ts';

const file = 'test/events/hostile-input.property.test.ts';
const functions = await Promise.all(
  globSync(fileURLToPath(new URL('../../functions/handlers/*.ts', import.meta.url)))
    .sort()
    .map(async (path) => {
      const { definition } = (await import(path)) as { definition: FunctionDefinition<never, unknown> };
      return { name: basename(path, '.ts'), definition };
    }),
);

/** Any JSON, also with names that objects have by themselves, and larger than anybody would send. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 5 }),
  fc.dictionary(
    fc.constantFrom('__proto__', 'constructor', 'toString', 'plan', 'input', 'Records', 'detail'),
    fc.jsonValue(),
  ),
  fc.integer({ min: 1, max: 250_000 }).map((length) => 'x'.repeat(length)),
);

/** As it comes: over a wire, so that what has no prototype, and other things of JavaScript, are not in it. */
const json = anything.map((value): unknown => JSON.parse(JSON.stringify(value)));

/** A runtime that must not be asked for: what is no input reaches no task. */
class ReachedError extends Error {}
const noRuntime = (): never => {
  throw new ReachedError('the task was reached');
};

/** Words of a command line: commands, options, and what nobody meant. */
const words = fc.oneof(
  fc.constantFrom(
    'plan',
    'check',
    'story',
    'rehearse',
    'start',
    'stop',
    'switch',
    'journal',
    'status',
    'help',
  ),
  fc.constantFrom('--json', '--with', '--tags', '--stage', '--seed', '--policy', '--fleet', '-h2', '--', '-'),
  fc.constantFrom('__proto__', 'constructor', '', ' ', '=', 'a=b', '=b', '\u0000', '-1', '1e9', '🙂'),
  fc.string({ maxLength: 20 }),
);

describe('any words', () => {
  it('after holdfast are refused in plain words, and reach nobody', () =>
    checkAsyncProperty(
      fc.asyncProperty(fc.array(words, { maxLength: 6 }), async (some) => {
        // Where help is asked for, help is given; everything else is no option.
        fc.pre(!some.includes('help'));
        const { status, err } = await holdfast('plan', ...some.filter((word) => word !== '--'), '--nonsense');
        expect(status).toBe(2);
        expect(err).not.toMatch(/\n {4}at /);
        expect(err.trim()).not.toBe('');
      }),
      { file, runs: 200 },
    ));
});

describe('any JSON', () => {
  // These are started by schedules and read nothing of their event.
  it.each(functions.filter(({ name }) => !['sweep', 'check-readiness'].includes(name)))(
    'into $name is refused with a message that names it, or understood',
    ({ definition }) =>
      checkAsyncProperty(
        fc.asyncProperty(json, async (event) => {
          const handler = createHandler(definition, noRuntime, { info: () => {} });
          const error = await handler(event, {} as Context).then(
            () => undefined,
            (thrown: unknown) => thrown as Error,
          );
          expect(error).toBeDefined();
          if (error instanceof ReachedError) return;
          expect(error?.name).toBe('InvalidInputError');
          expect(error?.message).toContain(definition.name);
        }),
        { file, runs: 60 },
      ),
  );

  it.each(remediationNames)('as the input of %s by hand is refused with a remedy', (remediation) =>
    checkProperty(
      fc.property(json, (input) => {
        try {
          parseHoldInput(remediation, input);
        } catch (error) {
          expect((error as Error).name).toBe('InvalidInputError');
          expect((error as Error).message).toContain('A correct input by hand: {');
        }
      }),
      { file, runs: 200 },
    ),
  );

  it('as a story is refused with its field', () =>
    checkProperty(
      fc.property(
        fc.oneof(
          json,
          fc.record({ name: json, title: json, fleet: fc.array(json, { maxLength: 3 }), events: json }),
        ),
        (story) => {
          try {
            parseStory(story, 'story.yml');
          } catch (error) {
            expect((error as Error).name).toBe('InvalidStoryError');
            expect((error as Error).message).toContain('story.yml is not a valid story');
          }
        },
      ),
      { file, runs: 200 },
    ));

  it('as a fleet is refused with its field', () =>
    checkProperty(
      fc.property(
        fc.oneof(
          json,
          fc.record({ AutoScalingGroups: fc.oneof(json, fc.array(json, { maxLength: 3 })) }),
          fc.record({
            AutoScalingGroups: fc.array(
              fc.record({ AutoScalingGroupName: json, MinSize: json, Instances: json }),
              { maxLength: 3 },
            ),
          }),
        ),
        (fleet) => {
          try {
            parseFleet(fleet, 'fleet.json');
          } catch (error) {
            expect((error as Error).name).toBe('InvalidFleetError');
            expect((error as Error).message).toContain('fleet.json is not a fleet');
          }
        },
      ),
      { file, runs: 200 },
    ));

  it('as the input of an execution changes nothing, and ends', () =>
    checkAsyncProperty(
      fc.asyncProperty(fc.constantFrom(...remediationNames), json, async (remediation, input) => {
        const { result, cloud } = await rehearseSmall(
          smallIncident({
            losses: [],
            alarms: [],
            durationSeconds: minutes(20),
            deeds: [
              {
                atSeconds: 60,
                text: '',
                act: ({ stepFunctions }) =>
                  stepFunctions.startExecution(
                    stateMachineArn(`holdfast-rehearsal-${remediation}`),
                    'by-hand',
                    input as object,
                  ),
              },
            ],
          }),
          { judge: () => [] },
        );
        expect(result.calls.filter(({ mutating }) => mutating)).toEqual([]);
        expect(cloud.store.listIncidents()).toEqual([]);
        expect(result.executions.map(({ status }) => status)).not.toContain('RUNNING');
      }),
      { file, runs: 20 },
    ));

  it('as a policy is refused with its field', () =>
    checkProperty(
      fc.property(
        fc.oneof(
          json,
          fc.record({ rules: fc.array(json, { maxLength: 3 }) }),
          fc.record({
            rules: fc.array(fc.record({ name: json, when: json, do: json, targets: json, with: json }), {
              maxLength: 3,
            }),
          }),
        ),
        (policy) => {
          try {
            parsePolicy(policy, 'policy.yml');
          } catch (error) {
            expect((error as Error).name).toBe('InvalidPolicyError');
            expect((error as Error).message).toContain('policy.yml is not a valid policy');
          }
        },
      ),
      { file, runs: 200 },
    ));
});
