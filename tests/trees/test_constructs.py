"""C10: every construct that live repositories use, each in a tree that is checked, planned, applied and destroyed.

A tree has a unit ``app``; what comes out of it shows that the construct did what Terragrunt's documentation says.
"""

import io
import shutil
import subprocess
import zipfile
from dataclasses import dataclass, field

import pytest

from tests.trees.conftest import MODULE
from tests.trees.test_layouts import ABOVE, LOCAL_STATES, source, unit

THING = 'terraform {\n  source = "../modules//thing"\n}\n'


@dataclass(frozen=True, kw_only=True)
class Case:
    """A tree.

    Attributes:
        files: by path.
        name: what the module's variable ``name`` has in unit app.
        reads: what its variable ``reads`` has.
        env: environment variables.
        at: the working directory.

    """

    files: dict[str, str]
    name: str = "app"
    reads: object = None
    env: dict[str, str] = field(default_factory=dict)
    at: str = ""


def app(text, *, terraform=THING, above=ABOVE, **more):
    """A tree with one unit, and the files of ``more`` by their names in it."""
    files = {f"app/{name.replace('__', '.')}": text for name, text in more.items()}
    return {"app/terragrunt.hcl": f"{above}{terraform}{text}", **files}


def arguments(body, label="args"):
    return f'terraform {{\n  source = "../modules//thing"\n  extra_arguments "{label}" {{\n{body}\n  }}\n}}\n'


VARS = "commands = get_terraform_commands_that_need_vars()"
NAMED = 'inputs = { name = "app" }\n'
VPC = {"vpc/terragrunt.hcl": unit("vpc", source=source(1))}
ON_VPC = 'dependency "vpc" {\n  config_path = "../vpc"\n}\n'
HOOK = """
terraform {
  source = "../modules//thing"
  before_hook "make" {
    commands = ["plan", "apply"]
    execute  = ["sh", "-c", "echo 'locals { made = \\"by a hook\\" }' > made.tf"]
  }
}
"""
QUOTED = MODULE.replace("${", "$${")
ALLOWED = {"PLATFORMCTL_ALLOW_COMMANDS": "1"}

