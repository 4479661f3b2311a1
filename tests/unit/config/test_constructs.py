"""Constructs of Terragrunt that say how units are run, or look outside of the live tree (C1, C10)."""

from dataclasses import replace

import pytest

from orchestrator.config import Completed, HookKind, LocalSource
from orchestrator.errors import PlatformctlError
from orchestrator.hcl.values import Sensitive
from tests.fakes.programs import FakePrograms

AT = "live/dev/vpc/terragrunt.hcl"
HOOK = """
after_hook "tell" {
  commands = ["apply"]
  execute  = ["echo", "done"]
}
"""


def with_terraform(tree, block: str, rest: str = ""):
    tree.write({AT: f'terraform {{\n  source = "{tree.root}/modules//thing"\n{block}\n}}\n{rest}'})
    return tree


def allow(tree, **answers):
    programs = FakePrograms(answers=answers.pop("answers", {}))
    tree.surroundings = replace(tree.surroundings, programs=programs, **answers)
    return programs


def test_c10_hooks_are_refused_with_place_and_switch_until_they_are_allowed(tree):
    with_terraform(tree, HOOK)

    (error,) = tree.errors()
    assert error == (
        f'{AT}:6:14: Hooks are not allowed. after_hook "tell" of unit "vpc" runs echo. Pass --allow-commands, or set'
        " PLATFORMCTL_ALLOW_COMMANDS=1, if you trust this repository."
    )
    allow(tree)
    assert tree.errors() == []
    (hook,) = tree.evaluate("vpc").behaviour.hooks_of(HookKind.AFTER, "apply")
    assert (hook.name, hook.execute, hook.run_on_error) == ("tell", ("echo", "done"), False)


def test_c10_a_hook_whose_condition_is_false_is_none(tree):
    with_terraform(tree, HOOK.replace('"done"]', '"done"]\n  if = false'))

    assert (tree.errors(), tree.evaluate("vpc").behaviour.hooks) == ([], ())


def test_c10_booleans_may_be_written_as_texts(tree):
    with_terraform(tree, HOOK.replace('"done"]', '"done"]\n  if = "true"\n  run_on_error = "true"'))
    allow(tree)

    assert tree.evaluate("vpc").behaviour.hooks[0].run_on_error is True


@pytest.mark.parametrize(
    ("call", "ran"),
    [
        pytest.param('run_cmd("echo", "a")', ["live/dev/vpc", "live/dev/web"], id="once per folder"),
        pytest.param('run_cmd("--terragrunt-quiet", "echo", "a")', ["live/dev/vpc", "live/dev/web"], id="quiet"),
        pytest.param('run_cmd("--terragrunt-global-cache", "echo", "a")', ["live/dev/vpc"], id="once"),
        pytest.param(
            'run_cmd("--terragrunt-no-cache", "--terragrunt-quiet", "echo", "a")',
            ["live/dev/vpc", "live/dev/vpc", "live/dev/web", "live/dev/web"],
            id="always",
        ),
    ],
)
def test_c10_run_cmd_returns_what_a_program_prints(tree, call, ran):
    text = f"locals {{\n  one = {call}\n  two = {call}\n}}\ninputs = {{ name = local.one, settings = local.two }}\n"
    tree.unit("vpc", text).unit("web", text)
    programs = allow(tree, answers={"echo a": "hello\n\n"})

    stack = tree.load()

    assert dict(stack.units["vpc"].evaluate({}).inputs) == {"name": "hello\n", "settings": "hello\n"}
    assert [tree.plain(str(folder)) for _, folder in programs.ran] == ran


