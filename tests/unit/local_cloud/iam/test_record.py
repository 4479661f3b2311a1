"""E2: decisions are written so that policies can be tried on them later."""

import json

from orchestrator.local_cloud.iam.evaluate import AccessRequest, Decision, Principal
from orchestrator.local_cloud.iam.record import written_to


def test_e2_a_decision_is_a_line_of_json(tmp_path):
    path = tmp_path / "authorizations.jsonl"
    principal = Principal(arn="arn:aws:sts::1:assumed-role/r/s", account="1", role_arn="arn:aws:iam::1:role/r")
    request = AccessRequest(
        principal=principal, action="s3:GetObject", resource="arn:aws:s3:::b/k", context={"b": ("1",), "a": ()}
    )
    write = written_to(path)
    write(request, Decision(allowed=True, finding="statement X of p"))
    write(request, Decision(allowed=False, cause="because"))
    first, second = [json.loads(line) for line in path.read_text().splitlines()]
    assert first == {
        "principal": "arn:aws:iam::1:role/r",
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/k",
        "context": {"a": [], "b": ["1"]},
        "allowed": True,
        "cause": "",
        "finding": "statement X of p",
    }
    assert (second["allowed"], second["cause"]) == (False, "because")
