"""A2, B12: what a killed Terraform leaves is found and goes, in whatever order its parts hold each other; what a state records stays."""

import pytest

from orchestrator.adapters.aws.inventory import list_resources
from orchestrator.adapters.aws.services import TERRAFORM_TYPES
from orchestrator.adapters.aws.sweep import reclaim, sweep, unrecorded
from tests.cloud.platform_things import CHILDREN, WAITING, compute, everything, identity, messaging, network


def state(made):
    """A state document that records these things."""
    resources = [
        {"mode": "managed", "type": kind, "name": "this", "instances": [{"attributes": attributes}]}
        for kind, attributes in made
    ]
    return {"version": 4, "resources": resources}


def keys(made):
    return {TERRAFORM_TYPES[kind].key(attributes) for kind, attributes in made}


def of(found):
    """Keys as states have them: a queue by its name."""
    return {(thing.service, thing.type, thing.name if thing.service == "sqs" else thing.identifier) for thing in found}


def swept(client, suffix, states):
    said = []
    assert sweep(client, suffix, states, patience=30, say=said.append) == ()
    return said


@pytest.fixture
def cleared(client):
    """Suffixes whose things are removed after the test, whatever became of it."""
    suffixes = []
    yield suffixes.append
    for suffix in suffixes:
        swept(client, suffix, [])


def test_b12_where_no_state_knows_anything_everything_goes(client, cleared):
    cleared("swall")
    made = everything(client, "swall")
    standing = [(kind, attributes) for kind, attributes in made if kind not in CHILDREN | WAITING]
    found = of(unrecorded(client, "swall", []))
    assert keys(standing) <= found
    # The network interface of the NAT gateway is nobody's in particular.
    assert {kind for _, kind, _ in found - keys(standing)} <= {"network-interface"}
    said = swept(client, "swall", [])
    assert len(said) >= len(standing)
    assert list_resources(client, "swall") == []


def test_b12_where_the_states_know_everything_nothing_is_touched(client, cleared):
    cleared("swnone")
    made = everything(client, "swnone")
    before = list_resources(client, "swnone")
    documents = [state(made[start::3]) for start in range(3)]
    assert unrecorded(client, "swnone", documents) == ()
    assert swept(client, "swnone", documents) == []
    assert list_resources(client, "swnone") == before


def test_b12_what_hangs_on_recorded_things_goes_and_they_stay(client, cleared):
    cleared("swkids")
    made = [item for maker in (network, identity, compute, messaging) for item in maker(client, "swkids")]
    kept = [item for item in made if item[0] not in CHILDREN]
    before = list_resources(client, "swkids")
    assert of(unrecorded(client, "swkids", [state(kept)])) == keys(made) - keys(kept)
    assert {kind for kind, _ in made if kind in CHILDREN} == CHILDREN
    swept(client, "swkids", [state(kept)])
    assert list_resources(client, "swkids") == before
    # What went can be made again: nothing of it is left to say no.
    ec2, functions = client("ec2"), client("lambda")
    routes = dict(made)["aws_route"]
    (gateway,) = [attributes["id"] for kind, attributes in made if kind == "aws_internet_gateway"]
    ec2.create_route(RouteTableId=routes["route_table_id"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    functions.add_permission(
        FunctionName="lambda-ingest-swkids",
        StatementId="AllowApi",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )


def test_b15_nothing_of_another_deployment_is_touched(client, cleared):
    cleared("swx")
    cleared("aswx")
    for maker in (identity, messaging):
        list(maker(client, "swx"))
    list(network(client, "aswx"))
    other = list_resources(client, "aswx")
    swept(client, "swx", [])
    assert list_resources(client, "swx") == []
    assert list_resources(client, "aswx") == other


def test_b12_the_units_that_were_not_killed_keep_even_what_no_state_knows(client, cleared):
    cleared("swonly")
    list(identity(client, "swonly"))
    list(network(client, "swonly"))
    sweep(client, "swonly", [], patience=30, say=lambda _line: None, types={"aws_kms_key", "aws_kms_alias"})
    left = {(thing.service, thing.type) for thing in list_resources(client, "swonly")}
    assert not {("kms", "key"), ("kms", "alias")} & left
    assert {("ec2", "vpc"), ("iam", "role")} <= left


def test_e4_what_services_made_or_kept_is_removed_and_what_terraform_left_is_not(client, cleared):
    """RDS brought a group back without tags, the account still names a role that has gone, and a tagged group is a real leftover."""
    cleared("reclaim")
    logs, api = client("logs"), client("apigateway")
    logs.create_log_group(logGroupName="/aws/rds/cluster/aurora-reclaim/postgresql")
    logs.create_log_group(logGroupName="/aws/lambda/lambda-api-reclaim", tags={"Suffix": "reclaim"})
    before = api.get_account().get("cloudwatchRoleArn", "")
    role = "arn:aws:iam::123456789012:role/iam-role-api-logs-reclaim"
    api.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
    messages = []
    reclaim(client, "another", say=messages.append)
    assert messages == []
    reclaim(client, "reclaim", say=messages.append)
    assert sorted(message.split()[1:3] for message in messages) == [
        ["apigateway", "account-role"],
        ["logs", "log-group"],
    ]
    assert [item.identifier for item in list_resources(client, "reclaim")] == ["/aws/lambda/lambda-api-reclaim"]
    api.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": before}])
