"""C8: the log has service, action and status, and nothing of what was sent."""

import logging
import re

from orchestrator.local_cloud.request_log import log_requests


def test_one_line_without_secrets(request_to, answer, caplog):
    environ = request_to(
        "secretsmanager",
        body=b'{"SecretString": "hunter2"}',
        HTTP_X_AMZ_TARGET="secretsmanager.PutSecretValue",
        HTTP_X_AMZ_SECURITY_TOKEN="token-hunter2",
        QUERY_STRING="password=hunter2",
    )
    with caplog.at_level(logging.INFO):
        log_requests(lambda _: answer(400, body=b"hunter2"))(environ)
    assert [re.sub(r"[\d.]+ms", "Tms", record.getMessage()) for record in caplog.records] == [
        "secretsmanager PutSecretValue 400 Tms"
    ]


def test_an_unsigned_request_is_named_by_its_method(request_to, answer, caplog):
    with caplog.at_level(logging.INFO):
        log_requests(lambda _: answer())(request_to("", method="GET", path="/restapis/x"))
    assert caplog.records[0].getMessage().startswith("- GET 200 ")
