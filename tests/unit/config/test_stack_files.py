"""terragrunt.stack.hcl: what is generated, that it is a tree like any other, and what is refused (C1, C10)."""

import hashlib
import json
import os
import shutil
import textwrap
from decimal import Decimal
from pathlib import Path

import pytest

from orchestrator.config import LocalSource, clean_stacks, generate_stacks, grammar, module_name, stack_generation
from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import print_value

UNIT = """
    terraform {
      source = "${get_repo_root()}/modules//thing"
    }

    inputs = {
      name = values.name
    }
"""
DEPENDENT = """
    terraform {
      source = "${get_repo_root()}/modules//thing"
    }

    dependency "vpc" {
      config_path = values.vpc_path
    }

    inputs = {
      name = dependency.vpc.outputs.id
    }
"""


class Stacks:
    """A repository with live/dev, modules, and a catalogue of units and stacks."""

    def __init__(self, tree) -> None:
        self.tree = tree
        self.folder: Path = tree.root / "live/dev"
        self.fetched: list[str] = []
        (tree.root / ".git").mkdir()
        tree.write({"catalog/units/vpc/terragrunt.hcl": UNIT, "catalog/units/app/terragrunt.hcl": DEPENDENT})

    def write(self, files: dict[str, str]) -> "Stacks":
        self.tree.write(files)
        return self

    def stack(self, text: str, *, folder: str = "live/dev") -> "Stacks":
        return self.write({f"{folder}/terragrunt.stack.hcl": text})

    def fetch(self, source) -> Path:
        self.fetched.append(f"{source.repository} {source.ref}")
        return self.tree.root / "downloaded"

    def generate(self, **env: str):
        return generate_stacks(self.folder, env=env, fetch=self.fetch)

    def files(self) -> list[str]:
        """The generated files, without the manifests."""
        return sorted(
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*")
            if path.is_file() and ".platformctl" not in path.name and path != self.folder / "terragrunt.stack.hcl"
        )

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def errors(self, **env: str) -> list[str]:
        with pytest.raises(ConfigurationError) as raised:
            self.generate(**env)
        return [self.tree.text(item) for item in raised.value.diagnostics]

    def inputs(self, name: str):
        return self.tree.inputs(name)


@pytest.fixture
def stacks(tree):
    return Stacks(tree)


VPC = ".terragrunt-stack/vpc"
APP = ".terragrunt-stack/apps/app"
ONE = """
    unit "vpc" {
      source = "../../catalog/units/vpc"
      path   = "vpc"

      values = {
        name = "main"
      }
    }
"""
TWO = (
    ONE
    + """
    unit "app" {
      source = "${get_repo_root()}//catalog/units/app"
      path   = "apps/app"

      values = {
        vpc_path = "../../vpc"
      }
    }
"""
)


def test_c10_a_unit_is_copied_and_gets_its_values(stacks):
    generation = stacks.stack(ONE).generate()

    assert stacks.files() == [
        ".terragrunt-stack/vpc/terragrunt.hcl",
        ".terragrunt-stack/vpc/terragrunt.values.hcl",
    ]
    assert generation.written == tuple(stacks.folder / name for name in stacks.files())
    assert stacks.inputs(".terragrunt-stack/vpc") == {"name": "main"}
    assert list(stacks.tree.load().units) == [".terragrunt-stack/vpc"]
    assert stacks.tree.errors() == []


def test_c10_units_of_a_stack_depend_on_each_other_by_paths(stacks):
    stacks.stack(TWO).generate()

    assert stacks.tree.load().graph.order() == (VPC, APP)
    assert stacks.tree.inputs(APP, {VPC: {"id": "v-1", "names": []}}) == {"name": "v-1"}
    assert stacks.tree.errors() == []


def test_c3_in_the_plan_of_the_stack_generated_units_are_modules_with_valid_names(stacks):
    stacks.stack(TWO).generate()

    names = [module_name(name) for name in stacks.tree.load().units]

    assert names == ["_terragrunt-stack__apps__app", "_terragrunt-stack__vpc"]


NESTED = {
    "catalog/stacks/net/terragrunt.stack.hcl": """
        locals {
          prefix = "${values.prefix}-net"
        }

        unit "vpc" {
          source = "${get_repo_root()}/catalog/units/vpc"
          path   = "vpc"

          values = {
            name = "${local.prefix}-vpc"
          }
        }

        unit "app" {
          source = "${get_repo_root()}/catalog/units/app"
          path   = "app"

          values = {
            vpc_path = "../vpc"
          }
        }
    """,
    "catalog/stacks/site/terragrunt.stack.hcl": """
        stack "net" {
          source = "${get_repo_root()}/catalog/stacks/net"
          path   = "net"

          values = {
            prefix = values.name
          }
        }
    """,
    "live/dev/terragrunt.stack.hcl": """
        stack "blue" {
          source = "../../catalog/stacks/site"
          path   = "blue"

          values = {
            name = "b"
          }
        }

        stack "green" {
          source = "../../catalog/stacks/site"
          path   = "green"

          values = {
            name = "g"
          }
        }
    """,
}


