"""Project folders, each with a local cloud, for tests that run platformctl as its users do."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.adapters.local_cloud import AccountShape
from orchestrator.local_cloud import control_client
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, ACCOUNT_ID, REGION, SECRET_ACCESS_KEY
from orchestrator.local_cloud.process import ServerProcess
from orchestrator.platform.packages import ensure_packages

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Project:
    folder: Path
    # Passed from one test of a file to the next.
    calls: set = field(default_factory=set)

    @property
    def environ(self):
        # Settings of a user's shell that must not reach the local cloud or a plan.
        hostile = {"AWS_PROFILE": "production", "TF_VAR_suffix": "hijacked", "TF_CLI_ARGS": "-no-such-flag"}
        hostile["PLATFORMCTL_IGNORE_TF_VAR"] = "1"
        return os.environ | hostile | {"PLATFORMCTL_PROJECT": str(self.folder), "COLUMNS": "120"}

    def start(self, *arguments, **environ):
        return subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *arguments],
            cwd=ROOT,
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, process, code=0):
        out, err = process.communicate(timeout=600)
        assert process.returncode == code, f"exit code {process.returncode}, expected {code}\n{out}\n{err}"
        return out, err

    def run(self, *arguments, code=0, **environ):
        return self.finish(self.start(*arguments, **environ), code)

    def outputs(self, suffix):
        return json.loads(self.run("outputs", "--suffix", suffix, "--json")[0])

    @property
    def endpoint(self):
        return ServerProcess(self.folder / ".platformctl" / "local").status().endpoint

    def client(self, service):
        session = boto3.session.Session(
            aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=REGION
        )
        config = Config(s3={"addressing_style": "path"}, proxies={})
        return session.client(service, endpoint_url=self.endpoint, config=config)

    def api_keys(self, suffix):
        """Return the values of the API keys by client, from the state."""
        return self.states(suffix)["apigw"]["outputs"]["api_keys"]["value"]

    def left(self, suffix=None):
        """List the resources in the cloud."""
        return list_resources(self.client, suffix=suffix)

    def refusals(self):
        """Return which requests of everybody AWS's models or documented limits forbid, or have members that the models lack; none is {}."""
        tally = control_client.models(self.endpoint)
        assert tally.pop("checked") > 1000, "there must be requests to judge, or this proves nothing"
        return {verdict: found for verdict, found in tally.items() if found}

    def states(self, suffix):
        """Read the states in the bucket, by unit."""
        s3, bucket = self.client("s3"), f"terraform-state-{ACCOUNT_ID}-{REGION}"
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=f"{suffix}/")["Contents"]]
        return {
            key.split("/")[1]: json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
            for key in keys
            if key.endswith(".tfstate")
        }

    def runs(self, suffix):
        """Return the folders of a deployment's runs, the newest last."""
        folders = (self.folder / ".platformctl" / "runs").iterdir()
        begun = {folder: json.loads((folder / "events.jsonl").read_text().splitlines()[0]) for folder in folders}
        return sorted((f for f in begun if begun[f]["suffix"] == suffix), key=lambda folder: begun[folder]["time"])

    def events(self, suffix):
        """Read the events of a deployment's newest run."""
        return [json.loads(line) for line in (self.runs(suffix)[-1] / "events.jsonl").read_text().splitlines()]

    def finished(self, suffix):
        """Return the last event of each unit of a deployment's newest run."""
        return {event["unit"]: event for event in self.events(suffix) if event["type"] == "unit_finished"}


def only(*units):
    return [argument for unit in units for argument in ("--only", unit)]


def play(project, shape):
    """Start the project's local cloud with another account."""
    server = ServerProcess(project.folder / ".platformctl" / "local")
    server.stop()
    server.start(account=AccountShape(shape))


@contextmanager
def project_in(folder):
    """A project in a folder; its local cloud is stopped at the end."""
    yield Project(folder)
    ServerProcess(folder / ".platformctl" / "local").stop()


@pytest.fixture(scope="session")
def built(once, tmp_path_factory):
    """The folder of the functions' packages, which are the same in all projects; built once."""

    def build():
        home = tmp_path_factory.mktemp("packages")
        ensure_packages(ROOT, home)
        return str(home / "build")

    return Path(once.result("packages", build))


@pytest.fixture(scope="module")
def project(tmp_path_factory, built):
    folder = tmp_path_factory.mktemp("project")
    for name in ("functions", "live", "modules"):
        shutil.copytree(ROOT / name, folder / name)
    # The builder recognises unchanged packages by the times of their files.
    shutil.copytree(built, folder / ".platformctl" / "build")
    with project_in(folder) as made:
        yield made
