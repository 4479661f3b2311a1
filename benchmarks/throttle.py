"""Send thousands of requests with one API key of a deployed REST API, and 50 per second with another key meanwhile.

    .venv/bin/python benchmarks/throttle.py
    .venv/bin/python benchmarks/throttle.py --integration lambda

The API has the platform's usage plan (1,000 requests per second per key, bursts of 2,000), in a local cloud of its own. Each client connection stays open and
sends its next request when it has a response. Prints what passed for each key beside what the plan allows: the burst, and the rate times the seconds.
"""

import argparse
import io
import json
import re
import selectors
import socket
import sys
import tempfile
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import boto3
from botocore.config import Config

from orchestrator.local_cloud.api.address import url
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, ACCOUNT_ID, REGION, SECRET_ACCESS_KEY
from orchestrator.local_cloud.process import ServerProcess

RATE, BURST = 1000, 2000
OTHERS_PER_SECOND = 50
TOLERANCE = 0.02
STAGE = "v1"
HANDLER = "def handler(event, context): return {'statusCode': 200, 'body': '{}'}\n"


@dataclass(slots=True)
class Client:
    """A connection that sends one request after the other, and the responses: status and duration in seconds."""

    key: str
    connection: socket.socket
    request: bytes
    sent: float = 0.0
    received: bytes = b""
    answers: list[tuple[int, float]] = field(default_factory=list)

    def send(self) -> None:
        """Send the next request."""
        self.sent, self.received = time.perf_counter(), b""
        self.connection.sendall(self.request)

    def receive(self) -> bool:
        """Receive what has arrived; returns whether the response is complete."""
        part = self.connection.recv(65536)
        if not part:
            raise ConnectionError("the server closed a connection")
        self.received += part
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if not end or length is None or len(body) < int(length[1]):
            return False
        self.answers.append((int(head.split(b" ", 2)[1]), time.perf_counter() - self.sent))
        return True


