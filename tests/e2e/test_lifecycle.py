"""One deployment from nothing to nothing, on the local cloud, with the real Terraform and the real provider.

The tests of this file are one story: each goes on where the one before it stopped. A second deployment, "b", comes and goes
beside it in the same account (B15), while the first one waits.
"""

import json
import re
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote_plus

import boto3
import pytest
import yaml
from botocore.config import Config

from orchestrator.adapters.aws.sweep import unrecorded
from orchestrator.adapters.workspaces import INPUTS_FILE
from tests.deployer.policies import POLICIES
from tests.e2e import vendors
from tests.e2e.conftest import ROOT, only
from tests.naming import names, unsuffixed
from tests.scan.conftest import lint, run_scanner, scanners
from tests.scan.policies import broken_rules, findings, policies

__all__ = ["lint", "run_scanner", "scanners"]

pytestmark = pytest.mark.slow
PERMISSIONS = yaml.safe_load((Path(__file__).parent / "permissions.yaml").read_text())
UNITS = (
    "apigw",
    "aurora",
    "config",
    "database-access",
    "dynamodb",
    "iam",
    "kms",
    "lambda",
    "messaging",
    "monitoring",
    "s3",
    "vpc",
)
RESOURCES = 517


@pytest.fixture(scope="module")
def beside():
    """Run the steps of the second deployment in the background, one after the other; ``steps`` holds their results."""
    with ThreadPoolExecutor(1) as pool:
        steps = {}
        yield SimpleNamespace(begin=lambda step, *given: steps.update({step: pool.submit(step, *given)}), steps=steps)


# Units with resources that two deployments could conflict over.
BESIDE = ("config", "iam", "kms", "s3", "vpc")


def come_up_without_the_account(project):
    # With a provider per command, as on AWS; the first deployment has a shared one.
    project.run(
        *("up", "--suffix", "b", "--env", "dev", "--account-settings", "none", *only("iam", "kms")),
        PLATFORMCTL_PROVIDER="launch",
    )
    # There is one Config recorder per account, and it does not exist yet.
    _, err = project.run("up", "--suffix", "b", *only("config", "s3", "vpc"), code=2)
    assert "The account has no AWS Config recorder" in err


def come_and_go_beside_the_owner(project):
    """Come up with everything, then go without a trace; returns the seconds before each line of ``destroy``, and the lines."""
    _, err = project.run("up", "--suffix", "b", "--account-settings", "all", *only("config", "s3", "vpc"), code=2)
    assert 'Deployment "demo" owns the AWS Config recorder and its delivery channel.' in err
    assert "--account-settings none" in err
    project.run("up", "--suffix", "b", *only("config", "s3", "vpc"))
    first, second = project.outputs("demo"), project.outputs("b")
    assert first["vpc"]["vpc_id"] != second["vpc"]["vpc_id"]
    recorders = project.client("config").describe_configuration_recorders()["ConfigurationRecorders"]
    assert [recorder["name"] for recorder in recorders] == ["config-recorder-demo"]
    rules = [item.name for item in project.left() if item.type == "rule" and item.service == "config"]
    # Beside the owner of the recorder only rules that take a scope: what carries the deployment's tag.
    assert len([name for name in rules if name.endswith("-b")]) == 59
    assert len([name for name in rules if name.endswith("-demo")]) == 92
    _, err = project.run("up", "--suffix", "b", *only(*BESIDE))
    assert "5 unchanged" in err
    return watch(project.start("destroy", "--suffix", "b", "--yes"))


def watch(process):
    """Follow a process to its end; returns the seconds before each line of its progress, and the lines."""
    lines, silences = [], []
    with process:
        last = time.monotonic()
        for line in process.stderr:
            now = time.monotonic()
            silences.append(now - last)
            last = now
            lines.append(line)
    assert process.returncode == 0, "".join(lines)
    return silences, "".join(lines)


def kept(project):
    return project.folder.parent / "demo.plan"


