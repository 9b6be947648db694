import type { Context } from 'aws-lambda';
import { type Connect, createConnect } from '../../functions/aws/connect.ts';
import { isOptedIn } from '../../functions/domain/auto-scaling-group.ts';
import type { Measure } from '../../functions/domain/telling/metrics.ts';
import type { Policy } from '../../functions/events/policy.ts';
import { stateMachineArns } from '../../functions/lambda/config.ts';
import {
  createHandler,
  type FunctionDefinition,
  type LambdaHandler,
} from '../../functions/lambda/define-function.ts';
import type { Runtime } from '../../functions/lambda/runtime.ts';
import type { Deployment, FunctionOfServerless } from '../deployment.ts';
import { createMemoryStore, type MemoryStore, watchStore } from '../memory-store.ts';
import { seededRandom, type VirtualTime } from '../virtual-time.ts';
import { type AutoScalingService, createAutoScalingService } from './auto-scaling.ts';
import {
  type AutoScalingQuirks,
  type GroupEvent,
  groupArnOf,
  groupNameIn,
  type World,
} from './auto-scaling-group.ts';
import { CloudError } from './cloud-error.ts';
import { type CloudFormationService, createCloudFormationService } from './cloudformation.ts';
import {
  assumedRole,
  type CloudTrailQuirks,
  type CloudTrailService,
  createCloudTrailService,
} from './cloudtrail.ts';
import {
  type AlarmSpec,
  accountId,
  type CloudWatchService,
  createCloudWatchService,
  region,
} from './cloudwatch.ts';
import { createNoticeStream } from './dynamodb-stream.ts';
import { createEc2Service, type Ec2Service } from './ec2.ts';
import { createElasticLoadBalancingService } from './elastic-load-balancing.ts';
import { createEventBus, type DeliveryQuirks } from './eventbridge.ts';
import { createLambdaService, type LambdaService, runningFunction } from './lambda.ts';
import { createSnsService, type PublishedMessage } from './sns.ts';
import {
  createStepFunctionsService,
  type Execution,
  type StepFunctionsService,
  stateMachineArn,
} from './step-functions.ts';
import { createSystemsManagerService, Parameters } from './systems-manager.ts';
import { createThrottle } from './throttle.ts';
import {
  createWire,
  isMutating,
  type RecordedCall,
  type ServiceName,
  type SimulatedService,
  type WireQuirks,
} from './wire.ts';

/** Everything the facts leave open. */
export type Quirks = AutoScalingQuirks &
  CloudTrailQuirks &
  DeliveryQuirks &
  WireQuirks & {
    /** By how much the clock of a function may be wrong, either way. */
    clockSkewSeconds: number;
    /**
     * How often the table does not do as it is asked, from 0 to 1, although it was asked again and again: a third is
     * throttled, of a third no answer comes and nothing was done, of a third no answer comes and it was done.
     */
    tableErrorRate: number;
  };

/** Lets the seed decide what the facts do not. */
export const chooseQuirks = (seed: number, chosen: Partial<Quirks>): Quirks => {
  const random = seededRandom(seed + 2);
  return {
    desiredFallsWhileTerminateIsSuspended: random() < 0.5,
    suspensionDelaySeconds: random() < 0.5 ? 0 : Math.round(20 * random()),
    duplicateRate: 0.1,
    lossRate: 0,
    lateRate: 0,
    bestEffortLossRate: random() < 0.5 ? 0 : 0.3 * random(),
    protectionIsAllOrNothing: random() < 0.5,
    terminatesWaitingInstances: random() < 0.5,
    abandonRunsTerminationHooks: random() < 0.5,
    abandonSendsLaunchUnsuccessful: random() < 0.5,
    limitsFailingLaunches: random() < 0.5,
    exitStandbyKeepsToMaximum: random() < 0.5,
    startFailsLater: random() < 0.5,
    ec2TimeFactor: 1,
    reservationsTakeRunning: random() < 0.5,
    reservationDelaySeconds: random() < 0.5 ? 0 : Math.round(20 * random()),
    standbyLagSeconds: random() < 0.5 ? 0 : Math.round(15 * random()),
    endsPendingWhileTerminateIsSuspended: random() < 0.5,
    scaleInWaitsForReplacements: random() < 0.5,
    othersShareOfCalls: random() < 0.5 ? 0 : 0.5 * random(),
    metricDelayMinutes: Math.floor(4 * random()),
    ec2StaleSeconds: random() < 0.5 ? 0 : Math.round(60 * random()),
    stuckStopRate: random() < 0.5 ? 0 : 0.1 * random(),
    impairedStartRate: random() < 0.5 ? 0 : 0.1 * random(),
    deafStartRate: random() < 0.5 ? 0 : 0.1 * random(),
    updateResumesWhatOthersSuspended: random() < 0.5,
    marksFewWhenAllFail: random() < 0.5,
    ec2EndsPerHour: random() < 0.5 ? 0 : 0.01 * random(),
    trailDelaySeconds: Math.round(60 + 840 * random()),
    hangRate: 0,
    serverErrorRate: 0,
    clockSkewSeconds: 0,
    tableErrorRate: 0,
    ...chosen,
  };
};

