"""What a terragrunt.hcl may contain: the one registry of supported and of refused blocks, attributes and functions.

The reader of documents (document.py) follows it, and .ci/language_docs.py writes docs/language.md from it. Whatever is in
neither list is refused too, with the supported names as the hint. function_rules.py has the functions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

DOCUMENTATION = "docs/language.md lists what is supported."

STACK_FILE = "terragrunt.stack.hcl"
STACK_FOLDER = ".terragrunt-stack"
"""Where the components of a stack are generated, beside the stack file."""

MANIFEST = ".platformctl-generated.json"
"""In every generated folder: what was generated, and from where."""

VALUES_FILE = "terragrunt.values.hcl"
AUTOINCLUDE_FILE = "terragrunt.autoinclude.hcl"
AUTOINCLUDE_STACK_FILE = "terragrunt.autoinclude.stack.hcl"
"""Generated beside a unit's own file: what ``values`` means there, and what is merged over the unit."""


class Labels(StrEnum):
    """How many labels a block carries."""

    NONE = "no label"
    ONE = "one label"
    OPTIONAL = "one label, or none"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRule:
    """One supported block.

    ``attributes``: the supported attributes, and whether each is required; None when any name is allowed. ``blocks``: the
    blocks inside, by type. ``refused``: attributes and nested blocks that Terragrunt knows and this program does not, each
    with its hint. ``harmless``: those that are accepted without effect, each with the reason. ``notes``: what
    docs/language.md says about the block.
    """

    labels: Labels
    attributes: Mapping[str, bool] | None
    notes: str
    blocks: "Mapping[str, BlockRule]" = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    harmless: Mapping[str, str] = field(default_factory=dict)


_ROLE = "Give platformctl the credentials of the role (AWS_PROFILE), or set assume_role in a generated provider block."
_COPY = "Sources are used in place and never copied."
_HOOK = BlockRule(
    labels=Labels.ONE,
    attributes={
        "commands": True,
        "execute": True,
        "working_dir": False,
        "run_on_error": False,
        "if": False,
        "suppress_stdout": False,
    },
    notes=(
        "A program that runs in the unit's workspace around `init`, `plan` (of the stack), `apply` and `destroy`; its output is in"
        " the unit's log. `up` plans, then applies: a hook that makes files for the module names both. Off"
        " without `--allow-commands`."
    ),
)

