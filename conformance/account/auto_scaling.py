"""Amazon EC2 Auto Scaling where moto lacks something, or is kinder than AWS.

Added: launches that hang in their launch hook or are refused, with their activities and events; lifecycle actions;
limits and states of protection and Standby; suspended Launch; instance refreshes (none).
Sources: API reference, and the pages of the user guide on lifecycle hooks, Standby and suspended processes.
"""

import uuid

from moto.autoscaling import models, responses
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult

from .clock import clock
from .events import emit
from .log import ACCOUNT, REGION, note_harm

#: What the world does to launches: they hang in their hook, or are refused.
LAUNCHES = {"hang": False, "refused": False}
ACTIVITIES = {}
PROCESSES = [
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
]
NO_CAPACITY = (
    "We currently do not have sufficient m5.large capacity in the Availability Zone you requested (us-east-1a). "
    "Launching EC2 instance failed."
)


class ValidationError(ServiceException):
    code = "ValidationError"


def groups():
    return models.autoscaling_backends[ACCOUNT][REGION].autoscaling_groups


def group_of(response):
    name = response._get_param("AutoScalingGroupName")
    if name not in response.autoscaling_backend.autoscaling_groups:
        raise ValidationError("AutoScalingGroup name not found - null")
    return response.autoscaling_backend.autoscaling_groups[name]


def launch_hooks(group):
    return [
        hook
        for hook in group.autoscaling_backend.lifecycle_hooks.values()
        if hook.auto_scaling_group_name == group.name and hook.lifecycle_transition.endswith("LAUNCHING")
    ]


def states_of(group, ids, allowed, limit):
    """The states of instances, or the refusal of AWS."""
    if len(ids) > limit:
        raise ValidationError(f"The number of instances must be at most {limit}.")
    known = {state.instance.id: state for state in group.instance_states}
    for instance_id in ids:
        if instance_id not in known:
            raise ValidationError(f"The instance {instance_id} is not part of Auto Scaling group {group.name}.")
        if known[instance_id].lifecycle_state not in allowed:
            raise ValidationError(f"The instance {instance_id} is not in {' or '.join(allowed)}.")
    return [known[instance_id] for instance_id in ids]


# ---- launches, their activities and their events


def _add_activity(group, description, status, message=None):
    activity = {
        "ActivityId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "Description": description,
        "Cause": f"At {clock.iso()} an instance was started in response to a difference between desired and actual capacity.",
        "StartTime": clock.datetime(),
        "StatusCode": status,
        "Progress": 40 if status == "MidLifecycleAction" else 100,
        "Details": "{}",
    }
    if message:
        activity["StatusMessage"] = message
    if status != "MidLifecycleAction":
        activity["EndTime"] = activity["StartTime"]
    ACTIVITIES.setdefault(group.name, []).insert(0, activity)
    return activity


def _end_activity(group_name, instance_id, status):
    for activity in ACTIVITIES.get(group_name, []):
        if activity["Description"].endswith(instance_id):
            activity["StatusCode"] = status
            activity["EndTime"] = clock.datetime()


def _emit_for(group, detail_type, detail):
    emit("aws.autoscaling", detail_type, [group.arn], {"AutoScalingGroupName": group.name, **detail})


def _refuse_launch(group):
    activity = _add_activity(
        group, f"Launching a new EC2 instance.  Status Reason: {NO_CAPACITY}", "Failed", NO_CAPACITY
    )
    _emit_for(
        group,
        "EC2 Instance Launch Unsuccessful",
        {
            "StatusCode": "Failed",
            "ActivityId": activity["ActivityId"],
            "RequestId": activity["ActivityId"],
            "StatusMessage": NO_CAPACITY,
            "Cause": activity["Cause"],
            "StartTime": clock.iso(),
            "EndTime": clock.iso(),
            "EC2InstanceId": "",
            "Details": {"Availability Zone": "us-east-1a"},
            "Origin": "EC2",
            "Destination": "AutoScalingGroup",
        },
    )


_launch = models.FakeAutoScalingGroup.replace_autoscaling_group_instances


def launch(group, count, tags):
    if "Launch" in group._suspended_processes:
        return
    if LAUNCHES["refused"]:
        _refuse_launch(group)
        return
    before = {state.instance.id for state in group.instance_states}
    _launch(group, count, tags)
    for state in group.instance_states:
        if state.instance.id in before:
            continue
        hooks = launch_hooks(group)
        hangs = LAUNCHES["hang"] and hooks
        if hangs:
            state.lifecycle_state = "Pending:Wait"
        _add_activity(
            group,
            f"Launching a new EC2 instance: {state.instance.id}",
            "MidLifecycleAction" if hangs else "Successful",
        )
        if hangs:
            _emit_for(
                group,
                "EC2 Instance-launch Lifecycle Action",
                {
                    "LifecycleActionToken": str(uuid.uuid4()),
                    "LifecycleHookName": hooks[0].name,
                    "EC2InstanceId": state.instance.id,
                    "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
                },
            )


