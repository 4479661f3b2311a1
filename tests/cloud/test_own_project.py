"""The local cloud stands alone: the page for other projects, word for word, and the commands in a folder that is no project."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from orchestrator.local_cloud.lifeline import Identity

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "local-cloud-in-your-project.md"
PLUGIN = "orchestrator.local_cloud.pytest_plugin"
BLOCK = re.compile(r"(?P<before>.*?)^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
NAMED = re.compile(r"Save this as `(.+?)`")


@pytest.fixture
def folder(tmp_path):
    """An empty folder, in no project, with a home of its own."""
    made = tmp_path / "project"
    made.mkdir()
    return made


@pytest.fixture
def environment(folder, terraform_environment, terraform_binary):
    """What a user of the page has: programs on PATH, Terraform's provider mirror, and hostile AWS settings."""
    programs = folder.parent / "bin"
    programs.mkdir()
    entry = "from orchestrator.cli.main import main; main()"
    for name, command in (("platformctl", f'"{sys.executable}" -c "{entry}"'), ("python", f'"{sys.executable}"')):
        (programs / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (programs / name).chmod(0o755)
    path = os.pathsep.join([str(programs), str(Path(terraform_binary).parent), terraform_environment["PATH"]])
    kept = {name: value for name, value in terraform_environment.items() if not name.startswith("AWS_")}
    # An environment that was set up before the plugin had its entry point does not know it.
    known = any(point.value == PLUGIN for point in entry_points(group="pytest11"))
    return kept | {
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_PROFILE": "missing",
        "PATH": path,
        "XDG_STATE_HOME": str(folder.parent / "state"),
        **({} if known else {"PYTEST_PLUGINS": PLUGIN}),
    }


@pytest.fixture
def platformctl(folder, environment):
    def run(*arguments):
        command = ["platformctl", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    return run


def _port_is_free(number):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
        return True


def test_the_page_runs_word_for_word(folder, environment, platformctl):
    if not _port_is_free(4566):
        pytest.skip("the port of the page is taken on this machine")
    script = ["set -eu"]
    for block in BLOCK.finditer(PAGE.read_text()):
        if block["kind"] == "sh":
            lines = block["text"].splitlines()
            script += [line for line in lines if shutil.which("aws") or not line.startswith("aws ")]
        else:
            (folder / NAMED.findall(block["before"])[-1]).write_text(block["text"])
    assert {"prices.py", "main.tf", "test_prices.py"} == {path.name for path in folder.iterdir()}
    try:
        done = subprocess.run(
            ["sh", "-c", "\n".join(script)], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    finally:
        platformctl("local", "stop", "--state", ".local-cloud")
    assert done.returncode == 0, done.stdout + done.stderr
    said = COLOUR.sub("", done.stdout)
    assert "The local cloud runs on http://127.0.0.1:4566 (process " in said
    assert "\n187.20\n" in said
    assert "Apply complete! Resources: 2 added" in said
    assert "No changes. Your infrastructure matches the configuration." in said
    assert "Destroy complete! Resources: 2 destroyed." in said
    assert "3 passed" in said
    assert said.endswith("The local cloud has stopped.\n")
    if shutil.which("aws"):
        assert "http://127.0.0.1:4566/123456789012/trades" in said


@pytest.mark.parametrize("options", [(), ("--state", "own/state")])
def test_start_status_env_logs_and_stop_work_in_no_project(folder, platformctl, options):
    home = folder / "own/state" if options else folder.parent / "state/platformctl/local-cloud"
    assert platformctl("local", "status", *options).returncode == 1
    started = platformctl("local", "start", *options)
    try:
        assert started.returncode == 0, started.stderr
        status = json.loads(platformctl("local", "status", "--json", *options).stdout)
        assert (status["running"], status["log"]) == (True, str(home / "server.log"))
        again = platformctl("local", "start", "--port", "4567", *options)
        assert (again.stdout, again.stderr) == (started.stdout, "It was running already and keeps its port.\n")
        commands = platformctl("local", "env", *options).stdout.splitlines()
        assert f"export AWS_ENDPOINT_URL={status['endpoint']}" in commands
        assert "unset AWS_PROFILE" in commands
        assert "serves on 127.0.0.1" in platformctl("local", "logs", *options).stdout
    finally:
        stopped = platformctl("local", "stop", *options)
    assert (stopped.returncode, stopped.stdout) == (0, "The local cloud has stopped.\n")
    assert Identity.of(status["pid"]) is None
    assert platformctl("local", "stop", *options).stdout == "The local cloud does not run.\n"
    assert not (folder / ".platformctl").exists()


def test_a_project_that_is_named_and_does_not_exist_is_an_error(platformctl, environment):
    environment["PLATFORMCTL_PROJECT"] = "/nowhere"
    done = platformctl("local", "status")
    assert done.returncode == 2
    assert "PLATFORMCTL_PROJECT is /nowhere" in done.stderr


TESTS = """
import os
import sys

import boto3

MARK = "arn:aws:iam::123456789012:role/left"


def test_that_asks_for_nothing():
    assert "AWS_ENDPOINT_URL" not in os.environ


def test_that_leaves_everything_behind(local_cloud):
    assert "AWS_PROFILE" not in os.environ
    boto3.client("sqs").create_queue(QueueName="left")
    boto3.client("dynamodb").create_table(
        TableName="left",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )
    boto3.client("iam").create_role(RoleName="left", AssumeRolePolicyDocument="{}")


def test_that_finds_nothing(local_cloud):
    assert "QueueUrls" not in boto3.client("sqs").list_queues()
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []
    assert boto3.client("iam").list_roles()["Roles"] == []


def test_that_resets_in_between(local_cloud):
    client = local_cloud.client("sqs", region_name="eu-west-1")
    client.create_queue(QueueName="left")
    local_cloud.reset()
    assert "QueueUrls" not in client.list_queues()


def test_that_moto_stays_out():
    assert not [name for name in sys.modules if name.split(".")[0] in ("moto", "werkzeug", "flask")]
    assert os.environ["AWS_PROFILE"] == "missing"
"""


def test_the_fixtures_give_each_test_an_empty_account_and_restore_the_environment(folder, environment):
    (folder / "test_it.py").write_text(TESTS)
    command = ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", "t", "test_it.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "5 passed" in done.stdout, done.stdout + done.stderr
    (home,) = (found for found in (folder / "t").glob("local-cloud*") if not found.is_symlink())
    assert not (home / "server.json").exists()


def test_nothing_starts_unless_a_fixture_is_asked_for(folder, environment):
    (folder / "test_it.py").write_text("def test_nothing():\n    pass\n")
    command = ["python", "-m", "pytest", "-q", "--basetemp", "t", "test_it.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout
    assert not list((folder / "t").glob("local-cloud*"))
