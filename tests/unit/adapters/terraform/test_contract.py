"""What is planned is what is applied (C9): the real Terraform, with its built-in provider alone, over small stacks."""

import random
import shutil
from decimal import Decimal

import pytest

from orchestrator.hcl import dump_json, print_value, to_json_value
from orchestrator.hcl.values import SetValue
from tests.fakes.errors import error_of
from tests.fakes.local_stack import LocalStack

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform on the PATH"),
]


@pytest.fixture
def stack(tmp_path):
    return LocalStack(tmp_path)


GENERATED = """
generate "extra" {
  path      = "extra.tf"
  if_exists = "error"
  contents  = <<-EOF
    resource "terraform_data" "extra" { input = jsondecode(file("${path.module}/data.json")).a }
    output "extra" { value = terraform_data.extra.output }
  EOF
}

generate "data" {
  path              = "data.json"
  if_exists         = "error"
  disable_signature = true
  contents          = jsonencode({ a = 0.1234567890123456789 })
}
"""


def test_c9_generated_files_are_planned(stack):
    stack.unit("a", 'resource "terraform_data" "own" {}', GENERATED.replace("${path", "$${path"))
    stack.unit(
        "b",
        'variable "extra" {}\nresource "terraform_data" "b" { input = var.extra }\noutput "b" { value = terraform_data.b.output }',
        'dependency "a" { config_path = "../a" }\ninputs = { extra = dependency.a.outputs.extra }',
    )
    plan = stack.up()
    assert [change.address for change in plan.units["a"]] == ["terraform_data.extra", "terraform_data.own"]
    assert str(stack.values("b")["b"]) == "0.1234567890123456789"


def test_c9_files_beside_a_unit_are_laid_over_its_module(stack):
    stack.unit(
        "a", 'resource "terraform_data" "own" { input = "module" }\noutput "x" { value = terraform_data.own.output }'
    )
    stack.write(
        {
            "modules/a/kept.txt": "kept",
            "live/dev/a/main.tf": 'resource "terraform_data" "unit" { input = "${file("kept.txt")} ${file("${path.root}/deep/x.txt")}" }\noutput "x" { value = terraform_data.unit.output }',
            "live/dev/a/deep/x.txt": "deep",
            "live/dev/a/.hidden.tf": "not HCL {",
            "live/dev/a/nested/terragrunt.hcl": 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\nterraform { source = "../../../../modules//a" }',
            "live/dev/a/nested/other.tf": 'resource "terraform_data" "nested" {}',
        }
    )
    plan = stack.up()
    assert [change.address for change in plan.units["a"]] == ["terraform_data.unit"]
    assert stack.values("a") == {"x": "kept deep"}


def test_c9_files_of_variables_win_over_inputs(stack):
    names = ("input", "plain", "json", "auto", "last")
    declared = "\n".join(f'variable "{name}" {{ default = "default" }}' for name in names)
    shown = ", ".join(f"{name} = var.{name}" for name in names)
    stack.unit(
        "a",
        f'{declared}\noutput "all" {{ value = {{ {shown} }} }}',
        "inputs = {\n" + "\n".join(f'  {name} = "input"' for name in names) + "\n}",
    )
    stack.write(
        {
            "modules/a/terraform.tfvars": 'plain = "plain"\njson = "plain"\n',
            "modules/a/terraform.tfvars.json": '{"json": 0.12345678901234567890}',
            "live/dev/a/a.auto.tfvars": 'auto = ["auto"]\nlast = "a"\n',
            "live/dev/a/z.auto.tfvars": 'last = "z"\n',
        }
    )
    stack.up()
    shown = {name: str(value) for name, value in stack.values("a")["all"].items()}
    assert shown == {
        "input": "input",
        "plain": "plain",
        "json": "0.1234567890123456789",
        "auto": "['auto']",
        "last": "z",
    }


def test_c9_paths_mean_the_same_in_plan_and_apply(stack):
    stack.unit(
        "a",
        """
        locals { text = join("/", [path.module, "t.txt"]) }
        resource "terraform_data" "paths" {
          input = {
            module = path.module, root = path.root, cwd = path.cwd, workspace = terraform.workspace
            absolute = abspath("t.txt"), text = file(local.text), set = fileset(".", "*.txt"), there = fileexists("./t.txt")
            deep = module.sub.all, template = templatefile("${path.root}/t.txt", { x = 1 }), beside = module.beside.all
          }
        }
        module "sub" { source = "./sub" }
        module "beside" { source = "../beside" }
        output "all" { value = terraform_data.paths.output }
    """,
    )
    nested = """
        output "all" { value = { module = path.module, root = path.root, text = file("${path.module}/s.txt"), own = file("t.txt") } }
    """
    stack.write(
        {
            "modules/a/t.txt": "t${1 + 1}",
            "modules/a/sub/main.tf": nested,
            "modules/a/sub/s.txt": "s",
            "modules/beside/main.tf": nested,
            "modules/beside/s.txt": "b",
        }
    )
    stack.up()
    found = stack.values("a")["all"]
    workspace = str((stack.folder / "work" / "a" / "a").resolve())
    assert found["deep"] == {"module": "sub", "root": ".", "text": "s", "own": "t${1 + 1}"}
    assert found["beside"] == {"module": "../beside", "root": ".", "text": "b", "own": "t${1 + 1}"}
    assert (found["module"], found["root"]) == (".", ".")
    assert (found["cwd"], found["workspace"], found["absolute"]) == (workspace, "default", f"{workspace}/t.txt")
    assert (found["text"], found["set"], found["there"], found["template"]) == ("t${1 + 1}", ["t.txt"], True, "t2")


