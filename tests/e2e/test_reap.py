"""A deployment from its first minute to its last: listed, reported, renamed units found, reaped (A2, C4, C8)."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from orchestrator.adapters.aws.session import local_session
from orchestrator.adapters.aws.state_bucket import S3StateBucket
from orchestrator.local_cloud.identity import ACCOUNT_ID, REGION
from orchestrator.local_cloud.process import ServerProcess

pytestmark = pytest.mark.slow

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/report.schema.json").read_text())


@pytest.fixture
def register(project):
    """The register itself, to make a deployment expire."""

    def get():
        cloud = ServerProcess(project.folder / ".platformctl" / "local")
        session = local_session(cloud.environment(), endpoint=project.endpoint, account_id=ACCOUNT_ID)
        return S3StateBucket(session, f"terraform-state-{ACCOUNT_ID}-{REGION}")

    return get


def listed(project):
    return json.loads(project.run("list", "--json")[0])


def reports(project):
    """Read the reports of all runs; each must match the schema."""
    found = [
        json.loads(file.read_text()) for file in sorted((project.folder / ".platformctl/runs").glob("*/report.json"))
    ]
    for document in found:
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return found


def test_a2_expired_deployments_are_listed_and_reaped_with_their_orphans(project, register):
    assert listed(project) == []
    project.run("up", "--suffix", "r1", "--only", "iam", "--ttl", "1h")
    project.run("up", "--suffix", "s2", "--only", "iam", "--ttl", "1h", "--account-settings", "none")

    first, second = listed(project)
    assert (first["suffix"], first["environment"], first["expired"], second["suffix"]) == ("r1", "dev", False, "s2")
    assert first["units"] == {"iam": first["resources"]}
    assert (first["resources"] > 0, first["orphans"]) == (True, [])
    assert register().deployment("r1").units == {"iam": ()}
    assert [found["result"] for found in reports(project)] == ["succeeded", "succeeded"]
    (unit,) = reports(project)[0]["units"]
    assert (unit["name"], unit["status"], unit["attempts"]) == ("iam", "changed", 1)
    assert unit["changes"]["add"] == len(unit["resources"]) == first["resources"]
    assert first["last_run"]["id"] in {found["run"] for found in reports(project)}

    # Rename a unit of both deployments, and remove the units that depend on it.
    live = project.folder / "live" / "dev"
    for folder in live.iterdir():
        if folder.is_dir() and folder.name not in {"iam", "kms"}:
            shutil.rmtree(folder)
    (live / "iam").rename(live / "guardrail")
    assert [found["orphans"] for found in listed(project)] == [["iam"], ["iam"]]

    register().update("r1", lambda known: replace(known, expires=known.created))
    out, _ = project.run("reap", "--dry-run")
    assert [line.split()[0] for line in out.splitlines()[:2]] == ["SUFFIX", "r1"]
    assert "s2" not in out
    assert len(listed(project)) == 2
    project.run("reap", "--yes")
    assert [found["suffix"] for found in listed(project)] == ["s2"]
    assert project.left("r1") == []
    last = reports(project)[-1]
    assert (last["command"], last["suffix"], last["result"]) == ("destroy", "r1", "succeeded")
    assert last["totals"]["changes"]["destroy"] == first["resources"]

    project.run("reap", "--yes")
    assert [found["suffix"] for found in listed(project)] == ["s2"], "one that has not expired is left alone"
