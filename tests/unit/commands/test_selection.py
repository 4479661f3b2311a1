"""--filter in the use cases: what a change affects, what runs, and what an empty selection means (C2, C10)."""

import pytest

from orchestrator.commands import (
    DeploymentRequest,
    DestroyRequest,
    NothingSelectedError,
    UpRequest,
    destroy,
    outputs,
    plan,
    up,
)
from orchestrator.commands.inspect import read_tree, validate
from orchestrator.diagnostics import ConfigurationError


def chosen(world, *filters, **settings):
    request = DeploymentRequest(suffix="pr42", filters=filters, **settings)
    return read_tree(request, world.ports, world.operator)[1]


@pytest.fixture
def read_by_docs(world):
    """docs reads files in every way there is."""
    world.tree.write(
        {
            "live/values.hcl": 'locals {\n  template = file("below.txt")\n}\n',
            "live/below.txt": "x",
            "live/dev/docs/page.tftpl": "x",
            "texts/a.txt": "x",
            "modules/docs/main.tf": 'module "part" {\n  source = "../part"\n}\n\nvariable "text" {\n  type = any\n}\n',
            "modules/part/main.tf": "",
            "modules/part/deep/script.sh": "",
            "modules/other/main.tf": "",
        }
    )
    world.tree.unit(
        "docs",
        """
        locals {
          values = read_terragrunt_config("../../values.hcl")
          exists = fileexists("../../maybe.json")
        }

        inputs = {
          text = [templatefile("page.tftpl", {}), fileset("../../../texts", "*.txt"), local.exists]
        }
        """,
    )
    return world


@pytest.mark.parametrize(
    ("path", "units"),
    [
        ("live/dev/vpc/terragrunt.hcl", "vpc"),
        ("live/dev/vpc/provider.tf", "vpc"),
        ("live/dev/vpc/templates/x.json", "vpc"),
        ("live/root.hcl", "docs kms vpc api"),
        ("modules/vpc/main.tf", "vpc"),
        ("live/values.hcl", "docs"),
        ("live/below.txt", "docs"),
        ("live/dev/docs/page.tftpl", "docs"),
        ("texts/new.txt", "docs"),
        # A file that was looked for and is not there.
        ("live/maybe.json", "docs"),
        ("modules/docs/main.tf", "docs"),
        ("modules/part/main.tf", "docs"),
        ("modules/part/deep/script.sh", "docs"),
        ("modules/other/main.tf", ""),
        ("README.md", ""),
        ("live/prod/vpc/terragrunt.hcl", ""),
    ],
)
def test_c10_a_change_affects_the_units_that_consist_of_it(read_by_docs, path, units):
    world = read_by_docs
    world.repository.changed["main"] = frozenset({world.tree.root / path})
    if units:
        assert chosen(world, "[main]") == tuple(units.split())
    else:
        with pytest.raises(NothingSelectedError):
            chosen(world, "[main]")


def test_c10_what_the_platform_builds_changes_with_its_sources(world):
    root = world.tree.root
    world.platform.built = {root / ".platformctl/build": root / "functions"}
    world.tree.write({".platformctl/build/packages.json": "{}"})
    world.tree.unit("docs", 'locals {\n  packages = file("../../../.platformctl/build/packages.json")\n}\n')
    world.repository.changed["main"] = frozenset({root / "functions/api/handler.py"})
    assert chosen(world, "[main]") == ("docs",)


def test_c10_a_unit_inside_the_folder_of_another_one_is_not_the_other_one(world):
    world.tree.unit("vpc/inner", module="docs")
    world.repository.changed["main"] = frozenset({world.tree.root / "live/dev/vpc/inner/terragrunt.hcl"})
    assert chosen(world, "[main]") == ("vpc/inner",)


def test_c10_a_unit_that_a_change_removed_is_named_with_the_way_to_destroy_it(world):
    world.repository.changed["main"] = frozenset(
        world.tree.root / "live" / name / "terragrunt.hcl" for name in ("dev/old/dns", "dev/vpc", "prod/gone")
    )
    assert chosen(world, "[main]") == ("vpc",)
    assert world.operator.lines == [
        "No longer in dev: old/dns. What is deployed of it stays until you run platformctl destroy --only old/dns."
    ]