@pytest.mark.parametrize(
    ("call", "answers", "message"),
    [
        ('run_cmd("nope")', {}, "There is no program nope"),
        ('run_cmd("x")', {"x": Completed(code=3, output="", errors="no luck\n")}, "x ended with exit code 3: no luck."),
        ('run_cmd("--terragrunt-quiet")', {}, "It names no program."),
        (
            'run_cmd("--terragrunt-global-cache", "--terragrunt-no-cache", "x")',
            {},
            "exclude each other",
        ),
    ],
)
def test_c10_a_program_that_fails_is_named_with_the_call(tree, call, answers, message):
    tree.unit("vpc", f"inputs = {{ name = {call} }}\n")
    allow(tree, answers=answers)

    (error,) = tree.errors()

    assert error.startswith(f"{AT}:4:19: ")
    assert message in error


@pytest.mark.parametrize("call", ['run_cmd("date")', "get_aws_account_id()", 'sops_decrypt_file("secrets.yaml")'])
def test_c10_programs_and_calls_to_aws_are_off_by_default(tree, call):
    tree.unit("vpc", f"inputs = {{ name = {call} }}\n")
    tree.write({"live/dev/vpc/secrets.yaml": "x"})

    (error,) = tree.errors()

    assert error.startswith(f"{AT}:4:19: ")
    assert "Pass --allow-commands" in error


def test_c10_the_caller_in_aws_is_asked_once(tree):
    asked = []

    def caller(what):
        asked.append(what)
        return what

    calls = ", ".join(
        f"get_aws_{name}()"
        for name in ("account_id", "account_alias", "caller_identity_arn", "caller_identity_user_id", "account_id")
    )
    tree.unit("vpc", f"inputs = {{ settings = [{calls}] }}\n")
    allow(tree, caller=caller)

    settings = tree.inputs("vpc")["settings"]

    assert settings == ["account_id", "account_alias", "arn", "user_id", "account_id"]
    assert asked == ["account_id", "account_alias", "arn", "user_id"]


def test_c10_a_file_is_decrypted_by_sops_and_is_secret(tree, tmp_path):
    (tmp_path / "bin").mkdir()
    sops = tmp_path / "bin" / "sops"
    sops.touch(mode=0o755)
    file = tree.root / "live/dev/vpc/secrets.yaml"
    tree.unit("vpc", 'inputs = { name = yamldecode(sops_decrypt_file("secrets.yaml")).password }\n')
    tree.write({"live/dev/vpc/secrets.yaml": "encrypted"})
    allow(tree, answers={f"sops --decrypt {file}": "password: hunter2\n"})

    assert "It needs the program sops" in tree.errors(PATH="/nowhere")[0]
    value = tree.inputs("vpc", PATH=str(sops.parent))["name"]
    assert isinstance(value, Sensitive)
    assert value.value == "hunter2"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('constraint_check("1.5.7", ">= 1.3, < 2.0")', True),
        ('constraint_check("1.5.7", "~> 1.6")', False),
        ("deep_merge({ a = { b = [1], c = 1 } }, { a = { b = [2] } })", {"a": {"b": [1, 2], "c": 1}}),
        ('jsondecode(read_tfvars_file("values.tfvars"))', {"size": 3, "names": ["a"]}),
        ('mark_as_read("x.txt")', "x.txt"),
        ("get_terraform_command()", "plan"),
        ("get_terraform_cli_args()", ["plan"]),
        ("get_terragrunt_source_cli_flag()", ""),
        ("length(get_default_retryable_errors()) > 0", True),
        ('contains(["linux", "darwin"], get_platform())', True),
        ("get_terraform_commands_that_need_input()", ["apply", "import", "init", "plan", "refresh"]),
        ("get_terraform_commands_that_need_parallelism()", ["apply", "plan", "destroy"]),
    ],
)
def test_c10_functions(tree, expression, expected):
    tree.unit("vpc", f"inputs = {{ settings = {expression} }}\n")
    tree.write({"live/dev/vpc/values.tfvars": 'size  = 3\nnames = ["a"]\n'})

    assert tree.inputs("vpc")["settings"] == expected


