import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parseArn } from '../functions/domain/arn.ts';
import { executionNameOf, remediationOf, stageOfExecution } from '../functions/domain/execution-arn.ts';
import { createDynamoDbStore } from '../functions/state/dynamodb-store.ts';
import { reportOfIncident } from '../report/from-incident.ts';
import { writeReport } from '../report/write-report.ts';
import { parseOptions, runCommand, UsageError } from './parse-options.ts';

const usage = `npm run report -- EXECUTION_ARN [--out DIR]
Writes the report of an incident, from its journal: a page, and Markdown beside it, in reports/ or DIR. It reads the table of
the stage, with the credentials of the environment. The ARN is on the page of the execution in the Step Functions console,
and in every message.`;

const run = async (executionArn: string, folder: string): Promise<string> => {
  const { region } = parseArn(executionArn);
  const client = new DynamoDBClient({ region });
  const store = createDynamoDbStore(
    client,
    `holdfast-${stageOfExecution(executionArn)}`,
    { now: () => new Date().toISOString() },
    () => 'report',
  );
  const entries = await store.readJournal(executionArn);
  if (entries.length === 0) {
    throw new Error(
      `The table has no journal of ${executionNameOf(executionArn)}: look at the name, or it is older than the table keeps journals.`,
    );
  }
  const report = reportOfIncident(executionArn, entries, await store.readEvidence(executionArn));
  return writeReport(report, folder, executionNameOf(executionArn));
};

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions(process.argv.slice(2), {
    out: { type: 'string' },
    help: { type: 'boolean' },
  });
  const [executionArn, ...rest] = positionals;
  if (executionArn === undefined || remediationOf(executionArn) === undefined || rest.length > 0) {
    throw new UsageError(
      `EXECUTION_ARN: found ${positionals.length === 0 ? 'nothing' : `"${positionals.join(' ')}"`}; allowed: the ARN of one execution of Holdfast`,
    );
  }
  try {
    process.stdout.write(`The report: ${await run(executionArn, values.out ?? 'reports')}\n`);
    return 0;
  } catch (error) {
    const { name, message } = error as Error;
    process.stderr.write(`${name === 'Error' ? '' : `${name}: `}${message}\n`);
    return 1;
  }
});