def test_c10_stacks_are_nested_and_pass_values_down(stacks):
    generation = stacks.write(NESTED).generate()

    inner = ".terragrunt-stack/net/.terragrunt-stack"
    names = [f".terragrunt-stack/{color}/{inner}/{unit}" for color in ("blue", "green") for unit in ("app", "vpc")]
    assert list(stacks.tree.load().units) == names
    assert [unit.relative_to(stacks.folder).as_posix() for stack in generation.stacks for unit in stack.units()] == [
        names[1],
        names[0],
        names[3],
        names[2],
    ]
    assert stacks.tree.inputs(names[1]) == {"name": "b-net-vpc"}
    assert stacks.tree.inputs(names[3]) == {"name": "g-net-vpc"}
    assert stacks.tree.load().graph.dependencies[names[2]] == (names[3],)


def test_c10_values_of_every_type_arrive(stacks):
    stacks.write({"catalog/units/vpc/terragrunt.hcl": UNIT.replace("values.name", "null\n      settings = values")})
    stacks.stack("""
        unit "vpc" {
          source = "../../catalog/units/vpc"
          path   = "vpc"

          values = {
            text     = "a \\"quoted\\" $${x} line\\n"
            whole    = 123456789012345678901234567890
            fraction = 0.1
            yes      = true
            nothing  = null
            list     = [1, "a", null]
            set      = toset(["b", "a"])
            empty    = {}
            object   = { "a key" = { deep = [{ x = 1 }] } }
          }
        }
    """).generate()

    assert stacks.tree.inputs(VPC)["settings"] == {
        "text": 'a "quoted" ${x} line\n',
        "whole": 123456789012345678901234567890,
        "fraction": Decimal("0.1"),
        "yes": True,
        "nothing": None,
        "list": [1, "a", None],
        "set": ["a", "b"],
        "empty": {},
        "object": {"a key": {"deep": [{"x": 1}]}},
    }


def test_c10_values_choose_the_version_of_a_source(stacks):
    stacks.write({"downloaded/units/vpc/terragrunt.hcl": UNIT, "live/version.hcl": 'locals {\n  ref = "v2"\n}\n'})
    stacks.stack("""
        locals {
          shared = read_terragrunt_config(find_in_parent_folders("version.hcl"))
        }

        unit "vpc" {
          source = "git::https://user:secret@example.com/catalog.git//units/vpc?ref=${local.shared.locals.ref}"
          path   = "vpc"

          values = {
            name = local.shared.locals.ref
          }
        }
    """).generate()

    assert stacks.fetched == ["https://...@example.com/catalog.git v2"]
    assert stacks.tree.inputs(VPC) == {"name": "v2"}


def test_c10_without_the_dot_folder_components_lie_beside_the_stack_file(stacks):
    stacks.write(NESTED).stack("""
        unit "vpc" {
          source                  = "../../catalog/units/vpc"
          path                    = "net/vpc"
          no_dot_terragrunt_stack = true

          values = {
            name = "main"
          }
        }

        stack "blue" {
          source                  = "../../catalog/stacks/site"
          path                    = "blue"
          no_dot_terragrunt_stack = true

          values = {
            name = "b"
          }
        }
    """).generate()

    inner = "blue/.terragrunt-stack/net/.terragrunt-stack"
    assert list(stacks.tree.load().units) == [f"{inner}/app", f"{inner}/vpc", "net/vpc"]
    # The stack file that was generated is reached through the one that declares it, and not once more.
    assert stacks.generate().written == ()
    assert len(stacks.generate().stacks) == 1


def test_c10_stacks_live_beside_ordinary_units_and_under_one_name_in_two_folders(stacks):
    stacks.tree.unit("db", 'dependency "vpc" {\n  config_path = "../east/.terragrunt-stack/vpc"\n}\n')
    stacks.write(
        {f"live/dev/{name}/terragrunt.stack.hcl": ONE.replace("../../", "../../../") for name in ("east", "west")}
    )

    stacks.generate()

    assert list(stacks.tree.load().units) == ["db", f"east/{VPC}", f"west/{VPC}"]
    assert stacks.tree.load().graph.dependencies["db"] == (f"east/{VPC}",)


def test_c10_a_stack_file_includes_another_and_evaluates_it_in_its_own_place(stacks):
    stacks.write({"live/common.hcl": ONE.replace('"main"', "local.name")})
    stacks.stack("""
        include "common" {
          path = find_in_parent_folders("common.hcl")
        }

        locals {
          name = "from the includer"
        }
    """).generate()

    assert stacks.tree.inputs(VPC) == {"name": "from the includer"}


