"""What the live tree of the trading platform reads, and what is kept with a deployment (B9, B14, B15)."""

import io
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestrator.commands import DeploymentRequest, OutputsResult, Target, outputs
from orchestrator.commands.opening import open_deployment
from orchestrator.errors import UsageError
from orchestrator.model.project import Project
from orchestrator.platform.account_settings import ACCOUNT_SETTINGS
from orchestrator.platform.functions import functions, invoke, log_events, parse_span, read_event
from orchestrator.platform.highlights import highlights, reachable
from orchestrator.platform.smoke import Denials, smoke_deployment
from orchestrator.platform.trading import TradingPlatform
from tests.fakes.cloud import ACCOUNT

ALL = ",".join(ACCOUNT_SETTINGS)
FUNCTIONS = Path(__file__).resolve().parents[3] / "functions"
HANDLER = "def handler(event, context):\n    return {}\n"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:user/ada"


@pytest.fixture
def reads(world):
    """Lets the unit docs read a variable; the platform looks at the tree again."""

    def make(name, **settings):
        world.tree.unit("docs", f'inputs = {{\n  value = get_env("{name}")\n}}\n')
        again(world, **settings)

    world.account.clients["sts"] = SimpleNamespace(get_caller_identity=lambda: {"Arn": DEPLOYER})
    again(world)
    return make


def again(world, *, environ=None, account_settings=None, lines=None):
    say = [].append if lines is None else lines.append
    project = Project(folder=world.tree.root)
    world.platform = TradingPlatform.of(project, environ or {}, account_settings=account_settings, say=say)


def opened(world, target=Target.AWS):
    request = DeploymentRequest(suffix="pr42", target=target)
    deployment = open_deployment(request, world.ports, world.operator, start=False)
    world.register(settings=deployment.settings)
    return deployment


def value(deployment):
    return deployment.stack.units["docs"].evaluate({}).inputs["value"]


@pytest.mark.parametrize(
    ("registered", "wanted", "expected"),
    [
        (None, None, ALL),
        (None, (), ""),
        (None, ("api-logs", "config"), "api-logs,config"),
        ((), None, ""),
        (("config",), None, "config"),
        (("config",), ACCOUNT_SETTINGS, ALL),
    ],
)
def test_b15_what_a_deployment_owns_of_the_account_is_remembered_until_it_is_said_anew(
    world, reads, registered, wanted, expected
):
    reads("PLATFORM_ACCOUNT_SETTINGS", account_settings=wanted)
    if registered is not None:
        world.register(settings={"account_settings": registered})
    assert value(opened(world)) == expected
    again(world)
    assert value(opened(world)) == expected


def test_b9_who_deploys_first_may_log_in_to_the_database_unless_others_are_named(world, reads):
    reads("PLATFORM_DATABASE_PRINCIPALS")
    assert value(opened(world)) == DEPLOYER
    # Somebody else deploys: what was registered holds, or every deployer would take the right from the one before.
    world.account.clients["sts"] = SimpleNamespace(get_caller_identity=lambda: {"Arn": f"{DEPLOYER}2"})
    assert value(opened(world)) == DEPLOYER
    named = f"arn:aws:iam::{ACCOUNT}:role/analysts,arn:aws:iam::{ACCOUNT}:user/anna"
    again(world, environ={"PLATFORM_DATABASE_PRINCIPALS": named.replace(",", " , ")})
    assert value(opened(world)) == named
    again(world)
    assert value(opened(world)) == named


def test_on_the_local_cloud_nobody_is_asked_who_deploys(world, reads):
    reads("PLATFORM_DATABASE_PRINCIPALS")
    world.account.clients.clear()
    world.account.endpoint = "http://127.0.0.1:1"
    assert value(opened(world, Target.LOCAL)) == f"arn:aws:iam::{ACCOUNT}:role/deployer"


