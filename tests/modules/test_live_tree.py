"""Every environment of the live tree has every unit, built from shared files (A1, C1)."""

from functools import cache
from pathlib import Path

import hcl2
import pytest

from orchestrator.config import load_stack
from orchestrator.diagnostics import ConfigurationError

LIVE = Path(__file__).parents[2] / "live"
ENVIRONMENTS = ["dev", "prod", "staging"]
UNITS = sorted(path.stem for path in (LIVE / "_units").glob("*.hcl"))

every_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
every_unit = pytest.mark.parametrize("unit", UNITS)


def labelled(document, kind):
    return {label.strip('"'): body for block in document.get(kind, []) for label, body in block.items()}


def settings(environment):
    [values] = hcl2.loads((LIVE / environment / "env.hcl").read_text())["locals"]
    return {name: value for name, value in values.items() if not name.startswith("__")}


def test_the_environments_are_dev_prod_and_staging():
    assert sorted(path.parent.name for path in LIVE.glob("*/env.hcl")) == ENVIRONMENTS


@every_environment
def test_every_environment_has_every_unit(environment):
    assert sorted(path.parent.name for path in (LIVE / environment).glob("*/terragrunt.hcl")) == UNITS


@every_unit
def test_a_unit_is_the_module_of_its_name_and_depends_on_units_that_exist(unit):
    document = hcl2.loads((LIVE / "_units" / f"{unit}.hcl").read_text())
    [terraform] = document["terraform"]
    path, module = terraform["source"].strip('"').split("//")[-2:]
    assert path.endswith(("/../modules", "${local.repository}/modules"))
    assert module == {"database-access": "iam"}.get(unit, unit)
    assert (LIVE.parent / "modules" / module / "main.tf").is_file()
    for name, dependency in labelled(document, "dependency").items():
        assert dependency["config_path"].strip('"') == f"${{get_terragrunt_dir()}}/../{name}"
        assert name in UNITS


@every_unit
def test_c3_no_unit_carries_mock_outputs(unit):
    assert "mock_outputs" not in (LIVE / "_units" / f"{unit}.hcl").read_text()


@every_environment
@every_unit
def test_a_unit_of_an_environment_includes_the_root_and_its_shared_file(environment, unit):
    document = hcl2.loads((LIVE / environment / unit / "terragrunt.hcl").read_text())
    includes = labelled(document, "include")
    assert sorted(includes) == ["root", "unit"]
    assert includes["unit"]["path"].strip('"').endswith(f"/_units/{unit}.hcl")


def test_environments_differ_in_values_never_in_the_settings_that_they_have():
    shapes = {
        environment: {name: type(value) for name, value in settings(environment).items()}
        for environment in ENVIRONMENTS
    }
    assert shapes["dev"] == shapes["staging"] == shapes["prod"]
    assert [settings(environment)["name"].strip('"') for environment in ENVIRONMENTS] == ENVIRONMENTS


def test_production_keeps_access_logs_for_the_12_months_of_pci_dss():
    assert settings("prod")["access_log_retention_in_days"] >= 365


@pytest.fixture(scope="module")
def variables(packages_file):
    """The variables that platformctl sets for every tree."""
    return {
        "PLATFORM_ACCOUNT_ID": "123456789012",
        "PLATFORM_DATABASE_PRINCIPALS": "arn:aws:iam::123456789012:role/people",
        "PLATFORM_PACKAGES": str(packages_file),
        "PLATFORM_SUFFIX": "pr42",
    }


@pytest.fixture(scope="module", params=["aws", "local"])
def load(request, variables):
    """A function that loads an environment as platformctl does, for one target."""
    targeted = variables | {"PLATFORM_TARGET": request.param}
    return cache(lambda environment: load_stack(live=LIVE, environment=environment, env=targeted))


def evaluate(unit):
    """Evaluate a unit with unknown outputs."""
    return unit.evaluate({})