def test_c10_an_autoinclude_adds_a_dependency_to_a_unit_that_knows_nothing_of_it(stacks):
    plain = 'terraform {\n  source = "${get_repo_root()}/modules//thing"\n}\n\ninputs = {\n  settings = "own"\n}\n'
    stacks.write({"catalog/units/plain/terragrunt.hcl": plain}).stack(
        ONE
        + """
        locals {
          region = "eu"
        }

        unit "plain" {
          source = "../../catalog/units/plain"
          path   = "apps/plain"

          autoinclude {
            dependency "net" {
              config_path  = unit.vpc.path
              mock_outputs = { id = "x" }
            }

            inputs = {
              name     = "${local.region}-${dependency.net.outputs.id}"
              settings = [for n in dependency.net.outputs.names : upper(n)]
            }

            generate "extra" {
              path      = "extra.tf"
              if_exists = "error"
              contents  = "# ${basename(get_terragrunt_dir())}"
            }
          }
        }
    """
    ).generate()

    name = ".terragrunt-stack/apps/plain"
    assert 'config_path = "../../vpc"' in stacks.text(f"{name}/terragrunt.autoinclude.hcl")
    assert stacks.tree.load().graph.order() == (VPC, name)
    assert stacks.tree.inputs(name, {VPC: {"id": "v", "names": ["a"]}}) == {"name": "eu-v", "settings": ["A"]}
    # The folder is that of the stack file, where the expression was evaluated.
    assert [file.contents.split("\n")[-1] for file in stacks.tree.evaluate(name).generated] == ["# dev"]
    assert stacks.tree.errors() == []


def test_c12_an_autoinclude_says_how_a_unit_is_run(stacks):
    stacks.write(
        {"catalog/units/plain/terragrunt.hcl": 'terraform {\n  source = "${get_repo_root()}/modules//thing"\n}\n'}
    )
    stacks.stack("""
        unit "plain" {
          source = "../../catalog/units/plain"
          path   = "plain"

          autoinclude {
            prevent_destroy = true

            errors {
              retry "busy" {
                retryable_errors   = [".*busy.*"]
                max_attempts       = 3
                sleep_interval_sec = 1
              }
            }
          }
        }
    """).generate()

    unit = stacks.tree.load().units[".terragrunt-stack/plain"]
    assert unit.declares("prevent_destroy")
    assert unit.behaviour().prevent_destroy
    assert [rule.name for rule in unit.behaviour().retries] == ["busy"]
    assert stacks.tree.errors() == []


def test_c10_an_autoinclude_adds_units_to_a_nested_stack_and_replaces_others(stacks):
    stacks.write(NESTED).stack("""
        locals {
          extra = "e"
        }

        stack "net" {
          source = "../../catalog/stacks/net"
          path   = "net"

          values = {
            prefix = "p"
          }

          autoinclude {
            unit "vpc" {
              source = "${get_repo_root()}/catalog/units/vpc"
              path   = "vpc"
              values = { name = "replaced" }
            }

            unit "extra" {
              source = "${get_repo_root()}/catalog/units/vpc"
              path   = "extra"
              values = { name = local.extra }

              autoinclude {
                dependency "app" {
                  config_path = unit.app.path
                }

                inputs = {
                  settings = dependency.app.outputs.id
                }
              }
            }
          }
        }
    """).generate()

    inner = ".terragrunt-stack/net/.terragrunt-stack"
    assert stacks.tree.load().graph.order() == (f"{inner}/vpc", f"{inner}/app", f"{inner}/extra")
    assert stacks.tree.inputs(f"{inner}/vpc") == {"name": "replaced"}
    assert stacks.tree.inputs(f"{inner}/extra", {f"{inner}/app": {"id": "a"}}) == {"name": "e", "settings": "a"}
    assert stacks.generate().written == ()


ON_A_STACK = """
    unit "app" {
      source = "../../catalog/units/plain"
      path   = "app"

      autoinclude {
        dependency "site" {
          config_path = stack.blue.path
        }

        inputs = {
          name     = dependency.site.outputs.net.vpc.id
          settings = dependency.site.outputs.net.app.names
        }
      }
    }
"""


CATALOG = {
    "catalog/modules/own/main.tf": 'variable "name" { type = string }\noutput "id" { value = var.name }\n',
    "catalog/units/own/terragrunt.hcl": """
        terraform {
          source                 = "../..//modules/own"
          update_source_with_cas = true
        }

        inputs = {
          name = values.name
        }
    """,
    "catalog/stacks/own/terragrunt.stack.hcl": """
        unit "own" {
          source                 = "../..//units/own" # beside the module
          update_source_with_cas = true
          path                   = "own"

          values = {
            name = values.name
          }
        }
    """,
}


@pytest.mark.parametrize("remote", [False, True])
def test_c10_sources_in_a_catalogue_are_meant_from_there(stacks, remote):
    stacks.write({name.replace("catalog", "downloaded") if remote else name: text for name, text in CATALOG.items()})
    source = "git::https://example.com/catalog.git//stacks/own?ref=v1" if remote else "../../catalog//stacks/own"
    stacks.stack(f"""
        stack "own" {{
          source  = "{source}"
          path    = "own"
          mutable = true

          values = {{
            name = "n"
          }}
        }}
    """).generate()

    name = ".terragrunt-stack/own/.terragrunt-stack/own"
    root = stacks.tree.root / ("downloaded" if remote else "catalog")
    assert stacks.tree.evaluate(name).source == LocalSource(root=root, subdirectory="modules/own")
    assert stacks.tree.inputs(name) == {"name": "n"}
    assert stacks.tree.errors() == []
    assert "# beside the module" in stacks.text(".terragrunt-stack/own/terragrunt.stack.hcl")


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ('"../../../modules/thing"', "2:28: Source outside of the catalogue"),
        ('"../..//${values.name}"', "2:28: Source is not written out"),
    ],
)
def test_c7_sources_in_a_catalogue_stay_there(stacks, source, finding):
    text = textwrap.dedent(CATALOG["catalog/units/own/terragrunt.hcl"]).replace('"../..//modules/own"', source)
    stacks.write(CATALOG | {"catalog/units/own/terragrunt.hcl": text})
    stacks.stack(block(name="own", source='"../../catalog//units/own"'))

    assert [headline(text) for text in stacks.errors()] == [f"catalog/units/own/terragrunt.hcl:{finding}"]