def test_c10_files_of_a_pattern_and_the_working_folder(tree):
    tree.unit("vpc", 'inputs = { settings = mark_glob_as_read("*.txt"), name = get_working_dir() }\n')
    tree.write({"live/dev/vpc/b.txt": "", "live/dev/vpc/a.txt": ""})
    tree.surroundings = replace(tree.surroundings, workspaces=tree.root / "work")

    inputs = tree.inputs("vpc")

    assert [tree.plain(path) for path in inputs["settings"]] == ["live/dev/vpc/a.txt", "live/dev/vpc/b.txt"]
    assert tree.plain(inputs["name"]) == "work/vpc/thing"


def test_c10_what_a_unit_reads_is_known_to_filters(tree):
    reads = '[mark_as_read("a.txt"), mark_glob_as_read("*.md"), read_tfvars_file("b.tfvars")]'
    with_terraform(
        tree,
        'extra_arguments "x" {\n  commands = ["plan"]\n  required_var_files = ["c.tfvars"]\n}',
        f"inputs = {{ settings = {reads} }}\n",
    )
    files = {"a.txt", "b.tfvars", "c.tfvars", "d.auto.tfvars", "e.md"}
    tree.write({f"live/dev/vpc/{name}": "" for name in files})

    read = {path.name for path in tree.load().units["vpc"].files_read()}

    assert files <= read


FEATURE = """
feature "size" {
  default = 1
}
feature "fast" {
  default = false
}
locals {
  size = feature.size.value
}
inputs = { settings = [local.size, feature.fast.value] }
"""


@pytest.mark.parametrize(
    ("given", "expected"), [("", [1, False]), ("fast=true", [1, True]), ("size=3,fast=false", [3, False])]
)
def test_c10_features_have_defaults_and_the_callers_values(tree, given, expected):
    tree.unit("vpc", FEATURE)

    assert tree.inputs("vpc", TG_FEATURE=given)["settings"] == expected


def test_c10_a_feature_of_the_wrong_type_is_named(tree):
    tree.unit("vpc", FEATURE)

    assert (
        'The feature "fast" is true or false by its default, and it was given as "x".'
        in tree.errors(TG_FEATURE="fast=x")[0]
    )


def test_c10_a_feature_of_an_included_file_is_the_units_too(tree):
    tree.write({"live/root.hcl": 'feature "on" {\n  default = true\n}\n'})
    tree.unit(
        "vpc", 'include {\n  path = find_in_parent_folders("root.hcl")\n}\ninputs = { settings = feature.on.value }\n'
    )

    assert tree.inputs("vpc")["settings"] is True


ERRORS = """
errors {
  retry "net" {
    retryable_errors   = [".*timeout.*"]
    max_attempts       = 4
    sleep_interval_sec = 7
  }
  ignore "known" {
    ignorable_errors = ["!.*fatal.*", ".*known bug.*"]
    message          = "never mind"
    signals          = { alert = true }
  }
}
"""


def test_c10_errors_to_retry_and_to_ignore(tree):
    behaviour = tree.unit("vpc", ERRORS).evaluate("vpc").behaviour

    rule = behaviour.retry(["i/o timeout"])
    assert (rule.name, rule.attempts, rule.seconds) == ("net", 4, 7)
    assert behaviour.retry(["quota"]) is None
    assert behaviour.ignore(["the known bug"]).message == "never mind"
    assert behaviour.ignore(["the known bug", "fatal"]) is None


def test_c10_old_spellings_of_retries_and_of_exclude(tree):
    tree.unit("vpc", 'retryable_errors = ["x"]\nskip = "true"\n')

    behaviour = tree.evaluate("vpc").behaviour

    rule = behaviour.retry(["x"])
    assert (rule.attempts, rule.seconds) == (3, 5)
    assert behaviour.exclusion.covers("destroy")
    assert behaviour.exclusion.no_run


