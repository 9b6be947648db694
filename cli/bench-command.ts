import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./holdfast.js', import.meta.url));
const groupsPerPage = 100;
const instancesPerGroup = 4;

const member = (fields: Record<string, string | number>): string =>
  `<member>${Object.entries(fields)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</member>`;

/** A group as DescribeAutoScalingGroups answers it (Amazon EC2 Auto Scaling API reference). */
const groupXml = (index: number): string => {
  const name = `web-${String(index).padStart(4, '0')}`;
  const instances = Array.from({ length: instancesPerGroup }, (_, at) =>
    member({
      InstanceId: `i-${(index * instancesPerGroup + at).toString(16).padStart(17, '0')}`,
      LifecycleState: 'InService',
      HealthStatus: 'Healthy',
      ProtectedFromScaleIn: 'false',
      AvailabilityZone: 'us-east-1a',
      InstanceType: 'm7i.large',
    }),
  );
  const tags = [
    ['holdfast', 'true'],
    ['tier', 'web'],
  ].map(([Key = '', Value = '']) => member({ ResourceId: name, Key, Value, PropagateAtLaunch: 'true' }));
  return `<member><AutoScalingGroupName>${name}</AutoScalingGroupName><AutoScalingGroupARN>arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:${index}:autoScalingGroupName/${name}</AutoScalingGroupARN><MinSize>2</MinSize><MaxSize>20</MaxSize><DesiredCapacity>4</DesiredCapacity><HealthCheckType>ELB</HealthCheckType><HealthCheckGracePeriod>300</HealthCheckGracePeriod><CreatedTime>2024-01-01T00:00:00Z</CreatedTime><Instances>${instances.join('')}</Instances><SuspendedProcesses/><Tags>${tags.join('')}</Tags></member>`;
};

const days = 14;
const activitiesPerDay = 4;

/** An activity of a history, newest first: every tenth is a launch that failed. */
const activityXml = (index: number, groups: number, all: number): string => {
  const at = new Date(Date.now() - (index / all) * days * 86_400_000).toISOString();
  const hasFailed = index % 10 === 0;
  return member({
    ActivityId: `a-${index}`,
    AutoScalingGroupName: `web-${String(index % groups).padStart(4, '0')}`,
    Description: `${hasFailed ? 'Launching a new EC2 instance' : 'Terminating EC2 instance: i-1'}`,
    Cause:
      'an instance was taken out of service in response to a difference between desired and actual capacity',
    StartTime: at,
    EndTime: at,
    StatusCode: hasFailed ? 'Failed' : 'Successful',
    Progress: 100,
  });
};

const answer = (
  operation: string,
  parameters: URLSearchParams,
  groups: number,
): [status: number, body: string] => {
  if (operation === 'GetCallerIdentity') {
    return [
      200,
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/bench</Arn><UserId>x</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>',
    ];
  }
  if (operation === 'DescribeAutoScalingGroups') {
    const isOfHolds = parameters.toString().includes('holdfast-hold');
    const from = Number(parameters.get('NextToken') ?? 0);
    const until = isOfHolds ? from : Math.min(groups, from + groupsPerPage);
    const next = until < groups && !isOfHolds ? `<NextToken>${until}</NextToken>` : '';
    const members = Array.from({ length: until - from }, (_, index) => groupXml(from + index)).join('');
    return [
      200,
      `<DescribeAutoScalingGroupsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><DescribeAutoScalingGroupsResult><AutoScalingGroups>${members}</AutoScalingGroups>${next}</DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`,
    ];
  }
  if (operation === 'DescribeScalingActivities') {
    const from = Number(parameters.get('NextToken') ?? 0);
    const all = groups * days * activitiesPerDay;
    const until = Math.min(all, from + groupsPerPage);
    const next = until < all ? `<NextToken>${until}</NextToken>` : '';
    const members = Array.from({ length: until - from }, (_, index) =>
      activityXml(from + index, groups, all),
    ).join('');
    return [
      200,
      `<DescribeScalingActivitiesResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><DescribeScalingActivitiesResult><Activities>${members}</Activities>${next}</DescribeScalingActivitiesResult></DescribeScalingActivitiesResponse>`,
    ];
  }
  return [400, '{"__type":"ResourceNotFoundException","message":"not here"}'];
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
};

/** An account of many groups that answers at once, and counts what it is asked. */
const serveGroups = async (
  groups: number,
): Promise<{ server: Server; url: string; calls: Map<string, number> }> => {
  const calls = new Map<string, number>();
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const parameters = new URLSearchParams(body);
      const target = String(request.headers['x-amz-target'] ?? '');
      const operation = parameters.get('Action') ?? target.split('.').at(-1) ?? '';
      calls.set(operation, (calls.get(operation) ?? 0) + 1);
      const [status, text] = answer(operation, parameters, groups);
      response.writeHead(status, {
        'content-type': text.startsWith('{') ? 'application/x-amz-json-1.0' : 'text/xml',
      });
      response.end(text);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
};

/** Prints the most memory of a process when it ends. */
const tellMemory =
  "data:text/javascript,process.on('exit',()=>process.stderr.write(' maxrss '+process.resourceUsage().maxRSS))";

const run = (words: string[], environment: NodeJS.ProcessEnv) =>
  new Promise<{ status: number | null; milliseconds: number; megabytes: number }>((resolve) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, ['--import', tellMemory, program, ...words], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stdout.resume();
    child.stderr.on('data', (data) => {
      errors += data;
    });
    child.on('close', (status) =>
      resolve({
        status,
        milliseconds: Math.round(performance.now() - startedAt),
        megabytes: Math.round(Number(/maxrss (\d+)/.exec(errors)?.[1] ?? Number.NaN) / 1024),
      }),
    );
  });

/** How long the command takes, what it asks and how much memory it needs: its help, and an account of many groups. */
export const measureCommand = async (groups: number) => {
  const { server, url, calls } = await serveGroups(groups);
  const environment = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'y',
  };
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const policyFile = join(folder, 'policy.yml');
  writeFileSync(
    policyFile,
    'rules: [{ name: failing, when: { launchFailures: { count: 3, within: 60m } }, do: protect-instances, targets: { tags: { tier: web } } }]',
  );
  const results = [];
  for (const words of [
    ['--help'],
    ['plan', 'pause-scaling', '--tags', 'tier=web', '--with', `groupsMax=${groups}`],
    ['status'],
    ['backtest', '--policy', policyFile],
  ]) {
    calls.clear();
    const measured = await run(words, environment);
    results.push({
      command: words.slice(0, 2).join(' '),
      groups,
      ...measured,
      calls: Object.fromEntries(calls),
    });
  }
  server.close();
  rmSync(folder, { recursive: true });
  return results;
};
