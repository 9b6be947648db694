import { describe, expect, it } from 'vitest';
import { explainError } from '../../cli/explain-error.ts';
import { UsageError } from '../../cli/usage-error.ts';

const named = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });
const answered = { $metadata: { httpStatusCode: 400 } };

describe('explainError', () => {
  it('tells who typed flags what is wrong with an input, and no JSON', () => {
    const message =
      'The input of this execution is not valid; nothing was changed.\n  byHand.reason: found "x"; allowed: at least 3 characters\nA correct input by hand: {"autoScalingGroupName":"web"}';
    const told = explainError(named('InvalidInputError', message));
    expect(told).toContain('  --reason: found "x"');
    expect(told).toContain('A field is given as --with field=value');
    expect(told).not.toContain('{');
  });

  it.each<[string, Error, string]>([
    ['no Region', named('Error', 'Region is missing'), 'No Region, or none that there can be: give --region'],
    [
      'an empty Region',
      named('Error', 'Region not accepted: region=""'),
      'No Region, or none that there can be',
    ],
    [
      'no credentials',
      named('CredentialsProviderError', 'Could not load credentials from any providers'),
      'No credentials: give --profile',
    ],
    ['expired credentials', named('ExpiredTokenException', 'x', answered), 'The credentials have expired'],
    [
      'wrong credentials',
      named('InvalidClientTokenId', 'x', answered),
      'AWS does not know these credentials',
    ],
    [
      'a denied permission',
      named(
        'AccessDenied',
        'User: arn:aws:iam::1:user/x is not authorized to perform: autoscaling:DescribeAutoScalingGroups because no identity-based policy allows it',
        answered,
      ),
      'Not allowed: autoscaling:DescribeAutoScalingGroups. Give the credentials this permission',
    ],
    [
      'a throttled account',
      named('Throttling', 'Rate exceeded', answered),
      'AWS throttles the calls of this account',
    ],
    [
      'no network',
      named('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED' }),
      'AWS cannot be reached (ECONNREFUSED)',
    ],
    [
      'no network behind several tries',
      named('AggregateError', '', { errors: [Object.assign(new Error('x'), { code: 'ENOTFOUND' })] }),
      'AWS cannot be reached (ENOTFOUND)',
    ],
    [
      'no name service',
      named('Error', 'getaddrinfo EAI_AGAIN', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }),
      'AWS cannot be reached (EAI_AGAIN)',
    ],
    [
      'a certificate',
      named('Error', 'x', { code: 'CERT_HAS_EXPIRED' }),
      'AWS cannot be reached (CERT_HAS_EXPIRED)',
    ],
    ['a request of long ago', named('RequestExpired', 'x', answered), 'The credentials have expired'],
    [
      'an error of AWS’s own',
      named('Unknown', 'Unknown', { $metadata: { httpStatusCode: 502 }, operation: 'DescribeAlarms' }),
      'AWS answered DescribeAlarms with an error of its own (HTTP 502)',
    ],
    ['an endpoint that is none', named('TypeError', 'Invalid URL'), 'AWS_ENDPOINT_URL is no address'],
    [
      'a profile that there is not',
      named(
        'CredentialsProviderError',
        'Could not resolve credentials using profile: [nope] in configuration/credentials file(s).',
      ),
      '--profile: there are no credentials for the profile nope',
    ],
    ['silence', named('TimeoutError', 'x'), 'AWS does not answer'],
    ['what says itself', new UsageError('--seed: found "x"'), '--seed: found "x"'],
    [
      'what AWS refuses',
      named('ValidationError', 'bad', answered),
      'AWS refused a call: ValidationError: bad',
    ],
  ])('says %s in one line, with what to do', (_what, error, text) => {
    const told = explainError(error);
    expect(told.startsWith(text)).toBe(true);
    expect(told).not.toContain('\n');
    // Whoever catches an error does not know what was changed before.
    expect(told).not.toContain('Nothing was changed');
  });

  it('keeps the stack of what nobody thought of: it is a fault of ours', () => {
    expect(explainError(new TypeError('x is not a function'))).toMatch(
      /^This is a fault of Holdfast.*\n.*\n +at /s,
    );
  });
});
