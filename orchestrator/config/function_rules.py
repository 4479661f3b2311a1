"""Terragrunt's own functions that the live tree may call; grammar.py has everything else.

The function table (builtins.py) follows it, and .ci/language_docs.py writes docs/language.md from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRule:
    """One of Terragrunt's own functions that is supported.

    ``arguments``: as in a call, with a ``?`` behind an optional one. ``returns``: what docs/language.md says about the result.
    """

    arguments: str = ""
    returns: str


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
    "constraint_check": FunctionRule(
        arguments="version, constraint", returns="Whether a version meets a constraint such as `~> 1.2`."
    ),
    "deep_merge": FunctionRule(
        arguments="map...", returns="The maps as one, merged at every depth; lists are concatenated."
    ),
    "get_aws_account_alias": FunctionRule(
        returns="The alias of the caller's AWS account. Off without `--allow-commands`."
    ),
    "get_aws_account_id": FunctionRule(
        returns="The caller's AWS account; the local cloud's own. Off without `--allow-commands`."
    ),
    "get_aws_caller_identity_arn": FunctionRule(returns="The caller's ARN. Off without `--allow-commands`."),
    "get_aws_caller_identity_user_id": FunctionRule(returns="The caller's user id. Off without `--allow-commands`."),
    "get_default_retryable_errors": FunctionRule(
        returns="Regular expressions of failures of the network and of registries."
    ),
    "get_platform": FunctionRule(returns="The operating system: `linux` or `darwin`."),
    "get_terraform_cli_args": FunctionRule(
        returns="Terraform's command line, as far as it is chosen: the command alone."
    ),
    "get_terraform_command": FunctionRule(returns="`plan`, `apply` or `destroy`: what the configuration is read for."),
    "get_terraform_commands_that_need_input": FunctionRule(returns="The commands that take `-input`."),
    "get_terraform_commands_that_need_locking": FunctionRule(returns="The commands that take `-lock-timeout`."),
    "get_terraform_commands_that_need_parallelism": FunctionRule(returns="The commands that take `-parallelism`."),
    "get_terraform_commands_that_need_vars": FunctionRule(returns="The commands that take `-var` and `-var-file`."),
    "get_terragrunt_source_cli_flag": FunctionRule(returns="An empty text: there is no such option."),
    "get_working_dir": FunctionRule(returns="The folder that Terraform runs in: the unit's workspace."),
    "mark_as_read": FunctionRule(
        arguments="path", returns="The path, which counts as a file that the unit reads (`--filter`)."
    ),
    "mark_glob_as_read": FunctionRule(
        arguments="pattern", returns="The files that the pattern matches, which count as files that the unit reads."
    ),
    "read_tfvars_file": FunctionRule(arguments="path", returns="The values in a file of variables, as JSON."),
    "run_cmd": FunctionRule(
        arguments="option..., program, argument...",
        returns="What a program prints, without the last line break. Once per load and folder; `--terragrunt-global-cache`: once per load; `--terragrunt-no-cache`: at each call. Off without `--allow-commands`.",
    ),
    "sops_decrypt_file": FunctionRule(
        arguments="path",
        returns="The text of a file, decrypted by the program sops; secret. Off without `--allow-commands`.",
    ),
}
"""Terragrunt's own functions that are supported."""
