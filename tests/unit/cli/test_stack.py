"""platformctl stack: units of stack files are generated, worked on, shown and removed (C1, C10)."""

import json

import pytest

KEYS = ".terragrunt-stack/keys"
INNER = ".terragrunt-stack/net/.terragrunt-stack/keys"
UNIT = """
    include "root" {
      path = find_in_parent_folders("root.hcl")
    }

    terraform {
      source = "${find_in_parent_folders("modules")}//kms"
    }
"""
FILES = {
    "catalog/units/keys/terragrunt.hcl": UNIT,
    "catalog/stacks/net/terragrunt.stack.hcl": """
        unit "keys" {
          source = find_in_parent_folders("catalog/units/keys")
          path   = "keys"
        }
    """,
    "live/dev/terragrunt.stack.hcl": """
        unit "keys" {
          source = "../../catalog/units/keys"
          path   = "keys"
        }

        stack "net" {
          source = "../../catalog/stacks/net"
          path   = "net"
        }
    """,
}
GENERATED = [
    "live/dev/.terragrunt-stack/keys/terragrunt.hcl",
    "live/dev/.terragrunt-stack/net/.terragrunt-stack/keys/terragrunt.hcl",
    "live/dev/.terragrunt-stack/net/terragrunt.stack.hcl",
]


@pytest.fixture
def stacks(platformctl):
    platformctl.tree.write(FILES)
    return platformctl


def test_c10_generate_prints_what_it_writes_and_clean_what_it_removes(stacks):
    first, second = stacks("stack", "generate"), stacks("stack", "generate")
    assert (first.code, first.out.split("\n")[:-1]) == (0, [f"+ {name}" for name in GENERATED])
    assert first.err == "dev: 1 stack file, 2 units, up to date\n"
    assert (second.out, second.err) == ("", first.err)

    (stacks.tree.root / "live/dev" / KEYS / "mine.tf").write_text("")
    cleaned = stacks("stack", "clean")
    assert (cleaned.code, cleaned.out.split("\n")[:-1]) == (0, [f"- {name}" for name in GENERATED])
    assert cleaned.err.splitlines() == [
        f"Kept, for it was not generated, or was changed since: live/dev/{KEYS}/mine.tf",
        "dev: 3 files removed",
    ]


@pytest.mark.parametrize("command", ["graph", "validate"])
def test_c10_every_command_generates_first(stacks, command):
    result = stacks(command)

    assert result.code == 0
    assert (stacks.tree.root / GENERATED[1]).is_file()
    if command == "graph":
        assert {KEYS, INNER} <= {line.strip("├─└│ ") for line in result.out.splitlines()}
    else:
        assert result.out == "dev: 6 units, no mistakes found\n"


def test_c7_a_mistake_in_a_stack_file_is_shown_with_its_place(stacks):
    stacks.tree.write({"live/dev/terragrunt.stack.hcl": 'unit "a" {\n  source = "../nowhere"\n  path   = "a"\n}\n'})

    for command in (["validate"], ["stack", "generate"], ["stack", "run", "plan", "-s", "pr42"]):
        result = stacks(*command)
        assert (result.code, result.out) == (2, "")
        assert "live/dev/terragrunt.stack.hcl:2:12" in result.err
        assert result.err.startswith("error: Source not found\n")


def test_c10_run_works_on_the_units_of_stacks_and_no_others(stacks, world):
    world.terraform.outputs |= {name: {"key_arn": f"arn:{name}"} for name in (KEYS, INNER)}

    planned = stacks("stack", "run", "plan", "-s", "new")
    applied = stacks("stack", "run", "apply", "-s", "new", "-p", "1")

    assert (planned.code, applied.code) == (0, 0)
    assert [name for name, _ in world.terraform.applied] == [KEYS, INNER]

    assert stacks("stack", "run", "destroy", "-s", "new", "--yes").code == 0
    assert sorted(world.terraform.applied[2:]) == [(KEYS, True), (INNER, True)]


