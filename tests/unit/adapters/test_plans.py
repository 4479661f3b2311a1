"""Kept plans on disk, and the fingerprints that tell whether one is stale (C3, C7, C8)."""

import hashlib
import json
import stat
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orchestrator.adapters import plans
from orchestrator.adapters.plans import fingerprint, read_kept_plan, write_plan
from orchestrator.config import compose
from orchestrator.engine.plan import AttributeChange, Basis, KeptPlan, PlannedChange, StackPlan, state_version
from orchestrator.errors import ExitCode, UsageError
from orchestrator.hcl import Scope, evaluate, parse_expression, print_value, unknown_reference
from orchestrator.hcl.values import Sensitive, SetValue
from orchestrator.model.status import Action
from tests.fakes.errors import error_of

KEPT = KeptPlan(
    suffix="pr42",
    environment="dev",
    target="local",
    account="123456789012",
    created="2026-01-31T08:15:00+00:00",
    only=("vpc",),
    account_settings=(),
    plan=StackPlan(
        units={
            "vpc": (
                PlannedChange(
                    address="aws_vpc.this",
                    action=Action.UPDATE,
                    attributes=(
                        AttributeChange(name="password", sensitive=True),
                        AttributeChange(name="é", after="日本"),
                    ),
                ),
            )
        }
    ),
    basis=Basis(configuration={"vpc": "0" * 64}, states={"vpc": "3f2c/7"}),
)


@pytest.fixture
def module(tmp_path):
    folder = tmp_path / "modules" / "vpc"
    (folder / "policies").mkdir(parents=True)
    (folder / "main.tf").write_text('variable "cidr" {}\n')
    (folder / "policies" / "key.json").write_text("{}")
    return folder


def print_in(unit, module):
    return fingerprint(unit, compose(unit, root=module, subdirectory=""))


@pytest.fixture
def print_of(unit_of, module):
    """The fingerprint of a unit with these inputs and generated files."""

    def make(inputs=None, generated=(), name="vpc"):
        return print_in(unit_of(name, inputs=inputs or {}, generated=generated), module)

    return make


def test_c3_a_kept_plan_comes_back_as_it_was(tmp_path):
    write_plan(tmp_path / "plan.json", KEPT)
    assert read_kept_plan(tmp_path / "plan.json") == KEPT


def test_c8_only_its_owner_can_read_a_kept_plan(tmp_path):
    write_plan(tmp_path / "plan.json", KEPT)
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_a_plan_is_replaced_whole(tmp_path):
    file = tmp_path / "plan.json"
    file.write_text("x" * 100_000)
    write_plan(file, KEPT)
    assert read_kept_plan(file) == KEPT


def test_a_plan_that_cannot_be_kept(tmp_path):
    file = tmp_path / "no folder" / "plan.json"
    error = error_of(lambda: write_plan(file, KEPT))
    assert (error.summary, error.detail) == ("The plan could not be kept", f"{file}: No such file or directory.")
    assert error.exit_code is ExitCode.FAILED


def test_c7_a_plan_that_is_not_there(tmp_path):
    file = tmp_path / "plan.json"
    error = error_of(lambda: read_kept_plan(file), UsageError)
    assert (error.summary, error.detail, error.hint) == (
        "The plan cannot be read",
        f"{file}: No such file or directory.",
        "Make one with platformctl plan --out FILE.",
    )


WHOLE = json.dumps({"format_version": "1.0"})


@pytest.mark.parametrize(
    ("contents", "why"),
    [
        (b"", "it is not a plan that platformctl kept."),
        (b"PK\x03\x04\xff\xfe terraform's own", "it is not a plan that platformctl kept."),
        (b"[1, 2", "it is not a plan that platformctl kept."),
        (b"null", "it is not a plan that platformctl kept."),
        (WHOLE.encode(), "it is damaged, or was edited by hand: Object missing required field `suffix`."),
        (b"[" * 100_000, "it is not a plan that platformctl kept."),
    ],
    ids=["empty", "binary", "cut off", "null", "fields missing", "nested without end"],
)
def test_c7_a_file_that_is_no_plan(tmp_path, contents, why):
    file = tmp_path / "plan.json"
    file.write_bytes(contents)
    error = error_of(lambda: read_kept_plan(file), UsageError)
    assert (error.summary, error.detail) == ("The plan cannot be used", f"{file}: {why}")


@pytest.mark.parametrize(
    ("document", "version"),
    [(None, ""), ({"lineage": "3f2c", "serial": 7}, "3f2c/7"), ({"lineage": "3f2c", "serial": 0}, "3f2c/0")],
)
def test_c7_the_version_of_a_state(document, version):
    assert state_version(document) == version


INPUTS = {
    "text": "10.0.0.0/16",
    "number": Decimal("1.5"),
    "list": ["a", "b"],
    "set": SetValue(("a", "b")),
    "map": {"b": 1, "a": None},
    "later": unknown_reference("module", "kms", "key_arn"),
}