def test_the_packages_of_the_functions_are_built_where_the_tree_reads_their_list(world, reads):
    folder = world.tree.root / "functions"
    world.tree.write({"functions/functions.toml": "[functions.ingest]\n", "functions/ingest/handler.py": HANDLER})
    lines = []
    reads("PLATFORM_PACKAGES", lines=lines)
    assert value(opened(world)) == str(folder.parent / ".platformctl/build/packages.json")
    assert lines == ["packaged ingest: 0.0 MB"]


def test_d5_c7_a_mistake_in_a_source_map_ends_a_plan_before_anything_is_packaged(world, reads, refused):
    world.tree.write({"functions/functions.toml": "[functions.ingest]\n", "live/_sources/desk.toml": "title = 7\n"})
    for name in ("ingest", "market"):
        shutil.copytree(FUNCTIONS / name, world.tree.root / "functions" / name)
    lines = []
    reads("PLATFORM_PACKAGES", lines=lines)
    error = refused(opened, world, error=UsageError)
    assert error.summary == "4 mistakes in source maps"
    assert f"{world.tree.root}/live/_sources/desk.toml: title: missing: it must be a text" in error.detail
    assert lines == []


def test_a_live_tree_that_reads_none_of_the_variables_gets_none(world, reads):
    world.tree.write({"functions/functions.toml": "[functions.ingest]\n"})
    world.account.clients.clear()
    assert opened(world).settings == {}
    assert world.platform.variables({}, ACCOUNT) == {}
    # Nor is such a deployment refused for what it does not use.
    world.platform.require_room(None)
    assert not (world.tree.root / ".platformctl").exists()


@pytest.mark.parametrize("wanted", [ACCOUNT_SETTINGS, ("config",)])
def test_c7_account_settings_are_refused_where_the_tree_does_not_read_them(world, reads, refused, wanted):
    again(world, account_settings=wanted)
    error = refused(opened, world, error=UsageError)
    assert (error.summary, error.hint) == ("The live tree has no account settings", "Leave the option out.")
    assert error.detail == (
        f"--account-settings was given, and no file of {world.tree.root / 'live'} reads PLATFORM_ACCOUNT_SETTINGS."
    )
    again(world, account_settings=())
    assert opened(world).settings == {}, "to own nothing is what such a deployment does anyway"


def test_settings_of_other_platforms_are_kept(world, reads):
    reads("PLATFORM_ACCOUNT_SETTINGS")
    world.register(settings={"tenants": ("a",)})
    assert opened(world).settings == {"tenants": ("a",), "account_settings": ACCOUNT_SETTINGS}


VALUES = {
    "kms": {"key_arn": "arn:1"},
    "vpc": {"vpc_id": "vpc-1", "bucket_names": {"raw": "raw-pr42", "archive": "archive-pr42"}},
    "api": {"table_names": ["a", "b"], "api_url": "https://abc.execute-api.us-east-1.amazonaws.com/prod"},
}


def test_b14_what_users_look_for_comes_first():
    assert list(highlights(VALUES, None)) == [
        ("VPC", "vpc-1"),
        ("Buckets", "archive-pr42"),
        ("", "raw-pr42"),
        ("Tables", "a"),
        ("", "b"),
        ("API", "https://abc.execute-api.us-east-1.amazonaws.com/prod"),
    ]
    assert list(highlights({"kms": VALUES["kms"]}, None)) == []


def test_b14_on_the_local_cloud_the_url_is_the_one_that_answers():
    found = reachable(VALUES, "http://127.0.0.1:4566")
    assert found["api"]["api_url"].startswith("http://127.0.0.1:4566/")
    assert (found["vpc"], VALUES["api"]["api_url"].startswith("https://abc.")) == (VALUES["vpc"], True)
    assert ("API", found["api"]["api_url"]) in list(highlights(VALUES, "http://127.0.0.1:4566"))


def test_b14_an_api_with_a_domain_of_its_own_is_reached_through_its_stage():
    stage = "https://abc.execute-api.us-east-1.amazonaws.com/v1"
    values = {"api": {"api_url": "https://api.example.com/v1", "stage_url": stage}}
    assert reachable(values, None) == values
    assert (
        reachable(values, "http://127.0.0.1:4566")["api"]["api_url"]
        == "http://127.0.0.1:4566/restapis/abc/v1/_user_request_"
    )