def test_a2_c3_c7_an_empty_cloud_is_planned_whole_with_real_unknowns(project, beside):
    # Terraform's exit code for a plan with changes.
    out, _ = project.run(
        *("plan", "--suffix", "demo", "--env", "prod", "--out", str(kept(project)), "--json", "--detailed-exitcode"),
        code=2,
    )
    beside.begin(come_up_without_the_account, project)
    plan = json.loads(out)
    assert plan == json.loads(kept(project).read_text())
    assert plan["summary"] == {"add": RESOURCES, "change": 0, "destroy": 0}
    assert [unit["unit"] for unit in plan["units"]] == sorted(UNITS, key=[u["unit"] for u in plan["units"]].index)
    assert {unit["unit"] for unit in plan["units"]} == set(UNITS)
    resources = {(unit["unit"], item["address"]): item for unit in plan["units"] for item in unit["resources"]}
    assert len(resources) == RESOURCES
    assert {item["action"] for item in resources.values()} == {"create"}
    # The outputs of other units are known after apply, and nothing stands in for them.
    assert "mock" not in out
    tables = {
        attribute["name"]: attribute
        for attribute in resources["dynamodb", 'aws_dynamodb_table.this["user-sessions"]']["attributes"]
    }
    assert tables["server_side_encryption"]["unknown"]
    assert tables["name"]["after"] == "user-sessions-demo"


def test_c7_with_detailed_exitcode_an_error_is_1_as_with_terraform(project):
    project.run("plan", "--suffix", "Demo!", "--detailed-exitcode", code=1)


def test_c3_a_kept_plan_is_bound_to_its_deployment(project):
    _, err = project.run("up", "--suffix", "other", "--env", "prod", "--plan", str(kept(project)), code=2)
    assert "suffix demo, not other" in err


def test_a2_b14_up_deploys_in_dependency_order_and_prints_what_there_is(project, beside):
    beside.steps[come_up_without_the_account].result()
    out, err = project.run("up", "--suffix", "demo", "--env", "prod", "--plan", str(kept(project)))
    note_calls(project)
    beside.begin(come_and_go_beside_the_owner, project)
    vpc_id = project.outputs("demo")["vpc"]["vpc_id"]
    assert vpc_id.startswith("vpc-")
    for expected in (
        vpc_id,
        "raw-data-123456789012-demo",
        "user-sessions-demo",
        "api-keys-demo",
        "aurora-demo.cluster-",
        "/v1/_user_request_",
        "--show-sensitive",
    ):
        assert expected in out
    done = project.finished("demo")
    assert {name: event["status"] for name, event in done.items()} == dict.fromkeys(UNITS, "changed")
    starts = {event["unit"]: event["time"] for event in project.events("demo") if event["type"] == "unit_started"}
    assert all(starts[name] >= done["kms"]["time"] for name in ("vpc", "s3", "dynamodb"))
    assert starts["monitoring"] >= max(event["time"] for name, event in done.items() if name != "monitoring") - 0.1
    assert f"{len(UNITS)} changed in" in err
    assert f": {RESOURCES} added, 0 changed, 0 destroyed." in err


def test_b14_outputs_are_those_of_the_cloud_itself(project):
    outputs = project.outputs("demo")
    vpcs = project.client("ec2").describe_vpcs(VpcIds=[outputs["vpc"]["vpc_id"]])["Vpcs"]
    assert vpcs[0]["CidrBlock"] == "10.0.0.0/16"
    buckets = {bucket["Name"] for bucket in project.client("s3").list_buckets()["Buckets"]}
    assert set(outputs["s3"]["bucket_names"].values()) <= buckets
    tables = project.client("dynamodb")
    for name in outputs["dynamodb"]["table_names"].values():
        assert tables.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE"