ROOT_ONLY = {
    "import": 'variable "id" {}\nresource "terraform_data" "x" {}\nimport {\n  to = terraform_data.x\n  id = "${var.id}-1"\n}',
    "import for each": 'variable "ids" { default = { a = "1" } }\nresource "terraform_data" "x" { for_each = var.ids }\nimport {\n  for_each = var.ids\n  to = terraform_data.x[each.key]\n  id = each.value\n}',
    "check": 'resource "terraform_data" "x" { input = 1 }\ncheck "c" {\n  assert {\n    condition = terraform_data.x.output == 2\n    error_message = "wrong"\n  }\n}',
    "backend and version": 'terraform {\n  required_version = ">= 1.11"\n}\nresource "terraform_data" "x" {}',
    "removed": "removed {\n  from = terraform_data.gone\n  lifecycle { destroy = false }\n}",
    "null output": 'output "n" { value = null }\nresource "terraform_data" "x" {}',
    "output types": 'resource "terraform_data" "x" { input = 1e30 }\noutput "s" { value = toset(["b", "a"]) }\noutput "l" { value = [1, "a", null] }\noutput "o" { value = { a = null, n = 1.10, big = 1e300, small = 1e-30 } }\noutput "m" { value = tomap({ x = 1 }) }\noutput "e" { value = [] }',
    "sensitive": 'variable "id" { sensitive = true }\nresource "terraform_data" "x" { input = var.id }\noutput "s" {\n  value = terraform_data.x.output\n  sensitive = true\n}',
    "ephemeral variable": 'variable "id" { ephemeral = true }\nresource "terraform_data" "x" {}',
}


@pytest.mark.parametrize("module", ROOT_ONLY.values(), ids=ROOT_ONLY)
def test_c9_what_a_root_module_may_say_is_planned_and_applied_alike(stack, module):
    stack.unit("a", module, 'inputs = { id = "i" }').up()


def test_c9_moves_and_removals_between_two_applies(stack):
    stack.unit("a", 'resource "terraform_data" "old" {}\nresource "terraform_data" "gone" {}').up()
    stack.write(
        {
            "modules/a/main.tf": 'resource "terraform_data" "new" {}\nmoved {\n  from = terraform_data.old\n  to = terraform_data.new\n}\nremoved {\n  from = terraform_data.gone\n  lifecycle { destroy = false }\n}'
        }
    )
    plan = stack.up()
    assert [(change.address, str(change.action)) for change in plan.units["a"]] == [
        ("terraform_data.gone", "forget"),
        ("terraform_data.new", "move"),
    ]


def test_c7_a_sensitive_value_in_a_plain_output_is_named_with_its_unit(stack):
    stack.unit(
        "a", 'variable "id" { sensitive = true }\noutput "plain" { value = var.id }', 'inputs = { id = "hunter2" }'
    )
    error = error_of(stack.plan)
    assert error.detail.startswith("Output refers to sensitive values")
    assert error.detail.endswith('in output "plain" of unit "a"')
    assert "hunter2" not in str(error)


def test_c7_errors_name_the_file_that_was_written(stack):
    stack.unit(
        "a",
        'terraform {\n  backend "local" {}\n}\n\nresource "terraform_data" "y" { input = 1 }\nresource "terraform_data" "x" {\n  lifecycle {\n    precondition {\n      condition     = terraform_data.y.input == 2\n      error_message = "never"\n    }\n  }\n}',
    )
    assert error_of(stack.plan).detail.endswith("modules/a/main.tf:9")


WARNS = """
resource "terraform_data" "x" { input = var.number }
variable "number" {}
check "one" {
  assert {
    condition     = terraform_data.x.input == 1
    error_message = "it is not one"
  }
}
"""


def test_c9_failed_checks_are_shown_by_plan_and_apply(stack):
    stack.unit("a", WARNS, "inputs = { number = 2 }")
    plan = stack.plan()
    assert [(warned.unit, warned.text.split("\n")[:2]) for warned in plan.warnings] == [
        ("a", ["Check block assertion failed", "it is not one"])
    ]
    assert [text.split("\n")[1] for text in stack.apply(plan)["a"].warnings] == ["it is not one"]


