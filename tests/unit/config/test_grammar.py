"""Whatever is outside the supported language is refused with its place and a hint, never ignored (C1, C7)."""

import pytest

from orchestrator.config import grammar

AT = "live/dev/vpc/terragrunt.hcl"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            'before_hook "x" {\n}\n',
            f"{AT}:4:1: Block is not supported. before_hook is a block of Terragrunt that platformctl refuses. It stands"
            " inside a terraform block.",
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
            " locals, terraform, remote_state, generate, dependency, dependencies, feature, exclude, errors.",
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


def test_c1_a_misspelt_setting_of_an_inner_block_is_refused(tree):
    tree.write(
        {
            "live/dev/vpc/terragrunt.hcl": 'terraform {\n  source = "."\n  extra_arguments "x" {\n    commands = []\n'
            "    argument = []\n  }\n}\n"
        }
    )

    assert tree.errors() == [
        f'{AT}:5:5: Attribute is not supported. A extra_arguments block has no attribute "argument". Did you mean "arguments"?'
    ]


def test_c1_what_has_no_effect_is_a_warning_with_the_reason(tree):
    tree.unit("vpc", 'catalog {\n}\nengine {\n}\ndownload_dir = "x"\nterraform_binary = "tofu"\n')

    assert [warning.split(". ")[0] for warning in tree.warnings()] == [
        f"{AT}:{line}:1: Setting has no effect" for line in (4, 6, 8, 9)
    ]


def test_nothing_is_supported_and_refused_at_once():
    assert not grammar.BLOCKS.keys() & grammar.REFUSED_BLOCKS.keys()
    assert not grammar.ATTRIBUTES.keys() & grammar.REFUSED_ATTRIBUTES.keys()
    assert not grammar.BLOCKS.keys() & grammar.HARMLESS_BLOCKS.keys()
    assert all(not (rule.attributes or {}).keys() & rule.refused.keys() for rule in grammar.BLOCKS.values())


def test_several_mistakes_of_several_files_are_reported_at_once(tree):
    tree.write({"live/root.hcl": "iam_role = 1\n"})
    tree.unit("vpc", 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n')
    tree.unit("app", 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n')
    tree.unit("bad", "unit {\n}\nstack {\n}\n")

    assert [error.split(". ")[0] for error in tree.errors()] == [
        "live/dev/bad/terragrunt.hcl:4:1: Block is not supported",
        "live/dev/bad/terragrunt.hcl:6:1: Block is not supported",
        "live/root.hcl:1:1: Attribute is not supported",
    ]