def test_b4_every_bucket_is_as_asked_for_by_the_clouds_own_word(project):
    s3 = project.client("s3")
    buckets = sorted(item["Name"] for item in s3.list_buckets()["Buckets"] if item["Name"].endswith("-demo"))
    purposes = ("access-logs", "archive", "cloudtrail", "config", "processed-analytics", "raw-data")
    assert buckets == [f"{purpose}-123456789012-demo" for purpose in purposes]
    key = project.outputs("demo")["kms"]["key_arns"]["s3"]
    for name in buckets:
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        [rule] = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        default = rule["ApplyServerSideEncryptionByDefault"]
        expected = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        # S3 delivers access logs to a bucket with SSE-S3 only.
        assert default == ({"SSEAlgorithm": "AES256"} if name.startswith("access-logs") else expected)
        rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        moves = [move for rule in rules if rule["Status"] == "Enabled" for move in rule.get("Transitions", ())]
        assert {"Days": 90, "StorageClass": "GLACIER"} in moves
        assert set(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {True}
        policy = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
        denied = {
            s["Sid"]: s["Condition"] for s in policy["Statement"] if s["Effect"] == "Deny" and s["Action"] == "s3:*"
        }
        assert denied == {
            "DenyInsecureTransport": {"Bool": {"aws:SecureTransport": "false"}},
            "DenyOutdatedTls": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        }


def test_b14_api_keys_are_printed_only_on_request(project):
    [*values] = project.api_keys("demo").values()
    assert len(values) == 2
    quiet, _ = project.run("outputs", "--suffix", "demo")
    asked, _ = project.run("outputs", "--suffix", "demo", "--show-sensitive")
    for value in values:
        assert len(value) >= 20
        assert value not in quiet
        assert value in asked


def test_a2_market_data_goes_in_and_its_bars_come_out(project):
    out, _ = project.run("smoke", "--suffix", "demo", "--patience", "60")
    assert [line.split()[0] for line in out.splitlines()] == ["ok"] * 6


def test_d5_d8_files_of_vendors_go_in_or_are_backfilled_and_their_bars_come_out(project, tmp_path):
    vendors.upload(project, "demo", tmp_path)
    vendors.backfill(project, "demo")
    assert vendors.minute_bars(project, "demo") == vendors.expected()


def test_b7_a_poison_object_is_kept_and_alerted_and_holds_nothing_up(project):
    """An unreadable object ends in the quarantine and in the dead-letter queue; its ERROR line reaches the topic."""
    sqs, s3 = project.client("sqs"), project.client("s3")
    messaging = project.outputs("demo")["messaging"]
    let_in = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:us-east-1:123456789012:listener",
        "Condition": {"ArnEquals": {"aws:SourceArn": messaging["topic_arns"]["alerts"]}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let_in]})
    listener = sqs.create_queue(QueueName="listener", Attributes={"Policy": policy})["QueueUrl"]
    subscription = project.client("sns").subscribe(
        TopicArn=messaging["topic_arns"]["alerts"],
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:123456789012:listener",
        Attributes={"RawMessageDelivery": "true"},
    )["SubscriptionArn"]
    raw = "raw-data-123456789012-demo"
    header = b"trade_id,symbol,timestamp,price,size\n"
    s3.put_object(Bucket=raw, Key="incoming/poison.csv.gz", Body=b"\x1f\x8b" + bytes(range(200)))
    s3.put_object(Bucket=raw, Key="incoming/good.csv", Body=header + b"1,GOOD,2026-01-30T15:00:00Z,10.5,3\n")

    dead = sqs.get_queue_url(QueueName=messaging["dead_letter_queue_names"]["ingest"])["QueueUrl"]
    [letter] = wait_for(lambda: sqs.receive_message(QueueUrl=dead).get("Messages"))
    assert "incoming/poison.csv.gz" in unquote_plus(letter["Body"])
    kept_rows = s3.list_objects_v2(Bucket=raw, Prefix="quarantine/poison.csv.gz/")["Contents"]
    assert len(kept_rows) == 1, "tried several times, kept once"
    alert = wait_for(lambda: alerts_of(sqs, listener, "poison.csv.gz"))
    assert "ERROR" in alert
    written = wait_for(lambda: [text for text in objects_below(s3, "trades/") if "\nGOOD," in text])
    assert len(written) == 1
    project.client("sns").unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=listener)


