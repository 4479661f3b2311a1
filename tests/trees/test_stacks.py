"""C10: trees with stack files, and units in JSON, live the same life as any other."""

import json

import pytest

from tests.trees.conftest import MODULE
from tests.trees.test_layouts import ABOVE, LOCAL_STATES

SOURCE = 'terraform {\n  source = "${get_repo_root()}/modules//thing"\n}\n'
CATALOG = {
    "catalog/units/vpc/terragrunt.hcl": f"{ABOVE}{SOURCE}inputs = {{ name = values.name }}\n",
    "catalog/units/app/terragrunt.hcl": ABOVE
    + SOURCE
    + 'dependency "vpc" {\n  config_path = values.vpc_path\n}\n'
    + "inputs = { name = values.name, reads = dependency.vpc.outputs.id }\n",
}
PAIR = """
unit "vpc" {
  source = "${get_repo_root()}/catalog/units/vpc"
  path   = "vpc"
  values = { name = "vpc" }
}

unit "app" {
  source = "${get_repo_root()}/catalog/units/app"
  path   = "app"
  values = { name = "app", vpc_path = "../vpc" }
}
"""
TREES = {
    "a stack": CATALOG | {"live/terragrunt.stack.hcl": PAIR},
    "states beside the generated units": {
        **{name: text.removeprefix(ABOVE) for name, text in CATALOG.items()},
        "live/terragrunt.stack.hcl": PAIR,
    },
    "a stack in a stack": CATALOG
    | {
        "catalog/stacks/pair/terragrunt.stack.hcl": PAIR,
        "live/terragrunt.stack.hcl": 'stack "pair" {\n  source = "../catalog/stacks/pair"\n  path   = "pair"\n}\n',
    },
    "units beside the stack file, one of them written by hand": {
        "catalog/units/vpc/terragrunt.hcl": CATALOG["catalog/units/vpc/terragrunt.hcl"],
        "live/terragrunt.stack.hcl": PAIR.partition('unit "app"')[0].replace(
            "values", "no_dot_terragrunt_stack = true\n  values", 1
        ),
        "live/app/terragrunt.hcl": ABOVE
        + SOURCE
        + 'dependency "vpc" {\n  config_path = "../vpc"\n}\n'
        + 'inputs = { name = "app", reads = dependency.vpc.outputs.id }\n',
    },
    "a catalogue that refers to itself, and a unit that knows nothing of its dependency": {
        "catalog/modules/thing/main.tf": MODULE,
        "catalog/units/plain/terragrunt.hcl": ABOVE
        + 'terraform {\n  source = "../..//modules/thing"\n  update_source_with_cas = true\n}\n'
        + "inputs = { name = values.name }\n",
        "live/terragrunt.stack.hcl": """
            unit "vpc" {
              source = "../catalog//units/plain"
              path   = "vpc"
              values = { name = "vpc" }
            }

            unit "app" {
              source = "../catalog//units/plain"
              path   = "app"
              values = { name = "app" }

              autoinclude {
                dependency "vpc" {
                  config_path = unit.vpc.path
                }

                inputs = {
                  reads = dependency.vpc.outputs.id
                }
              }
            }
        """,
    },
    "units in JSON": {
        "live/vpc/terragrunt.hcl.json": json.dumps(
            {
                "include": {"root": {"path": '${find_in_parent_folders("root.hcl")}'}},
                "terraform": {"source": "${get_repo_root()}/modules//thing"},
                "inputs": {"name": "vpc"},
            }
        ),
        "live/app/terragrunt.hcl.json": json.dumps(
            {
                "include": {"root": {"path": '${find_in_parent_folders("root.hcl")}'}},
                "terraform": [{"source": "${get_repo_root()}/modules//thing"}],
                "dependency": {"vpc": {"config_path": "../vpc"}},
                "inputs": {"name": "${basename(get_terragrunt_dir())}", "reads": "${dependency.vpc.outputs.id}"},
            }
        ),
    },
}


@pytest.mark.parametrize("files", TREES.values(), ids=TREES)
def test_c10_a_tree_with_stacks_or_json_lives_its_life(repository, files):
    repository.write({"root.hcl": LOCAL_STATES, "modules/thing/main.tf": MODULE, **files})

    found = repository.life(at="live")

    app = next(outputs for name, outputs in found.items() if name.endswith("app"))
    assert app == {"id": "id of app", "reads": "id of vpc"}
    assert len(found) == 2


def test_c10_the_commands_for_stacks_and_for_all_work_on_the_same_units(repository):
    repository.write({"root.hcl": LOCAL_STATES, "modules/thing/main.tf": MODULE, **TREES["a stack in a stack"]})

    assert repository.succeed("stack", "generate", at="live").out.count("+ live/") == 5
    repository.succeed("stack", "run", "apply", "--yes", at="live")
    assert repository.run("stack", "run", "plan", "--", "-detailed-exitcode", at="live").code == 0
    assert repository.run("run", "--all", "plan", "--", "-detailed-exitcode", at="live").code == 0
    pair = {"app": {"id": "id of app", "reads": "id of vpc"}, "vpc": {"id": "id of vpc"}}
    assert repository.succeed("stack", "output", "--json", at="live").json == {"pair": pair}

    # States lie elsewhere, so everything that was generated can go, and comes back with the next command.
    assert repository.succeed("stack", "clean", at="live").out.count("- live/") == 5
    assert not (repository.top / "live/.terragrunt-stack").exists()
    repository.succeed("stack", "run", "destroy", "--yes", at="live")
    assert repository.run("plan", "--detailed-exitcode", at="live").code == 2


def test_c12_a_state_beside_a_generated_unit_stays_when_the_files_go(repository):
    files = TREES["states beside the generated units"]
    repository.write({"root.hcl": LOCAL_STATES, "modules/thing/main.tf": MODULE, **files})
    repository.succeed("up", "--yes", at="live")

    repository.succeed("stack", "clean", at="live")

    assert repository.run("plan", "--detailed-exitcode", at="live").code == 0
