"""What is in no state is found, and what a state records is not touched, whatever the states look like (B12)."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.adapters.aws.inventory import Resource
from orchestrator.adapters.aws.sweep import KINDS, Unrecorded
from orchestrator.adapters.aws.sweep import recorded as module
from orchestrator.adapters.aws.sweep.kinds import kinds_of
from orchestrator.adapters.aws.sweep.recorded import recorded, unrecorded


def state(*resources):
    """A state document: (type, attributes) of each instance."""
    return {
        "version": 4,
        "resources": [
            {"mode": "managed", "type": kind, "name": "this", "instances": [{"attributes": attributes}]}
            for kind, attributes in resources
        ],
    }


def thing(service, kind, identifier, **more):
    return Resource(service=service, type=kind, identifier=identifier, **more)


def found(monkeypatch, things, states, *, children=(), types=None):
    """What is unrecorded where the inventory and the listing of children give these things."""
    parents = []

    def list_children(_client, recorded_parents, _suffix):
        parents.extend(recorded_parents)
        return iter(children)

    monkeypatch.setattr(module, "list_resources", lambda _client, _suffix: list(things))
    monkeypatch.setattr(module, "children", list_children)
    missing = unrecorded(lambda _service: None, "pr42", states, types=types)
    return [item.identifier for item in missing], [item.identifier for item in parents]


VPC = ("aws_vpc", {"id": "vpc-1"})


def test_what_no_state_records_is_found(monkeypatch):
    things = [thing("ec2", "vpc", "vpc-1"), thing("ec2", "vpc", "vpc-2"), thing("s3", "bucket", "raw-pr42")]
    assert found(monkeypatch, things, [state(VPC)]) == (["vpc-2", "raw-pr42"], ["vpc-1"])


def test_an_identifier_counts_for_its_own_kind_only(monkeypatch):
    things = [thing("iam", "role", "x-pr42"), thing("dynamodb", "table", "x-pr42")]
    assert found(monkeypatch, things, [state(("aws_iam_role", {"name": "x-pr42"}))])[0] == ["x-pr42"]


def test_states_of_all_units_count(monkeypatch):
    things = [thing("ec2", "vpc", "vpc-1"), thing("kms", "key", "k")]
    assert found(monkeypatch, things, [state(VPC), state(("aws_kms_key", {"key_id": "k"}))])[0] == []


def test_deposed_and_tainted_objects_are_recorded_data_sources_are_not(monkeypatch):
    document = state(VPC)
    document["resources"][0]["instances"].append({"deposed": "00a1", "attributes": {"id": "vpc-2"}})
    document["resources"][0]["instances"].append({"status": "tainted", "attributes": {"id": "vpc-3"}})
    document["resources"].append({"mode": "data", "type": "aws_vpc", "instances": [{"attributes": {"id": "vpc-4"}}]})
    things = [thing("ec2", "vpc", f"vpc-{number}") for number in range(1, 5)]
    assert found(monkeypatch, things, [document])[0] == ["vpc-4"]


def test_an_object_that_failed_before_it_had_an_id_records_nothing(monkeypatch):
    document = state(("aws_vpc", {"id": None}), ("aws_subnet", {}))
    document["resources"][0]["instances"].append({"attributes": None})
    assert found(monkeypatch, [thing("ec2", "vpc", "vpc-1")], [document])[0] == ["vpc-1"]


def test_a_queue_is_recognised_whatever_host_it_is_asked_for_at(monkeypatch):
    queue = thing("sqs", "queue", "http://127.0.0.1:4000/123456789012/queue-pr42", name="queue-pr42")
    attributes = {"name": "queue-pr42", "url": "http://127.0.0.1:5000/123456789012/queue-pr42"}
    assert found(monkeypatch, [queue], [state(("aws_sqs_queue", attributes))])[0] == []


def test_kinds_that_the_modules_do_not_make_are_nobodys_leftover(monkeypatch):
    things = [thing("dynamodb", "backup", "arn:backup"), thing("rds", "cluster-snapshot", "by-hand-pr42")]
    assert found(monkeypatch, things, [])[0] == []


def test_a_type_that_is_not_known_here_keeps_everything_that_it_may_mean(monkeypatch):
    known = thing("lambda", "function", "f-pr42")
    alias = ("aws_lambda_alias", {"id": "x", "routing_config": [{"function": "f-pr42"}]})
    assert found(monkeypatch, [known], [state(alias)])[0] == []
    assert found(monkeypatch, [known], [state(("aws_lambda_alias", {"id": "f-pr421"}))])[0] == ["f-pr42"]


def test_what_aws_made_for_a_recorded_thing_belongs_to_it(monkeypatch):
    group = thing("logs", "log-group", "/aws/lambda/f-pr42", made_for="f-pr42")
    interface = thing("ec2", "network-interface", "eni-1", made_for="vpc-1")
    function = ("aws_lambda_function", {"function_name": "f-pr42"})
    assert found(monkeypatch, [group, interface], [state(function, VPC)])[0] == []
    assert found(monkeypatch, [group, interface], [])[0] == ["eni-1", "/aws/lambda/f-pr42"]


def test_what_goes_by_itself_with_its_owner_is_never_removed(monkeypatch):
    things = [
        thing("ec2", "security-group", "sg-default", made_for="vpc-1"),
        thing("ec2", "network-acl", "acl-default", made_for="vpc-1"),
        thing("secretsmanager", "secret", "arn:secret", made_for="aurora-pr42"),
        thing("sns", "subscription", "arn:topic PendingConfirmation", made_for="arn:topic"),
    ]
    assert found(monkeypatch, things, [])[0] == []


def test_a_child_of_a_recorded_parent_is_found(monkeypatch):
    rule, other = thing("ec2", "security-group-rule", "sgr-1"), thing("ec2", "security-group-rule", "sgr-2")
    group = thing("ec2", "security-group", "sg-1")
    recorded_rule = (
        "aws_vpc_security_group_egress_rule",
        {"security_group_rule_id": "sgr-1", "security_group_id": "sg-1"},
    )
    documents = [state(("aws_security_group", {"id": "sg-1"}), recorded_rule)]
    assert found(monkeypatch, [group], documents, children=[rule, other]) == (["sgr-2"], ["sg-1"])


def test_rules_that_a_group_may_hold_itself_are_left_alone(monkeypatch):
    group = thing("ec2", "security-group", "sg-1")
    inline = ("aws_security_group", {"id": "sg-1", "ingress": [{"from_port": 1}]})
    older = ("aws_security_group_rule", {"id": "sgrule-1", "security_group_id": "sg-1"})
    for document in (state(inline), state(("aws_security_group", {"id": "sg-1"}), older)):
        assert found(monkeypatch, [group], [document]) == ([], [])
    # With rules as resources of their own, what the group lists are those rules, read back.
    own = ("aws_vpc_security_group_ingress_rule", {"security_group_rule_id": "sgr-1", "security_group_id": "sg-1"})
    assert found(monkeypatch, [group], [state(inline, own)]) == ([], ["sg-1"])


def test_routes_that_a_table_may_hold_itself_are_left_alone(monkeypatch):
    table, route = thing("ec2", "route-table", "rtb-1"), thing("ec2", "route", "rtb-1 0.0.0.0/0")
    association = thing("ec2", "route-table-association", "rtbassoc-1")
    inline = ("aws_route_table", {"id": "rtb-1", "route": [{"cidr_block": "0.0.0.0/0"}]})
    default = ("aws_default_route_table", {"id": "rtb-1", "route": []})
    for document in (state(inline), state(default)):
        assert found(monkeypatch, [table], [document], children=[route, association])[0] == ["rtbassoc-1"]
    other = ("aws_route", {"route_table_id": "rtb-1", "destination_cidr_block": "10.0.0.0/8"})
    assert found(monkeypatch, [table], [state(inline, other)], children=[route])[0] == ["rtb-1 0.0.0.0/0"]


def test_only_what_the_given_types_make_is_looked_at(monkeypatch):
    things = [
        thing("ec2", "vpc", "vpc-1"),
        thing("ec2", "network-interface", "eni-1", made_for="vpc-1"),
        thing("s3", "bucket", "raw-pr42"),
    ]
    assert found(monkeypatch, things, [], types={"aws_vpc"})[0] == ["eni-1", "vpc-1"]
    assert found(monkeypatch, things, [], types={"aws_s3_bucket"})[0] == ["raw-pr42"]
    assert found(monkeypatch, things, [], types=frozenset())[0] == []


def test_a_thing_tells_how_to_remove_it_by_hand():
    route = Unrecorded(service="ec2", type="route", identifier="rtb-1 0.0.0.0/0", name="0.0.0.0/0")
    assert route.command == "aws ec2 delete-route --route-table-id rtb-1 --destination-cidr-block 0.0.0.0/0"
    assert str(route) == "ec2 route rtb-1 0.0.0.0/0"
    assert str(Unrecorded(service="ec2", type="vpc", identifier="vpc-1", name="vpc-pr42")) == "ec2 vpc vpc-1 (vpc-pr42)"


ATTRIBUTES = (
    "alarm_name", "allocation_id", "arn", "bucket", "cloudwatch_role_arn", "cluster_identifier", "dashboard_name",
    "destination_cidr_block", "function_name", "http_method", "id", "identifier", "key_id", "log_group_name", "name",
    "policy_name", "query_definition_id", "resource_arn", "resource_id", "rest_api_id", "route_table_id",
    "security_group_rule_id", "stage_name", "statement_id", "usage_plan_id", "uuid",
)  # fmt: skip
# Few words, so that things of different kinds share identifiers.
WORDS = st.sampled_from([f"w{number}" for number in range(6)])
INSTANCES = st.tuples(
    st.sampled_from([*KINDS, "aws_unheard_of"]), st.fixed_dictionaries(dict.fromkeys(ATTRIBUTES, WORDS))
)


@given(st.lists(st.lists(INSTANCES, max_size=8), max_size=4), st.lists(INSTANCES, max_size=8), st.data())
def test_b12_nothing_that_a_state_records_is_ever_found(units, killed, data):
    """Whatever exists: recorded things, leftovers of a killed run, and what AWS made for either."""
    states = [state(*instances) for instances in units]
    keys = recorded(states).keys
    existing = {
        key
        for kind, attributes in [*chain.from_iterable(units), *killed]
        if kind in KINDS and (key := KINDS[kind].key(attributes))
    }
    owners = st.sampled_from(["", "w0", "w1", "nobody"])
    things = [
        Resource(service=service, type=kind, identifier=identifier, name=identifier, made_for=data.draw(owners))
        for service, kind, identifier in sorted(existing)
    ]
    missing = {
        (item.service, item.type, item.identifier)
        for item in module._without_record(
            things, recorded(states), data.draw(st.sampled_from([None, kinds_of(KINDS)]))
        )
    }
    assert missing & keys == set()
    texts = {
        value
        for instances in units
        for kind, attributes in instances
        if kind == "aws_unheard_of"
        for value in attributes.values()
    }
    assert not [key for key in missing if key[2] in texts]
    # And nothing is missed, but for what may mean something else.
    inline = {"ec2"} if recorded(states).inline else set()
    asked_for = {(item.service, item.type, item.identifier) for item in things if not item.made_for}
    assert {key for key in asked_for - keys if key[2] not in texts and key[0] not in inline} <= missing
