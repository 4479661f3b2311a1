"""The address of a unit's state: static, and refused where it is not an object in S3 (C7)."""

import pytest

from orchestrator.config import StateAddress, state_address
from orchestrator.errors import ExitCode, UsageError

AT = "live/dev/vpc/terragrunt.hcl"
ROOT = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n'
VPC = 'dependency "vpc" {\n  config_path = "../vpc"\n}\n'


def state(config, backend="s3"):
    return f'remote_state {{\n  backend = "{backend}"\n  config  = {{ {config} }}\n}}\n'


def test_the_address_needs_neither_outputs_nor_valid_inputs(tree):
    tree.write({"live/root.hcl": state('bucket = "states", key = "${path_relative_to_include()}.tfstate"')})
    tree.unit("vpc", ROOT + VPC.replace("vpc", "app") + "inputs = { name = dependency.app.outputs.misspelt }\n")
    tree.unit("app", ROOT + state('bucket = "others", key = "app"'))

    units = tree.load().units

    assert units["vpc"].state_address() == StateAddress(bucket="states", key="dev/vpc.tfstate")
    assert units["app"].state_address() == StateAddress(bucket="others", key="app")
    assert state_address("vpc", units["vpc"].remote_state()) == units["vpc"].state_address()


def test_an_address_that_depends_on_outputs_is_refused_with_its_place(tree):
    tree.unit("app")
    tree.unit("vpc", VPC.replace("vpc", "app") + state('bucket = dependency.app.outputs.id, key = "k"'))

    assert tree.errors() == [
        (
            f"{AT}:9:24: Reference is not available here. The address of a unit's state must be known before any output is,"
            " so it cannot depend on one. Write the value out, or use locals."
        )
    ]
    with pytest.raises(UsageError, match="Reference is not available here"):
        tree.load().units["vpc"].state_address()


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            "",
            (
                f'{AT}:1:1: The state is not in S3. Unit "vpc" has no remote_state block; outputs are passed from unit to unit'
                ' through states in S3. Include root.hcl, whose remote_state block configures backend "s3".'
            ),
        ),
        (
            state('path = "x.tfstate"', backend="local"),
            (
                f'{AT}:6:13: The state is not in S3. Unit "vpc" has backend "local"; outputs are passed from unit to unit through'
                ' states in S3. Include root.hcl, whose remote_state block configures backend "s3".'
            ),
        ),
        (
            state('bucket = "states"'),
            (
                f'{AT}:6:13: The state\'s address is incomplete. remote_state of unit "vpc" has no key. Give bucket and key as'
                " strings."
            ),
        ),
        (
            state("bucket = null, key = 1"),
            (
                f'{AT}:6:13: The state\'s address is incomplete. remote_state of unit "vpc" has no bucket and no key. Give'
                " bucket and key as strings."
            ),
        ),
    ],
)
def test_c7_a_state_that_is_not_in_s3_is_refused(tree, block, expected):
    tree.unit("vpc", block)

    with pytest.raises(UsageError) as caught:
        tree.load().units["vpc"].state_address()

    assert [tree.text(item) for item in caught.value.diagnostics] == [expected]
    assert caught.value.exit_code is ExitCode.BAD_INPUT
