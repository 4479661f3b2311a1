"""Edges of the graph and outputs of dependencies (C1, C2, C3, C7)."""

import pytest

from orchestrator.hcl import print_expression, print_value
from orchestrator.hcl.values import Sensitive, Unknown

AT = "live/dev/app/terragrunt.hcl"
ON_VPC = 'dependency "vpc" {\n  config_path = "../vpc"\n}\n'


def edges(tree, name="app"):
    return [(edge.target, edge.name, edge.reads_outputs) for edge in tree.load().units[name].unit.dependencies]


def test_units_are_ordered_by_dependency_and_dependencies(tree):
    """C2."""
    tree.unit("vpc")
    tree.unit(
        "data/db", 'dependency "vpc" {\n  config_path = "../../vpc"\n}\ninputs = { name = dependency.vpc.outputs.id }\n'
    )
    tree.unit("app", ON_VPC + 'dependencies {\n  paths = ["../data/db"]\n}\n')

    graph = tree.load().graph

    assert graph.order() == ("vpc", "data/db", "app")
    assert edges(tree) == [("vpc", "vpc", False), ("data/db", "", False)]
    assert edges(tree, "data/db") == [("vpc", "vpc", True)]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        pytest.param("", [("vpc", "vpc", True)], id="plain"),
        pytest.param("enabled = false", [], id="disabled"),
        pytest.param("enabled = true\n  skip_outputs = true", [("vpc", "vpc", False)], id="order only"),
    ],
)
def test_settings_of_a_dependency(tree, block, expected):
    tree.unit("vpc")
    tree.unit(
        "app",
        f'dependency "vpc" {{\n  config_path = "../vpc/terragrunt.hcl"\n  {block}\n}}\n'
        "inputs = { name = try(dependency.vpc.outputs.id, null) }\n",
    )

    assert edges(tree) == expected


def test_dependencies_of_included_files_are_merged(tree):
    tree.write(
        {
            "live/_units/app.hcl": """
            dependency "a" {
              config_path  = "../one"
              skip_outputs = true
            }
            dependency "b" {
              config_path = "../two"
            }
            dependencies {
              paths = ["../three"]
            }
            """
        }
    )
    for name in ("one", "two", "three", "four"):
        tree.unit(name)
    for strategy, expected in (
        ("shallow", [("four", "a", True), ("two", "b", False), ("three", "", False), ("one", "", False)]),
        ("deep", [("four", "a", False), ("two", "b", False), ("three", "", False), ("one", "", False)]),
    ):
        tree.unit(
            "app",
            f"""
            include "unit" {{
              path           = "../../_units/app.hcl"
              merge_strategy = "{strategy}"
            }}
            dependency "a" {{
              config_path = "../four"
            }}
            dependencies {{
              paths = ["../one"]
            }}
            inputs = {{ name = try(dependency.a.outputs.id, "") }}
            """,
        )
        assert edges(tree) == expected


def test_outputs_that_are_known_take_part_in_expressions(tree):
    tree.unit("vpc")
    tree.unit(
        "app", ON_VPC + 'inputs = { name = "${dependency.vpc.outputs.id}!", settings = dependency.vpc.outputs }\n'
    )

    secret = Sensitive("s")
    inputs = tree.inputs("app", {"vpc": {"id": "vpc-1", "names": [secret]}})

    assert inputs == {"name": "vpc-1!", "settings": {"id": "vpc-1", "names": [secret]}}


@pytest.mark.parametrize(
    ("unit", "expression", "expected"),
    [
        ("vpc", "dependency.vpc.outputs.id", "module.vpc.id"),
        ("vpc", "dependency.vpc.outputs.names[0]", "module.vpc.names[0]"),
        ("data/my.db", "dependency.vpc.outputs.id", "module.data__my_db.id"),
        ("2nd", "dependency.vpc.outputs.id", "module._2nd.id"),
    ],
)
def test_outputs_that_are_not_known_are_references_to_modules(tree, unit, expression, expected):
    """C3: real unknown values, no mocks, even where the file has mock_outputs."""
    tree.unit(unit)
    tree.unit(
        "app",
        f"""
        dependency "vpc" {{
          config_path  = "../{unit}"
          mock_outputs = {{ id = "mock" }}
          mock_outputs_allowed_terraform_commands = ["plan"]
          mock_outputs_merge_strategy_with_state = "shallow"
        }}
        inputs = {{ name = {expression} }}
        """,
    )

    value = tree.inputs("app")["name"]

    assert isinstance(value, Unknown)
    assert print_expression(value.expression) == expected