models.FakeAutoScalingGroup.replace_autoscaling_group_instances = launch
models.FakeAutoScalingGroup.active_instances = lambda group: [
    state
    for state in group.instance_states
    if state.lifecycle_state == "InService" or state.lifecycle_state.startswith("Pending")
]


def try_launches_again():
    for group in groups().values():
        group.set_desired_capacity(group.desired_capacity)


def finish_bootstraps():
    """The bootstrap works again: what waits completes its hook."""
    for group in groups().values():
        for state in group.instance_states:
            if state.lifecycle_state == "Pending:Wait":
                state.lifecycle_state = "InService"
                _end_activity(group.name, state.instance.id, "Successful")


# ---- the API


def complete_lifecycle_action(self):
    group = group_of(self)
    hook = self._get_param("LifecycleHookName")
    instance_id = self._get_param("InstanceId")
    result = self._get_param("LifecycleActionResult")
    if result not in ("CONTINUE", "ABANDON"):
        raise ValidationError("LifecycleActionResult must be CONTINUE or ABANDON")
    state = next((each for each in group.instance_states if each.instance.id == instance_id), None)
    known = hook in [each.name for each in launch_hooks(group)]
    if not known or state is None or state.lifecycle_state != "Pending:Wait":
        raise ValidationError(f"No active Lifecycle Action found with instance ID {instance_id}")
    if result == "CONTINUE":
        state.lifecycle_state = "InService"
        _end_activity(group.name, instance_id, "Successful")
    else:
        group.instance_states.remove(state)
        self.autoscaling_backend.ec2_backend.terminate_instances([instance_id])
        _end_activity(group.name, instance_id, "Cancelled")
        group.set_desired_capacity(group.desired_capacity)
    return EmptyResult()


def set_instance_protection(self):
    ids = self._get_param("InstanceIds", [])
    for state in states_of(group_of(self), ids, ("InService", "EnteringStandby", "Standby"), 50):
        state.protected_from_scale_in = self._get_bool_param("ProtectedFromScaleIn")
    return EmptyResult()


_enter_standby = responses.AutoScalingResponse.enter_standby
_exit_standby = responses.AutoScalingResponse.exit_standby


def enter_standby(self):
    group = group_of(self)
    ids = self._get_param("InstanceIds", [])
    states_of(group, ids, ("InService",), 20)
    lowers = self._get_bool_param("ShouldDecrementDesiredCapacity")
    if lowers and group.desired_capacity - len(ids) < group.min_size:
        raise ValidationError(
            f"AutoScalingGroup {group.name} has min-size={group.min_size}, max-size={group.max_size}, and "
            f"desired-size={group.desired_capacity}. To place into standby {len(ids)} instance, please update the "
            "AutoScalingGroup sizes appropriately."
        )
    return _enter_standby(self)


def exit_standby(self):
    group = group_of(self)
    ids = self._get_param("InstanceIds", [])
    for state in states_of(group, ids, ("Standby",), 20):
        if state.instance.state != "running":
            note_harm(f"{state.instance.id} left Standby while {state.instance.state}")
    if "Launch" in group._suspended_processes:
        raise ValidationError("Launch process is suspended.")
    if group.desired_capacity + len(ids) > group.max_size:
        raise ValidationError("New SetDesiredCapacity value is above max value for the AutoScalingGroup.")
    return _exit_standby(self)


def _named_processes(self):
    # To AWS an empty list means all of them.
    named = self._get_param("ScalingProcesses", []) or PROCESSES
    if set(named) - set(PROCESSES):
        raise ValidationError(f"{named} is not a valid process")
    return named


def suspend_processes(self):
    group = group_of(self)
    group.suspended_processes = sorted({*group._suspended_processes, *_named_processes(self)})
    return EmptyResult()


def resume_processes(self):
    group = group_of(self)
    named = _named_processes(self)
    group.suspended_processes = sorted(set(group._suspended_processes) - set(named))
    if "Launch" in named:
        group.set_desired_capacity(group.desired_capacity)
    return EmptyResult()


def describe_scaling_activities(self):
    return ActionResult({"Activities": ACTIVITIES.get(group_of(self).name, [])[:100]})


for action in (
    complete_lifecycle_action,
    set_instance_protection,
    enter_standby,
    exit_standby,
    suspend_processes,
    resume_processes,
    describe_scaling_activities,
):
    setattr(responses.AutoScalingResponse, action.__name__, action)
responses.AutoScalingResponse.record_lifecycle_action_heartbeat = lambda self: EmptyResult()
responses.AutoScalingResponse.describe_instance_refreshes = lambda self: ActionResult({"InstanceRefreshes": []})
