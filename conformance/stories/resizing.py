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
