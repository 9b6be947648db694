"""What a story may look at and do: the account through its controls and through boto3, people and alarms included."""

import datetime
import json
import os
import pathlib
import subprocess
import urllib.request
import uuid

import boto3
import wire
from botocore.config import Config

ROOT = pathlib.Path(__file__).parent.parent
ACCOUNT = "123456789012"
REGION = "us-east-1"
#: What a hold of scale-in suspends, sorted.
SCALE_IN = ["AZRebalance", "HealthCheck", "InstanceRefresh", "ReplaceUnhealthy", "Terminate"]


class World:
    def __init__(self, port, stage):
        self.url = f"http://127.0.0.1:{port}"
        self.controls = f"http://127.0.0.1:{port + 1}"
        self.stage = stage
        self.checks = []
        self.alarms = {}

    # ---- the account

    def post(self, path, body=None):
        request = urllib.request.Request(
            self.controls + path, data=json.dumps(body or {}).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=900) as answer:
            result = json.loads(answer.read())
        if not result["ok"]:
            raise RuntimeError(f"{path}: {result['error']}")
        return result["result"]

    def state(self):
        return self._read("/state")

    def wire(self, by="function"):
        """Every request of the functions, or of the command, in this story."""
        return [each for each in self._read("/wire") if each["by"] == by]

    def _read(self, path):
        with urllib.request.urlopen(self.controls + path, timeout=60) as answer:
            return json.loads(answer.read())

    def client(self, name):
        return boto3.client(
            name,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="x",
            aws_secret_access_key="y",
            config=Config(retries={"max_attempts": 0}),
        )

    def advance(self, minutes):
        self.post("/advance", {"seconds": minutes * 60})

    def group(self, name):
        return self.state()["groups"][name]

    def suspended(self, name):
        return self.group(name)["suspended"]

    def executions(self):
        """The executions of this story, in the order of their machines."""
        return [each for each in self.state()["executions"] if each["arn"] not in self.executions_before]

    def execution(self, arn):
        return next(each for each in self.executions() if each["arn"] == arn)

    def mutating(self):
        return wire.mutating(self.wire())

    def messages(self):
        """Subjects and texts of what people were told in this story, but for what the hourly check tells."""
        return [(each[2] or "", json.dumps(each)) for each in self._told(of_check=False)]

    def _told(self, of_check):
        def is_of_check(each):
            return any(f'"{kind}"' in json.dumps(each[3]) for kind in ("not-ready", "ready-again"))

        return [each for each in self.state()["messages"] if is_of_check(each) == of_check]

    def mails(self, of_check=False):
        """Subjects and texts as mail shows them; those of the hourly check where they are asked for."""
        notices = [(each[2] or "", each[1]) for each in self._told(of_check)]
        return [(subject, json.loads(body)["default"] if body[:1] == "{" else body) for subject, body in notices]

    def records(self):
        """What would still have to be undone (docs/operations.md, "Remove it")."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=f"holdfast-{self.stage}")
        items = [item for page in pages for item in page["Items"]]
        return [
            item["pk"]["S"]
            for item in items
            if item["pk"]["S"].startswith("group#") and item["sk"]["S"] in ("record", "resize")
        ]

    # ---- people, tools and alarms

    def put_alarm(self, name, **settings):
        """Makes an alarm on the packets that are lost, or sets it anew."""
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            MetricName="PacketLoss",
            Namespace="AWS/NetworkMonitor",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=2.0,
            ComparisonOperator="GreaterThanThreshold",
            **settings,
        )

    def alarm(self, name, value, reason="told", **settings):
        """Changes the state of an alarm. Returns the event that CloudWatch sends."""
        cloudwatch = self.client("cloudwatch")
        if name not in self.alarms:
            self.put_alarm(name, **settings)
            self.alarms[name] = "OK"
        before, self.alarms[name] = self.alarms[name], value
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason=reason)
        return self.alarm_event(name, before)

    def alarm_event(self, name, before):
        """As in AWS's sample (CloudWatch User Guide, "Alarm events and EventBridge")."""
        alarm = self.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        at = alarm["StateUpdatedTimestamp"].astimezone(datetime.timezone.utc)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
        metric = {"dimensions": {}, "name": "PacketLoss", "namespace": "AWS/NetworkMonitor"}
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "CloudWatch Alarm State Change",
            "source": "aws.cloudwatch",
            "account": ACCOUNT,
            "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [alarm["AlarmArn"]],
            "detail": {
                "alarmName": name,
                "configuration": {
                    "metrics": [
                        {
                            "id": "m1",
                            "metricStat": {"metric": metric, "period": 60, "stat": "Average"},
                            "returnData": True,
                        }
                    ]
                },
                "previousState": {"reason": "x", "reasonData": "{}", "timestamp": stamp, "value": before},
                "state": {
                    "reason": alarm["StateReason"],
                    "reasonData": "{}",
                    "timestamp": stamp,
                    "value": alarm["StateValue"],
                },
            },
        }

    def event(self, event):
        """Puts an event on the bus. Returns the targets that it reached."""
        return self.post("/event", event)

    def by_hand(self, remediation, body):
        """Starts an execution as from the console; the body may be any JSON. Returns its ARN."""
        machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:holdfast-{self.stage}-{remediation}"
        return self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps(body), name=f"by-hand-{uuid.uuid4()}"
        )["executionArn"]

    def stop(self, arn):
        self.client("stepfunctions").stop_execution(executionArn=arn)

    def set_switch(self, word):
        self.client("ssm").put_parameter(
            Name=f"/holdfast/{self.stage}/mode", Value=word, Overwrite=True, Type="String"
        )

    # ---- deploying

    def deploy_stage(self, stage):
        self.deployer.deploy(stage)

    def remove_stage(self, stage):
        self.deployer.remove(stage)

    def upgrade(self):
        """Deploys the present release over the earlier one."""
        self.deployer.deploy(self.stage)

    def code(self):
        """What runs, by function."""
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        return {each["FunctionName"]: each["CodeSha256"] for page in pages for each in page["Functions"]}

    def left_of(self, prefix):
        """Names in the account that begin so, of every kind that a stage makes."""
        topics = self.client("sns").list_topics()["Topics"]
        groups = self.client("logs").describe_log_groups()["logGroups"]
        names = [
            *(each["name"] for each in self.state()["machines"]),
            *self.code(),
            *self.client("dynamodb").list_tables()["TableNames"],
            *(each["TopicArn"].rsplit(":", 1)[1] for each in topics),
            *(each["logGroupName"].rsplit("/", 1)[1] for each in groups),
            *(url.rsplit("/", 1)[1] for url in self.client("sqs").list_queues().get("QueueUrls", [])),
            *(each["RoleName"] for each in self.client("iam").list_roles()["Roles"]),
            *(each["Name"] for each in self.client("events").list_rules()["Rules"]),
        ]
        return sorted(name for name in names if name.startswith(prefix))

    # ---- commands

    def command(self, *arguments, **environment):
        """Runs the command holdfast against this account; its result."""
        return subprocess.run(
            ["node", "cli/holdfast.js", *arguments],
            cwd=ROOT,
            env=self._environment(environment),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def begin_command(self, *arguments):
        """Starts the command holdfast, which goes on while time is advanced; the process."""
        return subprocess.Popen(
            ["node", "cli/holdfast.js", *arguments],
            cwd=ROOT,
            env=self._environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _environment(self, more):
        return {
            **os.environ,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "y",
            **more,
        }

    # ---- checks

    def begin_story(self):
        """Begins just after a sweep, so that no story depends on how long the ones before it took."""
        self.post("/past-schedule")
        self.post("/forget")
        self.checks = []
        self.executions_before = {each["arn"] for each in self.state()["executions"]}

    def expect(self, what, is_so, found=None):
        self.checks.append((what, bool(is_so)))
        if is_so:
            print(f"  ok   {what}", flush=True)
        else:
            shown = "" if found is None else f": {json.dumps(found, default=str)[:1500]}"
            print(f"  FAIL {what}{shown}", flush=True)

    def expect_all_is_as_before(self, allowed_errors=()):
        """What every story that acts has to leave: nothing."""
        state = self.state()
        groups = state["groups"]
        instances = {name: group["instances"] for name, group in groups.items()}
        self.expect("no execution runs", state["running"] == 0, [
            each["name"] for each in state["executions"] if each["status"] == "RUNNING"
        ])
        harm = [call for call in state["calls"] if call["action"] == "HARM"]
        self.expect("no instance in service was stopped", not harm, harm)
        records = self.records()
        self.expect("the table holds no record of a group", not records, records)
        tagged = [name for name, group in groups.items() if "holdfast-hold" in group["tags"]]
        self.expect("no group has the tag of a hold", not tagged, tagged)
        suspended = {name: group["suspended"] for name, group in groups.items()}
        before = {"web-0": ["AZRebalance"], "web-1": [], "web-2": []}
        self.expect("processes are suspended as before", suspended == before, suspended)
        every = [instance for group in groups.values() for instance in group["instances"]]
        self.expect("no instance is protected", not any(each["protected"] for each in every), instances)
        is_serving = all(each["state"] == "InService" and each["ec2"] == "running" for each in every)
        self.expect("every instance is in service", is_serving, instances)
        sizes = {name: (group["min"], group["desired"], group["max"]) for name, group in groups.items()}
        self.expect("sizes are as Terraform made them", set(sizes.values()) == {(2, 4, 8)}, sizes)
        failed = [
            (each["function"], each["error"]["errorType"], each["error"]["errorMessage"][:300])
            for each in state["invocations"]
            if each["error"] and each["error"]["errorType"] not in allowed_errors
        ]
        self.expect("no function failed", not failed, failed)