def test_c9_what_was_approved_binds_the_values(stack):
    module = 'variable "x" {}\nvariable "s" { sensitive = true }\nresource "terraform_data" "x" { input = [var.x, var.s] }\nresource "terraform_data" "s" { input = var.s }'
    stack.unit("a", module, 'inputs = { x = 1, s = "one" }')
    plan = stack.plan()
    for inputs, problem in (
        ('x = 2, s = "one"', "terraform_data.x: input has another value"),
        ('x = 1, s = "two"', "terraform_data.s: input has another value (sensitive)"),
    ):
        stack.tree.unit("a", f"inputs = {{ {inputs} }}")
        outcome = stack.apply(plan)["a"]
        assert outcome.stops_run
        assert f"create {problem}" in outcome.error
        assert "two" not in outcome.error
    stack.tree.unit("a", 'inputs = { x = 1, s = "one" }')
    assert stack.apply(plan)["a"].error == ""


def test_c9_what_was_unknown_may_become_anything(stack):
    stack.unit(
        "a",
        'resource "terraform_data" "a" { input = "x" }\noutput "id" { value = terraform_data.a.id }\noutput "ids" { value = toset([terraform_data.a.id, "z", "a"]) }',
    )
    stack.unit(
        "b",
        'variable "id" {}\nvariable "ids" {}\nresource "terraform_data" "b" { input = { id = var.id, ids = toset(var.ids), list = ["${var.id}-1", "known"] } }',
        'dependency "a" { config_path = "../a" }\ninputs = { id = dependency.a.outputs.id, ids = dependency.a.outputs.ids }',
    )
    stack.up()
    stack.write(
        {
            "modules/a/main.tf": 'resource "terraform_data" "a" {\n  input = "y"\n  triggers_replace = "y"\n}\noutput "id" { value = terraform_data.a.id }\noutput "ids" { value = toset([terraform_data.a.id, "z", "a"]) }'
        }
    )
    stack.up()


TEXTS = ["plain", "", "ü日本🚀", 'quote " and \\', "two\nlines\n", "${not} %{if}", "<a & b>", "0.10", "true", " "]


def random_value(rng: random.Random, depth: int = 2):
    """Any value of Terraform's language: numbers of any size, sets, nulls, deep and empty collections."""
    kind = rng.choice(["text", "whole", "fraction", "bool", "null"] + ["list", "map", "set"] * (depth > 0))
    match kind:
        case "text":
            return rng.choice(TEXTS)
        case "whole":
            return rng.randint(-(10 ** rng.randint(1, 40)), 10 ** rng.randint(1, 40))
        case "fraction":
            digits = rng.randint(1, 10 ** rng.randint(1, 40))
            return Decimal(f"{digits}E{rng.randint(-60, 30)}") * rng.choice([1, -1])
        case "bool":
            return rng.random() < 0.5
        case "list":
            return [random_value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
        case "map":
            return {rng.choice(["a", "b c", "é", "d"]): random_value(rng, depth - 1) for _ in range(rng.randint(0, 3))}
        case "set":
            return SetValue(tuple(sorted({rng.choice(TEXTS) for _ in range(rng.randint(0, 3))})))
    return None


def random_stack(stack: LocalStack, seed: int) -> None:
    """Four units in a chain, each with inputs of its own, outputs of the one before, own and generated files, and secrets."""
    rng = random.Random(seed)
    for number in range(4):
        above = f"u{number - 1}" if number else ""
        names = [f"v{index}" for index in range(3)]
        secret = rng.choice(names)
        lines = [f'variable "{name}" {{\n  sensitive = {str(name == secret).lower()}\n}}' for name in [*names, "above"]]
        lines += [f'resource "terraform_data" "{name}" {{ input = var.{name} }}' for name in [*names, "above"]]
        lines += [
            f'output "{name}" {{\n  value = [terraform_data.{name}.output, terraform_data.{name}.id, var.{name}]\n'
            f"  sensitive = {str(name == secret).lower()}\n}}"
            for name in names
        ]
        # A secret that was handed over as a plain value is in a plain output of the unit's own.
        lines.append('output "above" { value = terraform_data.above.output }')
        inputs = [f"  {name} = {print_value(random_value(rng))}" for name in names]
        inputs.append(f"  above = dependency.up.outputs.{rng.choice([*names, 'above'])}" if above else "  above = null")
        dependency = f'dependency "up" {{\n  config_path = "../{above}"\n}}\n' if above else ""
        text = "\n".join(inputs)
        generated = print_value('resource "terraform_data" "made" { input = jsondecode(file("m.json")) }\n')
        made = f'generate "made" {{\n  path = "made.tf"\n  if_exists = "error"\n  contents = {generated}\n}}\n'
        stack.unit(
            f"u{number}", "\n".join(lines), f"{dependency}inputs = {{\n{text}\n}}\n" + made * (rng.random() < 0.5)
        )
        value = to_json_value(random_value(rng))
        stack.write(
            {
                f"live/dev/u{number}/m.json": dump_json(value),
                f"live/dev/u{number}/own.tf": 'output "own" { value = jsondecode(file("${path.module}/m.json")) }\n',
            }
        )


@pytest.mark.parametrize("seed", range(3))
def test_c9_random_stacks_become_what_was_planned_and_then_nothing_is_left(stack, seed):
    random_stack(stack, seed)
    stack.up()
    random_stack(stack, seed + 1000)
    stack.up()