CASES = {
    # Variables and arguments.
    "extra_arguments with -var": Case(
        files=app("", terraform=arguments(f'{VARS}\narguments = ["-var", "name=from the arguments"]')),
        name="from the arguments",
    ),
    "extra_arguments with a file of variables that wins over inputs": Case(
        files=app(
            'inputs = { name = "input" }\n',
            terraform=arguments(f'{VARS}\nrequired_var_files = ["${{get_terragrunt_dir()}}/more.tfvars"]'),
            more__tfvars='name = "file"\n',
        ),
        name="file",
    ),
    "extra_arguments with optional files, of which one exists": Case(
        files=app(
            "",
            terraform=arguments(
                f"{VARS}\noptional_var_files = ["
                '"${get_terragrunt_dir()}/none.tfvars", "${get_terragrunt_dir()}/one.tfvars"]'
            ),
            one__tfvars='name = "one"\n',
        ),
        name="one",
    ),
    "extra_arguments with variables in the environment": Case(
        files=app("", terraform=arguments(f'{VARS}\nenv_vars = {{ TF_VAR_name = "env" }}')), name="env"
    ),
    "extra_arguments for locks and parallelism": Case(
        files=app(
            NAMED,
            terraform=arguments(
                'commands = get_terraform_commands_that_need_locking()\narguments = ["-lock-timeout=5m"]'
            ),
        )
    ),
    "terraform.tfvars beside the unit wins over inputs": Case(
        files=app('inputs = { name = "input" }\n', terraform__tfvars='name = "tfvars"\n'), name="tfvars"
    ),
    "auto.tfvars wins over terraform.tfvars": Case(
        files=app("", terraform__tfvars='name = "plain"\n', z__auto__tfvars='name = "auto"\n'), name="auto"
    ),
    "a TF_VAR_ variable of the caller": Case(files=app(""), name="caller", env={"TF_VAR_name": "caller"}),
    "read_tfvars_file": Case(
        files=app(
            'locals {\n  shared = jsondecode(read_tfvars_file("common.tfvars"))\n}\ninputs = local.shared\n',
            common__tfvars='name = "common"\n',
        ),
        name="common",
    ),
    # Programs.
    "before_hook that makes a file of the module": Case(
        files=app(
            "inputs = {}\n",
            terraform=HOOK,
            name_override__tf='output "reads" { value = local.made }\n',
            terraform__tfvars='name = "app"\n',
        ),
        reads="by a hook",
        env=ALLOWED,
    ),
    "after_hook and error_hook": Case(
        files=app(
            NAMED,
            terraform="""
                terraform {
                  source = "../modules//thing"
                  after_hook "say" {
                    commands     = ["apply"]
                    execute      = ["touch", "${get_repo_root()}/after"]
                    run_on_error = true
                  }
                  error_hook "never" {
                    commands  = ["apply"]
                    execute   = ["false"]
                    on_errors = [".*"]
                  }
                }
            """,
        ),
        env=ALLOWED,
    ),
    "run_cmd": Case(
        files=app('inputs = { name = run_cmd("--terragrunt-quiet", "echo", "said") }\n'), name="said", env=ALLOWED
    ),
    # Including and merging.
    "an exposed include among several": Case(
        files={
            **app(
                'include "region" {\n  path = find_in_parent_folders("region.hcl")\n  expose = true\n}\n'
                "inputs = { name = include.region.locals.region }\n"
            ),
            "region.hcl": 'locals {\n  region = "us-east-1"\n}\n',
        },
        name="us-east-1",
    ),
    "a deep merge": Case(
        files={
            **app(
                'include "common" {\n  path = "../common.hcl"\n  merge_strategy = "deep"\n}\n'
                "inputs = { reads = { b = 2, list = [2] } }\n"
            ),
            "common.hcl": 'inputs = { name = "app", reads = { a = 1, list = [1] } }\n',
        },
        reads={"a": 1, "b": 2, "list": [1, 2]},
    ),
    "deep_merge": Case(
        files=app('inputs = deep_merge({ name = "app", reads = { a = 1 } }, { reads = { b = 2 } })\n'),
        reads={"a": 1, "b": 2},
    ),
    "read_terragrunt_config": Case(
        files={
            **app(
                'locals {\n  env = read_terragrunt_config(find_in_parent_folders("env.hcl"))\n}\n'
                "inputs = { name = local.env.locals.name }\n"
            ),
            "env.hcl": 'locals {\n  name = "of the environment"\n}\n',
        },
        name="of the environment",
    ),
    "include.x.dependency": Case(
        files={
            **VPC,
            **app(
                'include "net" {\n  path = "../net.hcl"\n  expose = true\n}\n'
                'inputs = { name = "app", reads = include.net.dependency.vpc.outputs.id }\n'
            ),
            "net.hcl": 'dependency "vpc" {\n  config_path = "${get_terragrunt_dir()}/../vpc"\n}\n',
        },
        reads="id of vpc",
    ),
    # Dependencies.
    "all outputs of a dependency as inputs": Case(
        files={
            "vpc/terragrunt.hcl": ABOVE + 'terraform {\n  source = "../modules//names"\n}\n',
            "modules/names/main.tf": 'output "name" { value = "app" }\noutput "reads" { value = [1, 2] }\n',
            **app(ON_VPC + "inputs = dependency.vpc.outputs\n"),
        },
        reads=[1, 2],
    ),
    "merge with all outputs of a dependency": Case(
        files={
            **VPC,
            **app(ON_VPC + 'inputs = merge(dependency.vpc.outputs, { name = "app", reads = "own" })\n'),
        },
        reads="own",
    ),
    "mocks, which are never used": Case(
        files={
            **VPC,
            **app(
                ON_VPC.replace("\n}\n", '\n  mock_outputs = { id = "mock" }\n}\n')
                + 'inputs = { name = "app", reads = dependency.vpc.outputs.id }\n'
            ),
        },
        reads="id of vpc",
    ),
    "order alone": Case(files={**VPC, **app('dependencies {\n  paths = ["../vpc"]\n}\n' + NAMED)}),
    "truth values as texts": Case(
        files={**VPC, **app(ON_VPC.replace("\n}\n", '\n  skip_outputs = "true"\n}\n') + NAMED)}
    ),
    # Modules and files.
    "an empty source": Case(files=app(NAMED, terraform='terraform {\n  source = ""\n}\n', main__tf=MODULE)),
    "a source that is a bare name": Case(
        files={**app(NAMED, terraform='terraform {\n  source = "inner"\n}\n'), "app/inner/main.tf": MODULE}
    ),
    "files of the unit over those of the module": Case(
        files=app(NAMED, extra__tf='output "extra" { value = var.name }\n'),
    ),
    "a module that a generate block writes": Case(
        files=app(
            f'generate "module" {{\n  path = "main.tf"\n  if_exists = "overwrite"\n  contents = <<EOT\n{QUOTED}EOT\n}}\n'
            + NAMED,
            terraform="",
        )
    ),
    "generate as an attribute": Case(
        files=app(
            NAMED
            + 'generate = { more = { path = "more.tf", if_exists = "overwrite", contents = "output \\"more\\" { value = 1 }" } }\n'
        )
    ),
    "remote_state as an attribute": Case(
        files=app(
            NAMED + 'remote_state = { backend = "local", generate = { path = "b.tf", if_exists = "overwrite" }, '
            'config = { path = "${get_repo_root()}/app.tfstate" } }\n',
            above="",
        )
    ),
    # What a run does with a unit.
    "feature": Case(
        files=app('feature "name" {\n  default = "off"\n}\ninputs = { name = feature.name.value }\n'), name="off"
    ),
    "feature from the environment": Case(
        files=app('feature "name" {\n  default = "off"\n}\ninputs = { name = feature.name.value }\n'),
        name="on",
        env={"TG_FEATURE": "name=on"},
    ),
    "errors that are retried and ignored": Case(
        files=app(
            NAMED
            + 'errors {\n  retry "net" {\n    retryable_errors = [".*timeout.*"]\n    max_attempts = 2\n'
            + '    sleep_interval_sec = 1\n  }\n  ignore "known" {\n    ignorable_errors = [".*known.*"]\n'
            + '    message = "it is known"\n  }\n}\n'
        )
    ),
    "old spellings of retries, and constraints": Case(
        files=app(
            NAMED
            + 'retryable_errors = [".*timeout.*"]\nretry_max_attempts = 2\nretry_sleep_interval_sec = 1\n'
            + 'terraform_version_constraint = ">= 1.0"\nterragrunt_version_constraint = ">= 0.50"\n'
        )
    ),
    "an excluded unit": Case(
        files={
            **app(NAMED),
            "old/terragrunt.hcl": unit("old", source=source(1)) + 'exclude {\n  if = true\n  actions = ["all"]\n}\n',
            "older/terragrunt.hcl": unit("older", source=source(1)) + "skip = true\n",
        }
    ),
    # Other spellings.
    "a unit in JSON": Case(
        files={
            "app/terragrunt.hcl.json": """
                {
                  "include": {"root": {"path": "${find_in_parent_folders(\\"root.hcl\\")}"}},
                  "terraform": {"source": "../modules//thing"},
                  "inputs": {"name": "app", "reads": [1, {"a": "${upper(\\"x\\")}"}]}
                }
            """
        },
        reads=[1, {"a": "X"}],
    ),
    "an include in JSON": Case(
        files={
            **app('include "more" {\n  path = "../more.json"\n}\n'),
            "more.json": '{"inputs": {"name": "app", "reads": "json"}}\n',
        },
        reads="json",
    ),
    "a stack with values": Case(
        files={
            "live/terragrunt.stack.hcl": """
                unit "vpc" {
                  source = "../catalog/thing"
                  path   = "vpc"
                  values = { name = "vpc", other = null }
                }
                unit "app" {
                  source = "../catalog/thing"
                  path   = "app"
                  values = { name = "app", other = "../vpc" }
                }
            """,
            "catalog/thing/terragrunt.hcl": """
                include "root" {
                  path = find_in_parent_folders("root.hcl")
                }
                terraform {
                  source = "${get_repo_root()}/modules//thing"
                }
                dependency "other" {
                  config_path = values.other == null ? "." : values.other
                  enabled     = values.other != null
                }
                inputs = {
                  name  = values.name
                  reads = try(dependency.other.outputs.id, null)
                }
            """,
        },
        reads="id of vpc",
        at="live",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_c10_a_construct_lives_its_life(repository, case, monkeypatch):
    for name, value in case.env.items():
        monkeypatch.setenv(name, value)
    repository.write({"root.hcl": LOCAL_STATES, "modules/thing/main.tf": MODULE, **case.files})
    found = repository.life(at=case.at)
    outputs = next(outputs for name, outputs in found.items() if name.split("/")[-1] == "app")
    expected = {"id": f"id of {case.name}"} | ({} if case.reads is None else {"reads": case.reads})
    assert expected.items() <= outputs.items()


def test_c10_programs_of_a_tree_run_only_when_they_may(repository):
    files = app('inputs = { name = run_cmd("touch", "${get_repo_root()}/ran") }\n')
    repository.write({"root.hcl": LOCAL_STATES, "modules/thing/main.tf": MODULE, **files})
    refused = repository.run("plan")
    assert refused.code == 2
    assert "--allow-commands" in refused.err
    assert "app/terragrunt.hcl:7" in refused.err
    assert not (repository.top / "ran").exists()


def test_c10_prevent_destroy_is_found_before_anything_is_destroyed(repository):
    files = {**app(NAMED + "prevent_destroy = true\n"), **VPC}
    repository.write({"root.hcl": LOCAL_STATES, "modules/thing/main.tf": MODULE, **files})
    repository.succeed("run", "--all", "apply", "--yes")
    refused = repository.run("run", "--all", "destroy", "--yes")
    assert refused.code == 2
    assert refused.err.splitlines()[1] == "prevent_destroy is true in app."
    assert set(repository.succeed("outputs", "--json").json) == {"app", "vpc"}


def _git(folder, *words):
    identity = ["-c", "user.name=Platform", "-c", "user.email=platform@example.com"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("query", ["?ref=v1", "?ref=v1&depth=1", "?depth=1&ref=v1"])
def test_c10_a_source_in_git(repository, tmp_path, query):
    modules = tmp_path / "modules"
    (modules / "net/thing").mkdir(parents=True)
    (modules / "net/thing/main.tf").write_text(MODULE)
    _git(modules, "init", "-q")
    _git(modules, "add", ".")
    _git(modules, "commit", "-qm", "one")
    _git(modules, "tag", "v1")
    terraform = f'terraform {{\n  source = "git::file://{modules}//net/thing{query}"\n}}\n'
    repository.write({"root.hcl": LOCAL_STATES, **app(NAMED, terraform=terraform)})
    assert repository.life()["app"]["id"] == "id of app"


def test_c10_a_source_in_an_archive(repository):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("thing/main.tf", MODULE)
    repository.write(
        {"root.hcl": LOCAL_STATES, **app(NAMED, terraform='terraform {\n  source = "../all.zip//thing"\n}\n')}
    )
    (repository.top / "all.zip").write_bytes(packed.getvalue())
    assert repository.life()["app"]["id"] == "id of app"


def test_c10_a_linked_unit_is_one_of_its_own(repository):
    repository.write({"root.hcl": LOCAL_STATES, "modules/thing/main.tf": MODULE, **app(NAMED)})
    (repository.top / "twin").symlink_to(repository.top / "app")
    assert set(repository.life()) == {"app", "twin"}


def test_c10_a_hidden_unit_is_refused_with_its_place(repository):
    repository.write({"root.hcl": LOCAL_STATES, "modules/thing/main.tf": MODULE, **app(NAMED)})
    shutil.copytree(repository.top / "app", repository.top / ".app")
    refused = repository.run("validate")
    assert refused.code == 2
    assert ".app/terragrunt.hcl:1:1" in refused.err
