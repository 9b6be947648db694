"""AWS Step Functions: moto's own interpreter, on the virtual clock, and the events it sends when an execution ends."""

import copy
import json

from moto.stepfunctions.models import StateMachine as StubStateMachine
from moto.stepfunctions.models import stepfunctions_backends
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import wait_function
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from . import events
from .clock import clock, time_that_sleeps_virtually
from .log import ACCOUNT, REGION


def machines():
    return stepfunctions_parser_backends[ACCOUNT][REGION].state_machines


def executions():
    backend = stepfunctions_parser_backends[ACCOUNT][REGION]
    return [execution for machine in backend.state_machines for execution in machine.executions]


def count_running():
    return sum(1 for execution in executions() if execution.exec_status == "RUNNING")


clock.count_running = count_running

wait_function.WaitFunction._wait_interval = lambda self, env, wait_seconds: clock.sleep(wait_seconds, env.is_running)
retrier_decl.time = time_that_sleeps_virtually()

_terminated = BaseExecutionWorkerCommunication.terminated


def _milliseconds(moment):
    return int(moment.timestamp() * 1000) if moment else None


def terminated(self):
    """Standard executions tell of their end (Step Functions Developer Guide, "Automating event delivery with EventBridge")."""
    with clock.lock:
        clock.work += 1
    try:
        _terminated(self)
        execution = self.execution
        events.emit(
            "aws.states",
            "Step Functions Execution Status Change",
            [execution.exec_arn],
            {
                "executionArn": execution.exec_arn,
                "stateMachineArn": execution.state_machine.arn,
                "name": execution.name,
                "status": str(execution.status),
                "startDate": _milliseconds(execution.start_date),
                "stopDate": _milliseconds(execution.stop_date),
                "input": execution.execution_input,
                "output": None,
                "error": execution.error,
                "cause": execution.cause,
            },
        )
    finally:
        with clock.lock:
            clock.work -= 1


BaseExecutionWorkerCommunication.terminated = terminated

_create_from_cloudformation = StubStateMachine.create_from_cloudformation_json.__func__
_update_from_cloudformation = StubStateMachine.update_from_cloudformation_json.__func__


def _with_definition_as_text(cloudformation_json):
    """moto takes a definition as a text only, and substitutes nothing in it."""
    properties = dict(cloudformation_json["Properties"])
    if "Definition" in properties:
        text = json.dumps(properties["Definition"])
        for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
            text = text.replace(f"${{{name}}}", str(value))
        properties["DefinitionString"] = text
    return {**cloudformation_json, "Properties": properties}


def create_from_cloudformation(cls, resource_name, cloudformation_json, account_id, region_name, **more):
    changed = _with_definition_as_text(cloudformation_json)
    return _create_from_cloudformation(cls, resource_name, changed, account_id, region_name, **more)


def update_from_cloudformation(cls, original_resource, new_resource_name, cloudformation_json, **where):
    changed = _with_definition_as_text(cloudformation_json)
    return _update_from_cloudformation(cls, original_resource, new_resource_name, changed, **where)


StubStateMachine.create_from_cloudformation_json = classmethod(create_from_cloudformation)
StubStateMachine.update_from_cloudformation_json = classmethod(update_from_cloudformation)


def _copy_without_executions(self, memo):
    """moto copies a machine with all its executions and their locks, and fails."""
    twin = copy.copy(self)
    twin.executions = []
    return twin


StubStateMachine.__deepcopy__ = _copy_without_executions


def make_machines_run():
    """CloudFormation makes, changes and deletes them in moto's stub; they run in its interpreter, which parses and checks them."""
    interpreter = stepfunctions_parser_backends[ACCOUNT][REGION]
    deployed = {machine.name: machine for machine in stepfunctions_backends[ACCOUNT][REGION].state_machines}
    for machine in list(interpreter.state_machines):
        new = deployed.pop(machine.name, None)
        if new is None:
            interpreter.delete_state_machine(machine.arn)
        elif new.definition != machine.definition:
            # What runs goes on with the definition that it began with.
            interpreter.update_state_machine(machine.arn, definition=new.definition, role_arn=new.roleArn)
    for machine in deployed.values():
        interpreter.create_state_machine(machine.name, machine.definition, machine.roleArn)
