"""Locals, as Terragrunt's locals, locals-errors, inputs-interpolation and null-values behave (C1, C7)."""

import pytest

AT = "live/dev/vpc/terragrunt.hcl"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            'locals {\n  url = "https://${local.host}/${local.count}"\n  host = "${local.name}.example.com"\n'
            '  name = "api"\n  count = 1 + 1\n}\ninputs = { name = local.url }\n',
            {"name": "https://api.example.com/2"},
            id="in any order",
        ),
        pytest.param(
            "locals {\n  a = 1\n  b = 2\n}\n"
            'inputs = { settings = { for k, v in local : k => v + 1 }, name = local["a"] }\n',
            {"name": 1, "settings": {"a": 2, "b": 3}},
            id="as a whole and by index",
        ),
        pytest.param(
            'inputs = {\n  name = null\n  settings = {\n    text = "a${1}b"\n    number = 42\n    bool = true\n'
            '    list = [1, "two", [3]]\n    null = null\n  }\n}\n',
            {
                "name": None,
                "settings": {"text": "a1b", "number": 42, "bool": True, "list": [1, "two", [3]], "null": None},
            },
            id="inputs keep their types and nulls",
        ),
        pytest.param(
            'locals {\n  all = { name = "x" }\n}\ninputs = merge(local.all, { settings = 1 })\n',
            {"name": "x", "settings": 1},
            id="inputs may be any expression that gives an object",
        ),
        pytest.param(
            'locals {\n  a = {}\n}\ninputs = { name = try(local.a.b, local.nothing, "fallback") }\n',
            {"name": "fallback"},
            id="a local that fails inside try is a fallback",
        ),
    ],
)
def test_c1_what_locals_give(tree, text, expected):
    tree.unit("vpc", text)
    assert tree.inputs("vpc") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "locals {\n  a = local.b\n  b = local.c\n  c = local.a\n}\n",
            f"{AT}:5:3: Locals refer to each other in a cycle. local.a -> local.b -> local.c -> local.a: none of them"
            " has a value. Remove one of these references.",
            id="circle",
        ),
        pytest.param(
            "locals {\n  a = local.a\n}\n",
            f"{AT}:5:3: Locals refer to each other in a cycle. local.a -> local.a: none of them has a value."
            " Remove one of these references.",
            id="itself",
        ),
        pytest.param(
            "locals {\n  region = 1\n}\ninputs = { name = local.regoin }\n",
            f'{AT}:7:19: Unknown local. The file has no local "regoin". Locals of included files are not merged.'
            ' Did you mean "region"?',
            id="misspelt",
        ),
        pytest.param(
            "inputs = { name = local.region }\n",
            f'{AT}:4:19: Unknown local. The file has no local "region". Locals of included files are not merged.'
            " Define it in the locals block, or use include.<label>.locals of an exposed include.",
            id="no locals at all",
        ),
        pytest.param(
            "locals {\n  a = dependency.x.outputs.y\n}\n",
            f"{AT}:5:7: Reference is not available here. Locals are evaluated before the outputs of dependencies are"
            " known. Move the expression to where it is used: inputs, or the contents of a generate block.",
            id="output in a local",
        ),
        pytest.param(
            "locals {\n  a = try(dependency.x.outputs.y, 1)\n}\n",
            f"{AT}:5:11: Reference is not available here. Locals are evaluated before the outputs of dependencies are"
            " known. Move the expression to where it is used: inputs, or the contents of a generate block.",
            id="output in a local, even inside try",
        ),
        pytest.param(
            "inputs = { name = var.region, settings = locl.x }\n",
            f'{AT}:4:19: Unknown reference. No name "var" is known in a file of the live tree. var belongs to modules;'
            " use local, or get_env.\n"
            f'{AT}:4:42: Unknown reference. No name "locl" is known in a file of the live tree.'
            ' Did you mean "local"?',
            id="both mistakes at once",
        ),
        pytest.param(
            "inputs = { name = get_evn(1) }\n",
            f'{AT}:4:19: Call to unknown function. There is no function "get_evn". Did you mean "get_env"?',
            id="misspelt function",
        ),
        pytest.param(
            'inputs = "text"\n',
            f"{AT}:4:10: Value has the wrong type. inputs must be an object, not a string.",
            id="inputs of another type",
        ),
    ],
)
def test_errors_of_locals_and_inputs(tree, text, expected):
    """C7: an undefined reference gets one clear message with the place and the fix."""
    tree.unit("vpc", text)

    assert "\n".join(tree.errors()) == expected


def test_a_chain_of_locals_that_is_too_long_is_a_diagnostic(tree):
    chain = "".join(f"  l{number} = local.l{number + 1}\n" for number in range(2000))
    tree.unit("vpc", f"locals {{\n{chain}  l2000 = 1\n}}\ninputs = {{ name = local.l0 }}\n")

    errors = tree.errors()

    assert errors
    assert all(
        ": Expression nested too deeply. The brackets and operators here, or the values" in text for text in errors
    )
