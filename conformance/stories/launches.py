import json


def launches(world):
    """Launches fail: what runs is protected, what hangs is drained, and all is given back once they succeed."""
    world.post("/launches", {"refused": True})
    world.post("/desire", {"group": "web-2", "desired": 6})
    for _ in range(3):
        world.advance(1)
        world.post("/try-launches")
    world.advance(3)
    instances = world.group("web-2")["instances"]
    is_protected = len(instances) == 4 and all(each["protected"] for each in instances)
    world.expect("everything in service is protected", is_protected, instances)

    world.post("/launches", {"refused": False, "hang": True})
    world.post("/try-launches")
    world.advance(10)
    stuck = {each["id"] for each in world.group("web-2")["instances"] if each["state"] == "Pending:Wait"}
    world.expect("two launches hang", len(stuck) == 2, world.group("web-2"))
    world.advance(15)
    left = {each["id"] for each in world.group("web-2")["instances"]}
    world.expect("a launch that hung was ended", not stuck <= left, left)
    serving = [each for each in world.group("web-2")["instances"] if each["state"] == "InService"]
    world.expect("nobody in service was lost", len(serving) == 4, serving)

    world.advance(20)
    world.post("/launches", {"hang": False})
    world.post("/finish-bootstraps")
    world.post("/try-launches")
    for _ in range(6):
        world.advance(10)
        world.post("/finish-bootstraps")
    world.post("/desire", {"group": "web-2", "desired": 4})
    world.advance(75)
    world.expect_all_is_as_before()


#: At most ten of a rule get an execution each when launches fail in the same minute; further ones share one.
ALONE = 10


def many_groups(world):
    """Launches fail in fourteen groups in the same minute: all are held, by few executions, and all are given back."""
    autoscaling = world.client("autoscaling")
    names = [f"many-{number:02}" for number in range(14)]
    for name in names:
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=3,
            DesiredCapacity=1,
            AvailabilityZones=["us-east-1a"],
            LaunchTemplate={"LaunchTemplateName": "web"},
            Tags=[
                {"Key": key, "Value": value, "PropagateAtLaunch": True}
                for key, value in {"holdfast": "true", "tier": "api"}.items()
            ],
        )
    # A sweep remembers which rules are about them, so that no event has to ask.
    world.advance(6)
    before = {each["arn"] for each in world.executions()}
    world.post("/launches", {"refused": True})
    for name in names:
        world.post("/desire", {"group": name, "desired": 2})
    for _ in range(2):
        world.advance(1)
        world.post("/try-launches")
    world.advance(4)
    unprotected = [name for name in names if not all(each["protected"] for each in world.group(name)["instances"])]
    world.expect("everything in service is protected", not unprotected, unprotected)
    begun = [each for each in world.executions() if each["arn"] not in before and "protect" in each["arn"]]
    # Of groups that fail at one moment fewer than ten may be the first; and twenty seconds may end among them.
    shared = [each for each in begun if "failingGroups" in json.dumps(each["input"])]
    world.expect("at most ten have an execution each", len(begun) - len(shared) <= ALONE, begun)
    world.expect("the others share one or two", 1 <= len(shared) <= 2, begun)
    told = [text for _subject, text in world.messages() if "launches failed at about the same time" in text]
    world.expect("people are told of those that share one", 1 <= len(told) <= 2, told)

    world.post("/launches", {"refused": False})
    world.post("/try-launches")
    world.advance(25)
    world.expect("all are given back", not world.records(), world.records())
    ended = [world.execution(each["arn"])["status"] for each in begun]
    world.expect("their executions succeeded", set(ended) == {"SUCCEEDED"}, ended)
    for name in names:
        autoscaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    world.advance(6)
    world.expect_all_is_as_before()