BLOCKS: Mapping[str, BlockRule] = {
    "include": BlockRule(
        labels=Labels.OPTIONAL,
        attributes={"path": True, "expose": False, "merge_strategy": False},
        notes=(
            "The label may be left out once (`include { ... }`). Relative paths start at the unit's folder."
            " An included file cannot include another one."
        ),
    ),
    "locals": BlockRule(
        labels=Labels.NONE, attributes=None, notes="Evaluated when needed, in any order. Never merged."
    ),
    "terraform": BlockRule(
        labels=Labels.NONE,
        notes=(
            "A local folder (`//` separates the root from the module below it), `git::`, `github.com/...`, `git@...` with"
            " `?ref=` and `?depth=`, `tfr://` with `?version=`, or an archive (zip, tar) on this machine or behind"
            " http(s). Relative paths start at the unit's folder, also in an included file."
            ' Without a source (or with `""` or null) the `*.tf` files beside it, or what'
            " `generate` blocks make, are the module. Files beside `terragrunt.hcl` are laid over the module;"
            " hidden files and other units are left out."
        ),
        attributes={"source": False, "update_source_with_cas": False},
        blocks={
            "extra_arguments": BlockRule(
                labels=Labels.ONE,
                attributes={
                    "commands": True,
                    "arguments": False,
                    "required_var_files": False,
                    "optional_var_files": False,
                    "env_vars": False,
                },
                notes=(
                    "Variables (`-var`, `-var-file`, files, `TF_VAR_...`) given to `plan` are inputs, for every command."
                    " `-lock-timeout` and `-parallelism` are passed on, and so are environment variables, to the"
                    " commands of the block. Arguments that would change what is planned (`-target`, `-replace`,"
                    " `-refresh=false`, `-state`, ...) are refused; others are a warning."
                ),
            ),
            "before_hook": _HOOK,
            "after_hook": replace(_HOOK, notes="As before_hook. After a failure only with `run_on_error = true`."),
            "error_hook": BlockRule(
                labels=Labels.ONE,
                attributes={
                    "commands": True,
                    "execute": True,
                    "on_errors": True,
                    "working_dir": False,
                    "suppress_stdout": False,
                },
                notes="As before_hook, after errors that one of the regular expressions of `on_errors` matches.",
            ),
        },
        harmless={
            "include_in_copy": _COPY,
            "exclude_from_copy": _COPY,
            "copy_terraform_lock_file": "platformctl keeps the provider lock file itself.",
        },
    ),
    "remote_state": BlockRule(
        labels=Labels.NONE,
        notes=(
            "`generate` takes `path` and `if_exists`. `config` cannot depend on outputs. Settings by which Terragrunt"
            " creates the bucket or container are left out."
        ),
        attributes={"backend": True, "config": True, "generate": False},
        harmless={
            "disable_init": "The place of the states is prepared once, never by a unit.",
            "disable_dependency_optimization": "Outputs are always read from state.",
        },
        refused={
            "encryption": "State encryption belongs to OpenTofu. The state bucket encrypts at rest.",
        },
    ),
    "generate": BlockRule(
        labels=Labels.ONE,
        notes=(
            "`if_exists` is `overwrite`, `overwrite_terragrunt`, `skip` or `error`. `hcl_fmt` changes"
            " nothing: the text is written as it stands."
        ),
        attributes={
            "path": True,
            "contents": True,
            "if_exists": True,
            "disable": False,
            "disable_signature": False,
            "comment_prefix": False,
            "hcl_fmt": False,
        },
        harmless={"if_disabled": "Workspaces are made anew, so a disabled file is never there."},
    ),
    "dependency": BlockRule(
        labels=Labels.ONE,
        notes="Gives `dependency.<label>.outputs`. Mocks are checked and never used (see below).",
        attributes={
            "config_path": True,
            "enabled": False,
            "skip_outputs": False,
            "mock_outputs": False,
            "mock_outputs_allowed_terraform_commands": False,
            "mock_outputs_merge_strategy_with_state": False,
        },
        harmless={"mock_outputs_merge_with_state": "Mocks are never used here."},
    ),
    "dependencies": BlockRule(labels=Labels.NONE, attributes={"paths": True}, notes="Order only."),
    "feature": BlockRule(
        labels=Labels.ONE,
        attributes={"default": True},
        notes="Gives `feature.<label>.value`: the default, or what `--feature label=value` or `TG_FEATURE` says.",
    ),
    "exclude": BlockRule(
        labels=Labels.NONE,
        attributes={"if": True, "actions": True, "exclude_dependencies": False, "no_run": False},
        notes=(
            "Leaves the unit out of runs of these actions (`plan`, `apply`, `destroy`, `all`, `all_except_output`); its"
            " dependents read its outputs from its state. A unit that `--only` names runs, unless `no_run = true`."
        ),
    ),
    "errors": BlockRule(
        labels=Labels.NONE,
        attributes={},
        blocks={
            "retry": BlockRule(
                labels=Labels.ONE,
                attributes={"retryable_errors": True, "max_attempts": True, "sleep_interval_sec": True},
                notes="Tries the unit again after these errors, besides transient ones, which always are.",
            ),
            "ignore": BlockRule(
                labels=Labels.ONE,
                attributes={"ignorable_errors": True, "message": False, "signals": False},
                notes="Counts these errors as success, with a warning; `!` before an expression excepts it.",
            ),
        },
        notes="Regular expressions that Terraform's errors are searched for.",
    ),
}

ATTRIBUTES: Mapping[str, str] = {
    "inputs": (
        "An object with the variables of the module. Values win over it in Terragrunt's order: the caller's `TF_VAR_...`,"
        " those of `extra_arguments`, `terraform.tfvars`, `*.auto.tfvars`, then `-var-file` and `-var`."
    ),
    "generate": "The same as `generate` blocks, as an object by label.",
    "remote_state": "The same as a `remote_state` block, as an object.",
    "prevent_destroy": "Whether `destroy` refuses a run that includes the unit.",
    "skip": 'The old spelling of an `exclude` block with `actions = ["all"]` and `no_run = true`.',
    "retryable_errors": "The old spelling of `errors`.",
    "retry_max_attempts": "The old spelling of `errors`; 3 without it.",
    "retry_sleep_interval_sec": "The old spelling of `errors`; 5 without it.",
    "terraform_version_constraint": "Checked by Terraform, like `required_version` in the module.",
    "terragrunt_version_constraint": "A warning where the Terragrunt whose language this is does not meet it.",
}
"""Attributes at the top level of a file, each with what docs/language.md says about it."""

HARMLESS_BLOCKS: Mapping[str, str] = {
    "catalog": "It configures Terragrunt's own user interface.",
    "engine": "platformctl drives Terraform itself; `platformctl doctor` says which one is in use.",
}

