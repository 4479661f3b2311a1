"""What a terragrunt.hcl may contain: the one registry of supported and of refused blocks, attributes and functions.

The reader of documents (document.py) and the function table (builtins.py) follow it, and .ci/language_docs.py writes
docs/language.md from it. Whatever is in neither list is refused too, with the supported names as the hint.

The order of evaluation follows from it, and why a name is not there yet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.diagnostics import Collector, did_you_mean
from orchestrator.hcl import Reference

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

    ``attributes``: the supported attributes, and whether each is required; None when any name is allowed. ``refused``:
    attributes and nested blocks that Terragrunt knows and this program does not, each with its hint. ``notes``: what
    docs/language.md says about the block.
    """

    labels: Labels
    attributes: Mapping[str, bool] | None
    notes: str
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRule:
    """One of Terragrunt's own functions that is supported.

    ``arguments``: as in a call, with a ``?`` behind an optional one. ``returns``: what docs/language.md says about the result.
    """

    arguments: str = ""
    returns: str


_HOOK = "Hooks are not run. Do this work in the module, or in the pipeline around platformctl."
_ROLE = "Give platformctl the credentials of the role (AWS_PROFILE), or set assume_role in a generated provider block."
_COPY = "Sources are used in place and never copied; remove it."

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
            "A local folder (`./`, `../` or absolute; `//` separates the root from the module below it) or"
            " `git::` with `?ref=`. Relative paths start at the unit's folder, also in an included file."
            ' Without a source (or with `""` or null) the `*.tf` files beside it, or what'
            " `generate` blocks make, are the module. Files beside `terragrunt.hcl` are laid over the module;"
            " hidden files and other units are left out."
        ),
        attributes={"source": False, "update_source_with_cas": False},
        refused={
            "before_hook": _HOOK,
            "after_hook": _HOOK,
            "error_hook": _HOOK,
            "extra_arguments": "platformctl chooses Terraform's arguments itself; pass variables as inputs.",
            "include_in_copy": _COPY,
            "exclude_from_copy": _COPY,
            "copy_terraform_lock_file": "platformctl keeps the provider lock file itself; remove it.",
        },
    ),
    "remote_state": BlockRule(
        labels=Labels.NONE,
        notes="`generate` takes `path` and `if_exists`. `config` cannot depend on outputs.",
        attributes={"backend": True, "config": True, "generate": False},
        refused={
            "disable_init": "The state bucket is prepared once per account, never by a unit; remove it.",
            "disable_dependency_optimization": "Outputs are always read from state; remove it.",
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
        refused={"if_disabled": "Workspaces are generated anew, so a disabled file is never there; remove it."},
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
        refused={
            "mock_outputs_merge_with_state": "Write mock_outputs_merge_strategy_with_state instead. Mocks are never used here."
        },
    ),
    "dependencies": BlockRule(labels=Labels.NONE, attributes={"paths": True}, notes="Order only."),
}

ATTRIBUTES: Mapping[str, str] = {
    "inputs": (
        "An object with the variables of the module. Values in `terraform.tfvars`, `terraform.tfvars.json`,"
        " `*.auto.tfvars` and `*.auto.tfvars.json`, in the module or beside the unit, win over it, as they win over the"
        " environment variables by which Terragrunt passes inputs."
    ),
}
"""Attributes at the top level of a file, each with what docs/language.md says about it."""

REFUSED_BLOCKS: Mapping[str, str] = {
    "before_hook": _HOOK,
    "after_hook": _HOOK,
    "error_hook": _HOOK,
    "extra_arguments": "platformctl chooses Terraform's arguments itself; pass variables as inputs.",
    "exclude": "Choose the units of a run on the command line instead.",
    "errors": "platformctl retries transient errors itself; a failed run is resumed with `up`.",
    "feature": "Read a switch with get_env, or keep it in the environment's env.hcl.",
    "engine": "platformctl drives Terraform itself; `platformctl doctor` says which one is in use.",
    "catalog": "The catalog is a feature of Terragrunt's user interface.",
    "unit": f"It belongs into a {STACK_FILE}.",
    "stack": f"It belongs into a {STACK_FILE}.",
}

