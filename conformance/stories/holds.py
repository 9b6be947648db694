import json
import pathlib
import re
import tempfile

from world import SCALE_IN


def packet_loss(world):
    """An alarm holds the groups of its rule and no other, and its OK gives them back after the cool-off."""
    event = world.alarm("network-packet-loss-az1", "ALARM")
    targets = world.event(event)
    world.expect("routeSignal gets the event", any("routeSignal" in target for target in targets), targets)
    world.advance(1)
    held = {name: world.suspended(name) for name in ("web-0", "web-1", "web-2")}
    world.expect("the groups of the rule are held", held["web-0"] == held["web-1"] == SCALE_IN, held)
    world.expect("another tier is not touched", held["web-2"] == [], held)
    world.alarm("network-packet-loss-az1", "OK")
    world.advance(5)
    world.expect("they are still held in the cool-off", world.suspended("web-1") == SCALE_IN)
    world.advance(25)
    world.expect_all_is_as_before()
    ended = [each["status"] for each in world.executions()]
    world.expect("one execution succeeded", ended == ["SUCCEEDED"], ended)
    subjects = [subject for subject, _text in world.messages()]
    world.expect("people are told that it began and that it is over", len(subjects) == 2, subjects)
    report(world, world.executions()[-1]["arn"])
    snapshot(world)


def report(world, arn):
    """The draft of a post-mortem, from the journal in this table."""
    with tempfile.TemporaryDirectory() as folder:
        written = world.command("journal", arn, "--report", folder)
        world.expect("holdfast journal --report succeeds", written.returncode == 0, written.stderr)
        page = "".join(each.read_text() for each in pathlib.Path(folder).glob("*.md"))
        names = re.search(r"held (web-\d, web-\d), and gave everything back", page)
        world.expect("it names what was held, and says that all was given back", names, page[:400])


def snapshot(world):
    """The fleet of this account, for a rehearsal."""
    written = world.command("snapshot")
    world.expect("holdfast snapshot succeeds", written.returncode == 0, written.stderr)
    groups = {group["AutoScalingGroupName"]: group for group in json.loads(written.stdout)["AutoScalingGroups"]}
    world.expect("it has the groups", set(groups) >= {"web-0", "web-1", "web-2"}, sorted(groups))
    suspended = [each["ProcessName"] for each in groups["web-0"]["SuspendedProcesses"]]
    world.expect("and what people had suspended", suspended == ["AZRebalance"], suspended)
    with tempfile.TemporaryDirectory() as folder:
        fleet = pathlib.Path(folder) / "fleet.json"
        fleet.write_text(written.stdout)
        told = world.command("rehearse", "packet-loss", "--fleet", str(fleet))
        world.expect("packet-loss can be rehearsed with it", told.returncode == 0, told.stdout[-500:] + told.stderr)


def stopped(world):
    """A person stops an execution: everything is given back within settle and 150 s, and people are told."""
    arn = world.by_hand(
        "pause-scaling", {"tags": {"tier": "web"}, "reason": "switch upgrade", "expiresAfter": "2h"}
    )
    world.advance(2)
    world.expect("the group is held", "Terminate" in world.suspended("web-1"))
    world.stop(arn)
    minutes = 0
    while minutes < 20 and world.suspended("web-1"):
        world.advance(0.25)
        minutes += 0.25
    world.expect("it is given back within 330 s", minutes * 60 <= 180 + 150 + 15, minutes)
    world.advance(10)
    world.expect("the execution is aborted", world.execution(arn)["status"] == "ABORTED")
    told = world.messages()
    world.expect("people are told that it is over", any("Hold ended" in subject for subject, _text in told), told)
    world.expect_all_is_as_before()


def kill_switch(world):
    """The kill switch in the middle of a hold, in capitals: everything is given back, and nothing new begins."""
    arn = world.by_hand(
        "pause-scaling", {"autoScalingGroupName": "web-1", "reason": "switch upgrade", "expiresAfter": "2h"}
    )
    world.advance(2)
    world.expect("the group is held", world.suspended("web-1") == SCALE_IN)
    world.set_switch("OFF")
    world.advance(12)
    world.expect("it is given back", world.suspended("web-1") == [], world.suspended("web-1"))
    world.expect("the execution succeeded", world.execution(arn)["status"] == "SUCCEEDED")
    before = len(world.mutating())
    world.event(world.alarm("network-packet-loss-switch", "ALARM"))
    world.advance(6)
    world.expect("an alarm starts nothing", len(world.mutating()) == before, world.mutating()[before:])
    world.set_switch("disabled")
    world.advance(11)
    told = [text for _subject, text in world.messages() if "disabled" in text]
    world.expect("people are told once of a word that means nothing", len(told) == 1, told)
    world.set_switch("live")
    world.advance(12)
    world.expect(
        "what went off before it was live again starts nothing", len(world.mutating()) == before
    )
    world.alarm("network-packet-loss-switch", "OK")
    world.expect_all_is_as_before(allowed_errors=("UnreadableFactError", "AggregateError"))