def objects_below(s3, prefix):
    """The contents of the processed objects below a prefix."""
    bucket = "processed-analytics-123456789012-demo"
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read().decode() for one in found]


def alerts_of(sqs, queue, word):
    """The first message in the queue with the word in it; the others are about other events."""
    for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        if word in message["Body"]:
            return message["Body"]
    return None


def wait_for(look, seconds=120):
    """What ``look`` returns, as soon as it returns anything."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.5)
    return found


def test_functions_can_be_called_and_their_logs_read(project):
    out, _ = project.run("invoke", "migrate", "--suffix", "demo")
    migrations = list((ROOT / "functions/migrate/migrations").glob("*.sql"))
    assert json.loads(out) == {"applied": [], "version": len(migrations)}
    out, _ = project.run("logs", "migrate", "--suffix", "demo")
    assert '"message":"migrated"' in out
    out, _ = project.run("invoke", "alerts", "--suffix", "demo", "--payload", '{"not": "an event"}', code=1)
    assert "errorType" in json.loads(out)


def test_b9_a_function_without_a_permission_is_refused_and_the_refusal_named(project):
    iam = project.client("iam")
    arn = "arn:aws:iam::123456789012:policy/iam-policy-lambda-ingest-demo"
    document = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    less = [statement for statement in document["Statement"] if statement["Sid"] != "ReadMarketData"]
    assert len(less) == len(document["Statement"]) - 1
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=json.dumps(document | {"Statement": less}), SetAsDefault=True
    )
    out, _ = project.run("smoke", "--suffix", "demo", "--patience", "10", code=1)
    assert "failed  the bars are those of an independent calculation" in out
    denials = [line for line in out.splitlines() if line.startswith("denied: ")]
    assert any("/incoming/smoke-" in denial for denial in denials), denials
    for denial in denials:
        assert "iam-role-lambda-ingest-demo" in denial
        assert "s3:GetObject on arn:aws:s3:::raw-data-123456789012-demo/incoming/" in denial
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")


@pytest.mark.parametrize("function", ["alerts", "analytics", "api", "ingest", "migrate"])
def test_b9_no_function_reaches_another_region(project, function):
    role = f"arn:aws:iam::123456789012:role/iam-role-lambda-{function}-demo"
    keys = project.client("sts").assume_role(RoleArn=role, RoleSessionName=f"lambda-{function}-demo")["Credentials"]
    session = boto3.session.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name="eu-west-1",
    )
    client = session.client("dynamodb", endpoint_url=project.endpoint, config=Config(proxies={}))
    with pytest.raises(client.exceptions.ClientError, match="explicit deny") as refused:
        client.get_item(TableName="user-sessions-demo", Key={"session_id": {"S": "x"}})
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"


def test_b11_every_name_in_the_states_ends_in_the_suffix(project):
    strays, checked = [], 0
    for unit, state in project.states("demo").items():
        for resource in state["resources"]:
            if resource["mode"] != "managed":
                continue
            for instance in resource["instances"]:
                checked += len(names(resource["type"], instance["attributes"]))
                found = unsuffixed(resource["type"], instance["attributes"], "demo")
                strays.extend(f"{unit}: {resource['type']}.{resource['name']}: {name}" for name in found)
    assert strays == []
    assert checked >= 400


def test_b7_b5_log_groups_and_functions_in_the_states(project):
    """Check in the state what is unknown in the plan, such as the ARN of the key."""
    groups = list(instances(project, "aws_cloudwatch_log_group"))
    assert len(groups) == 18
    assert {group["retention_in_days"] for group in groups} == {30}
    assert {group["kms_key_id"] for group in groups} == {project.outputs("demo")["kms"]["key_arns"]["logs"]}
    functions = list(instances(project, "aws_lambda_function"))
    assert {tuple(function["architectures"]) for function in functions} == {("arm64",)}
    assert {function["kms_key_arn"] for function in functions} == {project.outputs("demo")["kms"]["key_arns"]["lambda"]}
    private = set(project.outputs("demo")["vpc"]["private_subnet_ids"])
    assert all(set(function["vpc_config"][0]["subnet_ids"]) == private for function in functions)


def test_b9_the_policies_in_iam_have_no_findings(project, lint):
    """Check the complete policies, some of which are known only in part in the plan."""
    documents = list(policies(project.client, "demo"))
    assert len(documents) == 15 + 15
    assert [line for policy in documents for line in broken_rules(policy)] == []
    assert list(findings(lint, documents)) == []


def instances(project, kind):
    for state in project.states("demo").values():
        for resource in state["resources"]:
            if resource["type"] == kind:
                yield from (instance["attributes"] for instance in resource["instances"])


def test_b15_the_second_deployment_came_and_went_without_a_trace(project, beside):
    silences, log = beside.steps[come_and_go_beside_the_owner].result()
    assert project.left("b") == []
    # C4. The first line comes after Python has started; from then on two seconds are the rule. Without it a unit is silent for a
    # minute; a busy machine may stall a process for seconds.
    assert max(silences[1:]) < 10, f"silent for {max(silences[1:]):.1f} s\n{log}"


def test_a2_b15_a_second_up_changes_nothing(project):
    _, err = project.run("up", "--suffix", "demo")
    assert {name: event["status"] for name, event in project.finished("demo").items()} == dict.fromkeys(
        UNITS, "unchanged"
    )
    assert f"{len(UNITS)} unchanged" in err
    assert "0 added, 0 changed, 0 destroyed" in err


def test_e4_later_changes_of_awss_own_leave_the_plan_empty(project):
    """A minor upgrade in the maintenance window, a rotated master password, and a log group that RDS makes for the upgrade."""
    rds = project.client("rds")
    secret = project.outputs("demo")["aurora"]["master_user_secret_arn"]
    read = project.client("secretsmanager").get_secret_value
    before = read(SecretId=secret)["SecretString"]
    rds.modify_db_cluster(DBClusterIdentifier="aurora-demo", EngineVersion="17.9", ApplyImmediately=True)
    rds.modify_db_cluster(DBClusterIdentifier="aurora-demo", RotateMasterUserPassword=True, ApplyImmediately=True)
    project.client("logs").create_log_group(logGroupName="/aws/rds/cluster/aurora-demo/upgrade")
    assert rds.describe_db_clusters(DBClusterIdentifier="aurora-demo")["DBClusters"][0]["EngineVersion"] == "17.9"
    assert read(SecretId=secret)["SecretString"] != before
    out, _ = project.run("plan", "--suffix", "demo", "--detailed-exitcode")
    assert "No changes: the cloud matches the configuration." in out


def test_c3_a_plan_that_has_been_applied_is_stale(project):
    _, err = project.run("up", "--suffix", "demo", "--plan", str(kept(project)), code=2)
    assert "The plan is stale" in err
    assert "have been applied or changed" in err


def test_c3_a_unit_that_left_the_live_tree_is_an_orphan_and_can_be_destroyed(project):
    unit = project.folder / "live" / "prod" / "database-access"
    unit.rename(unit.with_name("people"))
    try:
        out, _ = project.run(
            "plan", "--suffix", "demo", "--detailed-exitcode", *only(*set(UNITS) - {"database-access"})
        )
        assert "database-access  orphaned" in out
        assert "No changes: the cloud matches the configuration." in out
        out, _ = project.run("list")
        assert "database-access is not in live/prod" in out
        project.run("destroy", "--suffix", "demo", "--only", "database-access", "--yes")
        assert "database-access" not in project.states("demo")
    finally:
        unit.with_name("people").rename(unit)


def test_c5_manual_changes_are_drift_and_up_repairs_them(project):
    project.client("dynamodb").delete_table(TableName="user-sessions-demo")
    group = project.outputs("demo")["lambda"]["log_group_names"]["ingest"]
    project.client("logs").put_retention_policy(logGroupName=group, retentionInDays=7)
    out, _ = project.run("drift", "--suffix", "demo", code=3)
    assert 'aws_dynamodb_table.this["user-sessions"]  is gone from the cloud; up creates it' in out
    assert 'aws_cloudwatch_log_group.this["ingest"]  was changed in the cloud; up changes it back' in out
    assert "retention_in_days: 7 -> 30" in out
    project.run("up", "--suffix", "demo")
    changed = {name for name, event in project.finished("demo").items() if event["status"] == "changed"}
    assert {"database-access", "dynamodb", "lambda"} <= changed


def test_c3_c5_after_the_repair_only_a_replaced_key_is_planned_and_followed_into_every_unit_that_uses_it(project):
    main = project.folder / "modules" / "kms" / "main.tf"
    before = main.read_text()
    single = "multi_region            = false"
    assert before.count(single) == 1
    main.write_text(before.replace(single, "multi_region            = true"))
    try:
        out, _ = project.run("plan", "--suffix", "demo", "--json")
    finally:
        main.write_text(before)
    plan = json.loads(out)
    changed = {(unit["unit"], item["address"]): item for unit in plan["units"] for item in unit["resources"]}
    key = changed["kms", 'aws_kms_key.this["dynamodb"]']
    assert key["action"] == "replace"
    assert [item["name"] for item in key["attributes"] if item["forces_replacement"]] == ["multi_region"]
    # Resources that are encrypted with it, in units that know only its ARN.
    for unit, address in (
        ("dynamodb", 'aws_dynamodb_table.this["user-sessions"]'),
        ("s3", 'aws_s3_bucket_server_side_encryption_configuration.this["raw-data"]'),
        ("messaging", 'aws_sqs_queue.this["ingest"]'),
        ("aurora", "aws_rds_cluster.this"),
        ("lambda", 'aws_lambda_function.this["ingest"]'),
        ("vpc", "aws_cloudwatch_log_group.flow_logs"),
    ):
        assert [item["name"] for item in changed[unit, address]["attributes"] if item["unknown"]], (unit, address)
    # The manual changes have been repaired: nothing else is created, and the retention is not touched.
    assert "create" not in {item["action"] for item in changed.values()}
    group = changed.get(("lambda", 'aws_cloudwatch_log_group.this["ingest"]'), {"attributes": []})
    assert "retention_in_days" not in {item["name"] for item in group["attributes"]}


def test_a2_every_resource_of_the_deployment_is_in_a_state(project):
    assert unrecorded(project.client, "demo", list(project.states("demo").values())) == ()


def test_c8_no_file_contains_a_secret(project):
    """Search every file that platformctl has written for the values of the API keys and the database's password."""
    secrets = project.client("secretsmanager")
    arn = project.outputs("demo")["aurora"]["master_user_secret_arn"]
    password = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])["password"]
    values = [password.encode(), *(value.encode() for value in project.api_keys("demo").values())]
    assert all(len(value) >= 16 for value in values)
    home, checked = project.folder / ".platformctl", 0
    for file in [kept(project), *home.rglob("*")]:
        if file.is_file() and not file.is_symlink() and "postgres" not in file.parts:
            checked += 1
            text = file.read_bytes()
            assert not any(value in text for value in values), file
    assert checked > 50


