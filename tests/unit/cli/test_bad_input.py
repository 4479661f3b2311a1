"""C7: bad input gets one clear message with the place and the fix, exit code 2, and nothing is started."""

import pytest

COMMANDS = [("up",), ("plan",), ("destroy", "--yes"), ("outputs",)]


def expect(result, platformctl, text):
    # A machine that is slow is told in between what takes so long.
    assert "".join(line for line in result.err.splitlines(keepends=True) if not line.startswith("[")) == text
    assert (result.code, result.out) == (2, "")
    assert platformctl.started == []


@pytest.mark.parametrize("command", COMMANDS)
def test_c7_a_malformed_suffix(platformctl, command):
    expect(
        platformctl(*command, "--suffix", "PR_42"),
        platformctl,
        "error: Malformed suffix\n"
        "--suffix 'PR_42': a suffix has 1 to 20 characters: lower-case letters, digits and single hyphens; it begins "
        "with a letter and ends with a letter or digit.\n"
        "fix: Try --suffix pr-42\n",
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_c7_an_unknown_environment(platformctl, command):
    expect(
        platformctl(*command, "--suffix", "pr42", "--env", "dve"),
        platformctl,
        'error: Unknown environment\nThere is no environment "dve" in live.\nfix: Did you mean "dev"?\n',
    )


@pytest.mark.parametrize("command", [("up",), ("plan",), ("destroy", "--yes")])
def test_c7_an_unknown_unit(platformctl, command):
    expect(
        platformctl(*command, "--suffix", "pr42", "--only", "vcp"),
        platformctl,
        'error: No such unit\n"vcp" is not in environment dev.\nfix: Units of this environment: api, docs, kms, vpc.\n',
    )


def unit(name, text):
    """The file of a unit that includes nothing."""
    source = f'terraform {{\n  source = "../../../modules//{name}"\n}}\n\n'
    return {f"live/dev/{name}/terragrunt.hcl": source + text}


MISTAKES = {
    "cycle": (
        unit("kms", 'dependencies {\n  paths = ["../api"]\n}\n'),
        """\
error: Units depend on each other in a cycle
   --> live/dev/api/terragrunt.hcl:10:17
   |
10 |   config_path = "../kms"
   |                 ^^^^^^^^
api -> kms -> api: none of them can be applied first.
fix: Take out one of these dependencies, or move what both sides need into a unit of its own.
""",
    ),
    "undefined local": (
        unit("docs", 'locals {\n  name = "docs"\n}\n\ninputs = {\n  title = local.nmae\n}\n'),
        """\
error: Unknown local
   --> live/dev/docs/terragrunt.hcl:10:11
   |
10 |   title = local.nmae
   |           ^^^^^^^^^^
The file has no local "nmae". Locals of included files are not merged.
fix: Did you mean "name"?
""",
    ),
    "unsupported block": (
        unit("docs", 'before_hook "x" {\n}\n'),
        """\
error: Block is not supported
  --> live/dev/docs/terragrunt.hcl:5:1
  |
5 | before_hook "x" {
  | ^^^^^^^^^^^
before_hook is a block of Terragrunt that platformctl refuses.
fix: It stands inside a terraform block.
""",
    ),
    "missing output": (
        unit(
            "vpc",
            'dependency "kms" {\n  config_path = "../kms"\n}\n\n'
            "inputs = {\n  kms_key_arn = dependency.kms.outputs.key_arm\n}\n",
        ),
        """\
error: Unknown output
   --> live/dev/vpc/terragrunt.hcl:10:17
   |
10 |   kms_key_arn = dependency.kms.outputs.key_arm
   |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
The module of unit "kms" declares no output "key_arm".
fix: Did you mean "key_arn"?
""",
    ),
    "syntax error": (
        {"live/dev/vpc/terragrunt.hcl": "inputs = {\n"},
        """\
error: Invalid expression
  --> live/dev/vpc/terragrunt.hcl:2:1
  |
2 |\x20
  | ^
Expected the start of an expression, but found the end of the file.
""",
    ),
}


@pytest.mark.parametrize("command", [("up",), ("plan",), ("destroy", "--yes"), ("up", "--target", "aws", "--yes")])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_c7_a_mistake_in_the_live_tree(platformctl, mistake, command):
    files, text = MISTAKES[mistake]
    platformctl.tree.write(files)
    expect(platformctl(*command, "--suffix", "pr42"), platformctl, text)


def test_c7_every_mistake_is_told_at_once(platformctl):
    for name in ("undefined local", "missing output"):
        platformctl.tree.write(MISTAKES[name][0])
    result = platformctl("validate")
    assert result.code == 2
    assert result.err.count("error: ") == 2
    assert result.err.index("live/dev/docs/") < result.err.index("live/dev/vpc/")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
            (
                "error: Endpoint overrides are set, so this is not AWS\n"
                "AWS_ENDPOINT_URL would redirect calls meant for AWS.\n"
                "fix: Unset AWS_ENDPOINT_URL, or use --target local.\n"
            ),
        ),
        (
            {},
            (
                "error: No usable AWS credentials\n"
                "sts:GetCallerIdentity failed: Unable to locate credentials\n"
                "fix: Log in (aws sso login, or AWS_PROFILE), or use --target local.\n"
            ),
        ),
    ],
    ids=["an endpoint is overridden", "no credentials"],
)
def test_a4_aws_is_refused(platformctl, monkeypatch, environ, message):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    for command in COMMANDS:
        expect(platformctl(*command, "--suffix", "pr42", "--target", "aws"), platformctl, message)


def test_c7_no_project(platformctl, nowhere, monkeypatch):
    monkeypatch.delenv("PLATFORMCTL_PROJECT")
    monkeypatch.chdir(nowhere)
    result = platformctl("up", "--suffix", "pr42")
    assert result.code == 2
    assert result.err.startswith("error: Not in a project\n")
    assert list(nowhere.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("up", "--sufix", "pr42"), "No such option"),
        (("up",), "--suffix"),
        (("up", "--suffix", "pr42", "--target", "azure"), "'azure' is not one of 'local', 'aws'"),
        (("up", "--suffix", "pr42", "--parallelism", "0"), "Invalid value for '--parallelism'"),
        (("up", "--suffix", "pr42", "--parallelism", "many"), "Invalid value for '--parallelism'"),
        (("upp", "--suffix", "pr42"), "No such command"),
        (("invoke", "--suffix", "pr42"), "FUNCTION"),
    ],
)
def test_c7_a_command_line_that_does_not_parse(platformctl, arguments, part):
    result = platformctl(*arguments)
    assert (result.code, result.out, platformctl.started) == (2, "", [])
    assert part in " ".join(result.err.replace("│", " ").split())


def test_c7_bad_input_leaves_no_run_behind(platformctl):
    platformctl("up", "--suffix", "pr42", "--env", "nope")
    assert not (platformctl.tree.root / ".platformctl/runs").exists()
