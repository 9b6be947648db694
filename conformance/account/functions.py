"""AWS Lambda: the zips that were uploaded run in function-host.mjs, with the environment the stack gave them."""

import base64
import collections
import json
import urllib.request

import moto.awslambda.models as models

from .clock import clock
from .log import ACCOUNT, REGION

INVOCATIONS = []
#: Retries of asynchronous invocations by function, from the template, since moto makes no EventInvokeConfig.
RETRIES = {}
#: Pauses before the first and the second retry (Lambda Developer Guide, "Asynchronous invocation").
RETRY_SECONDS = [60, 120]

host_port = None


def _call_host(function, event):
    body = {
        "name": function.function_name,
        "digest": function.code_sha_256,
        "code": base64.b64encode(function.code_bytes).decode(),
        "handler": function.handler,
        "timeout": int(function.timeout),
        "environment": dict(function.environment_vars or {}),
        "now": clock.now() * 1000,
        "event": event,
    }
    request = urllib.request.Request(f"http://127.0.0.1:{host_port}/", data=json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=400) as answer:
        return json.loads(answer.read())


def invoke(self, body, request_headers, response_headers):
    event = json.loads(body) if body else {}
    at = clock.iso()
    outcome = _call_host(self, event)
    error, result = outcome.get("error"), outcome.get("result")
    INVOCATIONS.append({"function": self.function_name, "at": at, "error": error, "input": event, "output": result})
    if error is not None:
        response_headers["x-amz-function-error"] = "Unhandled"
        return json.dumps(error).encode()
    return json.dumps(result).encode()


models.LambdaFunction.invoke = invoke


def function_of(arn):
    return models.lambda_backends[ACCOUNT][REGION]._lambdas.get_arn(arn)


def invoke_asynchronously(arn, event, tries=0):
    function = function_of(arn)
    headers = {}
    function.invoke(json.dumps(event), {}, headers)
    retries = RETRIES.get(function.function_name, len(RETRY_SECONDS))
    if headers and tries < min(retries, len(RETRY_SECONDS)):
        clock.after(RETRY_SECONDS[tries], invoke_asynchronously, arn, event, tries + 1)


class Stream:
    """The table's stream with its event source mapping: filter, batch window, and the first record that failed."""

    batch_window_seconds = 30
    retry_seconds = 5

    def __init__(self):
        self.records = []
        self.is_waiting = False
        # moto gives every record the same number.
        self.sequence_number = 1100000000017454423009

    def take(self, backend, function_arn, items, source):
        from moto.events.models import EventPattern

        mapping = next(
            each for each in backend._event_source_mappings.values() if each.event_source_arn == source
        )
        patterns = [
            EventPattern(None, json.loads(each["Pattern"]))
            for each in (mapping.filter_criteria or {}).get("Filters", [])
        ]
        for item in items:
            record = self._to_record(item.to_json(), source)
            if not patterns or any(pattern.matches_event(record) for pattern in patterns):
                self.records.append(record)
        self._wait(function_arn, self.batch_window_seconds)
        return "taken"

    def _to_record(self, item, source):
        self.sequence_number += 1
        details = {key: value for key, value in item["dynamodb"].items() if key != "ApproximateCreationDateTime"}
        record = {
            "eventID": item["eventID"],
            "eventName": item["eventName"],
            "eventVersion": item["eventVersion"],
            "eventSource": item["eventSource"],
            "awsRegion": REGION,
            "dynamodb": {**details, "SequenceNumber": str(self.sequence_number)},
            "eventSourceARN": source,
        }
        return json.loads(json.dumps(record, default=str))

    def _wait(self, function_arn, seconds):
        if self.records and not self.is_waiting:
            self.is_waiting = True
            clock.after(seconds, self._flush, function_arn)

    def _flush(self, function_arn):
        self.is_waiting = False
        records, self.records = self.records, []
        headers = {}
        answer = function_of(function_arn).invoke(json.dumps({"Records": records}), {}, headers)
        failed = [] if headers else (json.loads(answer) or {}).get("batchItemFailures", [])
        if headers or failed:
            first = 0
            if failed:
                numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
                first = numbers.index(failed[0]["itemIdentifier"])
            self.records = records[first:] + self.records
            self._wait(function_arn, self.retry_seconds)


#: By function that reads one: each stage has a table of its own.
streams = collections.defaultdict(Stream)
models.LambdaBackend.send_dynamodb_items = lambda self, arn, items, source: streams[arn].take(
    self, arn, items, source
)