/** The topic of every rehearsal. */
const topicArn = `arn:aws:sns:${region}:${accountId}:holdfast-rehearsal-notifications`;

/** Name of the kill switch in every rehearsal. */
export const killSwitchParameter = '/holdfast/rehearsal/mode';

/** The account: what a person in a story, or a test, can reach while it runs. */
export interface SimulatedCloud {
  time: VirtualTime;
  autoScaling: AutoScalingService;
  ec2: Ec2Service;
  cloudFormation: CloudFormationService;
  cloudTrail: CloudTrailService;
  cloudWatch: CloudWatchService;
  stepFunctions: StepFunctionsService;
  lambda: LambdaService;
  sns: SimulatedService;
  /** SSM parameters; the kill switch is `killSwitchParameter`. */
  parameters: Map<string, string>;
  store: MemoryStore;
  /** Clients of this account, for whoever looks at it from outside. */
  connect: Connect;
  /** Deploys the stage anew: what runs goes on as it was, what starts is as deployed. */
  deploy(deployed: Deployed): void;
}

/** What of a stage changes with a deploy. */
export type Deployed = Pick<SimulatedCloudOptions, 'policy' | 'stageMode'>;

/** A moment in which a function may die. */
export interface Death {
  functionName: string;
  /** An operation of AWS, or a method of the store. */
  operation: string;
  mutating: boolean;
  when: 'before' | 'after';
}

/** What the account is made of, and who is told what happens in it. */
export interface SimulatedCloudOptions {
  time: VirtualTime;
  world: World;
  quirks: Quirks;
  /**
   * Chance of deliveries and calls: a stream of its own, so that what Holdfast does leaves the world's alone and the
   * same morning can be told with it and without.
   */
  random: () => number;
  /** The account's bucket for Auto Scaling calls. */
  autoScalingCallsPerSecond: number;
  autoScalingBurst: number;
  deployment: Deployment;
  functions: (FunctionOfServerless & { definition: FunctionDefinition<never, unknown> })[];
  policy: Policy;
  stageMode: 'live' | 'dry-run';
  /** Whether it is deployed with `launchTemplates=on`. */
  changesLaunchTemplates: boolean;
  /** Whether the stage checks every hour whether it is ready. */
  checksReadiness?: boolean;
  /** Whether events and schedules reach the functions. */
  withHoldfast: boolean;
  onGroupEvent: (event: GroupEvent) => void;
  onAlarm: (alarm: AlarmSpec, value: string, reason: string) => void;
  onCall: (call: RecordedCall) => void;
  onFunctionError: (message: string) => void;
  /** Whether a service does not answer now, or how it refuses. */
  outageOf: (service: ServiceName | 'DynamoDB') => { error?: string } | undefined;
  /** Whether a function dies here: nothing of it is heard of again. */
  dies: (death: Death) => boolean;
  /** Told of every state that an execution enters. */
  onState: (execution: Execution, state: string) => void;
  /** Told of every message that people get. */
  onMessage: (message: PublishedMessage) => void;
  onMetrics: Measure;
  /** Of groups that fail at once so many get an execution of their own. */
  groupsFailingAlone?: number | undefined;
  /** Whether calls skip what of the SDK nothing arrives of here. */
  skipsSerialization?: boolean;
  /** Whether read and write units are counted. */
  countsCost: boolean;
  /** Told which function uses which method of the store. */
  onStoreUse: (functionName: string, method: string) => void;
}

/**
 * What AWS Lambda keeps from one invocation to the next: the clients, and so the pace of their calls. Two invocations at
 * the same time are in two of them. Here one serves every function in turn; on AWS each function has its own.
 */
interface Environment {
  isBusy: boolean;
  handlers: Map<string, LambdaHandler>;
}

type RunInEnvironment = (name: string, event: unknown, context: Context) => Promise<unknown>;