def overlapping(world):
    """Two holds on one group end in either order, and each gives back only what nobody else needs."""
    short = world.by_hand(
        "pause-scaling", {"autoScalingGroupName": "web-1", "reason": "first", "expiresAfter": "10m", "block": "all"}
    )
    world.advance(2)
    long = world.by_hand(
        "pause-scaling", {"autoScalingGroupName": "web-1", "reason": "second", "expiresAfter": "30m"}
    )
    world.advance(2)
    everything = sorted([*SCALE_IN, "AlarmNotification", "Launch", "ScheduledActions"])
    world.expect("both claims are in force", world.suspended("web-1") == everything, world.suspended("web-1"))
    world.advance(18)
    world.expect("the first is over", world.execution(short)["status"] == "SUCCEEDED")
    world.expect("the second still holds its own", world.suspended("web-1") == SCALE_IN, world.suspended("web-1"))
    resumed = [value["ScalingProcesses"] for operation, value, _status in world.mutating() if operation == "ResumeProcesses"]
    # Also what was given back by mistake, and held again a minute later.
    world.expect("nothing of the second was ever resumed", resumed and not set(sum(resumed, [])) & set(SCALE_IN), resumed)
    world.advance(25)
    world.expect("the second is over", world.execution(long)["status"] == "SUCCEEDED")
    world.expect_all_is_as_before()


def desired_capacity(world):
    """Desired capacity that fell during a hold is raised where a policy can have lowered it, and left elsewhere."""
    auto_scaling = world.client("autoscaling")
    auto_scaling.put_scaling_policy(
        AutoScalingGroupName="web-0",
        PolicyName="cpu",
        PolicyType="SimpleScaling",
        AdjustmentType="ChangeInCapacity",
        ScalingAdjustment=-1,
    )
    world.by_hand(
        "pause-scaling",
        {"autoScalingGroupName": ["web-0", "web-1"], "reason": "switch upgrade", "expiresAfter": "10m"},
    )
    world.advance(3)
    groups = {name: group for name, group in world.state()["groups"].items()}
    for name in ("web-0", "web-1"):
        # moto would end an instance at once, whatever is suspended: AWS only remembers the number.
        world.post("/remember-desired", {"group": name, "desired": groups[name]["desired"] - 1})
    world.advance(30)
    desired = {name: world.group(name)["desired"] for name in ("web-0", "web-1")}
    world.expect("raised with a policy, left without", desired == {"web-0": 4, "web-1": 3}, desired)
    told = " ".join(text for _subject, text in world.messages())
    world.expect("the raise is told with the command that sets it back", "--desired-capacity 3" in told, told)
    world.expect("what is left is told with its reason", "no enabled scaling policy" in told, told)
    world.post("/remember-desired", {"group": "web-1", "desired": 4})
    auto_scaling.delete_policy(AutoScalingGroupName="web-0", PolicyName="cpu")
    world.advance(5)
    world.expect_all_is_as_before()


def copied(world):
    """A group that was copied while it was held: people are told before its tag is tidied away."""
    auto_scaling = world.client("autoscaling")
    world.by_hand(
        "pause-scaling", {"autoScalingGroupName": "web-1", "reason": "switch upgrade", "expiresAfter": "10m"}
    )
    world.advance(2)
    tag = world.group("web-1")["tags"].get("holdfast-hold", "")
    world.expect("the held group says who holds it", "switch upgrade" in tag, tag)
    template = auto_scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web-1"])["AutoScalingGroups"][0]
    auto_scaling.create_auto_scaling_group(
        AutoScalingGroupName="web&copy",
        MinSize=0,
        MaxSize=4,
        DesiredCapacity=0,
        VPCZoneIdentifier=template["VPCZoneIdentifier"],
        LaunchTemplate={
            "LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"],
            "Version": "$Latest",
        },
        Tags=[
            {"Key": "holdfast", "Value": "true", "PropagateAtLaunch": False},
            {"Key": "holdfast-hold", "Value": tag, "PropagateAtLaunch": False},
        ],
    )
    auto_scaling.suspend_processes(AutoScalingGroupName="web&copy", ScalingProcesses=SCALE_IN)
    world.advance(31)
    copy = world.group("web&copy")
    world.expect("the copy keeps what is suspended", copy["suspended"] == SCALE_IN, copy)
    told = [text for _subject, text in world.messages() if "resume-processes" in text]
    world.expect("people are told with the command, quoted", any("'web&copy'" in text for text in told), told)
    auto_scaling.delete_auto_scaling_group(AutoScalingGroupName="web&copy", ForceDelete=True)
    world.expect_all_is_as_before()
