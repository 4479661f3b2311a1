"""run: Terraform's commands in the words of Terragrunt, and what becomes of their arguments (C2, C3, C8, C10)."""

import json

import pytest

from orchestrator.cli.terraform_arguments import ARGUMENTS, COMMANDS, REFUSED_ARGUMENTS, REFUSED_COMMANDS
from orchestrator.engine.ports import Applied
from orchestrator.hcl.values import Sensitive
from orchestrator.model.status import Changes
from tests.fakes.world import plan_of, planned_change

DOCUMENT = {
    "outputs": {
        "key_arn": {"value": "arn:1", "type": "string"},
        "ports": {"value": [80, 443], "type": ["list", "number"]},
        "password": {"value": "hunter2", "type": "string", "sensitive": True},
    },
    "resources": [
        {
            "mode": "managed",
            "type": "aws_kms_key",
            "name": "this",
            "instances": [
                {"index_key": "logs", "attributes": {"id": "k-1", "token": "hunter2"}},
                {"index_key": "data", "attributes": {"id": "k-2"}},
            ],
        },
        {"mode": "data", "type": "aws_region", "name": "here", "instances": [{"attributes": {"id": "eu"}}]},
        {
            "module": 'module.part["a"]',
            "mode": "managed",
            "type": "aws_eip",
            "name": "this",
            "instances": [{"index_key": 0, "attributes": {}}],
        },
    ],
}
ADDRESSES = (
    'aws_kms_key.this["logs"]\naws_kms_key.this["data"]\ndata.aws_region.here\nmodule.part["a"].aws_eip.this[0]\n'
)


@pytest.fixture
def run(platformctl, world, monkeypatch):
    """Runs a command line on pr42 in a folder of the project: run("live/dev/vpc", "plan")."""
    outputs = {"key_arn": "arn:1", "ports": [80, 443], "password": Sensitive("hunter2")}
    world.put("kms", outputs=outputs, document=DOCUMENT)
    world.planner.plan_made = plan_of(**{name: (planned_change("update"),) for name in ("kms", "vpc", "api", "docs")})

    def call(folder, line):
        monkeypatch.chdir(platformctl.tree.root / folder)
        return platformctl("run", "--suffix", "pr42", *line.split())

    return call


def planned(world):
    return list(world.planner.planned[-1])


@pytest.mark.parametrize(
    ("folder", "line", "units"),
    [
        # One unit: that of the current folder.
        ("live/dev/vpc", "apply", "vpc"),
        ("live/dev/vpc", "apply -auto-approve", "vpc"),
        ("live/dev/vpc", "-- apply -input=false -lock-timeout 5m", "vpc"),
        # All units of the current folder and below.
        ("live/dev", "--all apply", "docs kms vpc api"),
        (".", "--all apply", "docs kms vpc api"),
        ("live/dev/vpc", "-a apply", "vpc"),
        ("live/dev/vpc", "--all --queue-include-external apply", "kms vpc"),
        # The unit, and all that depend on it.
        ("live/dev/vpc", "--graph apply", "vpc api"),
        ("live/dev", "--filter !./v* --filter !docs apply", "kms api"),
        ("live/dev", "--all apply --queue-exclude-dir docs", "kms vpc api"),
        ("live/dev", "--all apply --queue-include-dir ./{kms,docs}", "docs kms"),
        ("live/dev", "--filter ...kms --env dev apply", "kms vpc api"),
    ],
)
def test_c10_run_works_on_the_unit_here_or_on_all_below(run, world, folder, line, units):
    world.put("kms", "vpc")
    result = run(folder, line)
    assert (result.code, sorted(world.worked_on)) == (0, sorted(units.split())), result.err


def test_c10_run_all_plan_is_one_plan_and_apply_takes_it(run, world, tmp_path):
    file = tmp_path / "all.plan"
    result = run("live/dev", f"--all plan -out={file} -detailed-exitcode")
    assert result.code == 2, result.err
    assert file.is_file()
    assert json.loads(run("live/dev", "--all plan -json").out)["format_version"]
    assert run("live/dev", f"--all apply {file}").code == 0
    assert sorted(world.worked_on) == ["api", "docs", "kms", "vpc"]


def test_c10_run_destroy_follows_the_graph(run, world):
    world.put("kms", "vpc", "api", "docs")
    result = run("live/dev/vpc", "destroy -auto-approve")
    assert result.code == 2
    assert "Other units depend on what would be destroyed" in result.err
    assert run("live/dev/vpc", "--graph destroy -auto-approve").code == 0
    assert world.states == ["docs", "kms"]
    assert run("live/dev", "--all destroy --non-interactive").code == 0
    assert world.states == []


def test_c10_a_run_that_fails_fast_starts_nothing_more(run, world):
    world.terraform.ends["docs"] = Applied(succeeded=False, changes=Changes(), errors=("no",))
    assert run("live/dev", "--all --parallelism 1 apply").code == 1
    assert "kms" in world.worked_on
    world.terraform.applied.clear()
    assert run("live/dev", "--all --parallelism 1 --fail-fast apply").code == 1
    assert world.worked_on[-1] == "docs"
    assert len(world.worked_on) < 4


