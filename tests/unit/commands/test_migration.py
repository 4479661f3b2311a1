"""migrate-check: what of a repository works, differs and is missing, by construct and unit, with places (C10)."""

import json
import os
from pathlib import Path

import pytest

from orchestrator.cli.main import run
from orchestrator.commands.migration import _DIFFERENT, SupportStatus, _findings
from orchestrator.config.grammar import DIFFERENCES
from orchestrator.diagnostics import Diagnostic, Position, Range, Severity, Source

TREE = {
    "root.hcl": 'remote_state {\n  backend = "local"\n  config = {\n    path = "${get_terragrunt_dir()}/x.tfstate"\n  }\n}\n',
    "net/terragrunt.hcl": 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n',
    "net/main.tf": 'output "id" {\n  value = 1\n}\n',
    "app/web/terragrunt.hcl": (
        'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n\n'
        'dependency "net" {\n  config_path  = "../../net"\n  mock_outputs = { id = 0 }\n}\n\n'
        "inputs = {\n  id = dependency.net.outputs.id\n}\n"
    ),
    "app/web/main.tf": 'variable "id" {\n  type = number\n}\n',
}


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Writes files, and runs migrate-check on their folder: returns exit code and report."""
    for name in list(os.environ):
        if name.startswith(("PLATFORM", "TG_", "AWS_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLATFORMCTL_WORKING_DIR", "")

    def call(files):
        for name, text in files.items():
            path = tmp_path / "repository" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        before = sorted(tmp_path.rglob("*"))
        code = run(["migrate-check", str(tmp_path / "repository"), "--json"])
        printed = capsys.readouterr()
        assert sorted(tmp_path.rglob("*")) == before, "something was written"
        return code, json.loads(printed.out)

    return call


def constructs(report, status):
    return {item["name"]: item for item in report["constructs"] if item["status"] == status}


def test_c10_a_repository_that_works_is_complete_and_its_constructs_are_counted(check):
    code, report = check(TREE)
    assert (code, report["complete"], report["unread"]) == (0, True, [])
    assert report["units"] == ["app/web", "net"]
    works = constructs(report, "works")
    assert works["include"]["units"] == ["app/web", "net"]
    assert works["find_in_parent_folders()"]["units"] == ["app/web", "net"]
    assert works["dependency.config_path"]["units"] == ["app/web"]
    assert works["remote_state"]["units"] == ["app/web", "net"]
    assert constructs(report, "missing") == {}


def test_c10_what_differs_on_purpose_is_named_with_the_reason(check):
    code, report = check(TREE)
    found = constructs(report, "differs")["dependency.mock_outputs"]
    assert (code, found["units"]) == (0, ["app/web"])
    assert found["reason"] == f"No mocks: {DIFFERENCES['No mocks']}"


def test_c10_what_is_missing_is_grouped_with_all_its_places(check):
    refused = 'iam_role = "arn"\n'
    code, report = check(
        TREE
        | {
            "app/a/terragrunt.hcl": refused,
            "app/a/main.tf": "",
            "app/b/terragrunt.hcl": f"\n{refused}",
            "app/b/main.tf": "",
            "app/c/terragrunt.hcl": "broken",
            "app/d/terragrunt.hcl": 'include "root" {\n  path = "../nowhere.hcl"\n}\n',
            "app/e/terragrunt.hcl": "inputs = {\n  id = 1\n}\n",
        }
    )
    assert (code, report["complete"]) == (1, False)
    missing = constructs(report, "missing")
    assert missing["iam_role"]["places"] == ["app/a/terragrunt.hcl:1:1", "app/b/terragrunt.hcl:2:1"]
    assert missing["iam_role"]["units"] == ["app/a", "app/b"]
    assert missing["iam_role"]["hint"]
    assert "iam_role" not in constructs(report, "works")
    places = {place for item in missing.values() for place in item["places"]}
    assert {place.split(":")[0] for place in places} == {f"app/{name}/terragrunt.hcl" for name in "abcde"}
    assert report["unread"] == ["app/a", "app/b", "app/c", "app/d"]


def test_c10_one_bad_unit_hides_no_mistake_of_another(check):
    _, report = check(
        TREE | {"net/terragrunt.hcl": "broken", "app/web/main.tf": 'variable "other" {\n  type = number\n}\n'}
    )
    assert {item["reason"] for item in report["constructs"] if item["status"] == "missing"} == {
        'Expected a "=" and a value, or a "{" and a body after broken, but found the end of the file.',
        'Unit "app/web" has no input "other", which its module requires (number).',
    }


def test_c10_the_report_as_text_and_a_folder_without_units(check, tmp_path, capsys):
    check(TREE | {"app/a/terragrunt.hcl": 'iam_role = "arn"\n', "app/a/main.tf": ""})
    assert run(["migrate-check", str(tmp_path / "repository")]) == 1
    text = capsys.readouterr().out
    assert text.startswith("Missing\n  iam_role  (1 unit)\n")
    assert "    app/a/terragrunt.hcl:1:1\n" in text
    assert "\n\nDifferent\n  dependency.mock_outputs  (1 unit)\n" in text
    assert "\n\nWorks, with the number of units\n  dependency 1, " in text
    assert text.endswith(
        f"1 thing missing or wrong, in 1 of 3 units in {tmp_path}/repository. 1 unit could not be evaluated, so "
        "more may come to light.\n"
    )
    (tmp_path / "empty").mkdir()
    assert run(["migrate-check", str(tmp_path / "empty")]) == 2


def test_c10_what_works_with_an_option_alone_differs_and_is_not_missing():
    source = Source(Path("/r/a/terragrunt.hcl"), 'x = run_cmd("a")')
    place = Range(source, Position(1, 5), Position(1, 12))
    found = list(
        _findings(
            [
                Diagnostic(summary="Off", detail="Programs are off.", hint="Pass --allow-commands.", range=place),
                Diagnostic(summary="No effect", detail="It has none.", range=place, severity=Severity.WARNING),
                Diagnostic(summary="Wrong", detail="It is wrong."),
            ],
            {},
            {Path("/r/a"): "a"},
            Path("/r"),
        )
    )
    assert [(item.name, item.status, item.units) for item in found] == [
        ("Wrong", SupportStatus.MISSING, ()),
        ("run_cmd", SupportStatus.DIFFERS, ("a",)),
        ("run_cmd", SupportStatus.DIFFERS, ("a",)),
    ]


def test_c10_a_unit_that_only_a_program_could_evaluate_is_not_called_complete(check, tmp_path, capsys):
    code, report = check(
        TREE | {"app/a/terragrunt.hcl": 'locals {\n  a = run_cmd("hostname")\n}\n', "app/a/main.tf": ""}
    )
    assert (code, report["unread"], constructs(report, "missing")) == (1, ["app/a"], {})
    assert constructs(report, "differs")["run_cmd()"]["places"] == ["app/a/terragrunt.hcl:2:7"]
    assert run(["migrate-check", str(tmp_path / "repository")]) == 1
    assert capsys.readouterr().out.endswith(
        f"Nothing is missing in {tmp_path}/repository, as far as it could be read. 1 unit could not be evaluated, so "
        "more may come to light.\n"
    )


def test_c10_every_difference_is_one_of_the_registry():
    assert set(_DIFFERENT.values()) <= set(DIFFERENCES)
