/** Errors that say everything themselves: field, found, allowed, remedy. */
const saysItself: ReadonlySet<string> = new Set([
  'UsageError',
  'AccessError',
  'InvalidPolicyError',
  'InvalidStoryError',
  'InvalidFleetError',
  'InvalidInputError',
  'UnreadableFactError',
]);

/** The action of IAM that a refusal names (IAM User Guide, "Access denied error messages"). */
const actionIn = (message: string): string | undefined =>
  /not authorized to perform: ([\w-]+:\w+)/.exec(message)?.[1];

/** What an error of the network says of itself: its own code, or that of what is behind it. */
const networkCodeOf = (error: unknown): string | undefined => {
  const { code, syscall, cause, errors } = error as {
    code?: unknown;
    syscall?: unknown;
    cause?: unknown;
    errors?: unknown[];
  };
  const isOfNetwork = typeof syscall === 'string' && /^(connect|read|write|getaddrinfo)/.test(syscall);
  if (
    typeof code === 'string' &&
    (isOfNetwork || /^(EAI_|ENOTFOUND|ECONN|CERT_|ERR_TLS|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(code))
  )
    return code;
  const inner = cause ?? errors?.[0];
  return inner === undefined ? undefined : networkCodeOf(inner);
};

const words: { isSo: (name: string, message: string) => boolean; text: (message: string) => string }[] = [
  {
    isSo: (_name, message) => /Region is missing|Region not accepted/.test(message),
    text: () =>
      'No Region, or none that there can be: give --region, such as --region eu-west-1, or set AWS_REGION.',
  },
  {
    isSo: (_name, message) => /profile: \[/.test(message),
    text: (message) =>
      `--profile: there are no credentials for the profile ${/profile: \[([^\]]*)/.exec(message)?.[1]} in ~/.aws/config or ~/.aws/credentials.`,
  },
  {
    isSo: (name, message) =>
      name === 'CredentialsProviderError' || /Could not load credentials|could not be found in/.test(message),
    text: (message) =>
      `No credentials: give --profile, or sign in as you do for the aws command (${message.replace(/\.$/, '')}).`,
  },
  {
    isSo: (name) => /ExpiredToken|RequestExpired|TokenRefreshRequired|SSOTokenProviderError/.test(name),
    text: () => 'The credentials have expired: sign in again, for example with aws sso login.',
  },
  {
    isSo: (name) =>
      /^(InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|AuthFailure|IncompleteSignature|InvalidAccessKeyId)/.test(
        name,
      ),
    text: () => 'AWS does not know these credentials: look at --profile and at AWS_ACCESS_KEY_ID.',
  },
  {
    isSo: (name, message) =>
      /AccessDenied|UnauthorizedOperation|AuthorizationError/.test(name) || actionIn(message) !== undefined,
    text: (message) =>
      `Not allowed: ${actionIn(message) ?? message}. Give the credentials this permission; what each command needs is in docs/command.md.`,
  },
  {
    isSo: (name) => /Throttl|RequestLimitExceeded|TooManyRequests/.test(name),
    text: () => 'AWS throttles the calls of this account: others call too often now. Try again in a minute.',
  },
  {
    isSo: (_name, message) => /Invalid URL/.test(message),
    text: () => 'AWS_ENDPOINT_URL is no address: leave it out, or give one such as http://127.0.0.1:4566.',
  },
  {
    isSo: (name) => name === 'TimeoutError',
    text: () => 'AWS does not answer: look at the network, at --region, and at AWS_ENDPOINT_URL. Try again.',
  },
];

/** What is wrong with an input, for who typed flags and no JSON. */
const asOnTheCommandLine = (message: string): string =>
  message
    .replace(
      /\nA correct input by hand: .*$/s,
      "\nA field is given as --with field=value, such as --with expiresAfter=2h; a list as --with 'instanceTypes=[m7i.xlarge]'.",
    )
    .replace(/^( *)byHand\.reason:/m, '$1--reason:');

/**
 * Says what went wrong in one sentence, with what to do. An error that nobody thought of keeps its stack: it is a fault of
 * ours.
 */
export const explainError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { name, message } = error;
  if (name === 'InvalidInputError') return asOnTheCommandLine(message);
  if (saysItself.has(name)) return message;
  const network = networkCodeOf(error);
  if (network !== undefined) {
    return `AWS cannot be reached (${network}): look at the network, at --region, and at AWS_ENDPOINT_URL.`;
  }
  const known = words.find(({ isSo }) => isSo(name, message));
  if (known !== undefined) return known.text(message);
  const { operation = 'a call' } = error as { operation?: string };
  const { httpStatusCode = 0 } = (error as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {};
  if (
    httpStatusCode >= 500 ||
    ('$metadata' in error && error instanceof SyntaxError) ||
    ('$response' in error && !/Exception|Error$|Fault/.test(name))
  ) {
    return `AWS answered ${operation} with an error of its own (HTTP ${httpStatusCode}), or with something that cannot be read: try again, and look at AWS_ENDPOINT_URL.`;
  }
  return '$metadata' in error
    ? `AWS refused ${operation}: ${name}: ${message.split('\n')[0]?.slice(0, 300)}`
    : `This is a fault of Holdfast; please report it:\n${error.stack ?? message}`;
};