def test_c10_the_outputs_of_a_unit_are_the_inputs_of_another(tree):
    """Each output by its name, so that they can be merged before they are known."""
    tree.unit("vpc")
    tree.unit("app", ON_VPC + "inputs = dependency.vpc.outputs\n")
    tree.unit("web", ON_VPC + 'inputs = merge({ name = "web" }, dependency.vpc.outputs)\n')

    shown = {name: print_value(value) for name, value in tree.inputs("app").items()}

    assert shown == {"id": "module.vpc.id", "names": "module.vpc.names"}
    assert {name: print_value(value) for name, value in tree.inputs("web").items()} == {"name": '"web"', **shown}
    assert tree.inputs("app", {"vpc": {"id": "vpc-1", "names": ["a"]}}) == {"id": "vpc-1", "names": ["a"]}


def test_an_input_that_reads_no_output_is_known_beforehand(tree):
    tree.unit("vpc")
    tree.unit("app", ON_VPC + 'inputs = { name = "known", settings = [dependency.vpc.outputs.id, 1 + 1] }\n')

    inputs = tree.inputs("app")

    assert inputs["name"] == "known"
    assert isinstance(inputs["settings"][0], Unknown)
    assert inputs["settings"][1] == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            'dependency "vpc" {\n  config_path = "../vcp"\n}\n',
            f'{AT}:5:17: Dependency on a unit that does not exist. The dependency "vpc" block of unit "app" points to'
            ' "vcp", where there is no terragrunt.hcl. Did you mean "vpc"?',
            id="missing unit",
        ),
        pytest.param(
            'dependencies {\n  paths = ["../vpc", "../nowhere"]\n}\n',
            f'{AT}:5:22: Dependency on a unit that does not exist. The dependencies block of unit "app" points to'
            ' "nowhere", where there is no terragrunt.hcl. Units of this environment: app, vpc.',
            id="missing path",
        ),
        pytest.param(
            'dependency "vpc" {\n  config_path = "../../prod/vpc"\n}\n',
            f'{AT}:5:17: Dependency on a unit that does not exist. The dependency "vpc" block of unit "app" points to'
            ' "../prod/vpc", where there is no terragrunt.hcl. Units of this environment: app, vpc.',
            id="missing in another environment",
        ),
        pytest.param(
            'dependency "vpc" {\n  enabled = true\n}\n',
            f'{AT}:4:1: Attribute is missing. The dependency "vpc" block needs the attribute config_path.',
            id="no config_path",
        ),
        pytest.param(
            'dependency "vpc" {\n  config_path = "../vpc"\n  enabled = "no"\n  mock_outputs = 1\n}\n',
            f"{AT}:7:18: Value has the wrong type. mock_outputs must be an object, not a number.",
            id="mocks are checked",
        ),
        pytest.param(
            'dependency "vpc" {\n  config_path = ["../vpc"]\n}\n',
            f"{AT}:5:17: Value has the wrong type. config_path must be a string, not a list.",
            id="path of another type",
        ),
        pytest.param(
            ON_VPC + 'dependency "app" {\n  config_path = dependency.vpc.outputs.id\n}\n',
            f"{AT}:8:17: Reference is not available here. The order of the units must be known before any output is, so"
            " it cannot depend on one. Write the path out, or use locals.",
            id="path from an output",
        ),
        pytest.param(
            ON_VPC + "inputs = { name = dependency.vpc.outputs.idd }\n",
            f'{AT}:7:19: Unknown output. The module of unit "vpc" declares no output "idd". Did you mean "id"?',
            id="undeclared output",
        ),
        pytest.param(
            ON_VPC + "inputs = { name = dependency.vpc.outputs.zzz }\n",
            f'{AT}:7:19: Unknown output. The module of unit "vpc" declares no output "zzz". Its outputs are id, names.',
            id="undeclared output, nothing near",
        ),
        pytest.param(
            ON_VPC + "inputs = { name = dependency.vcp.outputs.id }\n",
            f'{AT}:7:19: Unknown dependency. The unit has no dependency "vcp". Did you mean "vpc"?',
            id="undeclared dependency",
        ),
        pytest.param(
            ON_VPC + "inputs = { name = dependency.vpc.inputs.name }\n",
            f'{AT}:7:19: Unknown attribute of a dependency. dependency.vpc has no attribute "inputs". Only its outputs'
            " can be read: dependency.vpc.outputs.",
            id="not an output",
        ),
        pytest.param(
            'dependency "vpc" {\n  config_path = "../vpc"\n  skip_outputs = true\n}\n'
            "inputs = { name = dependency.vpc.outputs.id }\n",
            f'{AT}:8:19: Outputs of this dependency are not read. The dependency "vpc" has no outputs here, because'
            " skip_outputs is true. Remove that setting, or do not refer to its outputs.",
            id="skipped outputs",
        ),
        pytest.param(
            'dependency "vpc" {\n  config_path = "../vpc"\n  enabled = false\n}\n'
            "inputs = { name = dependency.vpc.outputs.id }\n",
            f'{AT}:8:19: Outputs of this dependency are not read. The dependency "vpc" has no outputs here, because'
            " enabled is false. Remove that setting, or do not refer to its outputs.",
            id="disabled",
        ),
    ],
)
def test_errors_of_dependencies(tree, text, expected):
    """C7: a cycle, an undefined reference, a missing dependency output, a missing unit."""
    tree.unit("vpc")
    tree.unit("app", text)

    assert "\n".join(tree.errors()) == expected