def test_c10_a_dependency_on_a_stack_is_one_on_all_of_its_units(stacks):
    plain = 'terraform {\n  source = "${get_repo_root()}/modules//thing"\n}\n'
    stacks.write(NESTED | {"catalog/units/plain/terragrunt.hcl": plain})
    stacks.stack(textwrap.dedent(NESTED["live/dev/terragrunt.stack.hcl"]) + textwrap.dedent(ON_A_STACK)).generate()

    inner = ".terragrunt-stack/blue/.terragrunt-stack/net/.terragrunt-stack"
    loaded, app = stacks.tree.load(), ".terragrunt-stack/app"
    assert loaded.graph.dependencies[app] == (f"{inner}/app", f"{inner}/vpc")
    assert loaded.units[app].outputs_read() == {f"{inner}/vpc": {"id"}, f"{inner}/app": {"names"}}
    outputs = {f"{inner}/vpc": {"id": "v"}, f"{inner}/app": {"id": "a", "names": ["n"]}}
    assert stacks.tree.inputs(app, outputs) == {"name": "v", "settings": ["n"]}
    assert "module._terragrunt-stack__blue" in print_value(stacks.tree.inputs(app)["name"])
    assert stacks.tree.errors() == []


@pytest.mark.parametrize(
    ("wrong", "finding"),
    [
        ("net.vcp.id", "Unknown unit of a stack"),
        ("nett.vpc.id", "Unknown unit of a stack"),
        ("net.vpc.idd", "Unknown output"),
    ],
)
def test_c7_what_a_stack_does_not_have_is_not_read(stacks, wrong, finding):
    plain = 'terraform {\n  source = "${get_repo_root()}/modules//thing"\n}\n'
    stacks.write(NESTED | {"catalog/units/plain/terragrunt.hcl": plain})
    text = textwrap.dedent(ON_A_STACK).replace("net.vpc.id", wrong)
    stacks.stack(textwrap.dedent(NESTED["live/dev/terragrunt.stack.hcl"]) + text).generate()

    place = "live/dev/.terragrunt-stack/app/terragrunt.autoinclude.hcl"
    errors = stacks.tree.errors()
    assert [(text.startswith(place), headline(text).rpartition(": ")[2]) for text in errors] == [(True, finding)]
    assert "Did you mean" in errors[0]


def test_c10_the_order_can_follow_a_whole_stack(stacks):
    stacks.write(NESTED).generate()
    stacks.tree.unit("last", 'dependencies {\n  paths = ["../.terragrunt-stack/green"]\n}\n')

    inner = ".terragrunt-stack/green/.terragrunt-stack/net/.terragrunt-stack"
    assert stacks.tree.load().graph.dependencies["last"] == (f"{inner}/app", f"{inner}/vpc")


def test_c10_folders_of_components_are_values_for_other_components(stacks):
    stacks.stack(TWO.replace('"../../vpc"', "unit.vpc.path")).generate()

    assert f'vpc_path = "{stacks.folder}/{VPC}"' in stacks.text(f"{APP}/terragrunt.values.hcl")
    assert stacks.tree.load().graph.dependencies[APP] == (VPC,)


def test_c10_functions_see_the_generated_folder(stacks):
    stacks.write(
        {
            "live/root.hcl": "",
            "catalog/units/vpc/terragrunt.hcl": """
        include "root" {
          path = find_in_parent_folders("root.hcl")
        }

        terraform {
          source = "../../../../modules/thing"
        }

        inputs = {
          name     = path_relative_to_include()
          settings = [get_terragrunt_dir(), try(values.none, "default")]
        }
    """,
        }
    )
    stacks.stack(ONE).generate()

    assert stacks.tree.inputs(VPC) == {
        "name": f"dev/{VPC}",
        "settings": [f"{stacks.folder}/{VPC}", "default"],
    }
    assert stacks.tree.evaluate(VPC).source.folder == stacks.tree.root / "modules/thing"


def test_c10_a_stack_file_and_a_values_file_can_be_read(stacks):
    stacks.write(
        {
            "catalog/units/vpc/terragrunt.hcl": """
        locals {
          stack  = read_terragrunt_config(find_in_parent_folders("terragrunt.stack.hcl"))
          values = read_terragrunt_config("terragrunt.values.hcl")
        }

        terraform {
          source = "${get_repo_root()}/modules//thing"
        }

        inputs = {
          settings = [local.stack.local.project, local.stack.unit.vpc.values.name, local.stack.unit.vpc.path, local.values.name]
        }
    """
        }
    )
    stacks.stack(f'locals {{\n  project = "p"\n}}\n{textwrap.dedent(ONE)}').generate()

    assert stacks.tree.inputs(VPC) == {"settings": ["p", "main", "vpc", "main"]}


