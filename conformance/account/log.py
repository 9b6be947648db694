"""What happened in the account: every call with its outcome, and every request of the functions and of the command as it came over the wire."""

import base64
import io
import re
from email.utils import formatdate

from moto.core.responses import BaseResponse
from werkzeug.serving import WSGIRequestHandler

from .clock import clock

ACCOUNT = "123456789012"
REGION = "us-east-1"

CALLS = []
WIRE = []
#: Services that do not answer the functions now.
SILENT = set()
#: Called after each call that succeeded: (action, input).
LISTENERS = []

READS = re.compile(r"^(Describe|Get|List|Query|Scan|BatchGet|Head|Lookup)")


def note(service, action, error=None, **more):
    CALLS.append(dict(service=service, action=action, mutating=not READS.match(action), error=error, **more))
    if error is None:
        for listener in list(LISTENERS):
            listener(action, more.get("input"))


def note_harm(why):
    """Something that no story may contain: an instance in service that was stopped, or left Standby while it did not run."""
    note("conformance", "HARM", why=why)


def _input_of(response):
    try:
        values = {key: value for key, value in dict(response.data).items() if key != "Version"}
    except Exception:
        return {}
    return {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in values.items()}


_call_action = BaseResponse.call_action


def _noted_call_action(self):
    try:
        action = self._get_action() or "?"
    except Exception:
        action = "?"
    try:
        answer = _call_action(self)
    except Exception as error:
        note(self.service_name, action, getattr(error, "code", type(error).__name__), input=_input_of(self))
        raise
    status = answer[0] if isinstance(answer, tuple) and isinstance(answer[0], int) else 200
    note(self.service_name, action, None if status < 400 else status, input=_input_of(self))
    return answer


BaseResponse.call_action = _noted_call_action

# With the real date the SDK would see a skewed clock, and try every error again.
WSGIRequestHandler.date_time_string = lambda self, timestamp=None: formatdate(clock.now(), usegmt=True)


def _service_of(environ):
    """The service that a request was signed for."""
    found = re.search(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    return found[1] if found else "?"


def recorded(application):
    """Wraps the application of moto: records what functions send, and lets services be silent to them."""

    def wrapped(environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(body)
        # The SDK says that it runs in Lambda; osls uses the same one.
        agent = environ.get("HTTP_USER_AGENT", "")
        is_function = "exec-env/AWS_Lambda" in agent
        sender = "function" if is_function else "command" if "app/holdfast-command" in agent else None
        service = _service_of(environ)
        status = {}

        def started(code, headers, *more):
            status["code"] = int(code.split()[0])
            # The server says the date itself.
            kept = [header for header in headers if header[0].lower() != "date"]
            return start_response(code, kept, *more)

        if is_function and service in SILENT:
            started("503 Service Unavailable", [("content-type", "application/x-amz-json-1.0")])
            return [b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"silent"}']
        answer = application(environ, started)
        if sender:
            WIRE.append(
                {
                    "by": sender,
                    "service": service,
                    "target": environ.get("HTTP_X_AMZ_TARGET"),
                    "type": environ.get("CONTENT_TYPE"),
                    "path": environ.get("PATH_INFO"),
                    "method": environ["REQUEST_METHOD"],
                    "status": status.get("code"),
                    "body": base64.b64encode(body).decode(),
                    "at": clock.iso(),
                }
            )
        return answer

    return wrapped
