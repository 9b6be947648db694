"""Elastic Load Balancing where moto lacks something: targets that fail their checks."""

from moto.elbv2.models import ELBv2Backend

#: Instances that no target group finds healthy.
UNHEALTHY = set()

_describe_target_health = ELBv2Backend.describe_target_health


def describe_target_health(self, target_group_arn, targets):
    found = _describe_target_health(self, target_group_arn, targets)
    for each in found:
        if each.instance_id in UNHEALTHY and each.status == "healthy":
            each.status = "unhealthy"
            each.reason = "Target.FailedHealthChecks"
            each.description = "Health checks failed"
    return found


def set_unhealthy(ids):
    UNHEALTHY.clear()
    UNHEALTHY.update(ids)


ELBv2Backend.describe_target_health = describe_target_health