@every_environment
def test_c1_every_environment_is_valid(load, environment):
    stack = load(environment)
    assert sorted(stack.units) == UNITS
    assert stack.check() == []


@every_environment
def test_c2_keys_come_before_everything_that_is_encrypted(load, environment):
    graph = load(environment).graph
    encrypted = ("apigw", "aurora", "config", "dynamodb", "lambda", "messaging", "monitoring", "s3", "vpc")
    assert [unit for unit in encrypted if "kms" not in graph.dependencies[unit]] == []


@every_environment
def test_c2_b9_the_guardrail_comes_before_every_role(load, environment):
    graph = load(environment).graph
    with_roles = ("apigw", "aurora", "config", "database-access", "lambda", "messaging", "monitoring", "vpc")
    assert [unit for unit in with_roles if "iam" not in graph.dependencies[unit]] == []
    assert graph.dependencies["iam"] == ()


@every_environment
def test_b15_the_state_of_a_unit_lies_under_the_suffix(load, environment):
    for name, unit in load(environment).units.items():
        state = evaluate(unit).remote_state
        assert state.config["key"] == f"pr42/{name}/terraform.tfstate"
        assert state.config["bucket"] == "terraform-state-123456789012-us-east-1"
        assert ("encrypt" in state.config, state.config["use_lockfile"]) == (False, True)


@pytest.mark.parametrize(("target", "relaxed"), [("aws", "false"), ("local", "true")])
def test_a4_only_the_local_target_skips_checks(variables, target, relaxed):
    targeted = variables | {"PLATFORM_TARGET": target}
    unit = evaluate(load_stack(live=LIVE, environment="prod", env=targeted).units["vpc"])
    [provider] = [file.contents for file in unit.generated if file.path == "provider.tf"]
    switches = dict(line.split(" = ") for line in provider.splitlines() if line.strip().startswith(("skip_", "s3_use")))
    assert {name.strip(): value for name, value in switches.items()} == {
        "s3_use_path_style": relaxed,
        "skip_credentials_validation": relaxed,
        "skip_metadata_api_check": relaxed,
    }
    assert 'allowed_account_ids = ["123456789012"]' in provider
    assert "key" not in provider


def test_a4_aws_is_the_target_of_terragrunt_and_an_unknown_one_is_an_error(variables):
    unit = evaluate(load_stack(live=LIVE, environment="dev", env=variables).units["kms"])
    assert unit.remote_state.config["use_path_style"] is False
    with pytest.raises(ConfigurationError, match="The keys there are aws, local"):
        load_stack(live=LIVE, environment="dev", env=variables | {"PLATFORM_TARGET": "moon"})


@pytest.mark.parametrize("missing", ["PLATFORM_ACCOUNT_ID", "PLATFORM_SUFFIX"])
def test_c7_a_missing_variable_is_named(variables, missing):
    incomplete = {name: value for name, value in variables.items() if name != missing}
    with pytest.raises(ConfigurationError, match=missing):
        load_stack(live=LIVE, environment="dev", env=incomplete)


@pytest.mark.parametrize(
    ("owned", "expected"),
    [
        (None, {"config": True, "apigw": True, "aurora": True}),
        ("", {"config": False, "apigw": False, "aurora": False}),
        ("api-logs", {"config": False, "apigw": True, "aurora": False}),
        ("config,database-monitoring", {"config": True, "apigw": False, "aurora": True}),
    ],
)
def test_b15_a_deployment_owns_the_account_settings_that_it_is_given(variables, owned, expected):
    owning = variables | ({} if owned is None else {"PLATFORM_ACCOUNT_SETTINGS": owned})
    units = load_stack(live=LIVE, environment="dev", env=owning).units
    found = {unit: evaluate(units[unit]).inputs for unit in expected}
    assert {
        "config": found["config"]["create_recorder"] and found["config"]["create_delivery_channel"],
        "apigw": found["apigw"]["manage_account_settings"],
        "aurora": found["aurora"]["manage_account_settings"],
    } == expected
