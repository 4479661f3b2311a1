"""Every type that the modules use has a row: it is listed, recognised in states, and deleted (B12)."""

import re
from pathlib import Path

import pytest

from orchestrator.adapters.aws.listing import ServiceListing
from orchestrator.adapters.aws.rows import Again, StillInUseError
from orchestrator.adapters.aws.services import ROWS, SERVICES, TERRAFORM_TYPES, command, removal, types_made_by
from orchestrator.adapters.aws.sweep.documents import types_of_module
from tests.fakes.aws_services import FakeServices

ROOT = Path(__file__).parents[4]
# An administrator applies ci_role once per account; no deployment has it.
MODULES = sorted(path.parent for path in (ROOT / "modules").glob("*/main.tf") if path.parent.name != "ci_role")
REMOVABLE = sorted(kind for kind, row in ROWS.items() if row.removal)
MADE = {(made.service, made.type) for made in TERRAFORM_TYPES.values() if made.service}


def table(page):
    return re.findall(r"^\| `?(\w+)`? \| ([\w-]+) \| (.+) \|$", (ROOT / "docs" / page).read_text(), re.MULTILINE)


def files_of(folder):
    return {path.name: path for path in folder.iterdir()}


def test_b12_every_type_of_the_modules_has_a_row_and_no_other():
    assert {name for module in MODULES for name in types_of_module(files_of(module))} == set(TERRAFORM_TYPES)


def test_every_terraform_type_is_in_the_documentation():
    rows = [row for row in table("recovery.md") if row[0].startswith("aws_")]
    assert sorted(rows) == sorted(
        (
            name,
            str(made.again),
            f"{made.service} {made.type}" if made.service else "a setting: goes with what it is set on",
        )
        for name, made in TERRAFORM_TYPES.items()
    )


def test_every_row_is_in_the_documentation():
    def made_by(row):
        return ", ".join(f"`{made.name}`" for made in row.made_by)

    rows = [(service, kind, made_by(row) or "listed only") for (service, kind), row in ROWS.items()]
    expected = "\n".join(f"| {service} | {kind} | {made} |" for service, kind, made in rows)
    documented = [found for found in table("contributing/aws-resource-type.md") if found[0] in SERVICES]
    assert documented == rows, f"the table should be:\n{expected}"


def test_the_row_of_the_documentation_works():
    page = (ROOT / "docs" / "contributing" / "aws-resource-type.md").read_text()
    names = {}
    exec(page.split("```python\n")[1].split("```")[0], names)
    (row,) = names["SERVICE"].rows
    services = FakeServices({"ssm": {"describe_parameters": ({"Name": "a-pr42"}, {"Name": "a-pr7"})}})
    listing = ServiceListing(service="ssm", clients={"ssm": services("ssm")}, suffix="pr42")
    assert [found.identifier for found in row.lister(listing)] == ["a-pr42"]
    row.removal.remove(services("ssm"), "a-pr42")
    assert (services.changes, row.removal.command) == (["delete_parameter"], "delete-parameter --name {0}")


def test_b12_what_the_modules_make_can_be_removed_and_nothing_else():
    # Terraform does not make network interfaces, but they prevent the deletion of networks.
    assert set(REMOVABLE) == MADE | {("ec2", "network-interface")}


def test_what_would_be_refused_or_doubled_has_a_row_of_its_own():
    assert {made.again for made in TERRAFORM_TYPES.values() if not made.service} == {Again.SAME}


def test_children_have_a_parent_of_their_own_service():
    children = {(service, row.below): kind for (service, kind), row in ROWS.items() if row.below}
    assert set(children) <= {kind for kind, row in ROWS.items() if not row.below}


API = {"rest_api_id": "a", "resource_id": "r"}
ROUTE = {"route_table_id": "rtb-1"}


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
        ("aws_route", ROUTE | {"destination_cidr_block": "0.0.0.0/0"}, "rtb-1 0.0.0.0/0"),
        ("aws_route", ROUTE | {"destination_cidr_block": "", "destination_ipv6_cidr_block": "::/0"}, "rtb-1 ::/0"),
        ("aws_route", ROUTE, None),
        ("aws_api_gateway_method", API | {"http_method": "GET"}, "a r GET"),
        ("aws_api_gateway_method", API, None),
        ("aws_api_gateway_usage_plan_key", {"usage_plan_id": "u", "key_id": "k"}, "u k"),
        ("aws_cloudwatch_log_stream", {"log_group_name": "g", "name": "s"}, "g s"),
        ("aws_cloudwatch_log_metric_filter", {"log_group_name": "g", "name": "two words"}, "g two words"),
        ("aws_iam_role_policy_attachment", {"id": "x", "role": "r"}, None),
    ],
)
def test_an_instance_is_recognised_by_its_attributes(name, attributes, identifier):
    made = TERRAFORM_TYPES[name]
    assert made.key(attributes) == (None if identifier is None else (made.service, made.type, identifier))
    if identifier is not None:
        # What is part of something else begins with that thing's identifier.
        found = removal(made.service, made.type)
        assert len(found.split(identifier)) == found.parts


