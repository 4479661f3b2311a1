"""Opening deployments: which environment a suffix belongs to, what the tree reads, and in which order (A4, B15, C7)."""

import pytest

from orchestrator.commands import (
    DeploymentRequest,
    Target,
    UpRequest,
    destroy,
    drift,
    opening,
    outputs,
    plan,
    recover,
    up,
)
from orchestrator.commands.opening import environment_of, open_deployment
from orchestrator.commands.requests import DestroyRequest, RecoverRequest
from orchestrator.diagnostics import ConfigurationError
from orchestrator.errors import UsageError
from tests.fakes.cloud import ACCOUNT
from tests.fakes.programs import FakePrograms


@pytest.fixture
def opened(world):
    """Opens a deployment on AWS."""

    def make(*, start=False, **settings):
        request = DeploymentRequest(**({"suffix": "pr42", "target": Target.AWS} | settings))
        return open_deployment(request, world.ports, world.operator, start=start)

    world.tree.standard(environment="prod")
    return make


def reads(world, name):
    """Let the unit docs read an environment variable."""
    world.tree.unit("docs", f'inputs = {{\n  value = get_env("{name}")\n}}\n')


def value(deployment):
    return deployment.stack.units["docs"].evaluate({}).inputs["value"]


def test_the_environment_is_dev_where_nothing_else_is_said(opened):
    assert opened().stack.environment == "dev"
    assert opened(environment="prod").stack.environment == "prod"


def test_b15_a_suffix_keeps_the_environment_that_it_was_made_of(world, opened):
    world.register(environment="prod")
    assert opened().stack.environment == "prod"
    assert opened(environment="prod").stack.environment == "prod"


def test_b15_a_record_that_names_no_environment_keeps_nobody_from_naming_one(world, opened):
    world.register(environment="")
    assert opened().stack.environment == "dev"
    assert opened(environment="prod").stack.environment == "prod"


def test_b15_another_environment_does_not_take_a_suffix_over(world, opened, refused):
    world.register(environment="prod")
    error = refused(opened, environment="dev", error=UsageError)
    assert (error.summary, error.detail, error.hint) == (
        "The suffix belongs to another environment",
        '"pr42" on AWS was made of environment prod, not dev.',
        "Pass --env prod, or choose another suffix.",
    )


@pytest.mark.parametrize("target", Target)
def test_the_live_tree_is_evaluated_with_the_account_suffix_and_target(world, opened, target):
    for name, expected in (("ACCOUNT_ID", ACCOUNT), ("SUFFIX", "pr42"), ("TARGET", str(target))):
        reads(world, f"PLATFORM_{name}")
        assert value(opened(target=target)) == expected


def test_the_live_tree_reads_the_variables_of_the_caller_and_of_the_platform(world, opened):
    world.environ["MINE"] = "1"
    reads(world, "MINE")
    assert value(opened()) == "1"
    world.register(settings={"owned": ("registered",)})
    reads(world, "SETTING_OWNED")
    assert value(opened()) == "registered"
    world.platform.wanted = {"owned": ("a", "b")}
    assert value(opened()) == "a,b"


def test_c7_states_in_several_buckets_are_refused(world, opened, refused):
    world.tree.unit(
        "docs", 'remote_state {\n  backend = "s3"\n  config = {\n    bucket = "others"\n    key = "k"\n  }\n}\n'
    )
    assert refused(opened).detail == "The units of dev name 2 buckets: others, states."


def test_warnings_of_the_live_tree_reach_the_operator(world, opened):
    world.tree.unit("docs", 'inputs = {\n  title = "x"\n}\n')
    opened()
    assert [finding.summary for finding in world.operator.warnings] == ["Input is not used"]


def test_a_local_cloud_that_does_not_run_is_started_only_on_demand(world, opened):
    world.connector.running = False
    assert opened(target=Target.LOCAL) is None
    assert opened(target=Target.LOCAL, start=True) is not None
    assert [start for _, start in world.connector.connected] == [False, False, True]


COMMANDS = {
    "up": (up, UpRequest),
    "plan": (plan, DeploymentRequest),
    "drift": (drift, DeploymentRequest),
    "outputs": (outputs, DeploymentRequest),
    "recover": (recover, RecoverRequest),
    "destroy": (destroy, DestroyRequest),
}


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_loads_the_live_tree_exactly_once(world, monkeypatch, command, target):
    loads = []
    load_stack = opening.load_stack

    def counted(**settings):
        # One unit alone is read to learn the name of the state bucket.
        loads.append("tree" if settings.get("names") is None else "unit")
        return load_stack(**settings)

    monkeypatch.setattr(opening, "load_stack", counted)
    world.put("kms", "vpc", "api", "docs")
    run, request = COMMANDS[command]
    run(request(suffix="pr42", target=target), world.ports, world.operator)
    assert loads == ["unit", "tree"]


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("command", COMMANDS)
def test_c7_where_the_live_tree_has_mistakes_nothing_is_started_and_nothing_changed(world, refused, command, running):
    world.connector.running = running
    world.tree.write({"live/dev/vpc/terragrunt.hcl": "nonsense {}\n"})
    run, request = COMMANDS[command]
    refused(run, request(suffix="pr42"), world.ports, world.operator, error=ConfigurationError)
    assert not any(start for _, start in world.connector.connected)
    assert (world.worked_on, world.planner.planned, world.journal.runs, world.bucket.registered) == ([], [], [], {})
    assert world.account.held_states.read_names == []


def test_c7_a_unit_that_does_not_exist_is_refused_before_the_cloud_is_started(world, opened, refused):
    world.connector.running = False
    error = refused(opened, target=Target.LOCAL, start=True, only=("vcp",), error=UsageError)
    assert (error.summary, world.connector.running) == ("No such unit", False)


def test_the_only_environment_of_a_tree_is_the_default(world):
    (world.tree.root / "live" / "dev").rename(world.tree.root / "live" / "sandbox")
    request = DeploymentRequest(suffix="pr42")
    assert environment_of(request, world.ports) == "sandbox"
    world.tree.unit("docs", environment="test")
    assert environment_of(request, world.ports) == "dev"


@pytest.mark.parametrize("target", Target)
def test_c10_programs_of_the_tree_see_the_target_and_what_the_tree_is_read_for(world, target):
    world.programs = FakePrograms(answers={"echo": "x\n"})
    world.put("kms", "vpc", "api", "docs")
    world.tree.unit(
        "docs",
        """
        inputs = {
          title   = run_cmd("echo")
          account = get_aws_account_id()
          command = get_terraform_command()
          folder  = get_working_dir()
        }
        """,
    )
    seen = {}
    for run, request in (COMMANDS["plan"], COMMANDS["up"], COMMANDS["destroy"]):
        run(
            request(suffix="pr42", target=target, confirmed=True)
            if run is not plan
            else request(suffix="pr42", target=target),
            world.ports,
            world.operator,
        )
        stack = opening.load(
            request(suffix="pr42", target=target), world.ports, world.operator, environment="dev", account=world.account
        )
        seen[run.__name__] = stack.units["docs"].evaluate({}).inputs
    folder = str(world.ports.project.workspaces(str(target), "dev", "pr42") / "docs" / "docs")
    assert seen["plan"] == {"title": "x", "account": ACCOUNT, "command": "plan", "folder": folder}
    assert (seen["up"]["command"], seen["destroy"]["command"]) == ("apply", "destroy")
    assert world.programs.environment["TARGET"] == str(target)
