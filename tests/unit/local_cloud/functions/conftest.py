"""Functions made of source text, and a cloud of a few dictionaries."""

import hashlib
import io
import json
import math
import zipfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import replace

import pytest

from orchestrator.local_cloud.functions.asynchronous import Pace
from orchestrator.local_cloud.functions.cloud import Received
from orchestrator.local_cloud.functions.model import FunctionVersion, Keys, not_found
from orchestrator.local_cloud.functions.runtime import FunctionRuntime

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


def archive(source):
    """Build the zip archive of a function whose handler.py is this."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        # Without a date of its own: the bytes are in names of tests.
        file.writestr(zipfile.ZipInfo("handler.py"), source, zipfile.ZIP_DEFLATED)
    return content.getvalue()


FUNCTION = FunctionVersion(
    arn="",
    name="",
    version="$LATEST",
    handler="handler.handler",
    runtime="python3.12",
    role_arn="",
    region="us-east-1",
    environment={},
    timeout=20,
    memory_mb=512,
    code=b"",
    code_sha256="",
    log_group="",
    log_format="JSON",
    application_log_level="INFO",
    system_log_level="INFO",
    reserved_concurrency=None,
    retries=2,
    maximum_event_age=60,
    dead_letter_arn="",
)


class FakeCloud:
    """Implements ``Cloud``; a test reads and changes its attributes."""

    def __init__(self):
        self.functions = {}
        self.logs = defaultdict(list)
        self.dead_letters = []
        self.mapped = []
        self.queues = defaultdict(list)
        self.deleted = []
        self.shown_again = []
        self.sessions = []
        self.hidden_until = math.inf
        self.forbidden = set()

    def deploy(self, name, source, **changes):
        code = archive(source)
        given = {"name": name, "arn": ARN + name, "role_arn": f"arn:aws:iam::123456789012:role/{name}", "code": code}
        given |= {"code_sha256": hashlib.sha256(code).hexdigest(), "log_group": f"/aws/lambda/{name}"}
        function = replace(FUNCTION, **given | changes)
        self.functions[name] = function
        return function

    def find(self, name, qualifier):
        stated = name.rpartition(":function:")[2].partition(":")[0]
        if stated not in self.functions:
            raise not_found(ARN + stated)
        return self.functions[stated]

    def credentials(self, role_arn, session):
        self.sessions.append((role_arn, session))
        return Keys(access_key_id="ASIAFAKE", secret_access_key="secret", session_token="token")

    def write_logs(self, function, stream, events):
        self.logs[function.log_group] += [(stream, *event) for event in events]

    def send_dead_letter(self, function, event, attributes):
        self.dead_letters.append((function.dead_letter_arn, event, dict(attributes)))

    def mappings(self):
        return self.mapped

    def may_poll(self, mapping):
        return mapping.identifier not in self.forbidden

    def waiting(self, queue_arn):
        return len(self.queues[queue_arn])

    def receive(self, queue_arn, count):
        taken, self.queues[queue_arn] = self.queues[queue_arn][:count], self.queues[queue_arn][count:]
        return [
            Received(
                message_id=body,
                receipt_handle=f"handle-{body}",
                record={"messageId": body, "body": body},
                until=self.hidden_until,
            )
            for body in taken
        ]

    def delete(self, queue_arn, receipt_handles):
        self.deleted += receipt_handles

    def show_again(self, queue_arn, receipt_handles, seconds):
        self.shown_again += [(handle, seconds) for handle in receipt_handles]

    def texts(self, name):
        return [text for _, _, text in self.logs[f"/aws/lambda/{name}"]]

    def records(self, name):
        """Parse the platform's records; the function's own lines stay as they are."""
        return [json.loads(text) if text.startswith("{") else text for text in self.texts(name)]


@pytest.fixture
def cloud():
    return FakeCloud()


@pytest.fixture
def start(cloud, tmp_path):
    """Start a runtime with these options, and stop it after the test."""
    with ExitStack() as stack:

        def build(**options):
            options.setdefault("pace", Pace(retries=(0.05, 0.05), throttled=0.05, poll=0.02))
            runtime = FunctionRuntime(
                cloud, endpoint=lambda: "http://127.0.0.1:1", home=tmp_path / "runtime", **options
            )
            runtime.start()
            stack.callback(runtime.stop)
            return runtime

        yield build


@pytest.fixture
def runtime(start):
    return start()


@pytest.fixture
def call(runtime):
    """Invoke with an object; return the answer, parsed, and the error header."""

    def invoke(name, event=None, qualifier=None):
        result = runtime.invoke(name, json.dumps(event).encode(), qualifier)
        return json.loads(result.payload), result.function_error

    return invoke