@pytest.mark.parametrize(
    ("actions", "covered"),
    [
        ('["plan"]', {"plan"}),
        ('["all"]', {"plan", "apply", "destroy", "output"}),
        ('["all_except_output"]', {"plan", "apply", "destroy"}),
        ("[]", set()),
    ],
)
def test_c10_exclude_covers_the_actions_that_it_names(tree, actions, covered):
    tree.unit("vpc", f"exclude {{\n  if      = true\n  actions = {actions}\n}}\n")

    exclusion = tree.evaluate("vpc").behaviour.exclusion

    assert {action for action in ("plan", "apply", "destroy", "output") if exclusion.covers(action)} == covered


def test_c10_exclude_whose_condition_is_false_covers_nothing(tree):
    tree.unit("vpc", 'exclude {\n  if      = false\n  actions = ["all"]\n}\n')

    assert tree.evaluate("vpc").behaviour.exclusion is None


def test_c10_generate_and_remote_state_as_attributes(tree):
    tree.unit(
        "vpc",
        """
        locals {
          files = { extra = { path = "extra.tf", if_exists = "overwrite", contents = "# x", disable_signature = true } }
        }
        generate = local.files
        remote_state = { backend = "s3", config = { bucket = "b", key = "k", skip_bucket_versioning = true } }
        """,
    )

    unit = tree.evaluate("vpc")

    assert [(file.path, file.contents) for file in unit.generated] == [("extra.tf", "# x")]
    assert unit.remote_state.config == {"bucket": "b", "key": "k"}
    assert tree.errors() == []


def test_c10_a_generated_file_may_have_any_label(tree):
    file = '{ path = "a.tf", if_exists = "overwrite", contents = "# x" }'
    tree.unit("vpc", f"generate = {{ remote_state = {file}, exclude = {file.replace('a.tf', 'b.tf')} }}\n")

    assert [file.label for file in tree.evaluate("vpc").generated] == ["remote_state", "exclude"]


def test_c10_a_generate_attribute_is_checked_like_the_block(tree):
    tree.unit("vpc", 'generate = { x = { path = "a.tf", content = "# x" } }\n')

    assert f"{AT}:4:12: Attribute is missing. x needs the attribute contents." in tree.errors()


def test_c10_a_module_that_passes_providers_on_is_read(tree):
    module = 'module "inner" {\n  source = "./inner"\n  providers = {\n    aws.east = aws\n    aws.west = aws.other\n  }\n}\n'
    tree.write({"modules/thing/main.tf": module, "modules/thing/inner/main.tf": ""})
    tree.unit("vpc")

    assert (tree.errors(), tree.warnings()) == ([], [])


def test_c10_a_remote_state_attribute_is_checked_like_the_block(tree):
    tree.unit("vpc", 'remote_state = { backend = "s3" }\n')

    assert f"{AT}:4:16: Attribute is missing. remote_state needs the attribute config." in tree.errors()


@pytest.mark.parametrize(
    ("backend", "settings"),
    [
        ("s3", {"skip_bucket_versioning", "s3_bucket_tags", "enable_lock_table_ssencryption", "disable_bucket_update"}),
        ("gcs", {"project", "location", "gcs_bucket_labels", "skip_bucket_creation"}),
        ("azurerm", {"skip_container_creation"}),
    ],
)
def test_c10_settings_by_which_terragrunt_creates_buckets_do_not_reach_the_backend(tree, backend, settings):
    config = "".join(f"    {name} = true\n" for name in settings)
    tree.unit("vpc", f'remote_state {{\n  backend = "{backend}"\n  config = {{\n    kept = 1\n{config}  }}\n}}\n')

    assert tree.evaluate("vpc").remote_state.config == {"kept": 1}