REFUSED_ATTRIBUTES: Mapping[str, str] = {
    "generate": 'Write it as a block: generate "name" { ... }.',
    "remote_state": "Write it as a block: remote_state { ... }.",
    "locals": "Write it as a block: locals { ... }.",
    "dependencies": "Write it as a block: dependencies { paths = [...] }.",
    "iam_role": _ROLE,
    "iam_assume_role_duration": _ROLE,
    "iam_assume_role_session_name": _ROLE,
    "iam_web_identity_token": _ROLE,
    "prevent_destroy": "Protect the resource in its module (lifecycle { prevent_destroy = true }).",
    "skip": "Choose the units of a run on the command line instead.",
    "download_dir": "Workspaces are always below .platformctl/; remove it.",
    "terraform_binary": "`platformctl doctor` says which Terraform is in use and how to choose another.",
    "terraform_version_constraint": "Write required_version in the module's versions.tf.",
    "terragrunt_version_constraint": "platformctl is not Terragrunt; pin its version in the pipeline that installs it.",
    "retryable_errors": "platformctl retries transient errors itself; remove it.",
    "retry_max_attempts": "platformctl retries transient errors itself; remove it.",
    "retry_sleep_interval_sec": "platformctl retries transient errors itself; remove it.",
}

FUNCTIONS: Mapping[str, FunctionRule] = {
    "find_in_parent_folders": FunctionRule(
        arguments="name?, fallback?",
        returns="The nearest file or folder of that name (`terragrunt.hcl` without one) above the unit's folder.",
    ),
    "get_env": FunctionRule(
        arguments="name, default?", returns="An environment variable. Without a default a missing one is an error."
    ),
    "get_original_terragrunt_dir": FunctionRule(
        returns="The unit's folder, also inside a file read with `read_terragrunt_config`."
    ),
    "get_parent_terragrunt_dir": FunctionRule(arguments="label?", returns="The folder of the included file."),
    "get_path_from_repo_root": FunctionRule(returns="The path from the repository's root to the unit's folder."),
    "get_path_to_repo_root": FunctionRule(returns="The path from the unit's folder to the repository's root."),
    "get_repo_root": FunctionRule(returns="The root of the Git repository around the unit."),
    "get_terragrunt_dir": FunctionRule(returns="The unit's folder, also in an included file."),
    "path_relative_from_include": FunctionRule(
        arguments="label?", returns="The path from the unit's folder to the folder of the included file."
    ),
    "path_relative_to_include": FunctionRule(
        arguments="label?", returns="The path from the folder of the included file to the unit's folder."
    ),
    "read_terragrunt_config": FunctionRule(
        arguments="path, default?",
        returns=(
            "`locals`, `inputs`, `terraform`, `remote_state` and `generate` of another file. A relative path"
            " starts at the unit's folder. The file cannot declare dependencies."
        ),
    ),
}
"""Terragrunt's own functions that are supported."""

_ACCOUNT = (
    "AWS is not called while configuration is read. Pass the value in the environment and read it with get_env,"
    " or use the aws_caller_identity data source in the module."
)
_ARGUMENTS = "It is for extra_arguments and hooks, which are not supported."
_MARK = "Every file that is read is known already; remove it."

REFUSED_FUNCTIONS: Mapping[str, str] = {
    "run_cmd": "Configuration runs no programs. Pass the value in the environment and read it with get_env.",
    "sops_decrypt_file": "Keep secrets in AWS Secrets Manager or SSM and read them in the module, or pass them with get_env.",
    "read_tfvars_file": "Write the values as locals of an .hcl file and read it with read_terragrunt_config.",
    "get_working_dir": "The folder that Terraform runs in is chosen by the run. Use get_terragrunt_dir(), or path.module in the module.",
    "get_platform": "A plan must not depend on the machine that makes it. Pass the value with get_env if it has to.",
    "get_aws_account_id": _ACCOUNT,
    "get_aws_account_alias": _ACCOUNT,
    "get_aws_caller_identity_arn": _ACCOUNT,
    "get_aws_caller_identity_user_id": _ACCOUNT,
    "get_terraform_command": _ARGUMENTS,
    "get_terraform_cli_args": _ARGUMENTS,
    "get_terraform_commands_that_need_vars": _ARGUMENTS,
    "get_terraform_commands_that_need_locking": _ARGUMENTS,
    "get_terraform_commands_that_need_input": _ARGUMENTS,
    "get_terraform_commands_that_need_parallelism": _ARGUMENTS,
    "get_default_retryable_errors": "platformctl retries transient errors itself.",
    "get_terragrunt_source_cli_flag": "There is no such option; the source is what the terraform block says.",
    "mark_as_read": _MARK,
    "mark_glob_as_read": _MARK,
    "constraint_check": "Write required_version in the module's versions.tf.",
    "deep_merge": 'Use include with merge_strategy = "deep", or merge().',
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
    "The state bucket is platformctl's": (
        "Settings of `remote_state.config` that tell Terragrunt how to create the bucket (`s3_bucket_tags`,"
        " `skip_bucket_versioning`, ...) are refused."
    ),
}
"""How platformctl differs from Terragrunt on purpose: a title, and why."""