def test_c10_validate_and_init_need_no_deployment(platformctl, monkeypatch):
    monkeypatch.chdir(platformctl.tree.root / "live/dev")
    for command in ("validate", "init"):
        result = platformctl("run", "--all", command)
        assert (result.code, result.out, platformctl.started) == (0, "dev: 4 units, no mistakes found\n", [])
    monkeypatch.chdir(platformctl.tree.root / "live/dev/vpc")
    assert platformctl("run", "validate").out == "dev: 1 units, no mistakes found\n"


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("output", 'key_arn = "arn:1"\npassword = <sensitive>\nports = [80, 443]\n'),
        ("output key_arn", '"arn:1"\n'),
        ("output -raw key_arn", "arn:1\n"),
        ("output -json ports", "[80,443]\n"),
        ("--show-sensitive output -raw password", "hunter2\n"),
        ("state list", ADDRESSES),
        ("state list data", "data.aws_region.here\n"),
        ('--show-sensitive state show aws_kms_key.this["data"]', '# aws_kms_key.this["data"]\n  id = "k-2"\n'),
        (
            "show",
            ADDRESSES + '\nOutputs:\n\nkey_arn = "arn:1"\npassword = <sensitive>\nports = [80, 443]\n',
        ),
    ],
)
def test_c10_outputs_and_states_are_read_in_the_words_of_terraform(run, line, out):
    result = run("live/dev/kms", line)
    assert (result.code, result.out) == (0, out), result.err


def test_c8_outputs_as_json_hold_no_secret_unless_it_is_asked_for(run):
    found = json.loads(run("live/dev/kms", "output -json").out)
    assert found == {
        "key_arn": {"sensitive": False, "type": "string", "value": "arn:1"},
        "password": {"sensitive": True, "type": "string"},
        "ports": {"sensitive": False, "type": ["list", "number"], "value": [80, 443]},
    }
    shown = json.loads(run("live/dev/kms", "--show-sensitive output -json").out)
    assert shown["password"]["value"] == "hunter2"
    assert json.loads(run("live/dev/kms", "--show-sensitive state pull").out)["resources"] == DOCUMENT["resources"]
    assert json.loads(run("live/dev", "--all output -json").out) == {
        "api": {},
        "docs": {},
        "kms": {"key_arn": "arn:1", "ports": [80, 443]},
        "vpc": {"vpc_id": "v"},
    }


@pytest.mark.parametrize(
    "line",
    ["output password", "output -raw password", "state pull", "state show x.y", "output nope", "output -raw ports"],
)
def test_c8_what_holds_a_secret_is_refused_without_the_option(run, line):
    result = run("live/dev/kms", line)
    assert (result.code, result.out) == (2, "")
    assert "hunter2" not in result.err


def test_c10_states_of_all_units_are_listed_under_their_names(run, world):
    world.put("vpc", document={"resources": DOCUMENT["resources"][1:2]})
    assert run("live/dev", "--filter vpc... state list").out == f"kms\n{ADDRESSES}vpc\ndata.aws_region.here\n"


@pytest.mark.parametrize(
    ("folder", "line", "text"),
    [
        ("live/dev", "plan", "error: No unit here"),
        (".", "plan", "error: No unit here"),
        ("live/dev/vpc", "--env prod plan", "error: Two environments"),
        ("live/dev/vpc", "pln", 'fix: Did you mean "plan"?'),
        ("live/dev/vpc", "-- -json", "Which command of Terraform?"),
        ("live/dev/vpc", "plan -- -jsn", 'fix: Did you mean "-json"?'),
        ("live/dev/vpc", "state", '"state" is no command'),
        ("live/dev/vpc", "--show-sensitive state show aws_x.y", "error: No such resource"),
    ],
)
def test_c10_bad_input_to_run_is_explained(run, world, folder, line, text):
    world.put("vpc")
    result = run(folder, line)
    assert (result.code, result.out) == (2, "")
    assert text in result.err
    assert world.worked_on == []


def test_c10_a_command_on_a_deployment_needs_its_name(platformctl, world, monkeypatch):
    monkeypatch.chdir(platformctl.tree.root / "live/dev/vpc")
    assert "error: Missing option --suffix\n" in platformctl("run", "plan").err


@pytest.mark.parametrize("command", REFUSED_COMMANDS)
def test_c3_commands_that_would_change_a_state_behind_the_plan_are_refused(run, world, command):
    result = run("live/dev/vpc", command)
    assert (result.code, result.err.splitlines()[-1]) == (2, f"fix: {REFUSED_COMMANDS[command]}")
    assert world.worked_on == []


@pytest.mark.parametrize("argument", REFUSED_ARGUMENTS)
def test_c3_arguments_that_would_break_the_promise_of_the_plan_are_refused(run, world, argument):
    for line in (f"apply {argument}", f"apply -- -{argument}"):
        result = run("live/dev/vpc", line)
        assert (result.code, result.err.splitlines()[-1]) == (2, f"fix: {REFUSED_ARGUMENTS[argument]}")
    assert world.worked_on == []


@pytest.mark.parametrize("argument", [name for name, item in ARGUMENTS.items() if not item.sets])
def test_c10_arguments_that_change_nothing_are_taken(run, world, argument):
    value = "=1" if ARGUMENTS[argument].takes_value else ""
    assert run("live/dev/kms", f"apply {argument}{value}").code == 0
    assert world.worked_on == ["kms"]


def test_c10_what_stands_for_a_command_exists(platformctl):
    for text in COMMANDS.values():
        if text.startswith("platformctl "):
            assert platformctl(text.split()[1], "--help").code == 0
