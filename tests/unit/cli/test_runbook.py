"""Every command of the runbook exists, as it is written there (E5)."""

import re
import shlex

import pytest
from botocore import xform_name
from botocore.session import Session
from typer.main import get_command

from orchestrator.cli.main import app
from tests.plans import REPOSITORY

RUNBOOK = REPOSITORY / "docs" / "runbook.md"
SERVICES = {"configservice": "config", "s3api": "s3"}
WAITERS = {"db-cluster-snapshot-available": "describe-db-cluster-snapshots"}


def commands():
    blocks = re.findall(r"(?ms)^ *```console\n(.*?)^ *```", RUNBOOK.read_text(encoding="utf-8"))
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("platformctl ")])
def test_e5_a_command_of_platformctl_parses(line):
    group = get_command(app)
    name, *arguments = shlex.split(line)[1:]
    _, command, _ = group.resolve_command(group.make_context("platformctl", [name]), [name])
    context = command.make_context(name, arguments, resilient_parsing=False)
    assert context.params["suffix"] == "pr42"


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("aws ")])
def test_e5_a_command_of_the_aws_cli_has_the_parameters_of_its_operation(line):
    _, service, operation, *arguments = shlex.split(line)
    if operation == "wait":
        operation, arguments = WAITERS[arguments[0]], arguments[1:]
    model = Session().get_service_model(SERVICES.get(service, service))
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(operations[operation]).input_shape
    # The AWS CLI spells parameters as boto3 spells operations.
    known = {xform_name(name, "-"): name for name in shape.members}
    given = {argument.removeprefix("--") for argument in arguments if argument.startswith("--")}
    assert given <= set(known)
    assert {xform_name(name, "-") for name in shape.required_members} <= given


def test_nothing_in_the_runbook_is_neither():
    assert [line for line in commands() if not line.startswith(("platformctl ", "aws "))] == []
    assert len(commands()) >= 25
