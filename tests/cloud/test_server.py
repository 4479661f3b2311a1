"""The server as its users meet it: processes, boto3, plain HTTP."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from time import monotonic, sleep
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from orchestrator.local_cloud.errors import LocalCloudError
from orchestrator.local_cloud.lifeline import Identity
from orchestrator.local_cloud.process import Ending, ServerProcess


def _until(condition, seconds=15):
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not happen in time"
        sleep(0.05)


def _connection(cloud):
    return HTTPConnection(urlsplit(cloud.status().endpoint).netloc, timeout=30)


def test_start_status_stop(tmp_path):
    cloud = ServerProcess(tmp_path / "local")
    assert not cloud.status().running
    started = cloud.start()
    assert started.running
    assert started == ServerProcess(tmp_path / "local").status()
    assert cloud.start() == started, "a second start keeps the server"
    assert stat.S_IMODE((tmp_path / "local" / "server.json").stat().st_mode) == 0o600
    assert cloud.stop() is Ending.ENDED
    assert cloud.stop() is Ending.NOTHING
    assert not (tmp_path / "local" / "server.json").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(started.pid, 0)


def test_two_starts_at_the_same_moment_make_one_server(tmp_path):
    clouds = [ServerProcess(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(ServerProcess.start, clouds))
    try:
        assert len({status.pid for status in started}) == 1
    finally:
        clouds[0].stop()


def _ended(pid):
    return Identity.of(pid) is None


def test_a_start_that_was_killed_leaves_a_server_that_the_next_start_takes(tmp_path):
    """It was killed after it had started the process, and before that process had bound its port."""
    cloud = ServerProcess(tmp_path)
    command = [
        sys.executable,
        "-P",
        "-m",
        "orchestrator.local_cloud.server",
        "--home",
        str(tmp_path),
        "--instance",
        "x",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as orphan:
        _until(cloud._lifeline.held, 60)
        assert cloud.start().pid == orphan.pid
        assert cloud.stop() is Ending.ENDED


@pytest.mark.parametrize("loss", ["record", "home"])
def test_a_server_that_nobody_can_find_ends_and_makes_room(tmp_path, loss):
    cloud = ServerProcess(tmp_path / "local")
    first = cloud.start()
    port = int(first.endpoint.rpartition(":")[2])
    if loss == "record":
        (tmp_path / "local" / "server.json").write_text('{"pid": ')
        second = cloud.start(port)
    else:
        shutil.rmtree(tmp_path / "local")
        _until(lambda: _ended(first.pid), 30)
        second = cloud.start(port)
    try:
        assert (second.pid != first.pid, second.endpoint) == (True, first.endpoint)
        assert _ended(first.pid)
    finally:
        assert cloud.stop() is Ending.ENDED


def test_a_start_while_the_server_retires_waits_for_its_port(tmp_path):
    cloud = ServerProcess(tmp_path)
    first = cloud.start()
    port = int(first.endpoint.rpartition(":")[2])
    cloud.retire(0)
    _until(lambda: not (tmp_path / "server.json").exists())
    second = cloud.start(port)
    try:
        assert (second.pid != first.pid, second.endpoint, _ended(first.pid)) == (True, first.endpoint, True)
    finally:
        with ThreadPoolExecutor(3) as pool:
            endings = list(pool.map(ServerProcess.stop, [ServerProcess(tmp_path) for _ in range(3)]))
    assert sorted(ending.name for ending in endings) == ["ENDED", "NOTHING", "NOTHING"]


def test_a_taken_port_is_reported_with_the_log(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(LocalCloudError) as raised:
            ServerProcess(tmp_path).start(taken.getsockname()[1])
    assert "in use" in raised.value.detail


def test_retires_in_silence_and_not_when_started_again(tmp_path):
    cloud = ServerProcess(tmp_path)
    first = cloud.start()
    cloud.retire(0.5)
    assert cloud.start().instance_id == first.instance_id
    sleep(1.2)
    assert cloud.status().running, "start took the retirement back"
    cloud.retire(0.2)
    _until(lambda: not cloud.status().running)
    assert not (tmp_path / "server.json").exists()
    second = cloud.start()
    try:
        assert second.instance_id != first.instance_id
    finally:
        cloud.stop()


def test_listens_on_loopback_only(cloud):
    port = int(cloud.status().endpoint.rpartition(":")[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no other address")
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(OSError, match=r"refused|timed out"):
        socket.create_connection((address, port), timeout=2)


def test_the_environment_reaches_every_service_s3_control_too(cloud, monkeypatch, name):
    for variable, value in cloud.environment().items():
        monkeypatch.setenv(variable, value)
    session = boto3.Session()
    bucket = f"{name}-bucket"
    session.client("s3").create_bucket(Bucket=bucket)
    account = session.client("sts").get_caller_identity()
    assert account["Account"] == "123456789012"
    assert account["Arn"] == "arn:aws:iam::123456789012:user/local-cloud"
    answer = session.client("s3control").list_tags_for_resource(
        AccountId="123456789012", ResourceArn=f"arn:aws:s3:::{bucket}"
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


HOSTILE = {
    "AWS_CA_BUNDLE": "/nowhere",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_PROFILE": "missing",
    "AWS_SESSION_TOKEN": "a-real-token",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "ALL_PROXY": "http://127.0.0.1:1",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "NO_PROXY": ".com",
    "REQUEST_METHOD": "GET",
}
CALLS = """
import boto3
s3 = boto3.client("s3")
s3.create_bucket(Bucket="hostile")
assert s3.list_buckets()["Buckets"]
assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"
boto3.client("s3control").list_tags_for_resource(AccountId="123456789012", ResourceArn="arn:aws:s3:::hostile")
print("all calls arrived")
"""


def test_a_hostile_environment_changes_neither_the_server_nor_a_session(tmp_path, monkeypatch):
    for module in ("moto", "secrets", "json"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('the wrong module')\n")
    monkeypatch.chdir(tmp_path)
    hostile = HOSTILE | {
        "FLASK_DEBUG": "1",
        "INITIAL_NO_AUTH_ACTION_COUNT": "0",
        "MOTO_ACCOUNT_ID": "999999999999",
        "PYTHONHOME": "/nowhere",
        "PYTHONPATH": str(tmp_path),
        "PYTHONSTARTUP": str(tmp_path / "json.py"),
        "PYTHONWARNINGS": "error",
        "WERKZEUG_SERVER_FD": "99",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    cloud = ServerProcess(tmp_path / "local")
    cloud.start()
    try:
        commands = "\n".join(cloud.shell_commands())
        script = f'{commands}\nexec "$0" -c "$1"'
        done = subprocess.run(
            ["sh", "-euc", script, sys.executable, CALLS],
            env={"PATH": os.environ["PATH"], **HOSTILE},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.returncode) == ("all calls arrived\n", 0), done.stderr
    finally:
        cloud.stop()


def test_real_credentials_are_refused_and_not_logged(cloud):
    key = "AKIAQWERTYUIOPASDFGH"
    ec2 = boto3.client(
        "ec2",
        aws_access_key_id=key,
        aws_secret_access_key="x",
        region_name="us-east-1",
        endpoint_url=cloud.status().endpoint,
    )
    with pytest.raises(ClientError, match="Real credentials were about to be used against the local cloud") as raised:
        ec2.describe_vpcs()
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert raised.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert key not in cloud.status().log.read_text()


def test_keys_of_an_assumed_role_are_accepted(cloud, client, name):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    keys = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    assert keys["AccessKeyId"].startswith("ASIA")
    sts = boto3.client(
        "sts",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name="us-east-1",
        endpoint_url=cloud.status().endpoint,
    )
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:sts::123456789012:assumed-role/{name}/session"


@pytest.mark.parametrize(
    ("service", "call", "label"),
    [
        ("ec2", lambda c: c.describe_capacity_blocks(), "ec2:DescribeCapacityBlocks"),
        (
            "dynamodb",
            lambda c: c.update_contributor_insights(TableName="t" * 3, ContributorInsightsAction="ENABLE"),
            "dynamodb:UpdateContributorInsights",
        ),
        ("iam", lambda c: c.get_organizations_access_report(JobId="0" * 36), "iam:GetOrganizationsAccessReport"),
        # Services whose libraries are not installed: one fails when moto loads it, the other within a call.
        ("glue", lambda c: c.get_databases(), "glue:GetDatabases"),
        ("cloudformation", lambda c: c.validate_template(TemplateBody="{}"), "cloudformation:ValidateTemplate"),
    ],
)
def test_what_is_not_implemented_is_named_and_not_repeated(cloud, service, call, label):
    session = boto3.Session("LOCALPLATFORMCTLFAKE", "x", region_name="us-east-1")
    api = session.client(service, endpoint_url=cloud.status().endpoint)
    with pytest.raises(ClientError) as raised:
        call(api)
    assert raised.value.response["Error"]["Code"] == "NotImplemented"
    assert label in raised.value.response["Error"]["Message"]
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert raised.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_repeated_create_creates_once(client):
    ec2 = client("ec2")
    before = len(ec2.describe_vpcs()["Vpcs"])

    def same_invocation(request, **_):
        request.headers["amz-sdk-invocation-id"] = "the-same-for-both"

    ec2.meta.events.register("before-send.ec2.CreateVpc", same_invocation)
    try:
        first, second = (ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"] for _ in range(2))
    finally:
        ec2.meta.events.unregister("before-send.ec2.CreateVpc", same_invocation)
    assert first == second
    assert len(ec2.describe_vpcs()["Vpcs"]) == before + 1
    ec2.delete_vpc(VpcId=first)


def test_many_calls_at_once_create_each_thing_once(client):
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]

    def create(number):
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.8.{number}.0/24")["Subnet"]["SubnetId"]
        ec2.describe_subnets()
        ec2.describe_route_tables()
        return subnet

    with ThreadPoolExecutor(24) as pool:
        made = set(pool.map(create, range(72)))
    found = {
        item["SubnetId"] for item in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    }
    assert made == found
    assert len(made) == 72
    for subnet in made:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def test_is_no_proxy_for_other_hosts(cloud):
    connection = _connection(cloud)
    connection.request("GET", "http://example.com/")
    answer = connection.getresponse()
    assert (answer.status, answer.read()[:40]) == (403, b"This is platformctl's local cloud, and n")
    connection.close()


def test_connections_stay_open_and_chunked_bodies_are_read(cloud, client, name):
    client("s3").create_bucket(Bucket=name)
    connection = _connection(cloud)
    headers = {"Authorization": "AWS LOCALPLATFORMCTLFAKE:signature"}
    connection.request("PUT", f"/{name}/key", body=iter([b"abc", b"def"]), headers=headers, encode_chunked=True)
    answer = connection.getresponse()
    answer.read()
    first_socket = connection.sock
    connection.request("HEAD", f"/{name}/key", headers=headers)
    head = connection.getresponse()
    head.read()
    connection.request("GET", f"/{name}/key", headers=headers)
    body = connection.getresponse().read()
    assert (answer.status, head.status, head.headers["Content-Length"], body) == (200, 200, "6", b"abcdef")
    assert connection.sock is first_socket
    connection.close()


def test_the_log_has_one_line_per_request(cloud, client, name):
    client("secretsmanager").create_secret(Name=name, SecretString="hunter2")
    log = cloud.status().log.read_text()
    assert "secretsmanager CreateSecret 200 " in log
    assert "hunter2" not in log
