import json
import re
import shlex

#: How the AWS command line calls a service, and how boto3 does.
SERVICES = {"autoscaling": "autoscaling", "stepfunctions": "stepfunctions", "dynamodb": "dynamodb", "ssm": "ssm"}


def commands(text):
    """The commands of a message, as a shell would split them; each stands on a line of its own."""
    return [
        shlex.split(line)
        for line in text.split("\n")
        if re.match(r" +aws [a-z]", line)
    ]


def run(world, words):
    """Makes the call that a command of the AWS command line makes: options are single texts, flags or JSON."""
    _aws, service, operation, *options = words
    names = [at for at, word in enumerate(options) if word.startswith("--")]
    arguments = {}
    for at, following in zip(names, [*names[1:], len(options)]):
        name = "".join(part.capitalize() for part in options[at][2:].split("-"))
        values = options[at + 1 : following]
        arguments[name] = values[0] if len(values) == 1 else values or True
    region = arguments.pop("Region")
    client = world.client(SERVICES[service])
    if client.meta.region_name != region:
        raise ValueError(f"{region} is another Region than {client.meta.region_name}")
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    # The command line's names are those of the API in other letters.
    known = {name.lower(): name for name in shape.members}
    given = {known[name.lower()]: value for name, value in arguments.items()}
    for name, value in given.items():
        kind = shape.members[name].type_name
        if kind in ("list", "map", "structure") and isinstance(value, str):
            given[name] = json.loads(value) if value[0] in "[{" else [value]
    return getattr(client, method)(**given)


def told(world):
    """What people are told names every group that was asked for, and its commands do what it says of them."""
    world.by_hand(
        "pause-scaling",
        {"autoScalingGroupName": ["web-1", "web-404"], "reason": "switch upgrade", "expiresAfter": "2h"},
    )
    world.advance(2)
    subject, text = world.mails()[0]
    world.expect("the subject says what, of how many, which, and where", re.fullmatch(
        r"\[Holdfast prod\] Scale-in paused in 1 of 2 groups: web-1 \(.+, us-east-1\)", subject), subject)
    world.expect("the group that there is not is named at once", "web-404: left alone: there is no" in text, text)
    world.expect("who holds the group is said, and until when", re.search(
        r"pause-scaling, until \d{4}-\d\d-\d\d \d\d:\d\d UTC at the latest: web-1", text), text)
    found = commands(text)
    world.expect("every command names its Region", all("--region" in words for words in found), found)
    by_name = {words[2]: words for words in reversed(found)}
    journal = run(world, by_name["query"])["Items"]
    world.expect("the command for the journal reads it", len(journal) > 0, journal)
    auto_scaling = world.client("autoscaling")
    auto_scaling.resume_processes(AutoScalingGroupName="web-1", ScalingProcesses=["Terminate"])
    world.advance(11)
    undone = [body for name, body in world.mails() if "undone by somebody" in name]
    world.expect("people are told that somebody undid part of it", len(undone) == 1, world.mails())
    run(world, by_name["stop-execution"])
    world.advance(15)
    over = [body for name, body in world.mails() if "Hold ended" in name]
    world.expect("stopped with the command of the message, it is over", over, world.mails())
    world.expect("and nothing holds the group", over and "No hold of this stage: web-1" in over[-1], over)
    world.expect_all_is_as_before()
