import json

from world import SCALE_IN

STACK = "shop"


def newcomers(world):
    """A stack is updated during a hold, and what is launched meanwhile never works: both are told, and end well."""
    world.client("cloudformation").create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(
            {"Resources": {"Name": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/shop", "Type": "String", "Value": "x"}}}}
        ),
    )
    autoscaling = world.client("autoscaling")
    tag = {
        "ResourceId": "web-1",
        "ResourceType": "auto-scaling-group",
        "Key": "aws:cloudformation:stack-name",
        "Value": STACK,
        "PropagateAtLaunch": True,
    }
    autoscaling.create_or_update_tags(Tags=[tag])
    # Health checks of type EC2 would not ask the target group, and nothing would be waited for.
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="web-1", HealthCheckType="ELB")
    world.post("/stack-status", {"name": STACK, "status": "UPDATE_IN_PROGRESS"})
    old = {each["id"] for each in world.group("web-1")["instances"]}
    arn = world.by_hand(
        "pause-scaling", {"autoScalingGroupName": "web-1", "reason": "switch upgrade", "expiresAfter": "1h"}
    )
    world.advance(3)
    world.expect("the group is held", world.suspended("web-1") == SCALE_IN, world.suspended("web-1"))
    told = " ".join(text for _subject, text in world.messages())
    world.expect("people are told that the update may stall", "may stall, fail and roll back" in told, told)

    autoscaling.resume_processes(AutoScalingGroupName="web-1", ScalingProcesses=["AZRebalance"])
    world.advance(4)
    world.expect("what is taken back during the update is left", "AZRebalance" not in world.suspended("web-1"))
    world.post("/stack-status", {"name": STACK, "status": "UPDATE_COMPLETE"})
    world.advance(14)
    world.expect("it is in force again after it", world.suspended("web-1") == SCALE_IN, world.suspended("web-1"))

    world.post("/desire", {"group": "web-1", "desired": 5})
    world.advance(1)
    new = [each["id"] for each in world.group("web-1")["instances"] if each["id"] not in old]
    world.expect("one more is in service", len(new) == 1, world.group("web-1"))
    world.post("/unhealthy", {"ids": new})
    world.advance(25)
    told = [text for _subject, text in world.messages() if "does not work" in text]
    world.expect("people are told of it once, by name", len(told) == 1 and new[0] in told[0], told)

    for _ in range(20):
        world.advance(1)
        if world.suspended("web-1") == []:
            break
    instances = world.group("web-1")["instances"]
    kept = {each["id"] for each in instances if each["protected"]}
    world.expect("the good ones are protected until it is replaced", kept == old, instances)
    autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=new[0], ShouldDecrementDesiredCapacity=True
    )
    world.post("/unhealthy", {"ids": []})
    world.advance(12)
    world.expect("the execution succeeded", world.execution(arn)["status"] == "SUCCEEDED", world.execution(arn))
    autoscaling.delete_tags(Tags=[tag])
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="web-1", HealthCheckType="EC2")
    world.expect_all_is_as_before()
