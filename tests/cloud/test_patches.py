"""Each patch, seen through boto3: what was set is read back (requirements B1 to B10 need it to plan empty)."""

import json

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


@pytest.fixture
def vpc(client):
    ec2 = client("ec2")
    identifier = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    yield identifier
    ec2.delete_vpc(VpcId=identifier)


@pytest.fixture
def groups(client, vpc, name):
    ec2 = client("ec2")
    made = [ec2.create_security_group(GroupName=f"{name}-{n}", Description="d", VpcId=vpc)["GroupId"] for n in "ab"]
    yield made
    for group in made:
        ec2.delete_security_group(GroupId=group)


@pytest.fixture
def bucket(client, name):
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def key(client):
    return client("kms").create_key()["KeyMetadata"]["KeyId"]


# KMS


@pytest.mark.parametrize(("asked", "period"), [({"RotationPeriodInDays": 90}, 90), ({}, 365)])
def test_b8_kms_rotation_period(client, key, asked, period):
    kms = client("kms")
    kms.enable_key_rotation(KeyId=key, **asked)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"], status["KeyId"]) == (True, period, key)
    kms.disable_key_rotation(KeyId=key)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)


def test_kms_rotation_period_has_bounds(client, key):
    with pytest.raises(ClientError, match="less than or equal to 2560"):
        client("kms").enable_key_rotation(KeyId=key, RotationPeriodInDays=2561)


def test_kms_keys_behind_aws_aliases_are_managed_by_aws(client):
    assert client("kms").describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyManager"] == "AWS"


# EC2


def _rules(client, group):
    found = client("ec2").describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return {rule["SecurityGroupRuleId"]: rule for rule in found["SecurityGroupRules"]}


def _permission(**source):
    return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **source}]


@pytest.fixture
def prefix_list(client):
    return client("ec2").describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]


def test_b1_rule_descriptions_with_groups_and_prefix_lists(client, groups, prefix_list):
    ec2 = client("ec2")
    for source in (
        {"UserIdGroupPairs": [{"GroupId": groups[1], "Description": "from a group"}]},
        {"PrefixListIds": [{"PrefixListId": prefix_list, "Description": "from a list"}]},
        {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "from a range"}]},
    ):
        ec2.authorize_security_group_ingress(GroupId=groups[0], IpPermissions=_permission(**source))
    described = {rule.get("Description") for rule in _rules(client, groups[0]).values() if not rule["IsEgress"]}
    assert described == {"from a group", "from a list", "from a range"}
    permission = ec2.describe_security_groups(GroupIds=[groups[0]])["SecurityGroups"][0]["IpPermissions"][0]
    assert permission["PrefixListIds"] == [{"PrefixListId": prefix_list, "Description": "from a list"}]
    assert permission["UserIdGroupPairs"][0]["Description"] == "from a group"
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=groups[0],
        IpPermissions=_permission(PrefixListIds=[{"PrefixListId": prefix_list, "Description": "renamed"}]),
    )
    assert "renamed" in {rule.get("Description") for rule in _rules(client, groups[0]).values()}
    # The description is no part of a rule's identity: revoking works without it.
    ec2.revoke_security_group_ingress(
        GroupId=groups[0], IpPermissions=_permission(UserIdGroupPairs=[{"GroupId": groups[1]}])
    )
    assert sum(not rule["IsEgress"] for rule in _rules(client, groups[0]).values()) == 2


def test_b1_the_same_rule_twice_is_a_duplicate_whatever_it_says(client, groups):
    ec2 = client("ec2")

    def authorize(text):
        pairs = [{"GroupId": groups[1], "Description": text}]
        ec2.authorize_security_group_ingress(GroupId=groups[0], IpPermissions=_permission(UserIdGroupPairs=pairs))

    authorize("one")
    with pytest.raises(ClientError) as raised:
        authorize("two")
    assert raised.value.response["Error"]["Code"] == "InvalidPermission.Duplicate"


@pytest.mark.parametrize("target", ["group", "list", "ipv6", "ipv4"])
def test_b1_modifying_a_rule_changes_what_it_refers_to(client, groups, prefix_list, target):
    ec2 = client("ec2")
    rule = ec2.authorize_security_group_ingress(
        GroupId=groups[0], IpPermissions=_permission(IpRanges=[{"CidrIp": "10.0.0.0/8"}])
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    wanted, read = {
        "group": ({"ReferencedGroupId": groups[1]}, ("ReferencedGroupInfo", groups[1])),
        "list": ({"PrefixListId": prefix_list}, ("PrefixListId", prefix_list)),
        "ipv6": ({"CidrIpv6": "fd00::/8"}, ("CidrIpv6", "fd00::/8")),
        "ipv4": ({"CidrIpv4": "10.1.0.0/16"}, ("CidrIpv4", "10.1.0.0/16")),
    }[target]
    request = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5433, "Description": "new", **wanted}
    ec2.modify_security_group_rules(
        GroupId=groups[0], SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": request}]
    )
    found = _rules(client, groups[0])[rule]
    value = found[read[0]]
    assert (value["GroupId"] if isinstance(value, dict) else value) == read[1]
    assert (found["FromPort"], found["ToPort"], found["Description"]) == (5432, 5433, "new")


