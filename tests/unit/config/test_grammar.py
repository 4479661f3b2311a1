"""Whatever is outside the supported language is refused with its place and a hint, never ignored (C1, C7)."""

import pytest

from orchestrator.config import grammar

AT = "live/dev/vpc/terragrunt.hcl"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            'feature "x" {\n  default = 1\n}\n',
            f"{AT}:4:1: Block is not supported. feature is a block of Terragrunt that platformctl refuses. Read a switch"
            " with get_env, or keep it in the environment's env.hcl.",
            id="refused block",
        ),
        pytest.param(
            'depedency "x" {\n}\n',
            f'{AT}:4:1: Block is not supported. No block "depedency" is known at the top level of a file.'
            ' Did you mean "dependency"?',
            id="misspelt block",
        ),
        pytest.param(
            "zzz {\n}\n",
            f'{AT}:4:1: Block is not supported. No block "zzz" is known at the top level of a file. The blocks are include,'
            " locals, terraform, remote_state, generate, dependency, dependencies.",
            id="unknown block",
        ),
        pytest.param(
            "inputs {\n}\n",
            f"{AT}:4:1: Block is not supported. inputs is an attribute, not a block. Add an equals sign: inputs = {{"
            " ... }.",
            id="attribute written as a block",
        ),
        pytest.param(
            'iam_role = "x"\n',
            f"{AT}:4:1: Attribute is not supported. iam_role is an attribute of Terragrunt that platformctl refuses. Give"
            " platformctl the credentials of the role (AWS_PROFILE), or set assume_role in a generated provider block.",
            id="refused attribute",
        ),
        pytest.param(
            "input = {}\n",
            f'{AT}:4:1: Attribute is not supported. No attribute "input" is known at the top level of a file.'
            ' Did you mean "inputs"?',
            id="misspelt attribute",
        ),
        pytest.param(
            "dependency = {}\n",
            f"{AT}:4:1: Attribute is not supported. dependency is a block, not an attribute. Remove the equals sign:"
            " dependency { ... }.",
            id="block written as an attribute",
        ),
        pytest.param(
            'remote_state {\n  backend = "s3"\n  config {\n  }\n}\n',
            f"{AT}:6:3: Block is not supported. config is an attribute of the remote_state block, not a block. Add an equals"
            " sign: config = { ... }.",
            id="nested attribute written as a block",
        ),
        pytest.param(
            'dependency "x" {\n  config_path = "../y"\n  mock_output = {}\n}\n',
            f'{AT}:6:3: Attribute is not supported. A dependency block has no attribute "mock_output".'
            ' Did you mean "mock_outputs"?',
            id="misspelt nested attribute",
        ),
        pytest.param(
            'dependency {\n  config_path = "../y"\n}\n',
            f"{AT}:4:1: Wrong number of labels. A dependency block has one label; this one has 0. Write dependency"
            ' "name" { ... }.',
            id="label is missing",
        ),
        pytest.param(
            'locals "x" {\n}\n',
            f"{AT}:4:8: Wrong number of labels. A locals block has no label; this one has 1.",
            id="label too many",
        ),
        pytest.param(
            "locals {\n  a = 1\n}\nlocals {\n  b = 1\n}\n",
            f"{AT}:7:1: Block is repeated. There is another locals block of this kind in the file. Put everything into one"
            " locals block.",
            id="second block",
        ),
        pytest.param(
            'locals {\n  a = true ? 1 : run_cmd("date")\n}\n',
            f"{AT}:5:18: Function is not supported. run_cmd is a function of Terragrunt that platformctl refuses."
            " Configuration runs no programs. Pass the value in the environment and read it with get_env.",
            id="refused function, even where it would not be called",
        ),
        pytest.param(
            'inputs = { settings = [for x in [1] : { a = "${get_aws_account_id()}" }] }\n',
            f"{AT}:4:48: Function is not supported. get_aws_account_id is a function of Terragrunt that platformctl refuses."
            " AWS is not called while configuration is read. Pass the value in the environment and read it with"
            " get_env, or use the aws_caller_identity data source in the module.",
            id="refused function, deep inside",
        ),
    ],
)
def test_refused(tree, text, expected):
    tree.unit("vpc", text)

    assert tree.errors() == [expected]


@pytest.mark.parametrize("name", sorted({n for rule in grammar.BLOCKS.values() for n in rule.refused}))
def test_every_refused_setting_of_a_block_has_its_hint(tree, name):
    block = next(block for block, rule in grammar.BLOCKS.items() if name in rule.refused)
    required = "".join(f"  {key} = 1\n" for key, needed in grammar.BLOCKS[block].attributes.items() if needed)
    label = ' "x"' if grammar.BLOCKS[block].labels is grammar.Labels.ONE else ""
    tree.write({"live/dev/vpc/terragrunt.hcl": f"{block}{label} {{\n{required}  {name} = 1\n}}\n"})

    (error,) = tree.errors()

    assert "Attribute is not supported" in error
    assert error.endswith(grammar.BLOCKS[block].refused[name])


@pytest.mark.parametrize("name", ["before_hook", "after_hook", "error_hook", "extra_arguments"])
def test_hooks_and_extra_arguments_are_refused(tree, name):
    tree.write({"live/dev/vpc/terragrunt.hcl": f'terraform {{\n  source = "."\n  {name} "x" {{\n  }}\n}}\n'})

    (error,) = tree.errors()

    assert error.startswith(f"{AT}:3:3: Block is not supported. {name} is a block of Terragrunt")
    assert error.endswith(grammar.BLOCKS["terraform"].refused[name])


@pytest.mark.parametrize("name", sorted(grammar.REFUSED_FUNCTIONS))
def test_every_refused_function_has_its_hint(tree, name):
    tree.unit("vpc", f"inputs = {{ name = {name}() }}\n")

    (error,) = tree.errors()

    assert error.startswith(f"{AT}:4:19: Function is not supported. {name} is a function")
    assert error.endswith(grammar.REFUSED_FUNCTIONS[name])


def test_nothing_is_supported_and_refused_at_once():
    assert not grammar.BLOCKS.keys() & grammar.REFUSED_BLOCKS.keys()
    assert not grammar.ATTRIBUTES.keys() & grammar.REFUSED_ATTRIBUTES.keys()
    assert not grammar.FUNCTIONS.keys() & grammar.REFUSED_FUNCTIONS.keys()
    assert all(not (rule.attributes or {}).keys() & rule.refused.keys() for rule in grammar.BLOCKS.values())


def test_several_mistakes_of_several_files_are_reported_at_once(tree):
    tree.write({"live/root.hcl": "skip = true\n"})
    tree.unit("vpc", 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n')
    tree.unit("app", 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n')
    tree.unit("bad", "catalog {\n}\nengine {\n}\n")

    assert [error.split(". ")[0] for error in tree.errors()] == [
        "live/dev/bad/terragrunt.hcl:4:1: Block is not supported",
        "live/dev/bad/terragrunt.hcl:6:1: Block is not supported",
        "live/root.hcl:1:1: Attribute is not supported",
    ]
