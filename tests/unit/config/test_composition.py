"""What Terraform sees of a unit, as far as the configuration knows it: interfaces, variable files, what is root-only (C9)."""

from decimal import Decimal

import pytest

from orchestrator.hcl.values import has_sensitive, unmark

ROOT_ONLY = {
    "import {\n  to = aws_vpc.this\n  id = local.id\n}": (
        "live/dev/vpc/own.tf:3:8: Import block refers to what the plan of the stack cannot see."
        ' id of an import block of unit "vpc" refers to local. Use a constant or a variable.'
    ),
    'import {\n  to = aws_vpc.this\n  id = "x"\n  provider = aws.west\n}': (
        "live/dev/vpc/own.tf:4:3: Import block with a provider is not supported."
        ' An import block of unit "vpc" names a provider, which the plan of the stack may call otherwise.'
        " Remove it: Terraform then uses the provider of the resource."
    ),
    'output "token" {\n  value = "x"\n  ephemeral = true\n}': (
        'live/dev/vpc/own.tf:3:3: Ephemeral output of a unit. The output "token" of unit "vpc" is ephemeral, which Terraform'
        " refuses in a root module, and a unit's module is one. Remove ephemeral, or the output."
    ),
    'import {\n  to = aws_vpc.this[each.key]\n  for_each = var.ids\n  id = each.value\n}\nvariable "ids" { default = {} }': None,
}


@pytest.mark.parametrize(("text", "finding"), ROOT_ONLY.items())
def test_c9_what_the_plan_of_the_stack_cannot_repeat_is_refused_with_its_place(tree, text, finding):
    tree.unit("vpc").write({"live/dev/vpc/own.tf": text})
    assert tree.errors() == ([finding] if finding else [])


def test_c9_import_blocks_in_json_are_refused(tree):
    tree.unit("vpc").write({"live/dev/vpc/own.tf.json": '{"import": [{"to": "aws_vpc.this", "id": "x"}]}'})
    (finding,) = tree.errors()
    assert finding.startswith('Import block in JSON is not supported. own.tf.json of unit "vpc" has an import block')


def test_c9_a_generated_file_that_collides_is_found_before_anything_runs(tree):
    tree.unit("vpc", 'generate "x" {\n  path = "main.tf"\n  if_exists = "error"\n  contents = ""\n}\n')
    (finding,) = tree.errors()
    assert finding.startswith("A generated file collides with one of the module's own.")


def test_c9_variables_and_outputs_of_own_and_generated_files_are_the_units(tree):
    tree.unit(
        "a",
        """
        inputs = { own = 1, made = 2 }
        generate "x" {
          path      = "x.tf"
          if_exists = "error"
          contents  = "variable \\"made\\" {}\\noutput \\"made\\" { value = var.made }\\n"
        }
        """,
    ).write({"live/dev/a/own.tf": 'variable "own" { sensitive = true }\noutput "own" { value = 1 }\n'})
    tree.unit(
        "b",
        'dependency "a" { config_path = "../a" }\ninputs = { name = [dependency.a.outputs.own, dependency.a.outputs.made] }\n',
    )
    assert tree.load().check() == []
    inputs = tree.evaluate("a").inputs
    assert (inputs["made"], unmark(inputs["own"]), has_sensitive(inputs["own"])) == (2, 1, True)
    tree.unit("c", 'dependency "a" { config_path = "../a" }\ninputs = { name = dependency.a.outputs.maid }\n')
    (finding,) = tree.errors()
    assert 'The module of unit "a" declares no output "maid". Did you mean "made"?' in finding


@pytest.mark.parametrize("source", ["", 'terraform {\n  source = ""\n}\n', "terraform {\n  source = null\n}\n"])
def test_c10_a_module_that_a_generate_block_makes(tree, source):
    made = 'generate "main" {\n  path = "main.tf"\n  if_exists = "overwrite"\n  contents = "output \\"x\\" { value = 1 }"\n}\n'
    tree.write({"live/dev/a/terragrunt.hcl": source + made})
    tree.unit("b", 'dependency "a" { config_path = "../a" }\ninputs = { name = dependency.a.outputs.x }\n')
    assert tree.load().check() == []


def test_c9_files_of_variables_count_as_inputs_and_win(tree):
    tree.write({"modules/strict/main.tf": 'variable "a" {}\nvariable "b" {}\nvariable "c" {}\n'})
    tree.unit("vpc", "inputs = { a = 1, b = 1 }\n", module="strict")
    tree.write(
        {"modules/strict/terraform.tfvars": "b = 2\nc = 2\n", "live/dev/vpc/x.auto.tfvars.json": '{"c": [0.10]}'}
    )
    assert tree.load().check() == []
    inputs = tree.evaluate("vpc").inputs
    assert inputs == {"a": 1, "b": 2, "c": [Decimal("0.1")]}


BAD_FILES = {
    ("terraform.tfvars", "a = var.b"): "live/dev/vpc/terraform.tfvars:1:5: ",
    ("terraform.tfvars", "a {}"): "live/dev/vpc/terraform.tfvars:1:1: Block in a file of variables.",
    ("x.auto.tfvars.json", "[1]"): "live/dev/vpc/x.auto.tfvars.json:1:1: File of variables cannot be read.",
    ("x.auto.tfvars.json", '{"a": 1e9999}'): "live/dev/vpc/x.auto.tfvars.json:1:1: File of variables cannot be read.",
}


@pytest.mark.parametrize(("file", "finding"), BAD_FILES.items())
def test_c7_mistakes_in_files_of_variables_have_their_place(tree, file, finding):
    name, text = file
    tree.unit("vpc").write({f"live/dev/vpc/{name}": text})
    (found,) = tree.errors()
    assert found.startswith(finding)