def test_c8_no_private_file_is_left(project):
    home = project.folder / ".platformctl"
    assert not list(home.rglob(INPUTS_FILE))
    assert not list(home.rglob("*.tfstate.backup"))
    assert not list(home.glob("plan-*"))
    for folder in (home / "local", *home.glob("work/*/demo/*")):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0, folder


def test_c1_live_and_modules_hold_nothing_generated(project):
    for name in ("live", "modules"):
        names = {path.name for path in (project.folder / name).rglob("*")}
        assert not names & {".terraform", "backend.tf", "provider.tf", "terraform.tfstate"}


def test_the_suffix_of_one_environment_is_refused_for_another(project):
    _, err = project.run("up", "--suffix", "demo", "--env", "dev", code=2)
    assert "The suffix belongs to another environment" in err


def test_c2_a_unit_with_dependents_is_not_destroyed_alone(project):
    _, err = project.run("destroy", "--suffix", "demo", "--only", "kms", "--yes", code=2)
    assert "Other units depend on what would be destroyed" in err


def test_b12_a2_destroy_leaves_nothing_in_the_cloud(project):
    assert project.left("demo"), "there must be something to destroy, or this proves nothing"
    before = len(server_log(project))
    _, err = project.run("destroy", "--suffix", "demo", "--yes")
    assert f"{len(UNITS)} changed" in err
    # E4: what RDS made for itself, and API Gateway's setting, which provider 5.100 leaves.
    assert "removed logs log-group /aws/rds/cluster/aurora-demo/upgrade" in err
    assert "removed apigateway account-role" in err
    assert 'proof: no service lists anything whose name or tag is of "demo"' in err
    note_calls(project, since=before)
    assert project.left() == []
    assert project.client("s3").list_buckets()["Buckets"] == []
    assert not list((project.folder / ".platformctl" / "work").rglob("*.tf"))


