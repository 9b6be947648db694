import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { parseArn } from '../functions/domain/arn.ts';
import { executionNameOf, remediationOf, stageOfExecution } from '../functions/domain/execution-arn.ts';
import { createDynamoDbStore } from '../functions/state/dynamodb-store.ts';
import { reportOfIncident } from '../report/from-incident.ts';
import { writeReport } from '../report/write-report.ts';

const usage = `npm run report -- EXECUTION_ARN [--out DIR]
Writes the report of an incident, from its journal: a page, and Markdown beside it, in reports/ or DIR. It reads the table of
the stage, with the credentials of the environment. The ARN is on the page of the execution in the Step Functions console,
and in every message.`;

const readOptions = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { out: { type: 'string' }, help: { type: 'boolean' } },
    });
  } catch {
    return undefined;
  }
};

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

const options = readOptions();
const [executionArn = '', ...rest] = options?.positionals ?? [];
if (options?.values.help === true) {
  process.stdout.write(`${usage}\n`);
} else if (options === undefined || rest.length > 0 || remediationOf(executionArn) === undefined) {
  const found = executionArn === '' ? '' : `"${executionArn}" is not the ARN of an execution of Holdfast.\n`;
  process.stderr.write(`${found}${usage}\n`);
  process.exitCode = 2;
} else {
  try {
    process.stdout.write(`The report: ${await run(executionArn, options.values.out ?? 'reports')}\n`);
  } catch (error) {
    const { name, message } = error as Error;
    process.stderr.write(`${name === 'Error' ? '' : `${name}: `}${message}\n`);
    process.exitCode = 1;
  }
}