# Resources that something else holds, and the calls that delete them.
HELD = {
    ("apigateway", "usage-plan"): (
        "plan",
        {"get_usage_plan": {"apiStages": [{"apiId": "a", "stage": "v1"}]}},
        ["update_usage_plan", "delete_usage_plan"],
    ),
    ("apigateway", "rest-api"): (
        "api",
        {
            "get_usage_plans": (
                {"id": "one", "apiStages": [{"apiId": "api", "stage": "v1"}, {"apiId": "other", "stage": "v1"}]},
                {"id": "two", "apiStages": [{"apiId": "other", "stage": "v1"}]},
            )
        },
        ["update_usage_plan", "delete_rest_api"],
    ),
    ("config", "configuration-recorder"): (
        "name",
        {},
        ["stop_configuration_recorder", "delete_configuration_recorder"],
    ),
    ("config", "delivery-channel"): (
        "name",
        {
            "describe_configuration_recorders": (
                {"name": "ours"},
                {"name": "theirs", "servicePrincipal": "x.amazonaws.com"},
            )
        },
        ["stop_configuration_recorder", "delete_delivery_channel"],
    ),
    ("ec2", "internet-gateway"): (
        "igw-1",
        {"describe_internet_gateways": ({"Attachments": [{"VpcId": "vpc-1"}]},)},
        ["detach_internet_gateway", "delete_internet_gateway"],
    ),
    ("ec2", "network-acl"): (
        "acl-1",
        {
            "describe_network_acls": (
                {"VpcId": "vpc-1", "NetworkAclId": "acl-0", "Associations": [{"NetworkAclAssociationId": "a"}]},
            )
        },
        ["replace_network_acl_association", "delete_network_acl"],
    ),
    ("ec2", "network-interface"): (
        "eni-1",
        {"describe_network_interfaces": ({"Status": "available"},)},
        ["delete_network_interface"],
    ),
    ("ec2", "route"): ("rtb-1 ::/0", {}, ["delete_route"]),
    ("ec2", "route-table"): (
        "rtb-1",
        {"describe_route_tables": ({"Associations": [{"Main": True}, {"RouteTableAssociationId": "rtbassoc-1"}]},)},
        ["disassociate_route_table", "delete_route_table"],
    ),
    ("ec2", "security-group"): (
        "sg-1",
        {
            "describe_security_group_rules": (
                {"GroupId": "sg-1", "SecurityGroupRuleId": "sgr-1", "IsEgress": True},
                {"GroupId": "sg-1", "SecurityGroupRuleId": "sgr-2", "IsEgress": False},
                {"GroupId": "sg-2", "SecurityGroupRuleId": "sgr-3", "IsEgress": False},
            )
        },
        ["revoke_security_group_egress", "revoke_security_group_ingress", "delete_security_group"],
    ),
    ("ec2", "security-group-rule"): (
        "sgr-1",
        {"describe_security_group_rules": ({"GroupId": "sg-1", "SecurityGroupRuleId": "sgr-1", "IsEgress": False},)},
        ["revoke_security_group_ingress"],
    ),
    ("ec2", "vpc-endpoint"): (
        "vpce-1",
        {"delete_vpc_endpoints": {"Unsuccessful": [{"Error": {"Code": "InvalidVpcEndpointId.NotFound"}}]}},
        ["delete_vpc_endpoints"],
    ),
    ("events", "rule"): (
        "arn:aws:events:us-east-1:1:rule/bus/name",
        {"list_targets_by_rule": ({"Id": "1"},)},
        ["remove_targets", "delete_rule"],
    ),
    ("iam", "role"): (
        "name",
        {"list_attached_role_policies": ({"PolicyArn": f"{'arn':*^20}"},)},
        ["detach_role_policy", "delete_role"],
    ),
    ("iam", "policy"): (
        f"{'arn':*^20}",
        {
            "list_entities_for_policy": {"PolicyRoles": [{"RoleName": "name"}]},
            "list_policy_versions": (
                {"VersionId": "v2", "IsDefaultVersion": True},
                {"VersionId": "v1", "IsDefaultVersion": False},
            ),
        },
        ["detach_role_policy", "delete_policy_version", "delete_policy"],
    ),
    ("lambda", "event-source-mapping"): (f"{'uuid':*^36}", {}, ["delete_event_source_mapping"]),
    ("s3", "bucket"): (
        "name",
        {
            "list_object_versions": {
                "Versions": [{"Key": "a", "VersionId": "1"}],
                "DeleteMarkers": [{"Key": "a", "VersionId": "2"}],
            }
        },
        ["delete_objects", "delete_bucket"],
    ),
    ("wafv2", "web-acl"): (
        f"arn:aws:wafv2:us-east-1:1:regional/webacl/name/{'id':*^36}",
        {"get_web_acl": {"LockToken": "token" * 8}, "list_resources_for_web_acl": {"ResourceArns": [f"{'arn':*^20}"]}},
        ["delete_web_acl"],
    ),
}


