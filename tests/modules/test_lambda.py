"""modules/lambda: functions (B5), their log groups (B7), execution roles (B9), names (B11), destroyable (B12), Graviton only (B13)."""

import json

import pytest

pytestmark = pytest.mark.slow

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
QUEUES = "arn:aws:sqs:us-east-1:123456789012"
NETWORK = "arn:aws:ec2:us-east-1:123456789012"
WITHOUT_RESOURCES = {
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
LONGEST = "a23456789012345678901234567"


@pytest.fixture(scope="module")
def plan(example):
    return example("lambda")


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(planned, function):
    return planned.policy(f'module.lambda.aws_iam_policy.this["{function}"]')


def function(planned, name):
    return planned.resources[f'module.lambda.aws_lambda_function.this["{name}"]']


def test_inventory(plan, assert_inventory):
    assert_inventory(plan, "lambda")


def test_b5_b13_every_function_runs_python_on_graviton(plan, variants):
    found = [
        *plan.of_type("aws_lambda_function").values(),
        *variants.of_type("aws_lambda_function", module="lambda").values(),
    ]
    assert len(found) == 4
    for values in found:
        assert values["architectures"] == ["arm64"]
        assert values["runtime"].startswith("python3.")


def test_b5_every_function_is_in_the_network_encrypted_and_traced(plan, variants):
    for planned, key in (
        (plan, KEY),
        (variants, "arn:aws:kms:us-east-1:210987654321:key/99999999-8888-7777-6666-555555555555"),
    ):
        for values in planned.of_type("aws_lambda_function", module="lambda").values():
            [network] = values["vpc_config"]
            assert len(network["subnet_ids"]) >= 2
            assert network["security_group_ids"]
            assert values["kms_key_arn"] == key
            assert values["tracing_config"] == [{"mode": "Active"}]


def test_b5_each_function_knows_its_deployment_and_its_service_name(plan):
    for name in ("alerts", "ingest"):
        [environment] = function(plan, name)["environment"]
        assert environment["variables"]["PLATFORM_SUFFIX"] == "example"
        assert environment["variables"]["POWERTOOLS_SERVICE_NAME"] == name


def test_b5_an_asynchronous_event_that_fails_ends_in_the_dead_letter_queue(plan):
    target = f"{QUEUES}:queue-functions-dead-letter-example"
    for name in ("alerts", "ingest"):
        assert function(plan, name)["dead_letter_config"] == [{"target_arn": target}]
        allowed = statements(plan, name)["AllowDeadLetters"]
        assert (allowed["Action"], allowed["Resource"]) == ("sqs:SendMessage", target)


def test_b5_no_retry_is_a_setting_and_not_the_default(plan, variants):
    def asynchronous(planned, name):
        values = planned.resources[f'module.lambda.aws_lambda_function_event_invoke_config.this["{name}"]']
        return values["maximum_retry_attempts"], values["maximum_event_age_in_seconds"]

    assert asynchronous(plan, "ingest") == (2, 21600)
    assert asynchronous(variants, LONGEST) == (0, 60)


def test_b5_a_bad_message_does_not_repeat_its_batch_and_a_full_function_lets_messages_wait(plan, variants):
    sources = [
        *plan.of_type("aws_lambda_event_source_mapping").values(),
        *variants.of_type("aws_lambda_event_source_mapping", module="lambda").values(),
    ]
    assert len(sources) == 3
    for values in sources:
        assert values["function_response_types"] == ["ReportBatchItemFailures"]
        assert values["scaling_config"][0]["maximum_concurrency"] >= 2


def test_b7_every_function_logs_json_to_its_own_encrypted_group(plan):
    for name in ("alerts", "ingest"):
        [logging] = function(plan, name)["logging_config"]
        group = plan.resources[f'module.lambda.aws_cloudwatch_log_group.this["{name}"]']
        assert (logging["log_format"], logging["log_group"]) == ("JSON", group["name"])
        assert (group["retention_in_days"], group["kms_key_id"]) == (30, KEY)


def test_b9_only_lambda_of_this_account_takes_a_role(plan):
    for name in ("alerts", "ingest"):
        trust = plan.policy(f'module.lambda.aws_iam_role.this["{name}"]', "assume_role_policy")
        assert list(trust) == ["AllowLambdaOfThisAccount"]
        statement = trust["AllowLambdaOfThisAccount"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert statement["Action"] == "sts:AssumeRole"
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_b9_each_function_has_a_role_and_a_policy_of_its_own(plan):
    assert set(plan.of_type("aws_iam_role")) == {
        f'module.lambda.aws_iam_role.this["{n}"]' for n in ("alerts", "ingest")
    }
    assert "PublishAlerts" in statements(plan, "alerts")
    assert "PublishAlerts" not in statements(plan, "ingest")


def test_b9_no_permission_is_a_wildcard(plan, variants):
    policies = [
        *(statements(plan, name) for name in ("alerts", "ingest")),
        *(statements(variants, name) for name in (LONGEST, "unreserved")),
    ]
    for policy in policies:
        for statement in policy.values():
            if statement["Effect"] == "Deny":
                continue
            actions = set(listed(statement["Action"]))
            assert not [action for action in actions if "*" in action]
            if "*" in listed(statement["Resource"]):
                assert actions <= WITHOUT_RESOURCES


@pytest.mark.parametrize("name", ["alerts", "ingest"])
def test_b9_b12_a_role_writes_to_its_own_log_group_and_cannot_bring_it_back(plan, name):
    policy = statements(plan, name)
    assert policy["AllowLogs"]["Resource"] == (
        f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/lambda-{name}-example:*"
    )
    assert "logs:CreateLogGroup" not in json.dumps(policy)


def test_b9_a_role_reads_its_own_queues_and_decrypts_their_messages_only(plan):
    queue = f"{QUEUES}:queue-ingest-example"
    policy = statements(plan, "ingest")
    assert policy["AllowQueues"]["Resource"] == queue
    assert set(policy["AllowQueues"]["Action"]) == {
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
    }
    assert policy["AllowQueueDecryption"]["Action"] == "kms:Decrypt"
    assert policy["AllowQueueDecryption"]["Condition"]["StringEquals"] == {
        "kms:EncryptionContext:aws:sqs:arn": queue,
        "kms:ViaService": "sqs.us-east-1.amazonaws.com",
    }
    assert not {"AllowQueues", "AllowQueueDecryption"} & set(statements(plan, "alerts"))


def test_b9_a_role_decrypts_the_environment_of_its_function_only(plan):
    allowed = statements(plan, "ingest")["AllowEnvironmentDecryption"]
    assert (allowed["Action"], allowed["Resource"]) == ("kms:Decrypt", KEY)
    assert allowed["Condition"]["StringEquals"] == {
        "kms:EncryptionContext:aws:lambda:FunctionArn": (
            "arn:aws:lambda:us-east-1:123456789012:function:lambda-ingest-example"
        ),
        "kms:ViaService": "lambda.us-east-1.amazonaws.com",
    }


def test_b9_interfaces_are_made_in_the_functions_subnets_and_groups_only(variants):
    allowed = statements(variants, "unreserved")["AllowNetworkInterfaceCreation"]
    prefix = "arn:aws:ec2:us-east-1:210987654321"
    assert allowed["Action"] == "ec2:CreateNetworkInterface"
    assert set(allowed["Resource"]) == {
        f"{prefix}:network-interface/*",
        f"{prefix}:security-group/sg-00000000000000000",
        f"{prefix}:security-group/sg-00000000000000001",
        f"{prefix}:subnet/subnet-00000000000000001",
        f"{prefix}:subnet/subnet-00000000000000002",
    }


def test_b9_what_lambda_may_do_to_the_network_the_functions_code_may_not(plan):
    policy = statements(plan, "ingest")
    denied = policy["DenyNetworkToFunctionCode"]
    allowed = {
        action
        for statement in policy.values()
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        if action.startswith("ec2:")
    }
    assert policy["AllowNetworkInterfaceChange"]["Resource"] == f"{NETWORK}:*/*"
    assert denied["Effect"] == "Deny"
    assert denied["Resource"] == "*"
    assert len(allowed) == 6
    assert allowed < set(denied["Action"])
    assert denied["Condition"] == {
        "ArnEquals": {
            "lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:lambda-ingest-example"
        }
    }


def test_b9_every_policy_fits(plan, variants):
    for planned in (plan, variants):
        for address, values in planned.of_type("aws_iam_policy", module="lambda").items():
            assert len(json.dumps(json.loads(values["policy"]), separators=(",", ":"))) <= 6144, address


def test_b11_every_name_ends_in_the_suffix_and_fits(plan, variants):
    for planned, suffix in ((plan, "-example"), (variants, "-a2345678901234567-90")):
        resources = [v for a, v in planned.resources.items() if a.startswith("module.lambda.")]
        named = [values["tags"]["Name"] for values in resources if (values.get("tags") or {}).get("Name")]
        assert len(named) >= 9
        assert [name for name in named if not name.endswith(suffix)] == []
        for kind in ("aws_lambda_function", "aws_iam_role"):
            attribute = "function_name" if kind == "aws_lambda_function" else "name"
            names = [values[attribute] for values in planned.of_type(kind, module="lambda").values()]
            assert max(map(len, names)) <= 64
    longest = variants.resources[f'module.lambda.aws_iam_role.this["{LONGEST}"]']["name"]
    assert len(longest) == 64


def test_b12_a_destroyed_function_leaves_its_security_groups_free(plan, variants):
    for planned, groups in ((plan, ["sg-0123456789abcdef0"]), (variants, ["sg-00000000000000000"])):
        for values in planned.of_type("aws_lambda_function", module="lambda").values():
            assert values["replace_security_groups_on_destroy"] is True
            assert values["replacement_security_group_ids"] == groups
            assert values["skip_destroy"] is False


def test_settings_reach_the_resources(variants):
    values = function(variants, LONGEST)
    assert (values["runtime"], values["handler"]) == ("python3.13", "package/module.entry")
    assert (values["timeout"], values["memory_size"]) == (900, 10240)
    assert values["ephemeral_storage"] == [{"size": 1024}]
    assert values["reserved_concurrent_executions"] == 100
    assert function(variants, "unreserved")["reserved_concurrent_executions"] == -1
    assert values["environment"][0]["variables"]["DATABASE_PORT"] == "5432"
    assert values["environment"][0]["variables"]["POWERTOOLS_LOG_LEVEL"] == "DEBUG"
    assert values["logging_config"][0]["application_log_level"] == "DEBUG"
    assert values["tags_all"]["Team"] == "analytics"
    role = variants.resources[f'module.lambda.aws_iam_role.this["{LONGEST}"]']
    assert role["permissions_boundary"] == "arn:aws:iam::210987654321:policy/iam-policy-boundary"
    group = variants.resources[f'module.lambda.aws_cloudwatch_log_group.this["{LONGEST}"]']
    assert group["retention_in_days"] == 365
    assert set(variants.of_type("aws_iam_role_policy_attachment", module="lambda")) == {
        f'module.lambda.aws_iam_role_policy_attachment.this["{name}/{policy}"]'
        for name in (LONGEST, "unreserved")
        for policy in ("execution", "region-guardrail")
    }
    statement = statements(variants, LONGEST)["UseObjectKey"]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    mapping = variants.resources[f'module.lambda.aws_lambda_event_source_mapping.this["{LONGEST}/bars"]']
    assert (mapping["batch_size"], mapping["maximum_batching_window_in_seconds"]) == (1000, 20)
    [notification] = variants.of_type("aws_s3_bucket_notification", module="lambda").values()
    queues = {queue["id"]: queue for queue in notification["queue"]}
    assert queues["bars"]["filter_suffix"] == ".csv"
    assert queues["deleted"]["events"] == ["s3:LifecycleExpiration:*", "s3:ObjectRemoved:Delete"]
