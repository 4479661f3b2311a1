"""The variables and outputs that a module declares."""

import pytest

from orchestrator.config import module_interface
from orchestrator.diagnostics import ConfigurationError
from tests.fakes.errors import error_of


def test_variables_and_outputs(tree):
    tree.write(
        {
            "m/variables.tf": """
            variable "name" {
              description = "A name."
              type        = string
              nullable    = false
            }
            variable "settings" {
              type = object({
                size = optional(number, 1)
              })
              default = {}
            }
            variable "secret" {
              sensitive = true
              default   = null
            }
            """,
            "m/outputs.tf": 'output "id" {\n  value = 1\n}\noutput "password" {\n  value     = 1\n  sensitive = true\n}\n',
            "m/main.tf": 'resource "null_resource" "this" {}\n',
        }
    )

    interface = module_interface(tree.root / "m")

    assert {
        name: (variable.required, variable.sensitive, variable.nullable, variable.type)
        for name, variable in interface.variables.items()
    } == {
        "name": (True, False, False, "string"),
        "settings": (False, False, True, "object({ size = optional(number, 1) })"),
        "secret": (False, True, True, "any"),
    }
    assert interface.outputs == {"id": False, "password": True}
    assert tree.text_place(interface.variables["name"].range) == "m/variables.tf:1:1"


def test_json_files_are_read_too(tree):
    tree.write(
        {
            "m/main.tf.json": """
            {"variable": {"name": {"type": "string"}, "size": [{"default": 1, "sensitive": true}]},
             "output": [{"id": {"value": 1, "sensitive": true}}]}
            """
        }
    )

    interface = module_interface(tree.root / "m")

    assert {name: (item.required, item.sensitive) for name, item in interface.variables.items()} == {
        "name": (True, False),
        "size": (False, True),
    }
    assert interface.outputs == {"id": True}


def test_override_files_come_last(tree):
    tree.write(
        {
            "m/a_override.tf": 'variable "name" {\n  default = "x"\n}\noutput "id" {\n  sensitive = true\n}\n',
            "m/main.tf": 'variable "name" {\n  type = string\n  sensitive = true\n}\noutput "id" {\n  value = 1\n}\n',
        }
    )

    interface = module_interface(tree.root / "m")

    name = interface.variables["name"]
    assert (name.required, name.sensitive, name.type) == (False, True, "string")
    assert interface.outputs == {"id": True}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "Module not found. m does not exist. Correct the source of the terraform block."),
        ({"m/README.md": ""}, "Module not found. m holds no *.tf files. Correct the source of the terraform block."),
        (
            {"m/x.tf.json": "{"},
            (
                "m/x.tf.json:1:1: Module file cannot be read. x.tf.json is not valid JSON: Expecting property name enclosed in"
                " double quotes: line 1 column 2 (char 1)."
            ),
        ),
    ],
)
def test_errors(tree, files, expected):
    tree.write(files)

    error = error_of(lambda: module_interface(tree.root / "m"), ConfigurationError)
    assert [tree.text(item) for item in error.diagnostics] == [expected]


def test_syntax_errors_of_all_files_are_collected(tree):
    tree.write({"m/a.tf": "variable {\n", "m/b.tf": 'output "x" {\n'})

    error = error_of(lambda: module_interface(tree.root / "m"), ConfigurationError)
    assert {item.range.source.path.name for item in error.diagnostics} == {"a.tf", "b.tf"}