def test_b1_modifying_a_rule_for_all_protocols_needs_no_ports(client, groups):
    ec2 = client("ec2")
    rule = ec2.authorize_security_group_ingress(
        GroupId=groups[0], IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    request = {"IpProtocol": "-1", "CidrIpv4": "10.0.0.0/8", "Description": "new"}
    ec2.modify_security_group_rules(
        GroupId=groups[0], SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": request}]
    )
    assert _rules(client, groups[0])[rule]["Description"] == "new"


def test_b12_a_deleted_nat_gateway_and_vpc_leave_nothing(client):
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.6.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.6.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    in_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    assert len(ec2.describe_network_interfaces(Filters=in_vpc)["NetworkInterfaces"]) == 1
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    ec2.release_address(AllocationId=address)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_network_interfaces(Filters=in_vpc)["NetworkInterfaces"] == []
    assert ec2.describe_network_acls(Filters=in_vpc)["NetworkAcls"] == []


# S3


def _policy(bucket, *statements):
    base = {"Principal": "*", "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [base | statement for statement in statements]})


DENY_WITHOUT_TLS = {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


UNENCRYPTED = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}


@pytest.mark.parametrize(
    ("statement", "encryption", "denied"),
    [
        (DENY_WITHOUT_TLS, "aws:kms", False),
        ({"Action": "s3:*"}, "aws:kms", True),
        ({"Action": "s3:PutObject", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, "aws:kms", True),
        ({"Action": "s3:Put*", "Condition": UNENCRYPTED}, "AES256", True),
        ({"Action": "s3:Put*", "Condition": UNENCRYPTED}, "aws:kms", False),
        ({"NotAction": "s3:GetObject", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, "aws:kms", True),
        ({"Action": "s3:PutObject", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}}, "aws:kms", False),
        ({"Action": "s3:PutObject", "Principal": {"Service": "config.amazonaws.com"}}, "aws:kms", False),
        ({"Action": "s3:GetObject"}, "aws:kms", False),
        ({"NotAction": "s3:*"}, "aws:kms", False),
    ],
)
def test_b4_a_denial_applies_when_principal_action_and_conditions_match(client, bucket, statement, encryption, denied):
    s3 = client("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=_policy(bucket, {"Effect": "Deny"} | statement))
    if denied:
        with pytest.raises(ClientError) as raised:
            s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption=encryption)
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    else:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption=encryption)


def test_b4_a_denial_without_tls_denies_no_reads_and_deletes_either(client, bucket):
    s3 = client("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=_policy(bucket, DENY_WITHOUT_TLS))
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})["Deleted"] == [{"Key": "k"}]


@pytest.mark.parametrize(("resource", "works"), [("/*", True), ("/logs/*", True), ("/other/*", False)])
def test_b10_access_logging_to_a_bucket_with_a_tls_policy(client, bucket, resource, works):
    s3 = client("s3")
    target = f"{bucket}-logs"
    s3.create_bucket(Bucket=target)
    delivery = {
        "Effect": "Allow",
        "Principal": {"Service": ["logging.s3.amazonaws.com"]},
        "Action": ["s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{target}{resource}"],
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    s3.put_bucket_policy(Bucket=target, Policy=_policy(target, DENY_WITHOUT_TLS, delivery))
    wanted = {"TargetBucket": target, "TargetPrefix": "logs/"}
    if works:
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": wanted})
        assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == wanted
    else:
        with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
            s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": wanted})


def test_s3_eventbridge_notification(client, bucket):
    s3 = client("s3")
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["EventBridgeConfiguration"] == {}


# DynamoDB


def test_b3_on_demand_throughput(client, name):
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        OnDemandThroughput={"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20},
    )
    read = dynamodb.describe_table(TableName=name)["Table"]["OnDemandThroughput"]
    assert read == {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    changed = {"MaxReadRequestUnits": 30, "MaxWriteRequestUnits": 40}
    dynamodb.update_table(TableName=name, OnDemandThroughput=changed)
    assert dynamodb.describe_table(TableName=name)["Table"]["OnDemandThroughput"] == changed


def test_b1_network_acl_entries_keep_icmp_type_and_code(client, vpc):
    ec2 = client("ec2")
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "RuleNumber": 10, "Protocol": "1", "RuleAction": "allow", "Egress": False}
    entry |= {"CidrBlock": "0.0.0.0/0"}

    def stored():
        (found,) = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
        (rule,) = [rule for rule in found["Entries"] if rule["RuleNumber"] == 10]
        return rule["IcmpTypeCode"]

    ec2.create_network_acl_entry(**entry, IcmpTypeCode={"Type": 3, "Code": 4})
    assert stored() == {"Type": 3, "Code": 4}
    ec2.replace_network_acl_entry(**entry, IcmpTypeCode={"Type": 8, "Code": -1})
    assert stored() == {"Type": 8, "Code": -1}
    ec2.delete_network_acl(NetworkAclId=acl)


@pytest.mark.parametrize(
    "key_format", [{"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}, {"SimplePrefix": {}}, None]
)
def test_b4_access_logging_keeps_the_format_of_its_keys(client, bucket, key_format):
    s3 = client("s3")
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    enabled = {"TargetBucket": bucket, "TargetPrefix": "logs/"}
    if key_format is not None:
        enabled["TargetObjectKeyFormat"] = key_format
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == enabled