def test_c10_the_dependencies_of_an_exposed_include_are_read_through_it(tree):
    tree.unit("kms")
    tree.write({"live/common.hcl": f'dependency "kms" {{\n  config_path = "{tree.root}/live/dev/kms"\n}}\n'})
    tree.unit(
        "vpc",
        """
        include "common" {
          path   = find_in_parent_folders("common.hcl")
          expose = true
        }
        inputs = { name = include.common.dependency.kms.outputs.id }
        """,
    )

    (edge,) = tree.load().units["vpc"].unit.dependencies
    assert (edge.target, edge.reads_outputs) == ("kms", True)
    assert tree.inputs("vpc", {"kms": {"id": "key-1", "names": []}}) == {"name": "key-1"}


def test_c10_version_constraints(tree):
    tree.unit("vpc", 'terraform_version_constraint = ">= 1.5"\nterragrunt_version_constraint = ">= 9.0"\n')

    (warning,) = tree.warnings()

    assert warning.startswith(f"{AT}:5:33: Another version of Terragrunt is wanted.")
    (file,) = tree.evaluate("vpc").generated
    assert file.contents == 'terraform {\n  required_version = ">= 1.5"\n}\n'


def test_c10_settings_that_cannot_matter_here_are_warnings(tree):
    with_terraform(
        tree,
        'include_in_copy = ["*"]',
        'remote_state {\n  backend = "s3"\n  disable_init = true\n  config = {}\n}\n',
    )

    assert [warning.split(" is ")[0].split(". ")[-1] for warning in tree.warnings()] == [
        "include_in_copy",
        "disable_init",
    ]
    assert tree.errors() == []


class Elsewhere:
    """Modules that are fetched from the folder "elsewhere" of the tree."""

    def __init__(self, tree):
        self.tree, self.reachable, self.fetched = tree, True, []

    def __call__(self, source):
        self.fetched.append(source)
        if not self.reachable:
            raise PlatformctlError("A module could not be fetched", detail="No network.", hint="Get one.")
        return LocalSource(root=self.tree.root / "elsewhere", subdirectory=source.subdirectory)


@pytest.fixture
def elsewhere(tree):
    """The unit "app", which reads an output of "vpc", whose module is in a repository."""
    secret = 'variable "password" {\n  sensitive = true\n}\noutput "id" { value = 1 }\n'
    tree.write({"elsewhere/vpc/main.tf": secret})
    tree.write(
        {AT: 'terraform {\n  source = "github.com/org/infra//vpc?ref=v1"\n}\ninputs = { password = "hunter2" }\n'}
    )
    tree.unit("app", 'dependency "vpc" {\n  config_path = "../vpc"\n}\ninputs = { name = dependency.vpc.outputs.id }\n')
    found = Elsewhere(tree)
    tree.surroundings = replace(tree.surroundings, modules=found)
    return found


def test_c10_a_module_that_is_fetched_is_checked_like_a_local_one(tree, elsewhere):
    assert tree.errors() == []
    assert isinstance(tree.inputs("vpc")["password"], Sensitive)
    assert {source.shown for source in elsewhere.fetched} == {"https://github.com/org/infra.git//vpc?ref=v1"}

    app = tree.root / "live/dev/app/terragrunt.hcl"
    app.write_text(app.read_text().replace("outputs.id", "outputs.ids"))
    vpc = tree.root / AT
    vpc.write_text(vpc.read_text().replace("password = ", "pasword = "))

    assert [error.split(". ")[0].split(": ")[1] for error in tree.errors()] == ["Unknown output", "Input is missing"]


def test_c10_a_module_that_cannot_be_fetched_is_a_warning_until_it_is_needed(tree, elsewhere):
    elsewhere.reachable = False

    assert tree.errors() == []
    (warning,) = tree.warnings()
    assert warning == (
        f"{AT}:2:12: A module could not be fetched. No network. The inputs of the unit could not be compared with its"
        " module. Get one."
    )


def test_c10_what_looks_like_a_registry_module_is_told_how_to_write_it(tree):
    tree.write({AT: 'terraform {\n  source = "org/vpc/aws"\n}\n'})

    (error,) = tree.errors()

    assert error.endswith("A module of a registry is tfr:///org/vpc/aws?version=...")
