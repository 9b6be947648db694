from world import SCALE_IN


def two_stages(world):
    """A second stage beside the first, a dry run: it plans and tells, the first acts; removed, it leaves the first alone."""
    world.deploy_stage("staging")
    event = world.alarm("network-packet-loss-stages", "ALARM")
    targets = world.event(event)
    reached = sorted(target.split("function:")[-1] for target in targets if "routeSignal" in target)
    world.expect(
        "the event reaches both", reached == ["holdfast-prod-routeSignal", "holdfast-staging-routeSignal"], targets
    )
    world.advance(2)
    stages = {each["machine"]: each for each in world.executions()}
    world.expect(
        "each starts an execution of its own",
        sorted(stages) == ["holdfast-prod-pause-scaling", "holdfast-staging-pause-scaling"],
        sorted(stages),
    )
    world.expect("the groups are held", world.suspended("web-1") == SCALE_IN, world.suspended("web-1"))
    plan = ((stages.get("holdfast-staging-pause-scaling") or {}).get("output") or {}).get("plan") or {}
    world.expect("the dry run planned the same groups", plan.get("action") == "REPORT" and plan.get("groups") == 2, plan)
    suspends = [call for call in world.mutating() if call[0] == "SuspendProcesses"]
    world.expect("each group was suspended once", len(suspends) == 2, suspends)
    told = [subject for subject, _text in world.messages()]
    of_both = [any(f"[Holdfast {stage}" in subject for subject in told) for stage in ("prod", "staging")]
    world.expect("both tell people, each under its name", all(of_both), told)
    world.remove_stage("staging")
    left = {each["name"] for each in world.state()["machines"]}
    world.expect("nothing of it runs any more", not any("staging" in name for name in left), left)
    tables = world.client("dynamodb").list_tables()["TableNames"]
    world.expect("its table stays", "holdfast-staging" in tables, tables)
    world.client("dynamodb").delete_table(TableName="holdfast-staging")
    world.alarm("network-packet-loss-stages", "OK")
    world.advance(30)
    world.expect_all_is_as_before()


def upgrade(world):
    """An upgrade from an earlier release in the middle of a hold and of a resize: both go on, and all is given back."""
    hold = world.by_hand(
        "pause-scaling", {"autoScalingGroupName": "web-0", "reason": "switch upgrade", "expiresAfter": "2h"}
    )
    resize = world.by_hand(
        "resize-in-place",
        {"autoScalingGroupName": "web-1", "instanceTypes": ["m5.xlarge"], "reason": "more room", "settle": "1m"},
    )
    for _ in range(40):
        world.advance(0.25)
        if any(each["state"] == "Standby" for each in world.group("web-1")["instances"]):
            break
    world.expect("an instance is in Standby", any(each["state"] == "Standby" for each in world.group("web-1")["instances"]))
    world.expect("the other group is held", world.suspended("web-0") == SCALE_IN, world.suspended("web-0"))
    # As an operator writes it who threw it before. The earlier template owns it, the present one does not.
    world.set_switch("live")
    switch = world.client("ssm").get_parameter(Name=f"/holdfast/{world.stage}/mode")["Parameter"]
    records = sorted(world.records())
    codes = world.code()
    world.upgrade()
    changed = [name for name, code in world.code().items() if codes.get(name) not in (None, code)]
    world.expect("the functions have other code", len(changed) > 20, changed)
    world.expect("the table has what it had", sorted(world.records()) == records, world.records())
    kept = world.client("ssm").get_parameter(Name=switch["Name"])["Parameter"]
    world.expect("the kill switch is as it was", (kept["Value"], kept["Version"]) == ("live", switch["Version"]), kept)
    world.expect("both executions run", world.state()["running"] == 2, world.executions())
    for _ in range(80):
        world.advance(0.5)
        if world.execution(resize)["status"] != "RUNNING":
            break
    world.expect("the resize succeeds", world.execution(resize)["status"] == "SUCCEEDED", world.execution(resize))
    types = {each["type"] for each in world.group("web-1")["instances"]}
    world.expect("every instance has the new type", types == {"m5.xlarge"}, types)
    world.expect("the hold is still there", world.suspended("web-0") == SCALE_IN, world.suspended("web-0"))
    world.expect("its execution runs", world.execution(hold)["status"] == "RUNNING", world.execution(hold))
    world.stop(hold)
    world.advance(15)
    told = [subject for subject, _text in world.messages()]
    world.expect("people are told that it is over", any("Hold ended" in subject for subject in told), told)
    world.expect_all_is_as_before()


def removal(world):
    """Removed as the docs say: the switch is thrown, everything is given back, the stack goes, the table stays."""
    world.by_hand("pause-scaling", {"autoScalingGroupName": "web-1", "reason": "switch upgrade", "expiresAfter": "2h"})
    world.advance(2)
    world.expect("a group is held", world.suspended("web-1") == SCALE_IN, world.suspended("web-1"))
    world.set_switch("off")
    world.advance(15)
    world.expect_all_is_as_before()
    world.remove_stage(world.stage)
    tables = world.client("dynamodb").list_tables()["TableNames"]
    world.expect("the table stays", tables == [f"holdfast-{world.stage}"], tables)
    dynamodb, ssm = world.client("dynamodb"), world.client("ssm")
    dynamodb.update_table(TableName=tables[0], DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=tables[0])
    switch = f"/holdfast/{world.stage}/mode"
    world.expect("the switch stays, thrown", ssm.get_parameter(Name=switch)["Parameter"]["Value"] == "off")
    ssm.delete_parameter(Name=switch)
    left = world.left_of(f"holdfast-{world.stage}")
    world.expect("nothing of its name is left", not left, left)
    world.deploy_stage(world.stage)
    world.by_hand("pause-scaling", {"autoScalingGroupName": "web-1", "reason": "once more", "expiresAfter": "10m"})
    world.advance(2)
    world.expect("deployed anew, it holds", world.suspended("web-1") == SCALE_IN, world.suspended("web-1"))
    world.advance(25)
    world.expect_all_is_as_before()