def test_c10_values_that_come_with_the_source_are_defaults(stacks):
    stacks.write({"catalog/units/vpc/terragrunt.values.hcl": 'name = "default"\n'})
    plain = 'unit "vpc" {\n  source = "../../catalog/units/vpc"\n  path = "vpc"\n}\n'

    stacks.stack(plain).generate()
    assert stacks.tree.inputs(VPC) == {"name": "default"}

    stacks.stack(ONE).generate()
    assert stacks.tree.inputs(VPC) == {"name": "main"}

    stacks.stack(plain).generate()
    assert stacks.tree.inputs(VPC) == {"name": "default"}


def test_c10_modules_and_scripts_of_a_unit_come_along_and_what_tools_keep_there_does_not(stacks):
    stacks.write(
        {
            "catalog/units/vpc/main.tf": "",
            "catalog/units/vpc/scripts/run.sh": "",
            "catalog/units/vpc/.terraform/x": "",
            "catalog/units/vpc/terraform.tfstate": "",
            "catalog/units/vpc/.terragrunt-cache/x": "",
        }
    )
    (stacks.tree.root / "catalog/units/vpc/scripts/run.sh").chmod(0o755)
    stacks.stack(ONE).generate()

    assert [Path(name).name for name in stacks.files()] == [
        "main.tf",
        "run.sh",
        "terragrunt.hcl",
        "terragrunt.values.hcl",
    ]
    assert os.access(stacks.folder / VPC / "scripts/run.sh", os.X_OK)
    assert not os.access(stacks.folder / VPC / "main.tf", os.X_OK)


def test_c10_a_catalogue_in_the_same_tree_is_no_part_of_what_is_deployed(stacks):
    stacks.write(
        {name.replace("catalog", "live/dev/catalog"): text for name, text in NESTED.items() if "catalog" in name}
    )
    stacks.write(
        {f"live/dev/catalog/units/{name}/terragrunt.hcl": text for name, text in (("vpc", UNIT), ("app", DEPENDENT))}
    )
    stacks.write({"live/dev/catalog/units/plain/terragrunt.hcl": UNIT.replace("values.name", '"x"')})
    stacks.stack("""
        stack "net" {
          source = "catalog/stacks/net"
          path   = "net"

          values = {
            prefix = "p"
          }
        }

        unit "plain" {
          source = "catalog/units/plain"
          path   = "plain"
        }
    """)
    text = (stacks.folder / "catalog/stacks/net/terragrunt.stack.hcl").read_text()
    (stacks.folder / "catalog/stacks/net/terragrunt.stack.hcl").write_text(
        text.replace("/catalog/", "/live/dev/catalog/")
    )

    # The stack file of the site has no values either, but nothing is made of it: that is a mistake.
    assert [headline(text) for text in stacks.errors()] == [
        "live/dev/catalog/stacks/site/terragrunt.stack.hcl:6:14: No values here"
    ]
    shutil.rmtree(stacks.folder / "catalog/stacks/site")
    stacks.generate()

    inner = ".terragrunt-stack/net/.terragrunt-stack"
    assert list(stacks.tree.load().units) == [
        f"{inner}/app",
        f"{inner}/vpc",
        ".terragrunt-stack/plain",
        "catalog/units/plain",
    ]
    assert stacks.tree.errors() == []


# Renewing and removing


def test_c10_what_is_up_to_date_is_not_touched(stacks):
    stacks.write(NESTED).generate()
    before = {name: (stacks.folder / name).stat().st_mtime_ns for name in stacks.files()}

    again = stacks.generate()

    assert (again.written, again.removed) == ((), ())
    assert {name: (stacks.folder / name).stat().st_mtime_ns for name in stacks.files()} == before


def test_c10_what_has_changed_is_renewed_and_what_is_gone_is_removed(stacks):
    stacks.write({"catalog/units/vpc/old.tf": ""}).stack(TWO).generate()
    (stacks.tree.root / "catalog/units/vpc/old.tf").unlink()
    stacks.write({"catalog/units/vpc/new.tf": ""})

    done = stacks.stack(ONE.replace("main", "other")).generate()

    folder = stacks.folder / VPC
    assert done.written == (folder / "new.tf", folder / "terragrunt.values.hcl")
    assert done.removed == (
        stacks.folder / APP / "terragrunt.hcl",
        stacks.folder / APP / "terragrunt.values.hcl",
        folder / "old.tf",
    )
    assert not (stacks.folder / APP).parent.exists()
    assert list(stacks.tree.load().units) == [VPC]


def test_c10_a_stack_that_is_gone_leaves_no_units(stacks):
    stacks.write(NESTED).generate()
    stacks.tree.unit("db")
    (stacks.folder / "terragrunt.stack.hcl").unlink()

    stacks.generate()

    assert stacks.files() == ["db/terragrunt.hcl"]
    assert not (stacks.folder / ".terragrunt-stack").exists()


