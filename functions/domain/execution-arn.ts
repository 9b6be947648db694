import { parseArn } from './arn.ts';
import { type Remediation, remediationNames } from './remediation-names.ts';

/** The name of an execution, as its ARN ends with it; what is no ARN is taken to be the name. */
export const executionNameOf = (executionArn: string): string =>
  parseArn(executionArn).resource.at(-1) ?? executionArn;

/** The name of the state machine of an execution: `holdfast-<stage>-<remediation>`. */
const machineOf = (executionArn: string): string => parseArn(executionArn).resource.at(-2) ?? '';

/** The remediation of an execution: the last part of its state machine's name; `undefined` for any other ARN. */
export const remediationOf = (executionArn: string): Remediation | undefined => {
  const machine = machineOf(executionArn);
  return remediationNames.find((remediation) => machine.endsWith(`-${remediation}`));
};

/** The stage of an execution, from the name of its state machine. */
export const stageOfExecution = (executionArn: string): string =>
  machineOf(executionArn)
    .replace(/^holdfast-/, '')
    .replace(`-${remediationOf(executionArn)}`, '');

/** The ARN of the state machine of an execution. */
export const stateMachineArnOf = (executionArn: string): string =>
  executionArn.replace(':execution:', ':stateMachine:').replace(/:[^:]*$/, '');

/** The ARN of an execution of a state machine. */
export const executionArnOf = (stateMachineArn: string, name: string): string =>
  `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
