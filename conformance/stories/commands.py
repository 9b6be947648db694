import json
import time

import wire

#: What a plan of each remediation is asked for.
REQUESTS = {
    "pause-scaling": [],
    "protect-instances": [],
    "drain-pending-wait": ["olderThan=5m"],
    "resize-in-place": ["instanceTypes=[m5.4xlarge]"],
}


def changes(world):
    """What the command sent that may change anything, whatever it is."""
    sent = [wire.decode(each)[:2] for each in world.wire(by="command") if each["service"] in wire.SERVICES]
    return [operation for _service, operation in sent if not wire.READS.match(operation)]


def comparable(calls):
    """Calls without what differs from one execution to the next: its name, and until when it holds."""
    differs = {"Tags", "TagSpecifications", "ClientToken", "EndDate", "CapacityReservationId"}
    # Auto Scaling describes groups in any order.
    return sorted(
        json.dumps([each["operation"], {key: value for key, value in each["input"].items() if key not in differs}])
        for each in calls
    )


def calls_in(journal):
    return [call for entry in journal for call in entry.get("calls", [])]


def with_fields(remediation):
    return [word for pair in REQUESTS[remediation] for word in ("--with", pair)]


def plan_of(world, remediation, *names, stage=()):
    """A plan is what a dry run of the same input plans."""
    groups = [word for name in names for word in ("--group", name)]
    asked = world.command("plan", remediation, *groups, *with_fields(remediation), *stage, "--json")
    world.expect(f"plan {remediation} succeeds", asked.returncode == 0, asked.stdout[-300:] + asked.stderr)
    plan = json.loads(asked.stdout)
    arn = world.by_hand(remediation, {**plan["request"]["input"], "dryRun": True})
    world.advance(2)
    # The output of an execution shows the first calls only; its journal has all of them.
    journal = world.command("journal", arn, "--json")
    world.expect("journal tells what a dry run planned", journal.returncode == 0, journal.stdout[-300:] + journal.stderr)
    dry = calls_in(json.loads(journal.stdout)["journal"])
    planned = calls_in(plan["journal"])
    same = comparable(planned) == comparable(dry) and len(dry) > 0
    world.expect(f"{remediation}: the plan is that of a dry run", same, [planned, dry])
    told = world.command("plan", remediation, *groups, *with_fields(remediation))
    world.expect("and people can read it", "Nothing was changed." in told.stdout, told.stdout)


def plans(world):
    """Plans of each remediation ask for nothing but reading, and need nothing deployed."""
    for remediation in ("pause-scaling", "protect-instances", "resize-in-place"):
        plan_of(world, remediation, "web-0", "web-1")
    world.post("/launches", {"hang": True})
    world.post("/desire", {"group": "web-2", "desired": 5})
    world.post("/try-launches")
    # Before the rule that drains finds it.
    world.advance(8)
    # moto keeps no activities: since when an instance waits is in the table of the stage.
    plan_of(world, "drain-pending-wait", "web-2", stage=("--stage", "prod"))
    world.post("/launches", {"hang": False})
    world.post("/finish-bootstraps")
    world.advance(5)
    world.post("/finish-bootstraps")
    world.post("/desire", {"group": "web-2", "desired": 4})
    world.advance(5)
    rule = world.command("plan", "packet-loss")
    world.expect("a rule is planned by its name", "web-0" in rule.stdout and "web-2" not in rule.stdout, rule.stdout)
    world.expect("nothing but reading was asked for", not changes(world), changes(world))


