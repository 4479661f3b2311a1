"""graph, validate and render: the live tree as text, DOT and JSON, without a cloud and without Terraform (C1, C7, C8)."""

import json
import shutil

import pytest


def test_c2_graph_as_text(platformctl):
    result = platformctl("graph")
    assert (result.code, result.err, platformctl.started) == (0, "", [])
    assert [line.rstrip() for line in result.out.splitlines()] == [
        "dev",
        "├── docs",
        "└── kms",
        "    └── vpc",
        "        └── api  also after kms",
    ]


def test_c2_graph_as_dot(platformctl):
    assert platformctl("graph", "--format", "dot").out == (
        'digraph {\n  "api";\n  "docs";\n  "kms";\n  "vpc";\n'
        '  "api" -> "kms";\n  "api" -> "vpc";\n  "vpc" -> "kms";\n}\n'
    )


def test_c2_graph_as_json(platformctl):
    assert json.loads(platformctl("graph", "--format", "json").out) == {
        "environment": "dev",
        "units": [
            {"name": "docs", "dependencies": []},
            {"name": "kms", "dependencies": []},
            {"name": "vpc", "dependencies": ["kms"]},
            {"name": "api", "dependencies": ["kms", "vpc"]},
        ],
    }


DEV, PROD = "dev: 4 units, no mistakes found\n", "prod: 4 units, no mistakes found\n"


@pytest.mark.parametrize(
    ("broken", "options", "out", "places"),
    [
        ((), (), DEV + PROD, ()),
        ((), ("--env", "prod"), PROD, ()),
        # One environment does not mind the others; of all of them every mistake is shown.
        (("prod",), ("--env", "dev"), DEV, ()),
        (("prod",), (), "", ("live/prod/vpc/terragrunt.hcl",)),
        (("dev", "prod"), (), "", ("live/dev/vpc/terragrunt.hcl", "live/prod/vpc/terragrunt.hcl")),
    ],
)
def test_c7_validate_checks_one_environment_or_all(platformctl, broken, options, out, places):
    platformctl.tree.standard(environment="prod")
    # Environments are found by their units, not by this file.
    (platformctl.tree.root / "live/dev/env.hcl").unlink()
    for environment in broken:
        platformctl.tree.write({f"live/{environment}/vpc/terragrunt.hcl": "broken"})
    result = platformctl("validate", *options)
    assert (result.code, result.out, platformctl.started) == (2 if places else 0, out, [])
    assert all(place in result.err for place in places)
    assert bool(result.err) is bool(places)


def test_c10_validate_says_so_when_there_is_nothing(platformctl):
    shutil.rmtree(platformctl.tree.root / "live" / "dev")
    result = platformctl("validate")
    assert (result.code, result.out.startswith("No units found in ")) == (0, True)


def test_c10_allowed_commands_and_features_reach_the_tree(platformctl, monkeypatch):
    feature = 'feature "size" {\n  default = 1\n}\n'
    platformctl.tree.unit("docs", f'{feature}inputs = {{ a = run_cmd("echo", "x"), b = feature.size.value }}\n')

    assert "Pass --allow-commands" in platformctl("validate").err
    assert platformctl("validate", "--allow-commands", "--feature", "size=2").code == 0
    assert '"size" is a number by its default' in platformctl("validate", "--allow-commands", "--feature", "size=x").err
    monkeypatch.setenv("PLATFORMCTL_ALLOW_COMMANDS", "1")
    assert 'a = "x"' in platformctl("render", "docs").out


def test_warnings_are_shown_and_stop_nothing(platformctl):
    platformctl.tree.unit("docs", 'inputs = {\n  title = "x"\n}\n')
    result = platformctl("validate")
    assert (result.code, result.out) == (0, "dev: 4 units, no mistakes found\n")
    assert result.err.startswith("warning: Input is not used\n")


def test_c7_validate_prints_findings_for_programs(platformctl):
    valid = {"format_version": "1.0", "valid": True, "error_count": 0, "warning_count": 0, "diagnostics": []}
    assert json.loads(platformctl("validate", "--json").out) == valid

    platformctl.tree.unit(
        "docs", 'locals {\n  \u00e9 = ["a"]\n}\ninputs = {\n  title = "\u00e9${local.\u00e9[7]}"\n}\n'
    )
    result = platformctl("validate", "--json")
    document = json.loads(result.out)
    (finding,) = document["diagnostics"]
    text = (platformctl.tree.root / "live/dev/docs/terragrunt.hcl").read_bytes()
    start, end = finding["range"]["start"], finding["range"]["end"]
    code = finding["snippet"]["code"].encode()

    assert (result.code, result.err, document["valid"], document["error_count"]) == (2, "", False, 1)
    assert finding["detail"] == "The index 7 does not exist: local.\u00e9 has 1 element, counted from 0."
    assert finding["range"]["filename"] == "live/dev/docs/terragrunt.hcl"
    assert text[start["byte"] : end["byte"]].decode() == "local.\u00e9[7]"
    assert text.splitlines()[start["line"] - 1] == code
    assert (
        code[finding["snippet"]["highlight_start_offset"] : finding["snippet"]["highlight_end_offset"]].decode()
        == "local.\u00e9[7]"
    )
    assert finding["snippet"]["values"] == [{"traversal": "local.\u00e9", "statement": 'is ["a"]'}]


