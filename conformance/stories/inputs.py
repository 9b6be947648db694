def dry_run(world):
    """A dry run of each remediation, by hand and by the kill switch: everything is planned, nothing is changed."""
    fields = {"resize-in-place": {"instanceTypes": ["m5.4xlarge"]}}
    remediations = ("pause-scaling", "protect-instances", "drain-pending-wait", "resize-in-place")
    started = {
        remediation: world.by_hand(
            remediation,
            {
                "autoScalingGroupName": ["web-0", "web-1"],
                "reason": "dry run",
                "dryRun": True,
                **fields.get(remediation, {}),
            },
        )
        for remediation in remediations
    }
    world.advance(10)
    for remediation, arn in started.items():
        execution = world.execution(arn)
        output = execution["output"] or {}
        plan = output.get("plan") or {}
        is_planned = (
            execution["status"] == "SUCCEEDED"
            and plan.get("mode") == "dry-run"
            and plan.get("action") == "REPORT"
            and (output.get("report") or {}).get("headline", "").startswith("Would ")
        )
        world.expect(f"{remediation} plans, and ends", is_planned, execution)
    world.set_switch("dry-run")
    world.event(world.alarm("network-packet-loss-az9", "ALARM"))
    world.advance(10)
    world.alarm("network-packet-loss-az9", "OK")
    world.advance(15)
    world.set_switch("live")
    world.advance(6)
    world.expect("nothing was called that changes anything", not world.mutating(), world.mutating())
    world.expect_all_is_as_before()


def bad_input(world):
    """Wrong inputs by hand: each ends with InvalidInputError and a correct example, and changes nothing."""
    wrong = [
        [],
        "web",
        3,
        None,
        {"autoScalingGroupName": "web-1"},
        {"autoScalingGroupName": "web-1", "reason": "typo", "expiresAfterwards": "2h"},
        {"autoScalingGroupName": "web-1", "reason": "typo", "expiresAfter": "2 hours"},
    ]
    for body in wrong:
        arn = world.by_hand("pause-scaling", body)
        world.advance(0.2)
        execution = world.execution(arn)
        is_refused = execution["status"] == "FAILED" and execution["error"] == "InvalidInputError"
        world.expect(f"{body!r} is refused by name", is_refused, execution)
        has_example = "A correct input by hand" in (execution["cause"] or "")
        world.expect("with a correct example", has_example, execution["cause"])
    arn = world.by_hand(
        "pause-scaling",
        {
            "autoScalingGroupName": "web-1",
            "reason": "from a maintenance workflow",
            "expiresAfter": "10m",
            "dryRun": True,
            "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn:aws:states:us-east-1:123456789012:execution:a:b",
        },
    )
    world.advance(5)
    world.expect("the link to a parent is taken", world.execution(arn)["status"] == "SUCCEEDED")
    world.expect("nothing was called that changes anything", not world.mutating(), world.mutating())
    world.expect_all_is_as_before(allowed_errors=("InvalidInputError",))
