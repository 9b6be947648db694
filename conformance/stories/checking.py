import json
import pathlib
import tempfile

#: Rules that the shipped fleet is ready for, once its alarms are there.
POLICY = """
rules:
  - name: loss
    when: { alarm: "check-loss-*" }
    do: pause-scaling
    targets: { tags: { tier: web } }
    with: { groupsMax: %d }
  - name: stuck
    when: { stuckInstances: 1 }
    do: drain-pending-wait
    targets: { tags: { tier: api } }
"""


def checks_itself(world, switch):
    """The stage looks every hour, and tells once what became not ready, and once that it is over."""

    def told_of_switch():
        return [(subject, text) for subject, text in world.mails(of_check=True) if "the kill switch says off" in text]

    world.advance(61)
    world.expect("the stage has looked at itself", [
        each for each in world.state()["invocations"]
        if each["function"].endswith("-checkReadiness") and each["error"] is None
    ], [each for each in world.state()["invocations"] if each["error"]])
    world.expect("what is ready is not told", told_of_switch() == [], told_of_switch())
    switch("off")
    world.advance(61)
    first = told_of_switch()
    is_told = len(first) == 1 and "Not ready for an outage" in first[0][0]
    world.expect("what became not ready is told", is_told, world.mails(of_check=True))
    world.advance(61)
    world.expect("and told once", len(told_of_switch()) == 1, told_of_switch())
    switch("live")
    world.advance(61 * 3)
    is_over = len(told_of_switch()) == 2 and "No longer in the way" in told_of_switch()[1][0]
    world.expect("and once more when it is over", is_over, world.mails(of_check=True))


def check(world):
    """The command check: everything is ready, and each of fifteen planted faults is found, and nothing else."""
    cloudwatch, scaling = world.client("cloudwatch"), world.client("autoscaling")
    sns, ssm = world.client("sns"), world.client("ssm")
    topic = f"arn:aws:sns:us-east-1:123456789012:holdfast-{world.stage}-notifications"
    subscription = sns.subscribe(
        TopicArn=topic, Protocol="sms", Endpoint="+15555550100", ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "policy.yml"

        def policy(groups_max=10):
            file.write_text(POLICY % groups_max)

        def found(*more):
            answer = world.command("check", "--policy", str(file), "--stage", world.stage, "--json", *more)
            result = json.loads(answer.stdout) if answer.stdout else {"findings": []}
            # moto simulates no policies.
            facts = [each["fact"] for each in result["findings"] if "roles of the stage" not in each["fact"].get("what", "")]
            codes = sorted(fact["because"] for fact in facts)
            # This policy is not the one that was deployed.
            differs.append(codes.count("POLICY_DIFFERS"))
            return [code for code in codes if code != "POLICY_DIFFERS"], answer

        def alarm(**settings):
            world.put_alarm("check-loss-az1", **settings)
            cloudwatch.set_alarm_state(AlarmName="check-loss-az1", StateValue="OK", StateReason="told")

        def tag(group, key, value=None):
            entry = {"ResourceId": group, "ResourceType": "auto-scaling-group", "Key": key}
            if value is None:
                scaling.delete_tags(Tags=[entry])
            else:
                scaling.create_or_update_tags(Tags=[{**entry, "Value": value, "PropagateAtLaunch": True}])

        def hook(**settings):
            scaling.put_lifecycle_hook(
                AutoScalingGroupName="web-2",
                LifecycleHookName="bootstrap",
                LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
                **{"DefaultResult": "ABANDON", "HeartbeatTimeout": 3600, **settings},
            )

        def tags(groups, key, value=None):
            for group in groups:
                tag(group, key, value)

        def switch(word):
            ssm.put_parameter(Name=f"/holdfast/{world.stage}/mode", Value=word, Overwrite=True, Type="String")

        def subscribed(is_so):
            nonlocal subscription
            if not is_so:
                sns.unsubscribe(SubscriptionArn=subscription)
            else:
                subscription = sns.subscribe(
                    TopicArn=topic, Protocol="sms", Endpoint="+15555550100", ReturnSubscriptionArn=True
                )["SubscriptionArn"]

        differs = []
        policy()
        alarm()
        world.advance(2)
        codes, answer = found()
        world.expect("everything is ready", codes == [] and answer.returncode == 0, [codes, answer.stderr, answer.stdout])

        web = ("web-0", "web-1")
        faults = (
            ("NO_ALARM", 1, lambda: cloudwatch.delete_alarms(AlarmNames=["check-loss-az1"]), alarm),
            ("ALARM_SUPPRESSED", 1, lambda: alarm(ActionsEnabled=False), alarm),
            ("ALARM_WITHOUT_DATA", 1, lambda: cloudwatch.set_alarm_state(
                AlarmName="check-loss-az1", StateValue="INSUFFICIENT_DATA", StateReason="told"), alarm),
            ("MISSING_DATA_IS_GOOD,METRIC_WITHOUT_DATA", 0, lambda: alarm(TreatMissingData="notBreaching"), alarm),
            ("METRIC_WITHOUT_DATA", 0, lambda: alarm(TreatMissingData="ignore"), alarm),
            ("NO_GROUP", 1, lambda: tags(web, "tier", "other"), lambda: tags(web, "tier", "web")),
            ("NOT_OPTED_IN", 0, lambda: tag("web-1", "holdfast"), lambda: tag("web-1", "holdfast", "true")),
            ("NOT_OPTED_IN", 1, lambda: tags(web, "holdfast"), lambda: tags(web, "holdfast", "true")),
            ("OVER_GROUPS_MAX", 1, lambda: policy(1), policy),
            ("GROUP_WARNED", 0, lambda: tag("web-0", "AmazonECSManaged", "x"), lambda: tag("web-0", "AmazonECSManaged")),
            ("NO_LAUNCH_HOOK", 0, lambda: scaling.delete_lifecycle_hook(
                AutoScalingGroupName="web-2", LifecycleHookName="bootstrap"), hook),
            ("HOOK_CONTINUES", 0, lambda: hook(DefaultResult="CONTINUE"), hook),
            ("HOOK_TOO_SHORT", 0, lambda: hook(HeartbeatTimeout=600), hook),
            ("SWITCHED", 1, lambda: switch("off"), lambda: switch("live")),
            ("NOBODY_IS_TOLD", 1, lambda: subscribed(False), lambda: subscribed(True)),
        )
        for code, exit_code, plant, mend in faults:
            plant()
            codes, answer = found()
            is_found = codes == sorted(code.split(",")) and answer.returncode == exit_code
            world.expect(f"a planted fault is found, and no other: {code}", is_found, [codes, answer.returncode, answer.stderr])
            mend()
            codes, answer = found()
            world.expect("and is gone once it is mended", codes == [], [codes, answer.stderr])
        world.expect("another policy than the deployed one is said each time", set(differs) == {1}, differs)
        same = world.command("check", "--policy", "infra/policy.yml", "--stage", world.stage, "--json")
        world.expect("and not of the deployed one", "POLICY_DIFFERS" not in same.stdout, same.stdout + same.stderr)
        told = world.command("check", "--policy", str(file))
        world.expect("people can read it", "Nothing is missing." in told.stdout, told.stdout + told.stderr)
        nowhere = world.command("check", "--policy", str(file), "--stage", "nowhere")
        world.expect("a stage that is not deployed is said", "is not deployed here" in nowhere.stdout, nowhere.stdout)
        checks_itself(world, switch)
    sns.unsubscribe(SubscriptionArn=subscription)
    cloudwatch.delete_alarms(AlarmNames=["check-loss-az1"])
    world.advance(6)
    world.expect_all_is_as_before()