HARMLESS_ATTRIBUTES: Mapping[str, str] = {
    "download_dir": "Workspaces and sources are always below .platformctl/.",
    "terraform_binary": "`platformctl doctor` says which Terraform is in use and how to choose another.",
}

TERRAGRUNT_VERSION = "1.1.3"
"""The Terragrunt whose language this is."""

_INSIDE = "It stands inside a terraform block."

REFUSED_BLOCKS: Mapping[str, str] = {
    "before_hook": _INSIDE,
    "after_hook": _INSIDE,
    "error_hook": _INSIDE,
    "extra_arguments": _INSIDE,
    "unit": f"It belongs into a {STACK_FILE}.",
    "stack": f"It belongs into a {STACK_FILE}.",
}

REFUSED_ATTRIBUTES: Mapping[str, str] = {
    "locals": "Write it as a block: locals { ... }.",
    "dependencies": "Write it as a block: dependencies { paths = [...] }.",
    "iam_role": _ROLE,
    "iam_assume_role_duration": _ROLE,
    "iam_assume_role_session_name": _ROLE,
    "iam_web_identity_token": _ROLE,
}

DIFFERENCES: Mapping[str, str] = {
    "No mocks": (
        "Terragrunt replaces the outputs of a unit that is not applied yet by `mock_outputs`, and they can"
        " leak into a plan that is applied later. platformctl plans the whole stack at once with real unknown"
        " values: an output that does not exist yet is `(known after apply)`. `mock_outputs` may stay in the"
        " file for Terragrunt."
    ),
    "Outputs are checked beforehand": (
        "A reference to an output that the module does not declare is an error before anything runs, and so is"
        " a required variable without an input. An input that no variable takes is a warning, unless it comes"
        " from a file that every unit includes."
    ),
    "An output can be null": (
        'Terraform keeps no output in a state whose value is null, and Terragrunt then fails with "no such'
        ' attribute". Here an output that the module declares and the state of the applied unit does not hold'
        " is null."
    ),
    "A disabled dependency has no outputs": (
        "Neither has one with `skip_outputs = true`: a reference to them is an error."
    ),
    "Dependencies outside of the run": (
        "A dependency may lead to any folder of the project. A unit outside of the environment, or of the working directory"
        " in a tree without suffixes, is never run: its outputs are read from its state, and it has to be applied first."
        " Dependencies stand in the unit's own file or in one that it includes; a file that is read with"
        " `read_terragrunt_config` cannot declare any, so the graph is complete."
    ),
    "One unit, one module block": (
        "In the plan of the stack a unit is `module.<name>`: its folder below the environment, with `__` for"
        " `/` and `_` for what an identifier cannot hold. Two units with one such name are refused."
    ),
    "Linked folders are units": (
        "A folder that is a symbolic link is followed, and its units are named by the path through the link. A"
        " link to a folder above it is not followed."
    ),
    "Sizes have limits": ("[functions.md](functions.md#limits) lists them."),
    "A secret stays a secret": (
        "The value of a variable that the module declares `sensitive`, and whatever is computed from a"
        " sensitive output, is never shown."
    ),
    "The place of the states is platformctl's": (
        "Settings of `remote_state.config` that tell Terragrunt how to create a bucket or container (`s3_bucket_tags`,"
        " `skip_bucket_versioning`, `location`, ...) are left out, for every backend."
    ),
    "Programs of a repository are off": (
        "Hooks, `run_cmd`, `sops_decrypt_file` and calls to AWS are refused with their place, until `--allow-commands` or"
        " `PLATFORMCTL_ALLOW_COMMANDS=1` allows them."
    ),
    "Plan and apply have the same variables": (
        "What `extra_arguments` gives to `plan` holds for every command. Values for `apply` alone are refused."
    ),
    "Variables of the caller can be ignored": (
        "As under Terragrunt, a `TF_VAR_...` variable of the caller wins over `inputs`. `PLATFORMCTL_IGNORE_TF_VAR=1` is"
        " the stricter rule: only the live tree gives values."
    ),
    "Units of one plan share an environment": (
        "The plan of the stack is one Terraform process, so units that give one environment variable different values"
        " are planned one by one (`--only`). Units cannot set `AWS_...` variables on the local target."
    ),
}
"""How platformctl differs from Terragrunt on purpose: a title, and why."""

REFUSED_FILES: Mapping[str, str] = {
    "terragrunt.stack.hcl.json": f"Write it as {STACK_FILE}; stack files in JSON are not read.",
}
"""Files that Terragrunt reads and this program refuses, each with its hint."""