def test_c10_a_run_that_was_killed_is_completed(stacks, monkeypatch):
    stacks.stack(ONE).generate()
    stacks.stack(ONE.replace("main", "other")).write({"catalog/units/vpc/main.tf": "# new"})
    replace = stack_generation._replace
    written = []

    def killed(path, content):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path.name)
        replace(path, content)

    monkeypatch.setattr(stack_generation, "_replace", killed)
    with pytest.raises(KeyboardInterrupt):
        stacks.generate()
    monkeypatch.undo()
    assert written == [grammar.MANIFEST, "main.tf"]
    # Between the two runs the source changes once more.
    stacks.write({"catalog/units/vpc/main.tf": "# newer"})

    stacks.generate()

    assert stacks.text(f"{VPC}/main.tf") == "# newer"
    assert 'name = "other"' in stacks.text(f"{VPC}/terragrunt.values.hcl")


@pytest.mark.parametrize("name", ["terragrunt.hcl", "terragrunt.values.hcl"])
def test_c12_a_generated_file_that_somebody_changed_is_not_overwritten(stacks, name):
    stacks.stack(ONE).generate()
    (stacks.folder / VPC / name).write_text("# mine\n")

    assert stacks.errors() == [
        (
            f'live/dev/terragrunt.stack.hcl:3:12: File in the way. Unit "vpc" would overwrite live/dev/{VPC}/{name}, which was not'
            " generated from the terragrunt.stack.hcl, or was changed since. Make the change in catalog/units/vpc, or in the"
            " values, and delete the file; or choose another path."
        )
    ]
    assert stacks.text(f"{VPC}/{name}") == "# mine\n"


def test_c12_a_changed_file_of_a_component_that_is_gone_is_named_and_kept(stacks):
    beside = ONE.replace("values =", "no_dot_terragrunt_stack = true\n      values =")
    stacks.stack(beside + TWO.replace(ONE, "").replace("../../vpc", "../../../vpc")).generate()
    (stacks.folder / "vpc/terragrunt.hcl").write_text("# mine\n")
    stacks.stack(TWO.replace(ONE, "").replace("../../vpc", "../../../vpc"))

    assert stacks.errors() == [
        (
            "Changed file of a component that is gone. live/dev/vpc/terragrunt.hcl was generated from"
            " live/dev/terragrunt.stack.hcl, which no longer declares its folder, and was changed since. Delete it, or move it"
            " to another folder."
        )
    ]
    done = clean_stacks(stacks.folder)
    assert done.kept == (stacks.folder / "vpc/terragrunt.hcl",)
    assert stacks.files() == ["vpc/terragrunt.hcl"]


def test_c12_files_of_others_are_not_overwritten(stacks):
    stacks.write({"live/dev/vpc/terragrunt.hcl": "# mine\n"})
    stacks.stack(ONE.replace("values =", "no_dot_terragrunt_stack = true\n      values ="))

    assert [headline(text) for text in stacks.errors()] == ["live/dev/terragrunt.stack.hcl:3:12: File in the way"]
    assert stacks.files() == ["vpc/terragrunt.hcl"]


def test_c10_what_terragrunt_generated_is_taken_over(stacks):
    (stacks.tree.root / "live/dev" / VPC).mkdir(parents=True)
    (stacks.tree.root / "live/dev" / VPC / "terragrunt.hcl").write_text(textwrap.dedent(UNIT).lstrip("\n"))
    header = "# Auto-generated by the terragrunt.stack.hcl file by Terragrunt. Do not edit manually\n"
    (stacks.tree.root / "live/dev" / VPC / "terragrunt.values.hcl").write_text(f'{header}name="main"\n')

    stacks.stack(ONE).generate()

    assert stacks.tree.inputs(VPC) == {"name": "main"}


def test_c12_cleaning_removes_what_was_generated_and_nothing_else(stacks):
    stacks.write(NESTED).stack(
        textwrap.dedent(NESTED["live/dev/terragrunt.stack.hcl"]) + textwrap.dedent(ONE)
    ).generate()
    stacks.tree.unit("db")
    generated = {stacks.folder / name for name in stacks.files()} - {stacks.folder / "db/terragrunt.hcl"}
    state = stacks.folder / VPC / "terraform.tfstate"
    state.write_text("{}")

    done = clean_stacks(stacks.folder)

    assert set(done.removed) == generated
    assert done.kept == (state,)
    assert stacks.files() == [f"{VPC}/terraform.tfstate", "db/terragrunt.hcl"]
    assert clean_stacks(stacks.folder).removed == ()


def test_c12_a_manifest_cannot_delete_files_outside_of_its_folder(stacks):
    stacks.stack(ONE).generate()
    victim = stacks.folder / "victim"
    victim.write_text("x")
    manifest = stacks.folder / VPC / grammar.MANIFEST
    document = json.loads(manifest.read_text())
    document["files"]["../../victim"] = [hashlib.sha256(b"x").hexdigest()]
    manifest.write_text(json.dumps(document))

    clean_stacks(stacks.folder)

    assert victim.exists()


# Mistakes


def headline(text):
    """Place and summary."""
    return text[: text.index(". ")]