def test_c7_a_fingerprint_is_the_same_every_time(print_of):
    assert print_of(INPUTS) == print_of(dict(reversed(INPUTS.items())))
    assert len(print_of()) == len(hashlib.sha256().hexdigest())


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "10.1.0.0/16"},
        {"number": Decimal("1.25")},
        {"list": ["b", "a"]},
        {"set": SetValue(("a", "c"))},
        {"map": {"b": 1, "a": 2}},
        {"later": unknown_reference("module", "kms", "other_arn")},
        {"later": "arn:1"},
        {"more": 1},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_c7_every_input_counts(print_of, changed):
    assert print_of(INPUTS) != print_of(INPUTS | changed)


def test_c7_generated_files_count_by_name_and_contents(print_of, file_of):
    prints = {print_of(generated=[file_of(name, text)]) for name, text in (("a.tf", "x"), ("b.tf", "x"), ("a.tf", "y"))}
    assert len(prints) == 3
    assert print_of() not in prints


@pytest.mark.parametrize(
    ("name", "contents"),
    [
        ("main.tf", "variable {}"),
        ("policies/key.json", "[]"),
        ("new.tf", ""),
        ("policies/new/deep.json", ""),
        # No part of what Terraform wrote: somebody's own.
        ("terraform.tfvars", "a = 1"),
    ],
)
def test_c7_every_file_of_the_module_counts(print_of, module, name, contents):
    before = print_of()
    (module / name).parent.mkdir(parents=True, exist_ok=True)
    (module / name).write_text(contents)
    assert print_of() != before


def test_c7_a_file_that_was_renamed_or_taken_out_counts(print_of, module):
    before = print_of()
    (module / "main.tf").rename(module / "other.tf")
    renamed = print_of()
    (module / "other.tf").unlink()
    assert len({before, renamed, print_of()}) == 3


@pytest.mark.parametrize(
    "name",
    [
        ".terraform/providers/aws",
        ".terraform.lock.hcl",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "policies/.terraform/x",
        "examples/basic/main.tf",
        "examples/basic/.terraform/providers/aws",
    ],
)
def test_c7_what_terraform_wrote_beside_a_module_and_its_examples_do_not_count(print_of, module, name):
    before = print_of()
    (module / name).parent.mkdir(parents=True, exist_ok=True)
    (module / name).write_text("x")
    assert print_of() == before


def test_c7_the_module_may_lie_anywhere(print_of, module, unit_of, tmp_path):
    """A clone in another folder, on another machine, has the same fingerprint."""
    moved = tmp_path / "elsewhere"
    before = print_of(INPUTS)
    module.rename(moved)
    assert print_in(unit_of("vpc", inputs=INPUTS), moved) == before


def hashed(monkeypatch, unit, module):
    """Everything that goes into a fingerprint."""
    seen = []

    def sha256(data=b""):
        seen.append(data)
        return hashlib.new("sha256", data)

    monkeypatch.setattr(plans.hashlib, "sha256", sha256)
    print_in(unit, module)
    return b"".join(seen)


@pytest.mark.parametrize(
    "value",
    [
        Sensitive("hunter2"),
        Sensitive({"password": "hunter2"}),
        {"a": [Sensitive("hunter2")]},
        [{"a": {"b": Sensitive("hunter2")}}],
        SetValue((Sensitive("hunter2"),)),
    ],
    ids=["text", "object", "in a list", "deep", "in a set"],
)
def test_c8_nobody_can_try_secrets_against_a_fingerprint(print_of, unit_of, module, monkeypatch, value):
    assert b"hunter2" in hashed(monkeypatch, unit_of(inputs={"p": "hunter2"}), module)
    assert b"hunter2" not in hashed(monkeypatch, unit_of(inputs={"p": value}), module)


def test_c8_a_generated_file_with_secrets_counts_by_its_name_alone(print_of, unit_of, file_of, module, monkeypatch):
    file = replace(file_of("secret.tf", "hunter2"), sensitive=True)
    unit = unit_of(generated=[file])
    assert b"hunter2" not in hashed(monkeypatch, unit, module)
    monkeypatch.undo()
    assert print_in(unit, module) != print_of()


@pytest.mark.parametrize("text", ['"${secret}/${later}"', "[secret, later]", "{ a = { b = later, c = secret } }"])
def test_c8_a_secret_mixed_with_what_is_not_known_is_no_part_of_it(unit_of, module, monkeypatch, text):
    variables = {"secret": Sensitive("hunter2"), "later": unknown_reference("module", "kms", "key_arn")}
    value = evaluate(parse_expression(text, Path("x.hcl")), Scope(variables=variables, functions={}))
    assert "hunter2" in print_value(value)
    assert b"hunter2" not in hashed(monkeypatch, unit_of(inputs={"p": value}), module)
