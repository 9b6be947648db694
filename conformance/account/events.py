"""Amazon EventBridge: events find the rules of the stack, matched by moto, and invoke what they target."""

import re
import uuid

from moto.events.models import events_backends

from . import functions
from .clock import clock
from .log import ACCOUNT, REGION

EVENTS = []
#: When each schedule that runs is next due, and how many seconds lie between; by rule and target.
SCHEDULED = {}


def _rules():
    return events_backends[ACCOUNT][REGION].event_buses["default"].rules.values()


def deliver(event):
    """Brings an event to every rule that it matches. Returns the ARNs of the targets."""
    targets = [
        target["Arn"]
        for rule in _rules()
        if rule.event_pattern and rule.event_pattern.get_pattern() and rule.event_pattern.matches_event(event)
        for target in rule.targets
    ]
    for arn in targets:
        clock.background(functions.invoke_asynchronously, arn, event)
    EVENTS.append({"event": event, "matched": targets})
    return targets


def emit(source, detail_type, resources, detail):
    return deliver(
        {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": clock.iso(),
            "region": REGION,
            "resources": resources,
            "detail": detail,
        }
    )


def _invoke_every(seconds, name, arn):
    if not any(rule.name == name for rule in _rules()):
        SCHEDULED.pop((name, arn), None)
        return
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": clock.iso(),
        "region": REGION,
        "resources": [],
        "detail": {},
    }
    clock.background(functions.invoke_asynchronously, arn, event)
    _schedule(seconds, name, arn)


def _schedule(seconds, name, arn):
    SCHEDULED[(name, arn)] = (clock.now() + seconds, seconds)
    clock.after(seconds, _invoke_every, seconds, name, arn)


def advance_past_schedule():
    """Advances until the schedule that comes round most often has just come round, and its function has ended.

    A story that begins there has the whole interval before the sweep looks again, whenever the run was begun and however
    fast the machine is.
    """
    if SCHEDULED:
        due, _seconds = min(SCHEDULED.values(), key=lambda each: (each[1], each[0]))
        clock.advance(due - clock.now() + 1)
        clock.settle()


def begin_schedules():
    for rule in _rules():
        minutes = re.match(r"rate\((\d+) minutes?\)", rule.scheduled_expression or "")
        if minutes:
            seconds = int(minutes[1]) * 60
            for target in rule.targets:
                schedule = (rule.name, target["Arn"])
                if schedule not in SCHEDULED:
                    _schedule(seconds, *schedule)