def block(kind="unit", name="vpc", **attributes):
    attributes = {"source": '"../../catalog/units/vpc"', "path": f'"{name}"'} | attributes
    lines = "".join(f"  {key} = {value}\n" for key, value in attributes.items() if value)
    return f'{kind} "{name}" {{\n{lines}}}\n'


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            block(source='"../../catalog/units/vcp"'),
            (
                '2:12: Source not found. Unit "vpc" is to be copied from catalog/units/vcp, which is no folder.'
                ' Did you mean "vpc"?'
            ),
        ),
        (
            block(source=None),
            '1:1: Attribute is missing. The unit "vpc" block needs the attribute source.',
        ),
        (block(source='""'), '2:12: Value is empty. source of unit "vpc" is empty.'),
        (
            block(source='"../../catalog"'),
            (
                "2:12: Source is no unit. catalog holds no terragrunt.hcl. The source of a unit holds a terragrunt.hcl. Set"
                " no_validation = true to copy it as it is."
            ),
        ),
        (
            block("stack"),
            (
                "2:12: Source is no stack. catalog/units/vpc holds no terragrunt.stack.hcl. The source of a stack holds a"
                " terragrunt.stack.hcl. Set no_validation = true to copy it as it is."
            ),
        ),
        (
            block() + block(name="other", path='"vpc"'),
            (
                '7:10: Components share a folder. unit "vpc" and unit "other" would both be generated into'
                " live/dev/.terragrunt-stack/vpc. Give them different paths, neither inside the other."
            ),
        ),
        (
            block() + block(name="other", path='"vpc/inner"'),
            (
                '7:10: Components share a folder. unit "vpc" and unit "other" would both be generated into'
                " live/dev/.terragrunt-stack/vpc/inner. Give them different paths, neither inside the other."
            ),
        ),
        (
            block() + block(path='"b"'),
            (
                "5:1: Block is repeated. There is another unit block of this kind in the file. The"
                ' name "vpc" is taken already.'
            ),
        ),
        *(
            (
                block(**{name: f'"{text}"'}),
                (
                    '1:1: Component cannot be generated. Unit "vpc" cannot be copied into its folder: '
                    f"{reason}. Correct its source or path, or the permissions of the folders."
                ),
            )
            for name, text, reason in (
                ("path", "x" * 300, "File name too long"),
                ("source", "../" + "x" * 300, "File name too long"),
                ("path", "a\\u0000b", "embedded null byte"),
            )
        ),
        *(
            (
                block(path=f'"{path}"'),
                (
                    f'3:10: Path outside of the stack. path of unit "vpc" is "{path}". Write a folder below .terragrunt-stack,'
                    ' without ..: path = "vpc".'
                ),
            )
            for path in ("../vpc", "a/../../vpc", ".", "/tmp/vpc")
        ),
        (
            block(vlaues="{}"),
            '4:3: Attribute is not supported. A unit block has no attribute "vlaues". Did you mean "values"?',
        ),
        (
            block(enabled="false"),
            (
                "4:3: Attribute is not supported. enabled is an attribute of Terragrunt that platformctl refuses. It is an"
                " experiment of Terragrunt: write a block for each component, and leave out what is not wanted."
            ),
        ),
        (
            block(values="{ a = values.b }"),
            (
                "4:18: No values here. values are what terragrunt.values.hcl in the file's folder says, and there is none in"
                " live/dev. Set values in the block of the terragrunt.stack.hcl that generates the folder, or use locals."
            ),
        ),
        (
            block(values="dependency.vpc.outputs"),
            (
                "4:12: Reference is not available here. A stack is generated before the outputs of any unit are known. Pass the"
                " path of the unit as a value, and write the dependency block in the unit, or in autoinclude."
            ),
        ),
        (
            'stack "s" {\n  source = "../../catalog"\n  path   = "s"\n  autoinclude {\n    dependency "a" {\n    }\n  }\n}\n',
            (
                "5:5: Block is not supported. autoinclude of a stack cannot hold a dependency block. It holds unit and stack"
                " blocks; a dependency stands in the autoinclude of a unit."
            ),
        ),
        (
            'stack "s" {\n  source = "../../catalog"\n  path   = "s"\n  autoinclude {\n    unit "a" {\n      path = "a"\n    }\n  }\n}\n',
            '5:5: Attribute is missing. The unit "a" block needs the attribute source.',
        ),
        (
            "locals {\n  a = include.root.locals\n}\n" + block(),
            (
                "2:7: Reference is not available here. An included stack file adds its unit and stack blocks to this one, and"
                " shows nothing else. Use read_terragrunt_config for locals of another file."
            ),
        ),
        (
            block(path="unit.vpc.path"),
            (
                "3:10: Reference is not available here. The paths of components can be used in values and in autoinclude only."
                " Write the path out."
            ),
        ),
        (
            block(values='{ password = sensitive("x") }'),
            (
                '4:12: Secret among the values. values of unit "vpc" are written to a file, and one of them is sensitive. Read'
                " the secret in the unit, or in its module."
            ),
        ),
        (block(values='"x"'), "4:12: Value has the wrong type. values must be an object, not a string."),
        (
            block(values='{ "a b" = 1 }'),
            (
                '4:12: Value without a name. values.<name> could not refer to "a b". A name has letters, digits, underscores and'
                " hyphens, and begins with a letter or underscore."
            ),
        ),
        (
            "name = 1\n" + block(),
            (
                '1:1: Attribute is not supported. A terragrunt.stack.hcl holds blocks only, so "name" cannot stand here. Put it'
                " into the locals block, or into the values of a component."
            ),
        ),
        (
            'terraform {\n  source = "x"\n}\n' + block(),
            (
                "1:1: Block is not supported. terraform is a block of Terragrunt that platformctl refuses. It belongs into the"
                " terragrunt.hcl of a unit, or into autoinclude."
            ),
        ),
        (
            "locals {\n  a = 1\n}\n",
            (
                '1:1: Stack without components. live/dev/terragrunt.stack.hcl declares no unit and no stack. Add unit "name" {'
                ' source = "..." }, or delete the file.'
            ),
        ),
        (
            'include "x" {\n  path = "../nowhere.hcl"\n}\n',
            "2:10: Included file not found. There is no file live/nowhere.hcl.",
        ),
        (
            'unit "vpc" {\n  source = "../../catalog/units/vpc"\n  path   = "vpc"\n  autoinclude {\n    locals {\n    }\n  }\n}\n',
            (
                "5:5: Block is not supported. autoinclude cannot hold a locals block. Put locals into the terragrunt.stack.hcl:"
                " expressions of autoinclude are evaluated there."
            ),
        ),
    ],
)
def test_c7_mistakes_in_stack_files_have_their_place_and_a_hint(stacks, text, finding):
    stacks.write({"live/dev/terragrunt.stack.hcl": text})

    assert stacks.errors() == [f"live/dev/terragrunt.stack.hcl:{finding}"]
    # A level with a mistake is not written at all.
    assert stacks.files() == []


