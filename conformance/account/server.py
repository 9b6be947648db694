"""An AWS account on one port: moto, made stricter where AWS is stricter, in virtual time.

Run by tell.py: python3 -m account.server PORT HOST_PORT. AWS's protocols are on PORT, the teller's controls (JSON over
HTTP) on PORT + 1: POST /advance {"seconds"}, /past-schedule, /event {event}, /platform {"name"}, /launches {"hang", "refused"}, /shortage {"types"},
/unhealthy {"ids"}, /stack-status {"name", "status"}, /silent {"services"}, /try-launches, /finish-bootstraps, /desire {"group", "desired"}, /begin {"retries"}, /forget;
GET /state and /wire.
"""

import json
import logging
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import moto.core.config

moto.core.config.default_user_config["stepfunctions"]["execute_state_machine"] = True
moto.core.config.default_user_config["lambda"]["use_docker"] = True
os.environ["NO_PROXY"] = "*"
PORT, HOST_PORT = int(sys.argv[1]), int(sys.argv[2])
os.environ["MOTO_PORT"] = str(PORT)

# Everything that is to read the virtual clock has to be loaded before time is shifted.
import moto.cloudformation.models  # noqa: E402
import moto.cloudwatch.models  # noqa: E402
import moto.cloudwatch.responses  # noqa: E402
import moto.dynamodb.models  # noqa: E402
import moto.elbv2.models  # noqa: E402
import moto.moto_server.threaded_moto_server as threaded  # noqa: E402
import moto.sns.models  # noqa: E402
import moto.sqs.models  # noqa: E402
import moto.ssm.models  # noqa: E402
from moto.core.responses import ActionResult  # noqa: E402

from account import auto_scaling, ec2, events, functions, load_balancing, log, speed, stacks, state_machines  # noqa: E402
from account.clock import clock, shift_time_of_moto  # noqa: E402

moto.cloudwatch.responses.CloudWatchResponse.list_alarm_mute_rules = lambda self: ActionResult(
    {"AlarmMuteRuleSummaries": []}
)
shift_time_of_moto()
speed.make_quick()
stacks.retain_what_templates_say()
functions.host_port = HOST_PORT


def describe_group(group):
    return {
        "arn": group.arn,
        "desired": group.desired_capacity,
        "min": group.min_size,
        "max": group.max_size,
        "suspended": sorted(group._suspended_processes),
        "tags": {tag["Key"]: tag["Value"] for tag in group.tags},
        "instances": [
            {
                "id": state.instance.id,
                "state": state.lifecycle_state,
                "protected": bool(state.protected_from_scale_in),
                "type": state.instance.instance_type,
                "ec2": state.instance.state,
            }
            for state in group.instance_states
        ],
    }


def describe_execution(execution):
    return {
        "machine": execution.state_machine.name,
        "name": execution.name,
        "arn": execution.exec_arn,
        "status": str(execution.status),
        "input": execution.input_data,
        "output": execution.output,
        "error": execution.error,
        "cause": execution.cause,
    }


def messages():
    topics = moto.sns.models.sns_backends[log.ACCOUNT][log.REGION].topics.values()
    return [notification for topic in topics for notification in getattr(topic, "sent_notifications", [])]


def state():
    return {
        "now": clock.iso(),
        "running": state_machines.count_running(),
        "groups": {group.name: describe_group(group) for group in auto_scaling.groups().values()},
        "machines": [{"name": each.name} for each in state_machines.machines()],
        "executions": [describe_execution(each) for each in state_machines.executions()],
        "reservations": list(ec2.RESERVATIONS.values()),
        "calls": log.CALLS,
        "events": events.EVENTS,
        "invocations": functions.INVOCATIONS,
        "messages": messages(),
    }


def begin(retries):
    functions.RETRIES.update(retries)
    events.begin_schedules()
    state_machines.make_machines_run()


def forget():
    for each in (log.CALLS, log.WIRE, events.EVENTS, functions.INVOCATIONS):
        each.clear()
    for topic in moto.sns.models.sns_backends[log.ACCOUNT][log.REGION].topics.values():
        topic.sent_notifications = []


def set_silent(services):
    log.SILENT.clear()
    log.SILENT.update(services)


def set_short(types):
    ec2.SHORT_TYPES[:] = types


def set_stack_status(name, status):
    """moto updates a stack at once; AWS takes its time."""
    backend = moto.cloudformation.models.cloudformation_backends[log.ACCOUNT][log.REGION]
    next(stack for stack in backend.stacks.values() if stack.name == name).status = status


def remember_desired(order):
    """Sets the number without launching or ending anybody, as AWS does while Terminate is suspended."""
    auto_scaling.groups()[order["group"]].desired_capacity = order["desired"]


CONTROLS = {
    "/advance": lambda order: clock.advance(order["seconds"]),
    "/past-schedule": lambda order: events.advance_past_schedule(),
    "/event": lambda order: events.deliver(order),
    "/launches": lambda order: auto_scaling.LAUNCHES.update(order),
    "/shortage": lambda order: set_short(order["types"]),
    "/platform": lambda order: ec2.set_platform(order["name"]),
    "/unhealthy": lambda order: load_balancing.set_unhealthy(order["ids"]),
    "/stack-status": lambda order: set_stack_status(order["name"], order["status"]),
    "/silent": lambda order: set_silent(order["services"]),
    "/try-launches": lambda order: auto_scaling.try_launches_again(),
    "/finish-bootstraps": lambda order: auto_scaling.finish_bootstraps(),
    "/desire": lambda order: auto_scaling.groups()[order["group"]].set_desired_capacity(order["desired"]),
    "/remember-desired": remember_desired,
    "/begin": lambda order: begin(order["retries"]),
    "/forget": lambda order: forget(),
}


class Controls(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def answer(self, value):
        body = json.dumps(value, default=str).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(log.WIRE if self.path == "/wire" else state())

    def do_POST(self):
        length = int(self.headers.get("content-length") or 0)
        order = json.loads(self.rfile.read(length) or b"{}")
        try:
            result = CONTROLS[self.path](order)
            self.answer({"ok": True, "result": result})
        except Exception as error:
            self.answer({"ok": False, "error": repr(error)})


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    dispatcher = threaded.DomainDispatcherApplication
    threaded.DomainDispatcherApplication = lambda *a, **k: log.recorded(dispatcher(*a, **k))
    threaded.ThreadedMotoServer(ip_address="127.0.0.1", port=PORT, verbose=False).start()
    print("ready", flush=True)
    ThreadingHTTPServer(("127.0.0.1", PORT + 1), Controls).serve_forever()
