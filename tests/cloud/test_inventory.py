"""A2: the inventory of a fresh local cloud is empty, sees what is made, and is empty again."""

from orchestrator.adapters.aws.inventory import list_resources


def test_sees_a_deployment_come_and_go(client):
    ec2, kms, s3, logs = (client(service) for service in ("ec2", "kms", "s3", "logs"))
    assert list_resources(client, "inventory1") == []
    vpc = ec2.create_vpc(CidrBlock="10.5.0.0/16", TagSpecifications=[_tags("vpc")])["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.5.0.0/24")["Subnet"]["SubnetId"]
    key = kms.create_key(Tags=[{"TagKey": "Suffix", "TagValue": "inventory1"}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/kms-inventory1", TargetKeyId=key)
    s3.create_bucket(Bucket="raw-inventory1")
    logs.create_log_group(logGroupName="/aws/vpc/flow-inventory1")
    found = list_resources(client, "inventory1")
    # A VPC comes with a route table, a network ACL and a security group of its own.
    assert [item.type for item in found] == [
        "network-acl",
        "route-table",
        "security-group",
        "subnet",
        "vpc",
        "alias",
        "key",
        "log-group",
        "bucket",
    ]
    assert {subnet, vpc, key} <= {item.identifier for item in found}
    logs.delete_log_group(logGroupName="/aws/vpc/flow-inventory1")
    s3.delete_bucket(Bucket="raw-inventory1")
    kms.delete_alias(AliasName="alias/kms-inventory1")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    assert list_resources(client, "inventory1") == []


def _tags(kind):
    return {"ResourceType": kind, "Tags": [{"Key": "Name", "Value": f"{kind}-inventory1"}]}