def main() -> int:
    """Measure; returns 0 when the one key was limited as its plan says, and the other was not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=3000, help="on the one key (3000)")
    parser.add_argument("--connections", type=int, default=16, help="of the one key (16)")
    parser.add_argument("--integration", choices=("mock", "lambda"), default="mock", help="behind the method (mock)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="platformctl-throttle-") as home:
        cloud = ServerProcess(Path(home) / "local")
        endpoint = cloud.start().endpoint
        try:
            api_id, keys = deploy(endpoint, options.integration)
            address = url(endpoint, api_id, STAGE)
            open_one = [connect(endpoint, address, keys["one"], "one") for _ in range(options.connections)]
            other = connect(endpoint, address, keys["other"], "other")
            stranger = connect(endpoint, address, "", "none")
            for _ in range(50):
                exchange(other)
            other.answers.clear()
            seconds = run(open_one, other, options.requests)
            exchange(stranger)
        finally:
            cloud.stop()
    return report(open_one, other, stranger, seconds)


def deploy(endpoint: str, integration: str) -> tuple[str, dict[str, str]]:
    """Deploy an integration behind GET /bars with two keys in one usage plan; returns the API's id and the keys' values."""
    session = boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=REGION
    )
    settings = {"endpoint_url": endpoint, "config": Config(retries={"max_attempts": 0}, read_timeout=120)}
    iam, functions, gateway = (session.client(name, **settings) for name in ("iam", "lambda", "apigateway"))
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="throttle", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("handler.py", HANDLER)
    function = functions.create_function(
        FunctionName="throttle",
        Runtime="python3.12",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": archive.getvalue()},
    )["FunctionArn"]
    made = gateway.create_rest_api(name="throttle", endpointConfiguration={"types": ["REGIONAL"]})
    resource = gateway.create_resource(restApiId=made["id"], parentId=made["rootResourceId"], pathPart="bars")["id"]
    method = {"restApiId": made["id"], "resourceId": resource, "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE", apiKeyRequired=True)
    gateway.put_method_response(**method, statusCode="200")
    if integration == "mock":
        template = {"application/json": '{"statusCode": 200}'}
        gateway.put_integration(**method, type="MOCK", requestTemplates=template)
        gateway.put_integration_response(**method, statusCode="200", responseTemplates={"application/json": "{}"})
    else:
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
        gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    functions.add_permission(
        FunctionName=function,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{made['id']}/{STAGE}/GET/bars",
    )
    deployment = gateway.create_deployment(restApiId=made["id"])["id"]
    gateway.create_stage(restApiId=made["id"], stageName=STAGE, deploymentId=deployment)
    plan = gateway.create_usage_plan(
        name="throttle",
        apiStages=[{"apiId": made["id"], "stage": STAGE}],
        throttle={"rateLimit": RATE, "burstLimit": BURST},
    )["id"]
    keys = {}
    for name in ("one", "other"):
        key = gateway.create_api_key(name=name, enabled=True)
        gateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
        keys[name] = key["value"]
    return made["id"], keys


def connect(endpoint: str, address: str, key: str, name: str) -> Client:
    """Connect with a key, or with none."""
    host = endpoint.removeprefix("http://")
    opened = socket.create_connection((host.partition(":")[0], int(host.partition(":")[2])))
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    header = f"x-api-key: {key}\r\n" if key else ""
    request = f"GET {address.removeprefix(endpoint)}/bars HTTP/1.1\r\nHost: {host}\r\n{header}\r\n"
    return Client(name, opened, request.encode())


def exchange(client: Client) -> None:
    """Send one request and wait for its response."""
    client.send()
    while not client.receive():
        pass


def run(clients: list[Client], other: Client, requests: int) -> float:
    """Send the requests over the clients, and the other key's in between; returns the seconds until the last response."""
    began = time.perf_counter()
    left, busy, others, other_busy = requests, 0, 0, False
    with selectors.DefaultSelector() as selector:
        selector.register(other.connection, selectors.EVENT_READ, other)
        for client in clients:
            selector.register(client.connection, selectors.EVENT_READ, client)
            client.send()
        left, busy = left - len(clients), len(clients)
        while busy:
            if not other_busy and time.perf_counter() - began >= others / OTHERS_PER_SECOND:
                other.send()
                others, other_busy = others + 1, True
            for key, _ in selector.select(1 / OTHERS_PER_SECOND):
                client = key.data
                if not client.receive():
                    continue
                if client is other:
                    other_busy = False
                elif left:
                    left -= 1
                    client.send()
                else:
                    busy -= 1
    return time.perf_counter() - began


def report(clients: list[Client], other: Client, stranger: Client, seconds: float) -> int:
    """Print the table; returns 1 when the plan was not kept."""
    groups = {"one": [answer for client in clients for answer in client.answers], "other": other.answers}
    print(
        f"{'key':8}{'requests':>10}{'seconds':>9}{'per s':>8}{'passed':>8}{'429':>7}{'else':>6}{'median ms':>11}{'p99 ms':>9}"
    )
    for name, answers in groups.items():
        counts, waits = Counter(status for status, _ in answers), sorted(took for _, took in answers)
        passed, refused = counts[HTTPStatus.OK], counts[HTTPStatus.TOO_MANY_REQUESTS]
        median, slow = waits[len(waits) // 2] * 1000, waits[len(waits) * 99 // 100] * 1000
        print(
            f"{name:8}{len(answers):10,}{seconds:9.2f}{len(answers) / seconds:8,.0f}{passed:8,}{refused:7,}"
            f"{len(answers) - passed - refused:6,}{median:11.1f}{slow:9.1f}"
        )
    passed = sum(status == HTTPStatus.OK for status, _ in groups["one"])
    allowed = min(len(groups["one"]), BURST + RATE * seconds)
    print(f"passed / allowed = {passed:,} / {allowed:,.0f} = {passed / allowed:.3f}")
    print(f"without x-api-key: {stranger.answers[0][0]}")
    unaffected = all(status == HTTPStatus.OK for status, _ in other.answers)
    refused = stranger.answers[0][0] == HTTPStatus.FORBIDDEN
    return 0 if abs(passed / allowed - 1) < TOLERANCE and unaffected and refused else 1


if __name__ == "__main__":
    sys.exit(main())