REFUSED_FILES: Mapping[str, str] = {
    "terragrunt.stack.hcl.json": f"Write it as {STACK_FILE}; stack files in JSON are not read.",
}
"""Files that Terragrunt reads and this program refuses, each with its hint."""


class EvaluationStage(StrEnum):
    """What is being evaluated."""

    INCLUDE = "include"
    LOCALS = "locals"
    DEPENDENCY = "dependency"
    SOURCE = "source"
    STATE = "state"
    REST = "rest"
    STACK = "stack"
    COMPONENT = "component"
    AUTOINCLUDE = "autoinclude"

    @property
    def roots(self) -> frozenset[str]:
        match self:
            case EvaluationStage.INCLUDE:
                return frozenset({"values"})
            case EvaluationStage.REST:
                return frozenset({"values", "local", "include", "dependency"})
            case EvaluationStage.STACK:
                return frozenset({"values", "local"})
            case EvaluationStage.COMPONENT:
                return frozenset({"values", "local", "unit", "stack"})
            case EvaluationStage.AUTOINCLUDE:
                return frozenset({"values", "local", "unit", "stack", "dependency"})
        return frozenset({"values", "local", "include"})


_PATH_OUT = "Write the path out, or use functions: find_in_parent_folders, get_env."
_BEFORE_OUTPUTS = "must be known before any output is, so it cannot depend on one."
_STAGE = EvaluationStage
_TOO_EARLY: Mapping[tuple[EvaluationStage, str], tuple[str, str]] = {
    (_STAGE.INCLUDE, "local"): ("Include blocks are evaluated before locals, so they cannot use them.", _PATH_OUT),
    (_STAGE.INCLUDE, "include"): ("Include blocks are evaluated one by one, so they cannot use each other.", _PATH_OUT),
    (_STAGE.INCLUDE, "dependency"): (
        "Include blocks are evaluated before the outputs of dependencies are known.",
        _PATH_OUT,
    ),
    (_STAGE.LOCALS, "dependency"): (
        "Locals are evaluated before the outputs of dependencies are known.",
        "Move the expression to where it is used: inputs, or the contents of a generate block.",
    ),
    **{
        (stage, "dependency"): (f"{what} {_BEFORE_OUTPUTS}", f"Write the {it} out, or use locals.")
        for stage, what, it in (
            (_STAGE.DEPENDENCY, "The order of the units", "path"),
            (_STAGE.SOURCE, "The source of a unit", "source"),
            (_STAGE.STATE, "The address of a unit's state", "value"),
        )
    },
    **{
        (stage, "dependency"): (
            "A stack is generated before the outputs of any unit are known.",
            "Pass the path of the unit as a value, and write the dependency block in the unit, or in autoinclude.",
        )
        for stage in (_STAGE.STACK, _STAGE.COMPONENT)
    },
    **{
        (_STAGE.STACK, name): (
            "The paths of components can be used in values and in autoinclude only.",
            "Write the path out.",
        )
        for name in ("unit", "stack")
    },
}

_ELSEWHERE: Mapping[str, str] = {
    "data": "Data sources belong into a module; pass what they need as inputs.",
    "each": "There is no for_each in the live tree; write a unit for each.",
    "feature": "Feature flags are not supported: read a switch with get_env, or keep it in the environment's env.hcl.",
    "module": "A module is reached through its unit: dependency.<name>.outputs.<output>.",
    "path": "path belongs to modules; use get_terragrunt_dir() or get_repo_root().",
    "terraform": "terraform.workspace belongs to modules; the environment is a folder of the live tree.",
    "stack": f"The components of a stack are known in its {STACK_FILE}; pass what you need as values.",
    "unit": f"The components of a stack are known in its {STACK_FILE}; pass what you need as values.",
    "var": "var belongs to modules; use local, or get_env.",
}


def refused_roots(found: Iterable[Reference], stage: EvaluationStage, *, included: bool) -> Collector:
    """Return the references whose root does not exist at the stage; they are errors even inside ``try``.

    ``included``: whether the file is an included one, which never sees ``include``.
    """
    collector = Collector()
    for reference in found:
        root = str(reference.path[0])
        if root in stage.roots and not (included and root == "include"):
            continue
        if root == "include" and included:
            summary = "Reference is not available here"
            detail, hint = (
                "An included file has no includes of its own.",
                "Use its own locals, or read_terragrunt_config.",
            )
        elif (stage, root) in _TOO_EARLY:
            summary = "Reference is not available here"
            detail, hint = _TOO_EARLY[stage, root]
        else:
            summary = "Unknown reference"
            detail = f'No name "{root}" is known in a file of the live tree.'
            hint = _ELSEWHERE.get(root) or did_you_mean(root, stage.roots) or DOCUMENTATION
        collector.report(reference.range, summary, detail, hint)
    return collector