def remove(service, kind, identifier, services):
    found = removal(service, kind)
    found.remove(services(service), *found.split(identifier))


@pytest.mark.parametrize(("service", "kind"), REMOVABLE, ids=lambda part: part)
def test_b12_every_removal_is_a_call_that_aws_knows(service, kind):
    """FakeServices checks operations and parameters against AWS's service models."""
    # Long enough for every identifier that the models describe.
    parts = " ".join(f"{f'part{number}':-<20}" for number in range(removal(service, kind).parts))
    identifier, answers, calls = HELD.get((service, kind), (parts, {}, None))
    services = FakeServices({service: answers})
    remove(service, kind, identifier, services)
    assert services.changes == (calls or services.changes[:1])


def test_b12_a_web_acl_leaves_the_apis_that_it_protects():
    identifier, answers, _ = HELD["wafv2", "web-acl"]
    services = FakeServices({"wafv2": answers}, delete_web_acl=["WAFAssociatedItemException"])
    remove("wafv2", "web-acl", identifier, services)
    assert services.changes == ["disassociate_web_acl", "delete_web_acl"]


@pytest.mark.parametrize(
    ("service", "kind", "answers", "reason"),
    [
        (
            "ec2",
            "flow-log",
            {"delete_flow_logs": {"Unsuccessful": [{"Error": {"Code": "x", "Message": "not yet"}}]}},
            "not yet",
        ),
        (
            "ec2",
            "network-interface",
            {"describe_network_interfaces": ({"Status": "in-use", "Description": "Lambda"},)},
            "in use: Lambda",
        ),
        (
            "s3",
            "bucket",
            {
                "list_object_versions": {"Versions": [{"Key": "a", "VersionId": "1"}]},
                "delete_objects": {"Errors": [{"Key": "a", "Code": "SlowDown"}]},
            },
            "a: SlowDown",
        ),
    ],
)
def test_b12_what_others_still_use_is_an_error_that_passes(service, kind, answers, reason):
    with pytest.raises(StillInUseError, match=f"^{reason}$"):
        remove(service, kind, "name", FakeServices({service: answers}))


@pytest.mark.parametrize(("service", "kind"), REMOVABLE, ids=lambda part: part)
def test_every_command_names_all_parts_of_an_identifier(service, kind):
    parts = [f"part{number}" for number in range(removal(service, kind).parts)]
    words = command(service, kind, " ".join(parts))
    assert words.startswith(f"aws {SERVICES[service].cli or service} ")
    if (service, kind) != ("apigateway", "account-role"):
        assert [part for part in parts if part not in words] == []


@pytest.mark.parametrize(
    ("service", "kind", "identifier", "expected"),
    [
        ("rds", "instance", "db", "aws rds delete-db-instance --db-instance-identifier db --skip-final-snapshot"),
        ("config", "rule", "r", "aws configservice delete-config-rule --config-rule-name r"),
        ("lambda", "event-source-mapping", "u", "aws lambda delete-event-source-mapping --uuid u"),
        ("kms", "key", "k", "aws kms schedule-key-deletion --key-id k --pending-window-in-days 7"),
        ("ec2", "vpc-endpoint", "vpce-1", "aws ec2 delete-vpc-endpoints --vpc-endpoint-ids vpce-1"),
        ("s3", "bucket", "b", "aws s3 rb --force s3://b"),
    ],
)
def test_commands_are_those_of_the_aws_cli(service, kind, identifier, expected):
    assert command(service, kind, identifier) == expected


def test_the_types_of_a_module_are_read_from_its_files(tmp_path):
    (tmp_path / "main.tf").write_text('resource "aws_vpc" "this" {}\n\ndata "aws_partition" "this" {}\n')
    (tmp_path / "more.tf").write_text('resource "aws_subnet" "a" {}\nresource "aws_subnet" "b" {}\n')
    assert types_of_module(files_of(tmp_path)) == {"aws_vpc", "aws_subnet"}
    assert types_made_by({"aws_vpc", "aws_subnet", "aws_unheard_of", "aws_s3_bucket_policy"}) == {
        ("ec2", "vpc"),
        ("ec2", "subnet"),
        # It goes with its network.
        ("ec2", "network-interface"),
    }


def test_the_types_of_a_module_include_those_of_the_folders_that_it_calls(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "one" / "main.tf").write_text('resource "aws_vpc" "this" {}\nmodule "x" {\n  source = "../other"\n}\n')
    (tmp_path / "other" / "main.tf").write_text('resource "aws_subnet" "this" {}\n')
    assert types_of_module(files_of(tmp_path / "one")) == {"aws_vpc", "aws_subnet"}


@pytest.mark.parametrize(
    "files",
    [
        {"main.tf": 'module "x" {\n  source = "../gone"\n}\n'},
        {"main.tf": 'module "x" {\n  source = "hashicorp/vpc/aws"\n}\n'},
        {"main.tf": "", "more.tf.json": "{}"},
    ],
)
def test_where_a_module_calls_what_is_not_here_anything_may_have_been_made(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert types_of_module(files_of(tmp_path)) is None