def test_e1_no_request_of_the_whole_life_breaks_a_service_model_or_a_documented_limit(project):
    """AWS allows every call that the tests above have caused: commands, provider, functions and the tests themselves."""
    assert project.refusals() == {}


def test_a5_the_documented_policy_of_a_deployer_allows_every_call(project):
    """A5: the names of actions, over everything above; tests/deployer judges resources and conditions too."""
    statements = [statement for file in POLICIES for statement in json.loads(file.read_text())["Statement"]]
    allowed = {action for statement in statements for action in _listed(statement["Action"])}
    needed = {permission(service, operation) for service, operation in project.calls}
    # The provider works without iam:GetUser, and everybody may call STS. The secret is read by the function
    # that the deployment invokes, with its own role.
    needed -= {"iam:GetUser", "sts:GetCallerIdentity", "s3:None", "secretsmanager:GetSecretValue"}
    assert len(needed) > 200
    assert sorted(action for action in needed - allowed if not action.startswith("ec2:Describe")) == []


def server_log(project):
    return (project.folder / ".platformctl" / "local" / "server.log").read_text()


def note_calls(project, since=0):
    """Remember the calls of a command; to be used right after it, before functions and tests make calls of their own."""
    project.calls.update(re.findall(r" INFO (\w+) ([A-Z]\w+) \d{3} ", server_log(project)[since:]))