def test_c10_a_working_tree_that_differs_from_the_revision_is_said(world):
    world.repository.changed["main"] = frozenset({world.tree.root / "live/dev/vpc/terragrunt.hcl"})
    world.repository.is_clean = False
    chosen(world, "[main]")
    assert world.operator.lines == [
        "The working tree is not what HEAD holds: units are chosen by [main...HEAD], and taken as they are now."
    ]


def test_c10_only_and_filter_compose(world):
    assert chosen(world, "...kms", only=("vpc", "docs")) == ("vpc",)
    with pytest.raises(NothingSelectedError) as caught:
        chosen(world, "docs", only=("vpc",))
    assert caught.value.detail == "No unit of dev fits --filter 'docs' and --only."
    assert caught.value.exit_code == 0


@pytest.mark.parametrize(
    ("folder", "expression", "units"),
    [
        (None, "./vpc", "vpc"),
        ("", "./live/dev/vpc", "vpc"),
        # At the top of the project the environment's folder is a base, too.
        ("", "./vpc", "vpc"),
        ("live/dev", "./vpc", "vpc"),
        ("live/dev/vpc", ".", "vpc"),
        ("live/dev/vpc", "../kms", "kms"),
        ("live/dev/vpc", "./**", "vpc"),
    ],
)
def test_c10_relative_paths_start_at_the_working_folder(world, folder, expression, units):
    base = None if folder is None else world.tree.root / folder
    assert chosen(world, expression, folder=base) == tuple(units.split())


def test_c10_source_and_reading_look_into_the_configuration(world):
    assert chosen(world, "source=**/modules//{vpc,api}") == ("vpc", "api")
    world.tree.unit("docs", 'locals {\n  text = file("../../note.txt")\n}\n').write({"live/note.txt": "x"})
    assert chosen(world, "reading=../note.txt", folder=world.tree.root / "live/dev") == ("docs",)


def test_c2_plan_and_up_work_on_what_the_filter_chooses(world):
    world.put("kms")
    request = {"suffix": "pr42", "filters": ("...vpc", "!api")}
    assert plan(DeploymentRequest(**request), world.ports, world.operator).order == ("vpc",)
    result = up(UpRequest(**request), world.ports, world.operator)
    assert list(result.outcomes) == ["vpc"]
    assert plan(DeploymentRequest(**request), world.ports, world.operator).kept.only == ("vpc",)


def test_c2_destroy_keeps_to_the_filter_and_does_not_take_it_for_everything(world):
    world.put("kms", "vpc", "api", "docs")
    result = destroy(
        DestroyRequest(suffix="pr42", filters=("docs", "api"), confirmed=True), world.ports, world.operator
    )
    assert sorted(result.outcomes) == ["api", "docs"]
    assert world.states == ["kms", "vpc"]


@pytest.mark.parametrize("use_case", [plan, up, destroy])
def test_c2_an_empty_selection_is_nothing_and_never_everything(world, use_case):
    world.put("kms", "vpc", "api", "docs")
    request = {plan: DeploymentRequest, up: UpRequest, destroy: DestroyRequest}[use_case]
    with pytest.raises(NothingSelectedError):
        use_case(request(suffix="pr42", filters=("type=stack",)), world.ports, world.operator)
    assert world.worked_on == []


def test_c10_a_filter_is_checked_when_the_request_is_made():
    with pytest.raises(ConfigurationError, match="Malformed filter"):
        DeploymentRequest(suffix="pr42", filters=("vpc |",))


def test_c10_outputs_are_those_of_the_selected_units(world):
    world.put("kms", "vpc")
    found = outputs(DeploymentRequest(suffix="pr42", filters=("vpc",)), world.ports, world.operator)
    assert found.units == {"vpc": {"vpc_id": "v"}}


def test_c10_validate_reports_the_mistakes_of_the_selected_units_alone(world):
    world.tree.standard(environment="prod")
    world.tree.unit("vpc", environment="prod")
    request = {"suffix": "pr42"}
    with pytest.raises(ConfigurationError, match="Input is missing"):
        validate(DeploymentRequest(**request), world.ports, world.operator)
    assert validate(DeploymentRequest(**request, filters=("!vpc",)), world.ports, world.operator) == {
        "dev": 3,
        "prod": 3,
    }
    # A name has to fit in one of the environments only.
    world.tree.unit("extra", module="docs", environment="prod")
    assert validate(DeploymentRequest(**request, filters=("extra",)), world.ports, world.operator) == {
        "dev": 0,
        "prod": 1,
    }
