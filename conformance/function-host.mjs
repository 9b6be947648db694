// Runs the Lambda zips that were uploaded into the account, each in a thread of its own with its own environment.
// Run by tell.py with the Node of the deployed runtime: node function-host.mjs PORT ENDPOINT LOG
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const runHost = ([port, endpoint, log]) => {
  const root = join(tmpdir(), `holdfast-functions-${process.pid}`);
  const threads = new Map();

  const unpack = ({ name, digest, code }) => {
    const folder = join(root, name, digest.replaceAll(/\W/g, '').slice(0, 16));
    if (!existsSync(folder)) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${folder}.zip`, Buffer.from(code, 'base64'));
      execFileSync('python3', ['-m', 'zipfile', '-e', `${folder}.zip`, folder]);
    }
    return folder;
  };

  const start = (call) => {
    const folder = unpack(call);
    const { name, handler } = call;
    const env = {
      ...call.environment,
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'y',
      AWS_SESSION_TOKEN: 'z',
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      LAMBDA_TASK_ROOT: folder,
      TZ: ':UTC',
    };
    const worker = new Worker(new URL(import.meta.url), {
      env,
      workerData: { folder, handler, name },
      stdout: true,
      stderr: true,
    });
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.on('data', (data) => appendFileSync(log, String(data)));
    }
    const waiting = new Map();
    worker.on('message', ({ id, ...answer }) => {
      waiting.get(id)?.(answer);
      waiting.delete(id);
    });
    worker.on('error', (error) => {
      const answer = { error: { errorType: 'Runtime.ExitError', errorMessage: String(error) } };
      for (const done of waiting.values()) done(answer);
      threads.delete(name);
    });
    return { worker, waiting, folder };
  };

  let count = 0;
  const invoke = (call) => {
    // A deploy brings other code: it runs in a thread of its own.
    if (threads.get(call.name)?.folder !== unpack(call)) threads.set(call.name, start(call));
    const { worker, waiting } = threads.get(call.name);
    count += 1;
    const id = count;
    return new Promise((done) => {
      waiting.set(id, done);
      worker.postMessage({ id, event: call.event, now: call.now, timeout: call.timeout });
      const errorMessage = `Task timed out after ${call.timeout}.00 seconds`;
      const timeOut = () => done({ error: { errorType: 'Sandbox.Timedout', errorMessage } });
      setTimeout(timeOut, call.timeout * 1000).unref();
    });
  };

  createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', async () => {
      response.end(JSON.stringify(await invoke(JSON.parse(Buffer.concat(parts).toString()))));
    });
  }).listen(Number(port), '127.0.0.1', () => console.log('ready'));
};

/** The pause between two looks of a check. */
const secondLook = 60_000;

/**
 * Shows the function the account's time, and lets its pauses (paces, retries, and that between two looks) pass twenty
 * times as fast.
 */
const shiftTime = () => {
  const RealDate = Date;
  const realSetTimeout = setTimeout;
  let offset = 0;
  globalThis.Date = class extends RealDate {
    constructor(...parts) {
      if (parts.length === 0) super(RealDate.now() + offset);
      else super(...parts);
    }
    static now() {
      return RealDate.now() + offset;
    }
  };
  // Time-outs of requests are longer, and stay as they are.
  globalThis.setTimeout = (work, delay = 0, ...more) =>
    realSetTimeout(work, delay < 3000 || delay === secondLook ? delay / 20 : delay, ...more);
  return (now) => {
    offset = now - RealDate.now();
  };
};

const runFunction = ({ folder, handler, name }) => {
  const setNow = shiftTime();
  const dot = handler.lastIndexOf('.');
  let loaded;
  parentPort.on('message', async ({ id, event, now, timeout }) => {
    setNow(now);
    const endsAt = Date.now() + timeout * 1000;
    try {
      const file = join(folder, `${handler.slice(0, dot)}.js`);
      loaded ??= createRequire(join(folder, 'x.js'))(file)[handler.slice(dot + 1)];
      const result = await loaded(event, {
        functionName: name,
        functionVersion: '$LATEST',
        invokedFunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
        memoryLimitInMB: '512',
        awsRequestId: `request-${id}`,
        getRemainingTimeInMillis: () => endsAt - Date.now(),
      });
      parentPort.postMessage({
        id,
        result: result === undefined ? null : JSON.parse(JSON.stringify(result)),
      });
    } catch (error) {
      console.error(`${name}: ${error?.stack}`);
      const trace = String(error?.stack).split('\n').slice(0, 8);
      const errorType = error?.name ?? 'Error';
      parentPort.postMessage({ id, error: { errorType, errorMessage: String(error?.message), trace } });
    }
  });
};

if (isMainThread) runHost(process.argv.slice(2));
else runFunction(workerData);