def test_cycle_is_named(tree):
    """C7."""
    tree.unit("a", 'dependencies {\n  paths = ["../b"]\n}\n')
    tree.unit("b", 'dependency "c" {\n  config_path = "../c"\n}\n')
    tree.unit("c", 'dependencies {\n  paths = ["../a"]\n}\n')

    assert "\n".join(tree.errors()) == (
        "live/dev/a/terragrunt.hcl:5:12: Units depend on each other in a cycle. a -> b -> c -> a: none of them can be"
        " applied first. Take out one of these dependencies, or move what both sides need into a unit of its own."
    )


@pytest.mark.parametrize(
    ("outputs", "name", "expected"),
    [
        pytest.param(
            {"id": "x", "old": "y"},
            "nme",
            f'{AT}:7:19: Unknown output. The module of unit "vpc" declares no output "nme". Did you mean "names"?',
            id="not declared",
        )
    ],
)
def test_known_outputs_that_lack_the_one_referred_to(tree, outputs, name, expected):
    """C7: a missing dependency output."""
    tree.unit("vpc")
    tree.unit("app", ON_VPC + f"inputs = {{ name = dependency.vpc.outputs.{name} }}\n")
    unit = tree.load().units["app"]

    with pytest.raises(Exception) as raised:  # noqa: PT011 - the text is compared in full
        unit.evaluate({"vpc": outputs})

    assert [tree.text(item) for item in raised.value.diagnostics] == [expected]


def test_a_declared_output_that_is_not_in_the_state_is_null(tree):
    """Terraform keeps no output in a state whose value is null."""
    tree.unit("vpc")
    tree.unit("app", ON_VPC + "inputs = { id = dependency.vpc.outputs.id }\n")

    assert tree.inputs("app", {"vpc": {"names": []}}) == {"id": None}


def test_try_falls_back_when_an_output_is_missing(tree):
    tree.unit("vpc")
    tree.unit("app", ON_VPC + 'inputs = { name = try(dependency.vpc.outputs.nope, "fallback") }\n')

    assert tree.inputs("app") == {"name": "fallback"}
    assert tree.inputs("app", {"vpc": {"id": "x"}}) == {"name": "fallback"}