def test_c10_run_takes_arguments_of_terraform(stacks, world, tmp_path):
    world.terraform.outputs |= {name: {"key_arn": f"arn:{name}"} for name in (KEYS, INNER)}

    assert stacks("stack", "run", "validate", "-s", "new").out == "dev: 2 units, no mistakes found\n"
    kept = str(tmp_path / "plan.json")
    assert stacks("stack", "run", "plan", "-s", "new", "--", f"-out={kept}").code == 0
    assert stacks("stack", "run", "apply", "-s", "new", "--", "-auto-approve", kept).code == 0
    assert sorted(name for name, _ in world.terraform.applied) == [KEYS, INNER]
    assert set(json.loads(stacks("stack", "run", "output", "-s", "new", "--", "-json").out)) == {KEYS, INNER}


def test_c7_run_refuses_what_is_no_command_for_stacks(stacks, world):
    result = stacks("stack", "run", "-s", "new", "--", "state", "list")

    assert (result.code, world.terraform.applied) == (2, [])
    assert " ".join(result.err.split()) == (
        "error: Not a command for stacks stack run knows plan, apply, destroy, output, validate, init. "
        "fix: platformctl run state list works on the unit in the current folder."
    )


def test_c10_outputs_are_nested_by_the_names_of_stacks_and_units(stacks, world):
    world.put(KEYS, outputs={"key_arn": "arn:1", "count": 2})
    world.put(INNER, outputs={"key_arn": "arn:2"})

    def output(*arguments):
        result = stacks("stack", "output", "-s", "pr42", *arguments)
        assert result.code == 0, result.err
        return result.out

    whole = {"keys": {"count": 2, "key_arn": "arn:1"}, "net": {"keys": {"key_arn": "arn:2"}}}
    assert json.loads(output("--json")) == whole
    assert json.loads(output("net.keys", "--json")) == {"net.keys": {"key_arn": "arn:2"}}
    assert output("keys.key_arn") == 'keys.key_arn = "arn:1"\n'
    assert output().splitlines()[:3] == ["keys = {", "  count = 2", '  key_arn = "arn:1"']


@pytest.mark.parametrize(
    ("address", "detail", "hint"),
    [
        ("net.kyes", '"net.kyes": there is no "kyes".', 'Did you mean "keys"?'),
        ("keys.key_arn.x", '"keys.key_arn.x": there is no "x".', "Leave out what stands behind the last point."),
        ("q", '"q": there is no "q".', "There are keys, net."),
    ],
)
def test_c7_an_output_that_does_not_exist(stacks, world, address, detail, hint):
    world.put(KEYS, outputs={"key_arn": "arn:1"})
    world.put(INNER, outputs={"key_arn": "arn:2"})

    result = stacks("stack", "output", address, "-s", "pr42")

    assert (result.code, result.out) == (2, "")
    assert " ".join(result.err.split()) == f"error: No such output {detail} fix: {hint}"


def test_c7_an_environment_without_stacks(platformctl, world):
    result = platformctl("stack", "run", "plan", "-s", "pr42")

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: No stack\nlive/dev holds no terragrunt.stack.hcl that declares a unit.\n")


def test_c8_a_stack_file_runs_programs_only_where_that_is_allowed(stacks):
    text = FILES["live/dev/terragrunt.stack.hcl"].replace('path   = "keys"', 'path   = run_cmd("echo", "keys")')
    stacks.tree.write({"live/dev/terragrunt.stack.hcl": text})

    refused = stacks("stack", "generate")
    assert (refused.code, refused.out) == (2, "")
    assert "run_cmd" in refused.err
    assert "--allow-commands" in refused.err
    assert stacks("stack", "generate", "--allow-commands").out.split("\n")[0] == f"+ {GENERATED[0]}"


def test_c10_sources_are_fetched_through_the_port(stacks, world):
    stacks.tree.write({"downloaded/keys/terragrunt.hcl": UNIT})
    stacks.tree.write(
        {
            "live/dev/terragrunt.stack.hcl": """
                unit "keys" {
                  source = "git::https://example.com/catalog.git//keys?ref=v1"
                  path   = "keys"
                }
            """
        }
    )

    assert stacks("stack", "generate").code == 0
    assert world.sources.fetched == ["https://example.com/catalog.git//keys?ref=v1"]
    assert stacks("graph").code == 0
