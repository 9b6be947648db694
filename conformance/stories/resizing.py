def resize(world):
    """A resize by hand in waves of two, of whose types the first is short, and again when there is nothing to do."""
    world.post("/shortage", {"types": ["m5.2xlarge"]})
    ids = {each["id"] for each in world.group("web-1")["instances"]}
    arn = world.by_hand(
        "resize-in-place",
        {
            "autoScalingGroupName": "web-1",
            "instanceTypes": ["m5.2xlarge", "m5.xlarge"],
            "waveSize": 2,
            "reason": "promotion at nine",
            "settle": "1m",
        },
    )
    fewest = len(ids)
    for _ in range(60):
        world.advance(0.5)
        serving = [each for each in world.group("web-1")["instances"] if each["state"] == "InService"]
        fewest = min(fewest, len(serving))
        if world.execution(arn)["status"] != "RUNNING":
            break
    execution = world.execution(arn)
    world.expect("the execution succeeded", execution["status"] == "SUCCEEDED", execution)
    instances = world.group("web-1")["instances"]
    world.expect("all have the second type", {each["type"] for each in instances} == {"m5.xlarge"}, instances)
    world.expect("they are the same instances", {each["id"] for each in instances} == ids, instances)
    world.expect("never were fewer than two in service", fewest >= 2, fewest)
    active = [each for each in world.state()["reservations"] if each["state"] == "active"]
    world.expect("no reservation is left", not active, active)
    world.post("/shortage", {"types": []})
    world.advance(10)
    world.expect_all_is_as_before()

    before = len(world.mutating())
    world.by_hand(
        "resize-in-place", {"autoScalingGroupName": "web-1", "instanceTypes": ["m5.xlarge"], "reason": "again"}
    )
    world.advance(10)
    world.expect("a second time changes nothing", len(world.mutating()) == before, world.mutating()[before:])


def real_fleets(world):
    """Fleets that a resize must not touch: hosts of ECS containers, and a platform that cannot be reserved."""
    tag = {
        "ResourceId": "web-1",
        "ResourceType": "auto-scaling-group",
        "Key": "AmazonECSManaged",
        "Value": "",
        "PropagateAtLaunch": False,
    }
    wanted = {"autoScalingGroupName": "web-1", "instanceTypes": ["m5.8xlarge"], "reason": "more room"}

    def refusal():
        arn = world.by_hand("resize-in-place", wanted)
        world.advance(3)
        plan = (world.execution(arn)["output"] or {}).get("plan") or {}
        return plan.get("action"), f"{plan.get('reason')} {plan.get('warnings')}", world.records()

    autoscaling = world.client("autoscaling")
    autoscaling.create_or_update_tags(Tags=[tag])
    protect = world.by_hand(
        "protect-instances", {"autoScalingGroupName": "web-1", "reason": "more room", "dryRun": True}
    )
    world.advance(3)
    report = (world.execution(protect)["output"] or {}).get("report") or {}
    warned = [line for line in report.get("attention", []) if "Amazon ECS" in line]
    world.expect("a dry run of a protection warns of ECS", len(warned) == 1, report)
    action, text, _records = refusal()
    world.expect("a resize of hosts of ECS is refused", action == "REFUSE", text)
    autoscaling.delete_tags(Tags=[tag])
    world.post("/platform", {"name": "Windows BYOL"})
    action, text, _records = refusal()
    is_named = action == "REFUSE" and "Windows BYOL: EC2 reserves no capacity for it" in text
    world.expect("a platform that cannot be reserved is refused by name", is_named, text)
    world.post("/platform", {"name": "Linux/UNIX"})
    world.expect("nothing was called that changes anything", not world.mutating(), world.mutating())
    world.expect_all_is_as_before()
