"""The API as a client of the local cloud sees it: its own data plane, with the routes of live/ and the functions' own code on a real PostgreSQL."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from orchestrator.local_cloud.api.address import local_url
from orchestrator.local_cloud.api.gateway import DataPlane
from orchestrator.local_cloud.control import Retirement, control_endpoints
from orchestrator.local_cloud.faults import clear_faults
from orchestrator.local_cloud.patches import apply_patches
from orchestrator.local_cloud.serial import one_at_a_time
from orchestrator.local_cloud.transport import LoopbackServer
from orchestrator.local_cloud.wsgi import application, buffered
from tests.functions.conftest import ENVIRONMENT, load_function

ORIGIN = "https://desk.example.com"
_URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:{}/invocations"
# API Gateway may call with this role, so the functions need not exist in moto with a policy each.
_ROLE = "arn:aws:iam::123456789012:role/api"
_TABLES = {"API_KEYS_TABLE": ("api-keys", "key_hash"), "SESSIONS_TABLE": ("sessions", "session_id")}
_BUCKETS = {"EXPORTS_BUCKET": "processed", "PROCESSED_BUCKET": "processed", "RAW_BUCKET": "raw"}


@dataclass(frozen=True, slots=True)
class LocalApi:
    """A deployed API.

    Attributes:
        url: that paths are added to.
        key: the value of an API key.
        functions: the modules of the functions, by name.

    """

    url: str
    key: str
    functions: dict[str, Any]


@contextmanager
def local_api(deployed: dict[str, Any], responses: dict[str, dict[str, Any]], database: Any) -> Iterator[LocalApi]:
    """Serve the API.

    Args:
        deployed: the inputs of the unit apigw.
        responses: settings of gateway responses by type.
        database: that the function ``api`` reads.

    """
    functions: dict[str, Any] = {}
    # A function's environment handles one request at a time.
    one = threading.Lock()

    def invoke(arn: str, payload: bytes) -> SimpleNamespace:
        context = SimpleNamespace(
            function_name="lambda-demo", memory_limit_in_mb=512, invoked_function_arn=arn, aws_request_id="r",
            get_remaining_time_in_millis=lambda: 29_000,
        )  # fmt: skip
        with one:
            answer = functions[arn.rpartition(":")[2]].handler.handler(json.loads(payload), context)
        return SimpleNamespace(payload=json.dumps(answer).encode(), function_error="")

    apply_patches()
    plane = DataPlane(invoke)
    moto = clear_faults(one_at_a_time(buffered(DomainDispatcherApplication(create_backend_app))))
    server = LoopbackServer(0, application(control_endpoints(plane.layer(moto), {}, Retirement())))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    plane.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    with pytest.MonkeyPatch.context() as environment:
        values = ENVIRONMENT | _BUCKETS | {name: table for name, (table, _) in _TABLES.items()}
        for name, value in values.items():
            environment.setenv(name, value)
        environment.setenv("AWS_ENDPOINT_URL", endpoint)
        environment.setenv("CORS_ALLOWED_ORIGINS", ORIGIN)
        functions |= {name: load_function(name) for name in ("api", "ingest")}
        environment.setattr(functions["api"].handler, "database", lambda: database)
        # Made now, because the tests themselves have no endpoint in their environment.
        for client in (functions["api"].handler.dynamodb, functions["api"].handler.s3, functions["ingest"].handler.s3):
            client()
        _store()
        url, key = _deploy(deployed, responses)
        yield LocalApi(local_url(endpoint, url), key, functions)
    server.shutdown()
    server.server_close()
    plane.stop()


def _client(service: str) -> Any:
    return boto3.client(service, config=Config(retries={"max_attempts": 0}))


def _store() -> None:
    for bucket in sorted(set(_BUCKETS.values())):
        _client("s3").create_bucket(Bucket=bucket)
    for table, key in _TABLES.values():
        _client("dynamodb").create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        )


def _deploy(deployed: dict[str, Any], responses: dict[str, dict[str, Any]]) -> tuple[str, str]:
    """Create the REST API as modules/apigw does; returns its address and a key."""
    gateway = _client("apigateway")
    rest = gateway.create_rest_api(name="api", minimumCompressionSize=1024)
    place = {"restApiId": rest["id"]}
    for name, schema in deployed["models"].items():
        gateway.create_model(**place, name=name, contentType="application/json", schema=schema)
    validator = gateway.create_request_validator(
        **place, name="all", validateRequestBody=True, validateRequestParameters=True
    )["id"]
    resources = {"": rest["rootResourceId"]}
    for route, settings in deployed["routes"].items():
        verb, path = route.split(" ")
        parts = path.removeprefix("/").split("/")
        for depth in range(1, len(parts) + 1):
            whole = "/".join(parts[:depth])
            if whole not in resources:
                parent = resources["/".join(parts[: depth - 1])]
                made = gateway.create_resource(**place, parentId=parent, pathPart=parts[depth - 1])
                resources[whole] = made["id"]
        method = {**place, "resourceId": resources[path.removeprefix("/")], "httpMethod": verb}
        model = settings.get("request_model")
        gateway.put_method(
            **method, authorizationType="NONE", apiKeyRequired=True, requestValidatorId=validator,
            requestParameters=settings.get("request_parameters") or {}, requestModels={"$default": model} if model else {},
        )  # fmt: skip
        function = "ingest" if path == "/market-data" else "api"
        gateway.put_integration(
            **method, type="AWS_PROXY", integrationHttpMethod="POST", uri=_URI.format(function), credentials=_ROLE
        )
    for kind, settings in responses.items():
        gateway.put_gateway_response(**place, responseType=kind, **settings)
    deployment = gateway.create_deployment(**place)["id"]
    gateway.create_stage(**place, stageName="v1", deploymentId=deployment)
    plan = gateway.create_usage_plan(name="all", apiStages=[{"apiId": rest["id"], "stage": "v1"}])["id"]
    key = gateway.create_api_key(name="desk", enabled=True)
    gateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    return f"https://{rest['id']}.execute-api.us-east-1.amazonaws.com/v1", key["value"]