def permission(service, operation):
    """Return the permission for an operation, which most services name alike."""
    if service == "apigateway":
        # API Gateway's permissions are HTTP methods.
        verb = re.match("[A-Z][a-z]+", operation)[0]
        return "apigateway:" + {"Create": "POST", "Update": "PATCH"}.get(verb, verb.upper())
    if (service, operation) == ("lambda", "Invoke"):
        operation = "InvokeFunction"
    if service == "s3":
        operation = PERMISSIONS["s3"].get(operation, operation)
    return f"{PERMISSIONS['prefixes'].get(service, service)}:{operation}"


def _listed(value):
    return value if isinstance(value, list) else [value]


def test_destroying_nothing_is_no_error(project):
    _, err = project.run("destroy", "--suffix", "demo", "--yes")
    assert "Nothing to destroy" in err


def test_events_are_json_from_start_to_end(project):
    events = project.events("demo")
    assert (events[0]["type"], events[-1]["type"]) == ("run_started", "run_finished")
    assert events[-1]["exit_code"] == 0
    assert json.dumps(events)


def test_c4_every_run_has_a_report(project):
    runs = project.runs("demo")
    reports = [json.loads((run / "report.json").read_text()) for run in runs]
    assert all((run / "junit.xml").is_file() for run in runs)
    assert [(reports[0]["command"], reports[0]["exit_code"]), (reports[-1]["command"], reports[-1]["exit_code"])] == [
        ("up", 0),
        ("destroy", 0),
    ]
    assert reports[0]["totals"]["changes"]["add"] == RESOURCES