@pytest.fixture
def deployed(world):
    """A deployment with functions."""
    names = {"ingest": "ingest-pr42", "api": "api-pr42"}
    world.put("kms")
    deployment = outputs(DeploymentRequest(suffix="pr42"), world.ports, world.operator).deployment
    return OutputsResult(
        deployment=deployment,
        units={"lambda": dict.fromkeys(("alias_arns", "function_names", "log_group_names"), names)},
    )


def test_a_function_is_called_by_its_short_name(world, deployed):
    calls = []

    def answer(**arguments):
        calls.append(arguments)
        body = SimpleNamespace(read=lambda: b'{"a":1}' if len(calls) == 1 else b"no")
        return {"Payload": body} | ({"FunctionError": "Unhandled"} if len(calls) > 1 else {})

    world.account.clients["lambda"] = SimpleNamespace(invoke=answer)
    first, second = invoke(deployed, "api", b"{}"), invoke(deployed, "api", b"{}")
    assert calls[0] == {"FunctionName": "api-pr42", "Payload": b"{}"}
    assert [(first.body, first.failed), (second.body, second.failed)] == [('{\n  "a": 1\n}', False), ("no", True)]


@pytest.mark.parametrize(
    ("name", "hint"), [("ingst", 'Did you mean "ingest"?'), ("q", "The functions are api, ingest.")]
)
def test_c7_an_unknown_function_is_refused_with_its_fix(deployed, refused, name, hint):
    for call in (
        lambda: invoke(deployed, name, b"{}"),
        lambda: next(log_events(deployed, name, since=None, follow=False)),
    ):
        error = refused(call, error=UsageError)
        assert (error.summary, error.hint) == ("No such function", hint)


@pytest.mark.parametrize(
    ("call", "text", "summary", "hint"),
    [
        (read_event, "{a: 1}", "The event is not JSON", "Quote it: --payload '{\"a\": 1}'."),
        (read_event, "@/nowhere.json", "The event cannot be read", "Check the path."),
        (parse_span, "10 minutes", "Malformed span", "Write 90s, 10m, 2h or 1d."),
    ],
)
def test_c7_bad_input_is_told_with_its_fix(refused, call, text, summary, hint):
    error = refused(call, text, error=UsageError)
    assert (error.summary, error.hint) == (summary, hint)


def test_an_event_comes_from_the_command_line_a_file_or_standard_input(tmp_path, monkeypatch):
    (tmp_path / "event.json").write_text('{"from": "file"}')
    assert read_event('{"a":1}') == b'{"a": 1}'
    assert read_event(f"@{tmp_path / 'event.json'}") == b'{"from": "file"}'
    monkeypatch.setattr("sys.stdin", io.StringIO('{"from": "input"}'))
    assert read_event("-") == b'{"from": "input"}'


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400)])
def test_spans(text, seconds):
    assert parse_span(text).total_seconds() == seconds


def test_c7_a_deployment_without_functions_or_api_is_incomplete(deployed, refused):
    bare = OutputsResult(deployment=deployed.deployment, units={})
    assert refused(functions, bare, "function_names").detail.endswith("or it has no functions.")
    assert refused(smoke_deployment, bare, patience=1).detail.endswith("or it is not complete.")


def test_only_denials_of_this_run_are_told_and_each_once(world):
    log = world.tree.root / ".platformctl/local/server.log"
    denials = Denials(Project(folder=world.tree.root))
    assert denials.since() == []
    log.parent.mkdir(parents=True)
    log.write_text("1 denied: old\n")
    denials = Denials(Project(folder=world.tree.root))
    with log.open("a") as stream:
        stream.write("2 denied: a\n3 answered\n4 denied: a\n5 denied: b\n")
    assert denials.since() == ["denied: a", "denied: b"]
