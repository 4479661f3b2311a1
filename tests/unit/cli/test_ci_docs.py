"""The commands and workflows of docs/reports.md and docs/environments.md are ones that platformctl knows (C4, A5)."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main
import yaml

from orchestrator.cli.main import app

DOCS = Path(__file__).parents[3] / "docs"
REPORTS = (DOCS / "reports.md").read_text(encoding="utf-8")
ENVIRONMENTS = (DOCS / "environments.md").read_text(encoding="utf-8")


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


WORKFLOWS = [yaml.safe_load(block) for block in blocks(REPORTS, "yaml")]


def scripts(workflow):
    return [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]


def commands(text):
    """The arguments of every platformctl, or python3 -m orchestrator, in a script."""
    found = []
    for line in text.splitlines():
        for part in re.split(r"[|;>]+|&&", line.split("#")[0]):
            words = re.sub(r"\$\{\{.*?\}\}|\$[A-Z]+", "pr42", part).removeprefix("$ ").strip()
            begin = re.match(r"(\.venv/bin/)?platformctl\s+|python3 -m orchestrator\s+", words)
            if begin:
                found.append(shlex.split(words[begin.end() :]))
    return found


DOCUMENTED = [
    *(arguments for workflow in WORKFLOWS for script in scripts(workflow) for arguments in commands(script)),
    *(
        arguments
        for text in (REPORTS, ENVIRONMENTS)
        for block in blocks(text, "console")
        for arguments in commands(block)
    ),
]


def parse(arguments):
    """Parse as platformctl would, and run nothing."""
    command, name, rest = typer.main.get_command(app), "platformctl", list(arguments)
    while hasattr(command, "resolve_command"):
        if rest[0] == "--version":
            return name
        name, command, rest = command.resolve_command(command.context_class(command), rest)
    command.make_context(name, rest)
    return name


def test_every_way_to_call_platformctl_was_found():
    text = "\n".join([*(script for workflow in WORKFLOWS for script in scripts(workflow)), *blocks(REPORTS, "console")])
    text += "\n".join(blocks(ENVIRONMENTS, "console"))
    called = re.findall(r"(?:^|[ /{])platformctl (?=[a-z-])|-m orchestrator", re.sub(r"#.*", "", text), re.MULTILINE)
    assert len(DOCUMENTED) == len(called) > 15


@pytest.mark.parametrize("arguments", DOCUMENTED, ids=[" ".join(arguments) for arguments in DOCUMENTED])
def test_a5_the_command_line_is_one_that_platformctl_takes(arguments):
    parse(arguments)


@pytest.mark.parametrize(
    "line", ["list --tarqet aws", "invoke api", "up --suffix a --ttl", "reap --target moon", "nope"]
)
def test_the_check_itself_refuses_what_platformctl_refuses(line):
    with pytest.raises(Exception, match=r"nope|No such option|Missing|requires|is not one of|Invalid"):
        parse(shlex.split(line))


def test_a5_the_workflow_for_pull_requests_does_what_it_promises():
    workflow = WORKFLOWS[0]
    # YAML 1.1 reads the key "on" as true.
    assert set(workflow[True]) == {"pull_request", "schedule"}
    assert workflow["permissions"]["id-token"] == "write"
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert set(workflow["jobs"]) == {"up", "destroy", "reap"}
    called = {
        job: [arguments for step in content["steps"] for arguments in commands(step.get("run", ""))]
        for job, content in workflow["jobs"].items()
    }
    assert [arguments[0] for arguments in called["up"]] == ["--version", "plan", "up", "smoke", "report"]
    assert [arguments[0] for arguments in called["destroy"]] == ["--version", "destroy"]
    assert [arguments[0] for arguments in called["reap"]] == ["--version", "list", "reap"]
    (up,) = [arguments for arguments in called["up"] if arguments[0] == "up"]
    assert up[up.index("--ttl") + 1] == "8h"
    for arguments in (found for job in called.values() for found in job if found[0] not in {"--version", "report"}):
        assert arguments[arguments.index("--target") + 1] == "aws", arguments
    # Nobody answers questions there.
    assert all("--yes" in found for job in called.values() for found in job if found[0] in {"up", "destroy", "reap"})


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=["environments", "prod"])
def test_a4_credentials_are_a_role_and_never_a_secret(workflow):
    text = yaml.safe_dump(workflow)
    assert "secrets." not in text
    for job in workflow["jobs"].values():
        assumed = [step for step in job["steps"] if step.get("uses", "").startswith("aws-actions/")]
        aws = any("--target aws" in step.get("run", "") for step in job["steps"])
        assert bool(assumed) is aws
        assert all("role-to-assume" in step["with"] for step in assumed)


def test_what_the_matrix_prints_is_what_the_workflow_reads():
    outputs = WORKFLOWS[1]["jobs"]["stack"]["outputs"]
    assert {name: value.split(".")[-1].split()[0] for name, value in outputs.items()} == {
        name: name for name in outputs
    }
    for number in (1, 2):
        job = WORKFLOWS[1]["jobs"][f"stage_{number}"]
        assert job["strategy"]["matrix"] == f"${{{{ fromJSON(needs.stack.outputs.stage_{number}) }}}}"
