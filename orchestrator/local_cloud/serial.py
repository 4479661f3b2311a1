"""Lets one request at a time into moto.

moto keeps its state in plain dictionaries and iterates over them while other requests insert: with forty calls at once a create fails with "dictionary
changed size during iteration" after it has created, and the SDK's retry creates again. moto's work is CPU under one interpreter lock,
so a lock of our own costs no throughput. Operations that wait, or call back into the cloud, are exempt.
"""

from threading import RLock
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.operation import operation_of
from orchestrator.local_cloud.wsgi import Handler, Response

MOTO = RLock()
"""Held while moto's state is read or changed. A background thread that touches moto's backends takes it too."""

CONCURRENT = frozenset(
    {
        ("lambda", "Invoke"),
        ("lambda", "InvokeAsync"),
        ("sqs", "ReceiveMessage"),
        ("kinesis", "SubscribeToShard"),
        ("states", "StartSyncExecution"),
    }
)
"""(service, action) that may block for long, or during which functions call back."""


def one_at_a_time(inner: Handler) -> Handler:
    """Build the layer; unsigned requests (the data plane of deployed APIs runs functions) are not serialised either."""

    def handle(environ: WSGIEnvironment) -> Response:
        operation = operation_of(environ)
        if not operation.service or (operation.service, operation.action) in CONCURRENT:
            return inner(environ)
        with MOTO:
            return inner(environ)

    return handle