/** As IAM refuses. Source: IAM User Guide, "Troubleshoot access denied error messages". */
const denied = (action: string, resource: string): CloudError =>
  new CloudError(
    'AccessDenied',
    `User is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
    403,
  );

/** Refuses what the roles of infra/permissions.yml do not allow: to change a group without the opt-in tag. */
const refuseUntagged = (
  groups: AutoScalingService['groups'],
  operation: string,
  input: Record<string, unknown>,
): void => {
  if (operation.startsWith('Describe')) return;
  const group = groups.get(groupNameIn(input) ?? '');
  if (group === undefined || isOptedIn(group)) return;
  throw denied(`autoscaling:${operation}`, groupArnOf(group));
};

/** The table gave no answer, and the SDK has given up after its tries. */
const silent = async (time: VirtualTime): Promise<Error> => {
  await time.sleep(10_000);
  return Object.assign(new Error('The table does not answer'), {
    name: 'TimeoutError',
    $metadata: { attempts: 5 },
  });
};

/**
 * The table refused every try.
 * Source: Amazon DynamoDB Developer Guide, "Error handling with DynamoDB".
 */
const throttled = async (time: VirtualTime): Promise<Error> => {
  await time.sleep(1500);
  return Object.assign(new Error('Throughput exceeds the current throughput limit for your account.'), {
    name: 'ThrottlingException',
    $metadata: { httpStatusCode: 400, attempts: 5 },
  });
};

/** Puts the services together as AWS does, with Holdfast deployed as `serverless.yml` says. */
export const createSimulatedCloud = (options: SimulatedCloudOptions): SimulatedCloud => {
  const { time, quirks, deployment, functions } = options;
  const skews = new Map<string, number>();
  /** What a function takes for the time. */
  const now = (): string => {
    const functionName = runningFunction.getStore();
    if (quirks.clockSkewSeconds === 0 || functionName === undefined) return time.iso();
    const skew =
      skews.get(functionName) ?? Math.round((2 * options.random() - 1) * quirks.clockSkewSeconds * 1000);
    skews.set(functionName, skew);
    return new Date(time.now() + skew).toISOString();
  };
  const store = watchStore(
    createMemoryStore((notice) => notices?.insert(notice), options.countsCost, { now }),
    (method) => {
      const functionName = runningFunction.getStore();
      if (functionName === undefined) return 'answers';
      options.onStoreUse(functionName, method);
      const outage = options.outageOf('DynamoDB');
      if (outage !== undefined) {
        return { fails: outage.error === undefined ? silent(time) : throttled(time), isDone: false };
      }
      // Nothing is drawn where nothing can fail: chance is left to what else there is.
      if (quirks.tableErrorRate > 0 && options.random() < quirks.tableErrorRate) {
        const chance = options.random();
        if (chance < 1 / 3) return { fails: throttled(time), isDone: false };
        return { fails: silent(time), isDone: chance < 2 / 3 };
      }
      // To die before a reading is to die before what comes next.
      if (/^(read|list)/.test(method)) return 'answers';
      return options.dies({ functionName, operation: method, mutating: true, when: 'before' })
        ? 'dies'
        : 'answers';
    },
  );
  const parameters = new Parameters(time.now).set(killSwitchParameter, 'live');
  const autoScaling = createAutoScalingService(
    time,
    options.world,
    quirks,
    createThrottle(
      time,
      options.autoScalingCallsPerSecond * (1 - quirks.othersShareOfCalls),
      Math.max(1, options.autoScalingBurst * (1 - quirks.othersShareOfCalls)),
    ),
    (event) => bus.emit(event),
    options.onGroupEvent,
  );
  const ec2 = createEc2Service(time, options.world, quirks, autoScaling.groups, options.random);
  const createHandlers = (runtime: Runtime) =>
    new Map(
      functions.map(({ name, definition }) => [
        name,
        createHandler(definition, () => runtime, { info: () => {} }),
      ]),
    );
  const lambda = createLambdaService(
    time,
    functions.map(({ name, timeoutSeconds, retryAttempts }) => ({
      name,
      timeoutSeconds,
      retryAttempts,
      handler: (event, context) => runInEnvironment(name, event, context),
    })),
    (name, error) => options.onFunctionError(`${name}: ${error.name}: ${error.message}`),
  );
  const readers = options.withHoldfast
    ? deployment.functions.flatMap(({ name, stream }) =>
        stream === undefined ? [] : [{ functionName: name, ...stream }],
      )
    : [];
  const notices = readers.map((reader) =>
    createNoticeStream(time, reader, lambda.invoke, (name, error) =>
      options.onFunctionError(`${name}: ${error.name}: ${error.message}`),
    ),
  )[0];
  const bus = createEventBus(
    options.random,
    options.withHoldfast
      ? deployment.functions.flatMap(({ name, eventPatterns }) =>
          eventPatterns.map((pattern) => ({
            pattern,
            invoke: (event: object) => lambda.invokeAsync(name, event),
          })),
        )
      : [],
    quirks,
  );
  if (options.withHoldfast) {
    for (const { name, everySeconds } of deployment.functions) {
      // It looks at the alarms of every rule of the policy, of which a story has its own only.
      if (name === 'checkReadiness' && options.checksReadiness !== true) continue;
      for (const seconds of everySeconds) time.every(seconds, () => lambda.invokeAsync(name, {}));
    }
  }
  const cloudTrail = createCloudTrailService(time, quirks.trailDelaySeconds);
  let { stageMode } = options;
  /** The roles of a stage that is deployed as a dry run may change nothing of the fleet. */
  const refuseInDryRun = (service: ServiceName, operation: string, input: Record<string, unknown>): void => {
    if (stageMode === 'dry-run' && isMutating(service, operation, input)) {
      throw denied(`${service.toLowerCase()}:${operation}`, '*');
    }
  };
  const { handle: handleEc2 } = ec2;
  ec2.handle = (operation, input) => {
    if (runningFunction.getStore() !== undefined) refuseInDryRun('EC2', operation, input);
    return handleEc2(operation, input);
  };
  const { handle } = autoScaling;
  autoScaling.handle = (operation, input) => {
    const functionName = runningFunction.getStore();
    if (functionName !== undefined) {
      refuseInDryRun('AutoScaling', operation, input);
      refuseUntagged(autoScaling.groups, operation, input);
    }
    const output = handle(operation, input);
    const ours = assumedRole(
      `holdfast-rehearsal-${functionName}`,
      `holdfast-rehearsal-${functionName}`,
      'aws-sdk-js/3',
    );
    cloudTrail.record(operation, input, functionName === undefined ? cloudTrail.people : ours);
    return output;
  };
  const cloudFormation = createCloudFormationService(time, quirks, autoScaling.lifecycle);
  const cloudWatch = createCloudWatchService(time, bus.emit, options.onAlarm);
  const stepFunctions = createStepFunctionsService(
    time,
    deployment.stateMachines,
    lambda.invoke,
    bus.emit,
    options.onState,
  );
  const sns = createSnsService(topicArn, time.elapsedSeconds, options.onMessage);
  let owners = 0;
  const wire = createWire(
    time,
    options.random,
    {
      AutoScaling: autoScaling,
      CloudFormation: cloudFormation,
      CloudTrail: cloudTrail,
      CloudWatch: cloudWatch,
      EC2: ec2,
      ElasticLoadBalancing: createElasticLoadBalancingService(time, autoScaling.groups),
      StepFunctions: stepFunctions,
      SNS: sns,
      SSM: createSystemsManagerService(parameters),
    },
    quirks,
    options.onCall,
    options.outageOf,
    ({ functionName, operation, mutating }, when) =>
      options.dies({ functionName, operation, mutating, when }),
    options.skipsSerialization === true,
  );
  const openClients = (): Connect =>
    createConnect(
      {
        region: 'us-east-1',
        credentials: { accessKeyId: 'rehearsal', secretAccessKey: 'rehearsal' },
        // Nobody looks at a signature here, or at a log, and both take a good part of a story's time.
        signer: { sign: async (request) => request },
        logger: {},
        // A call goes through the gate and the retries only then: the SDK need not find that out for each.
        cacheMiddleware: options.skipsSerialization === true,
      },
      wire,
    );
  const createRuntime = ({ policy, stageMode }: Deployed): Runtime => ({
    config: {
      stage: deployment.stage,
      stageMode,
      changesLaunchTemplates: options.changesLaunchTemplates,
      killSwitchParameter,
      tableName: `holdfast-${deployment.stage}`,
      topicArn,
    },
    clock: { now },
    connect: openClients(),
    policy: () => policy,
    // A story has its rules only as they are read.
    policyText: () => JSON.stringify(policy),
    measure: options.onMetrics,
    ...(options.groupsFailingAlone === undefined ? {} : { groupsFailingAlone: options.groupsFailingAlone }),
    stateMachineArns: () =>
      stateMachineArns({ stateMachineArnPrefix: stateMachineArn(`holdfast-${deployment.stage}-`) }),
    store,
    newOwner: () => {
      owners += 1;
      return `owner-${owners}`;
    },
  });
  let deployed: Deployed = options;
  /** Of what is deployed now. */
  let environments: Environment[] = [];
  const runInEnvironment: RunInEnvironment = async (name, event, context) => {
    let environment = environments.find(({ isBusy }) => !isBusy);
    if (environment === undefined) {
      environment = { isBusy: false, handlers: createHandlers(createRuntime(deployed)) };
      environments.push(environment);
    }
    environment.isBusy = true;
    try {
      return await environment.handlers.get(name)?.(event, context);
    } finally {
      environment.isBusy = false;
    }
  };
  return {
    time,
    autoScaling,
    ec2,
    cloudFormation,
    cloudTrail,
    cloudWatch,
    stepFunctions,
    lambda,
    sns,
    connect: openClients(),
    parameters,
    store,
    deploy: (next) => {
      deployed = next;
      stageMode = next.stageMode;
      environments = [];
      lambda.startAnew();
    },
  };
};