def test_c7_stacks_that_contain_each_other(stacks):
    inner = (
        block("stack", "{}", source='"${{get_repo_root()}}/catalog/stacks/{}"').replace("${{", "${").replace("}}", "}")
    )
    for name, other in (("a", "b"), ("b", "a")):
        stacks.write({f"catalog/stacks/{name}/terragrunt.stack.hcl": inner.replace("{}", other)})
    stacks.stack(block("stack", "a", source='"../../catalog/stacks/a"'))

    assert stacks.errors() == [
        (
            "live/dev/.terragrunt-stack/a/.terragrunt-stack/b/terragrunt.stack.hcl:2:12: Stacks contain each other in a cycle."
            " catalog/stacks/a -> catalog/stacks/b -> catalog/stacks/a: the stack would be generated without end. Take one of"
            " these stack blocks out."
        )
    ]


def test_c7_a_value_that_the_stack_does_not_pass(stacks):
    stacks.stack(ONE.replace("name =", "nam =")).generate()

    assert stacks.tree.errors() == [
        f'live/dev/{VPC}/terragrunt.hcl:6:10: Unknown value. values has no "name". Did you mean "nam"?'
    ]


def test_c7_values_where_no_stack_generated_the_unit(tree):
    tree.unit("vpc", "inputs = {\n  name = values.name\n}\n")

    assert tree.errors() == [
        (
            "live/dev/vpc/terragrunt.hcl:5:10: No values here. values are what terragrunt.values.hcl in the file's folder says,"
            " and there is none in live/dev/vpc. Set values in the block of the terragrunt.stack.hcl that generates the folder,"
            " or use locals."
        )
    ]


def test_c7_an_included_stack_file_holds_components_only(stacks):
    stacks.write({"live/common.hcl": "locals {\n  a = 1\n}\n"})
    stacks.stack('include "common" {\n  path = "../common.hcl"\n}\n')

    assert stacks.errors() == [
        (
            "live/common.hcl:1:1: Locals in an included stack file. live/common.hcl is included by live/dev/terragrunt.stack.hcl,"
            " so it may hold unit and stack blocks only. Its expressions see the locals and values of the file that includes it:"
            " write it there."
        )
    ]


def test_c7_every_mistake_of_a_level_is_reported(stacks):
    stacks.stack(block(source='"../nowhere"') + block(name="b", path='"../b"') + "locals {\n  x = nothing.y\n}\n")
    stacks.stack(block() + block(name="b", values="{ a = local.nothing }"), folder="live/dev/east")

    assert [text.partition(": ")[::2] for text in map(headline, stacks.errors())] == [
        ("live/dev/east/terragrunt.stack.hcl:2:12", "Source not found"),
        ("live/dev/east/terragrunt.stack.hcl:8:18", "Unknown local"),
        ("live/dev/terragrunt.stack.hcl:2:12", "Source not found"),
        ("live/dev/terragrunt.stack.hcl:7:10", "Path outside of the stack"),
        ("live/dev/terragrunt.stack.hcl:10:7", "Unknown reference"),
    ]


def test_c12_a_link_does_not_lead_out_of_the_stack(stacks, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (stacks.folder / ".terragrunt-stack").mkdir(parents=True)
    (stacks.folder / VPC).symlink_to(outside)
    stacks.stack(ONE)

    assert [headline(text) for text in stacks.errors()] == [
        "live/dev/terragrunt.stack.hcl:3:12: Path outside of the stack"
    ]
    assert list(outside.iterdir()) == []