def start_and_follow(world, remediation, *more):
    """Starts a remediation with the command, and lets time pass until it has ended; what it printed."""
    process = world.begin_command(
        "start", remediation, "--group", "web-1", "--reason", "switch upgrade", "--yes", *more
    )
    for _minute in range(90):
        time.sleep(0.4)
        if process.poll() is not None:
            break
        world.advance(1)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def command(world):
    """The command holdfast: validate, plan, status, start, stop, switch and journal, against what is deployed."""
    valid = world.command("validate")
    world.expect("validate finds the shipped policy right", valid.returncode == 0, valid.stdout + valid.stderr)
    plans(world)

    nothing = world.command("status")
    world.expect("status says that nothing is held", "Nothing is held." in nothing.stdout, nothing.stdout + nothing.stderr)
    for remediation, more in (
        ("pause-scaling", ["--with", "expiresAfter=10m"]),
        ("protect-instances", ["--with", "expiresAfter=10m"]),
        ("drain-pending-wait", with_fields("drain-pending-wait")),
        ("resize-in-place", with_fields("resize-in-place") + ["--dry-run"]),
    ):
        code, out, err = start_and_follow(world, remediation, *more)
        world.expect(f"start {remediation} follows it to its end", code == 0 and "SUCCEEDED" in out, out[-600:] + err)
        told = world.command("journal", "--last")
        world.expect(f"journal --last tells of {remediation}", f": {remediation}, stage prod" in told.stdout, told.stdout)

    world.command("start", "pause-scaling", "--group", "web-1", "--reason", "x" * 3)
    world.expect("without --yes nothing is started where nobody can be asked", len(world.executions()) == 8)
    arn = world.by_hand("pause-scaling", {"autoScalingGroupName": "web-1", "reason": "upgrade", "expiresAfter": "2h"})
    world.advance(2)
    held = world.command("status")
    name = arn.rsplit(":", 1)[1]
    shown = name in held.stdout and "Terminate" in held.stdout and "Holdfast" in held.stdout
    world.expect("status says who holds a group and what is suspended", shown, held.stdout + held.stderr)
    found = json.loads(world.command("status", "--json").stdout)[0]["groups"]
    people = [each["suspended"] for each in found if each["autoScalingGroupName"] == "web-0"]
    world.expect("and what people suspended", people == [[{"process": "AZRebalance", "by": "people"}]], found)
    stopped = world.command("stop", "web-1", "--yes")
    world.expect("stop stops what holds a group", stopped.returncode == 0 and name in stopped.stdout, stopped.stdout)
    world.advance(12)
    journal = world.command("journal", name)
    world.expect("journal tells its story", "given back" in journal.stdout, journal.stdout[-600:])
    of_group = world.command("journal", "--group", "web-1", "--json")
    world.expect("journal --group finds it", arn in of_group.stdout or "give-back" in of_group.stdout, of_group.stderr)

    off = world.command("switch", "off", "--yes")
    world.expect("switch sets the kill switch", "says off now" in off.stdout, off.stdout + off.stderr)
    live = world.command("switch", "live", "--yes")
    world.expect("and sets it back", "says live now" in live.stdout, live.stdout + live.stderr)
    said = world.command("switch")
    world.expect("switch alone says how it is", "says live" in said.stdout, said.stdout + said.stderr)

    wrong = (
        (["status", "--stage", "nowhere"], {}, 0, "No stage nowhere is deployed here"),
        (["stop", "nothing-of-this-name"], {}, 2, "there is no execution"),
        (["start", "pause-scaling", "--group", "web-1", "--reason", "why", "--stage", "qa", "--yes"], {}, 2, 'Stage "qa" is not deployed'),
        (["plan", "pause-scaling", "--group", "web-404"], {}, 1, "there is no Auto Scaling group of this name"),
        (["plan", "packet-loss"], {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, 2, "AWS cannot be reached"),
        (["plan", "packet-loss"], {"AWS_REGION": ""}, 2, "No Region"),
        (["plan", "packet-loss", "--stage", "nowhere"], {}, 2, "is not deployed"),
        (["switch", "--stage", "nowhere"], {}, 2, "is not deployed"),
        (["journal", "--last", "--stage", "nowhere"], {}, 2, "is not deployed"),
    )
    for words, environment, code, text in wrong:
        answer = world.command(*words, **environment)
        is_so = answer.returncode == code and text in answer.stdout + answer.stderr
        world.expect(f"{' '.join(words)}: {text}", is_so, [answer.returncode, answer.stdout, answer.stderr])
    world.advance(6)
    world.expect_all_is_as_before()
