"""Every type that the modules use has a known behaviour, a way to be recognised, and a way to be removed (B12)."""

import re
from pathlib import Path

import pytest

from orchestrator.adapters.aws.sweep import KINDS, Again
from orchestrator.adapters.aws.sweep.children import LISTERS
from orchestrator.adapters.aws.sweep.documents import types_of_module
from orchestrator.adapters.aws.sweep.kinds import kinds_of
from orchestrator.adapters.aws.sweep.removals import REMOVALS

ROOT = Path(__file__).parents[5]
MODULES = sorted(path.parent for path in (ROOT / "modules").glob("*/main.tf"))
# Service and type to the Terraform types that make it.
MADE = {(kind.service, kind.type) for kind in KINDS.values() if kind.service}


def types_in_modules():
    return {name for module in MODULES for name in types_of_module(module)}


def test_b12_every_type_of_the_modules_is_known():
    assert types_in_modules() - set(KINDS) == set()
    assert set(KINDS) - types_in_modules() == set(), "no module uses it any more"


def test_every_type_of_the_modules_is_in_the_documentation():
    rows = re.findall(
        r"^\| `(aws_\w+)` \| (\w+) \| (.+) \|$", (ROOT / "docs" / "recovery.md").read_text(), re.MULTILINE
    )
    documented = {name: (again, thing) for name, again, thing in rows}
    assert len(documented) == len(rows)
    assert documented == {
        name: (
            str(kind.again),
            f"{kind.service} {kind.type}" if kind.service else "a setting: goes with what it is set on",
        )
        for name, kind in KINDS.items()
    }


def test_b12_what_the_modules_make_can_be_removed_and_nothing_else():
    # Network interfaces are not made by Terraform, and keep networks from going.
    assert set(REMOVALS) == MADE | {("ec2", "network-interface")}


def test_what_would_be_refused_or_doubled_stands_by_itself():
    settings = {name for name, kind in KINDS.items() if not kind.service}
    assert {KINDS[name].again for name in settings} == {Again.SAME}


def test_children_are_looked_for_below_what_the_modules_make():
    assert set(LISTERS) <= MADE


@pytest.mark.parametrize(
    ("name", "attributes", "identifier"),
    [
        ("aws_vpc", {"id": "vpc-1"}, "vpc-1"),
        ("aws_vpc", {"id": None}, None),
        ("aws_vpc", {}, None),
        ("aws_lambda_permission", {"function_name": "f-pr42", "statement_id": "Allow"}, "f-pr42 Allow"),
        (
            "aws_lambda_permission",
            {"function_name": "arn:aws:lambda:us-east-1:123456789012:function:f-pr42:live", "statement_id": "Allow"},
            "f-pr42 Allow",
        ),
        ("aws_lambda_permission", {"function_name": "f-pr42", "statement_id": None}, None),
        ("aws_route", {"route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0"}, "rtb-1 0.0.0.0/0"),
        (
            "aws_route",
            {"route_table_id": "rtb-1", "destination_cidr_block": "", "destination_ipv6_cidr_block": "::/0"},
            "rtb-1 ::/0",
        ),
        ("aws_route", {"route_table_id": "rtb-1"}, None),
        ("aws_api_gateway_method", {"rest_api_id": "a", "resource_id": "r", "http_method": "GET"}, "a r GET"),
        ("aws_api_gateway_method", {"rest_api_id": "a", "resource_id": "r"}, None),
        ("aws_iam_role_policy_attachment", {"id": "x", "role": "r"}, None),
    ],
)
def test_an_instance_is_recognised_by_its_attributes(name, attributes, identifier):
    kind = KINDS[name]
    expected = None if identifier is None else (kind.service, kind.type, identifier)
    assert kind.key(attributes) == expected


@pytest.mark.parametrize(("service", "kind"), sorted(REMOVALS), ids=lambda part: part)
def test_every_removal_takes_all_parts_of_an_identifier_and_tells_the_command(service, kind):
    removal = REMOVALS[service, kind]
    parts = [f"part{number}" for number in range(removal.parts)]
    assert removal.split(" ".join(parts)) == parts
    words = removal.command(" ".join(parts))
    assert words.startswith("aws ")
    if (service, kind) != ("apigateway", "account-role"):
        assert [part for part in parts if part not in words] == []


# What is part of something else begins with that thing's identifier.
PARTS = {
    ("aws_route", "ec2", "route"): 2,
    ("aws_lambda_permission", "lambda", "permission"): 2,
    ("aws_api_gateway_method", "apigateway", "method"): 3,
    ("aws_api_gateway_usage_plan_key", "apigateway", "usage-plan-key"): 2,
    ("aws_cloudwatch_log_stream", "logs", "log-stream"): 2,
    ("aws_cloudwatch_log_metric_filter", "logs", "metric-filter"): 2,
}


@pytest.mark.parametrize(("name", "service", "kind"), sorted(PARTS))
def test_identifiers_of_parts_have_as_many_words_as_their_removal_expects(name, service, kind):
    every = {"destination_cidr_block": "10.0.0.0/8", "function_name": "f"}
    attributes = (
        dict.fromkeys(
            (
                "rest_api_id",
                "resource_id",
                "http_method",
                "usage_plan_id",
                "key_id",
                "statement_id",
                "log_group_name",
                "name",
            ),
            "x",
        )
        | {"route_table_id": "rtb-1"}
        | every
    )
    _, _, identifier = KINDS[name].key(attributes)
    assert len(identifier.split(" ")) == REMOVALS[service, kind].parts == PARTS[name, service, kind]


def test_the_types_of_a_module_are_read_from_its_files(tmp_path):
    (tmp_path / "main.tf").write_text('resource "aws_vpc" "this" {}\n\ndata "aws_partition" "this" {}\n')
    (tmp_path / "more.tf").write_text('resource "aws_subnet" "a" {}\nresource "aws_subnet" "b" {}\n')
    assert types_of_module(tmp_path) == {"aws_vpc", "aws_subnet"}
    assert kinds_of({"aws_vpc", "aws_subnet", "aws_unheard_of", "aws_s3_bucket_policy"}) == {
        ("ec2", "vpc"),
        ("ec2", "subnet"),
    }


@pytest.mark.parametrize(
    "files", [{"main.tf": 'module "x" {\n  source = "../x"\n}\n'}, {"main.tf": "", "more.tf.json": "{}"}]
)
def test_where_a_module_calls_others_anything_may_have_been_made(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert types_of_module(tmp_path) is None
