"""Holds what the functions sent against botocore's service models: names, types, lengths, ranges, patterns, enums.

The SDK for JavaScript checks none of it, and moto little. check() returns what was found, by finding.
"""

import base64
import collections
import io
import json
import re
from urllib.parse import parse_qsl

import botocore.session
from botocore.parsers import RpcV2CBORParser

#: Services by the name that requests are signed for.
SERVICES = {
    "autoscaling": "autoscaling",
    "ec2": "ec2",
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "dynamodb": "dynamodb",
    "ssm": "ssm",
    "states": "stepfunctions",
    "sns": "sns",
    "sts": "sts",
    "cloudformation": "cloudformation",
}
FLEET = {"autoscaling", "ec2", "elbv2", "cloudwatch"}
READS = re.compile(r"^(Describe|Get|List|Query|Scan|BatchGet|Head)")
#: Values that a botocore older than July 2026 does not know (AWS SDK for JavaScript, client-cloudwatch, AlarmType).
NEWER_VALUES = {"LogAlarm"}
_session = botocore.session.get_session()
_models = {}


def _model_of(service):
    if service not in _models:
        _models[service] = _session.get_service_model(service)
    return _models[service]


def _decode_form(shape, prefix, flat, used, is_ec2):
    """A value of the query protocols from its flat parameters."""
    kind = shape.type_name
    if kind == "structure":
        found = {}
        for name, member in shape.members.items():
            plain = member.serialization.get("name", name)
            wire = member.serialization.get("queryName") or (plain[0].upper() + plain[1:] if is_ec2 else plain)
            key = f"{prefix}.{wire}" if prefix else wire
            if any(each == key or each.startswith(f"{key}.") for each in flat):
                found[name] = _decode_form(member, key, flat, used, is_ec2)
        return found
    if kind == "list":
        is_flat = is_ec2 or shape.serialization.get("flattened")
        middle = "" if is_flat else "." + shape.member.serialization.get("name", "member")
        numbers = {
            int(match[1])
            for each in flat
            if (match := re.match(re.escape(prefix + middle) + r"\.(\d+)(\.|$)", each))
        }
        return [
            _decode_form(shape.member, f"{prefix}{middle}.{number}", flat, used, is_ec2)
            for number in sorted(numbers)
        ]
    if kind == "map":
        entries = prefix if shape.serialization.get("flattened") else f"{prefix}.entry"
        names = (shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value"))
        numbers = {int(match[1]) for each in flat if (match := re.match(re.escape(entries) + r"\.(\d+)\.", each))}
        pairs = [
            [
                _decode_form(part, f"{entries}.{number}.{name}", flat, used, is_ec2)
                for part, name in zip((shape.key, shape.value), names)
            ]
            for number in sorted(numbers)
        ]
        return {key: value for key, value in pairs}
    used.add(prefix)
    value = flat.get(prefix)
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    return value


def decode(record):
    """Service, operation, input, and parameters that the operation does not have."""
    service = SERVICES[record["service"]]
    model = _model_of(service)
    body = base64.b64decode(record["body"])
    content_type = record["type"] or ""
    if "x-www-form-urlencoded" in content_type:
        flat = dict(parse_qsl(body.decode(), keep_blank_values=True))
        operation = flat.pop("Action")
        version = flat.pop("Version", None)
        used = set()
        shape = model.operation_model(operation).input_shape
        value = _decode_form(shape, "", flat, used, model.protocol == "ec2") if shape else {}
        unknown = [f"{key}: not a parameter of {operation}" for key in flat if key not in used]
        if version != model.api_version:
            unknown.append(f"Version {version}: the model's is {model.api_version}")
        return service, operation, value, unknown
    if "cbor" in content_type:
        operation = record["path"].rsplit("/", 1)[1]
        stream = io.BufferedReader(io.BytesIO(body))
        return service, operation, RpcV2CBORParser().parse_data_item(stream) if body else {}, []
    operation = (record["target"] or record["path"].rsplit("/", 1)[1]).split(".")[-1]
    return service, operation, json.loads(body or b"{}"), []


def _check_range(path, what, size, raw, found):
    if raw.get("min") is not None and size < raw["min"]:
        found.append(f"{path}: {what} {size}, at least {raw['min']}")
    if raw.get("max") is not None and size > raw["max"]:
        found.append(f"{path}: {what} {size}, at most {raw['max']}")


def _check_structure(shape, value, path, found):
    if not isinstance(value, dict):
        found.append(f"{path}: not a structure")
        return
    for name in shape.required_members:
        if name not in value:
            found.append(f"{path}.{name}: missing")
    for name, each in value.items():
        if name in shape.members:
            _check(shape.members[name], each, f"{path}.{name}", found)
        else:
            found.append(f"{path}.{name}: unknown")


def _check_string(shape, value, path, found):
    raw = shape._shape_model
    if not isinstance(value, str):
        found.append(f"{path}: {type(value).__name__}, not a string")
        return
    _check_range(path, "length", len(value), raw, found)
    if shape.enum and value not in shape.enum and value not in NEWER_VALUES:
        found.append(f"{path}: {value!r} is none of the enum")
    pattern = raw.get("pattern")
    try:
        if pattern and not re.search(pattern, value):
            found.append(f"{path}: {value[:80]!r} does not match {pattern}")
    except re.error:
        pass  # Patterns of Java that Python does not know.


def _check(shape, value, path, found):
    kind = shape.type_name
    if value is None:
        found.append(f"{path}: null")
    elif kind == "structure":
        _check_structure(shape, value, path, found)
    elif kind == "list":
        _check_range(path, "entries", len(value), shape._shape_model, found)
        for index, each in enumerate(value):
            _check(shape.member, each, f"{path}[{index}]", found)
    elif kind == "map":
        for key, each in value.items():
            _check(shape.key, key, f"{path}<key>", found)
            _check(shape.value, each, f"{path}[{key}]", found)
    elif kind == "string":
        _check_string(shape, value, path, found)
    elif kind in ("integer", "long", "float", "double"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            found.append(f"{path}: {value!r} is not a number")
        else:
            _check_range(path, "value", value, shape._shape_model, found)
    elif kind == "boolean" and not isinstance(value, bool):
        found.append(f"{path}: {value!r} is not a boolean")


def check(records):
    """How many requests there were, and what was found in them."""
    findings = collections.Counter()
    for record in records:
        if record["service"] not in SERVICES:
            findings[f"a service that nobody knows: {record['service']}"] += 1
            continue
        service, operation, value, unknown = decode(record)
        found = [f"{operation}: {each}" for each in unknown]
        shape = _model_of(service).operation_model(operation).input_shape
        if shape is not None:
            _check(shape, value, operation, found)
        for each in found:
            findings[f"{service}.{each}"] += 1
    return len(records), dict(findings)


def mutating(records):
    """What changed, or should have changed, the fleet: operation, input, HTTP status."""
    calls = []
    for record in records:
        if record["service"] not in SERVICES:
            continue
        service, operation, value, _unknown = decode(record)
        if service in FLEET and not READS.match(operation) and value.get("DryRun") is not True:
            calls.append((operation, value, record["status"]))
    return calls