def test_c7_warnings_for_programs_are_in_the_document(platformctl):
    platformctl.tree.unit("docs", 'inputs = {\n  title = "x"\n}\n')
    result = platformctl("validate", "--json")
    document = json.loads(result.out)
    assert (result.code, result.err, document["valid"], document["warning_count"]) == (0, "", True, 1)
    assert document["diagnostics"][0]["severity"] == "warning"


def test_c1_render_shows_what_terraform_gets(platformctl):
    result = platformctl("render", "vpc", "--suffix", "pr42")
    assert (result.code, result.err, platformctl.started) == (0, "", [])
    assert result.out == (
        'source = "modules/vpc"\n'
        "\n"
        "kms_key_arn = module.kms.key_arn\n"
        "\n"
        "# ---- backend.tf\n"
        "# Generated by Terragrunt. Sig: nIlQXj57tbuaRZEa\n"
        "terraform {\n"
        '  backend "s3" {\n'
        '    bucket = "states"\n'
        '    key    = "pr42/dev/vpc/terraform.tfstate"\n'
        '    region = "us-east-1"\n'
        "  }\n"
        "}\n"
        "\n"
        "# ---- provider.tf\n"
        "# Generated by Terragrunt. Sig: nIlQXj57tbuaRZEa\n"
        'provider "aws" {\n'
        '  region = "us-east-1"\n'
        "}\n"
    )


def test_c1_render_as_json(platformctl):
    document = json.loads(platformctl("render", "vpc", "--suffix", "pr42", "--json").out)
    assert document["unit"] == "vpc"
    assert document["source"] == "modules/vpc"
    assert document["dependencies"] == ["kms"]
    assert document["inputs"] == {"kms_key_arn": {"unknown": "module.kms.key_arn"}}
    assert document["remote_state"] == {
        "backend": "s3",
        "config": {"bucket": "states", "key": "pr42/dev/vpc/terraform.tfstate", "region": "us-east-1"},
    }
    assert sorted(document["generated"]) == ["backend.tf", "provider.tf"]


SECRETS = {
    "plain": 'sensitive("hunter2")',
    "list": '["a", sensitive("hunter2")]',
    "object": '{ a = { b = sensitive("hunter2") } }',
    "set": 'toset(["a", sensitive("hunter2")])',
    "template": '"x-${sensitive("hunter2")}"',
    "partly unknown": '"${dependency.kms.outputs.key_arn}-${sensitive("hunter2")}"',
    "unknown object": '{ a = dependency.kms.outputs.key_arn, b = sensitive("hunter2") }',
    "function": 'upper(sensitive("hunter2"))',
    "unknown function": 'join("-", [dependency.kms.outputs.key_arn, sensitive("hunter2")])',
    "conditional": 'dependency.kms.outputs.key_arn == "" ? sensitive("hunter2") : "x"',
    "encoded": 'jsonencode({ a = sensitive("hunter2"), b = dependency.kms.outputs.key_arn })',
    "merged": 'merge({ a = sensitive("hunter2") }, { b = dependency.kms.outputs.key_arn })',
    "for": '[for x in ["a"] : "${x}${sensitive("hunter2")}"]',
    "from the environment": 'sensitive(get_env("THE_SECRET"))',
}


@pytest.mark.parametrize("expression", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_c8_render_shows_no_secret(platformctl, monkeypatch, expression, options):
    monkeypatch.setenv("THE_SECRET", "hunter2")
    platformctl.tree.write({"modules/docs/main.tf": 'variable "value" { type = any }\n'})
    platformctl.tree.unit(
        "docs", f'dependency "kms" {{\n  config_path = "../kms"\n}}\n\ninputs = {{\n  value = {expression}\n}}\n'
    )
    result = platformctl("render", "docs", *options)
    assert result.code == 0, result.err
    assert "value" in result.out
    assert "hunter2" not in (result.out + result.err).lower()


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_c8_render_shows_no_generated_file_with_a_secret(platformctl, options):
    platformctl.tree.unit(
        "docs",
        'generate "secret" {\n  path = "secret.tf"\n  if_exists = "overwrite"\n'
        '  contents = "# ${sensitive("hunter2")}"\n}\n',
    )
    result = platformctl("render", "docs", *options)
    assert result.code == 0, result.err
    assert "secret.tf" in result.out
    assert "hunter2" not in result.out


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("git::https://user:hunter2@example.invalid/m.git//vpc?ref=v1", "v1"),
        ("git::https://hunter2@example.invalid/m.git//vpc?ref=v1", "v1"),
        ("git::https://example.invalid/m.git//vpc", "example.invalid/m.git//vpc"),
    ],
)
def test_c8_render_shows_a_git_source_without_its_credentials(platformctl, options, source, shown):
    platformctl.tree.write({"live/dev/docs/terragrunt.hcl": f'terraform {{\n  source = "{source}"\n}}\n'})
    result = platformctl("render", "docs", *options)
    assert result.code == 0, result.err
    assert "hunter2" not in result.out
    assert "//vpc" in result.out
    assert "None" not in result.out
    assert shown in result.out


def test_c7_render_of_an_unknown_unit(platformctl):
    result = platformctl("render", "vcp")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        'error: No such unit\n"vcp" is not in environment dev.\nfix: Units of this environment: api, docs, kms, vpc.\n'
    )


@pytest.mark.parametrize("command", [("graph",), ("validate",), ("render", "vpc")])
def test_a4_looking_at_the_live_tree_needs_neither_cloud_nor_terraform(platformctl, monkeypatch, command):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert platformctl(*command).code == 0
    assert not (platformctl.tree.root / ".platformctl").exists()
