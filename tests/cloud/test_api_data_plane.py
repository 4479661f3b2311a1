"""Clients of a deployed API, over HTTP, with what moto keeps of the deployment; the functions are Python functions.

The server runs in this process, so that the tests can hand it functions.
"""

import base64
import json
import threading
from contextlib import contextmanager
from http.client import HTTPConnection
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config
from moto.apigateway.models import apigateway_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from orchestrator.local_cloud.api.address import local_url
from orchestrator.local_cloud.api.gateway import DataPlane
from orchestrator.local_cloud.control import Retirement, control_endpoints
from orchestrator.local_cloud.faults import clear_faults
from orchestrator.local_cloud.identity import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from orchestrator.local_cloud.patches import apply_patches
from orchestrator.local_cloud.serial import MOTO, one_at_a_time
from orchestrator.local_cloud.transport import LoopbackServer
from orchestrator.local_cloud.wsgi import application, buffered
from tests.cloud.platform_things import package

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/logs"
URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"
MODEL = {"type": "object", "required": ["user_id"]}
TEMPLATE = '{"message":$context.error.messageString,"requestId":"$context.requestId"}'


@pytest.fixture(scope="module")
def events():
    """What the function was called with; its answers follow from them."""
    return []


@pytest.fixture(scope="module")
def plane(events):
    def invoke(arn, payload):
        event = json.loads(payload)
        events.append(event)
        answer = {"statusCode": 200, "body": json.dumps({"arn": arn, "path": event["path"]})}
        if event["path"] == "/images":
            answer |= {"body": event["body"], "isBase64Encoded": event["isBase64Encoded"]}
        return SimpleNamespace(payload=json.dumps(answer).encode(), function_error="")

    return DataPlane(invoke)


@pytest.fixture(scope="module")
def endpoint(plane):
    moto = clear_faults(one_at_a_time(buffered(DomainDispatcherApplication(create_backend_app))))
    server = LoopbackServer(0, application(control_endpoints(plane.layer(moto), {}, Retirement())))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    plane.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    plane.stop()


@pytest.fixture(scope="module")
def service(endpoint):
    """A client of a service of this server."""
    session = boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=REGION
    )
    clients = {}

    def get(name):
        if name not in clients:
            clients[name] = session.client(name, endpoint_url=endpoint, config=Config(retries={"max_attempts": 0}))
        return clients[name]

    yield get
    for client in clients.values():
        client.close()


def function(service, name):
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    return service("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=service("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"],
        Handler="handler.handler",
        Code={"ZipFile": package("")},
    )["FunctionArn"]


@pytest.fixture
def api(service, plane, events, name):
    """A deployed API with two keys in a usage plan of three requests; like modules/apigw."""
    events.clear()
    gateway = service("apigateway")
    gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}])
    arn = function(service, name)
    rest = gateway.create_rest_api(name=name, endpointConfiguration={"types": ["REGIONAL"]})
    found = SimpleNamespace(id=rest["id"], function=arn, root=rest["rootResourceId"], group=f"/aws/apigateway/{name}")
    gateway.create_model(restApiId=found.id, name="session", contentType="application/json", schema=json.dumps(MODEL))
    found.validator = gateway.create_request_validator(
        restApiId=found.id, name=name, validateRequestBody=True, validateRequestParameters=True
    )["id"]
    route(
        gateway, found, "bars", "{symbol}", verb="GET", requestParameters={"method.request.querystring.interval": True}
    )
    route(gateway, found, "sessions", verb="POST", requestModels={"$default": "session"})
    for kind, status in (("THROTTLED", "429"), ("MISSING_AUTHENTICATION_TOKEN", "404")):
        gateway.put_gateway_response(
            restApiId=found.id,
            responseType=kind,
            statusCode=status,
            responseParameters={"gatewayresponse.header.Retry-After": "'1'"},
            responseTemplates={"application/json": TEMPLATE},
        )
    for path in ("GET/bars/*", "POST/sessions"):
        permit(service, found, path)
    deployment = gateway.create_deployment(restApiId=found.id)["id"]
    gateway.create_stage(restApiId=found.id, stageName="v1", deploymentId=deployment)
    for group in (found.group, f"API-Gateway-Execution-Logs_{found.id}/v1"):
        service("logs").create_log_group(logGroupName=group)
    settings = {
        "/accessLogSettings/destinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{found.group}",
        "/accessLogSettings/format": '{"status":"$context.status","path":"$context.resourcePath","error":"$context.error.responseType"}',
        "/*/*/logging/loglevel": "INFO",
    }
    patch_stage(gateway, found, settings)
    found.plan = gateway.create_usage_plan(
        name=name, apiStages=[{"apiId": found.id, "stage": "v1"}], throttle={"rateLimit": 0.001, "burstLimit": 3}
    )["id"]
    found.keys = []
    for client in ("one", "two"):
        key = gateway.create_api_key(name=f"{name}-{client}", enabled=True)
        gateway.create_usage_plan_key(usagePlanId=found.plan, keyId=key["id"], keyType="API_KEY")
        found.keys.append(key)
    yield found
    gateway.delete_rest_api(restApiId=found.id)
    gateway.delete_usage_plan(usagePlanId=found.plan)
    for key in found.keys:
        gateway.delete_api_key(apiKey=key["id"])
    plane.records.flush()
    for group in (found.group, f"API-Gateway-Execution-Logs_{found.id}/v1"):
        service("logs").delete_log_group(logGroupName=group)
    service("lambda").delete_function(FunctionName=name)
    service("iam").delete_role(RoleName=name)


def route(gateway, api, *parts, verb, **asked):
    parent = api.root
    for part in parts:
        parent = gateway.create_resource(restApiId=api.id, parentId=parent, pathPart=part)["id"]
    method = {"restApiId": api.id, "resourceId": parent, "httpMethod": verb}
    gateway.put_method(
        **method, authorizationType="NONE", apiKeyRequired=True, requestValidatorId=api.validator, **asked
    )
    gateway.put_integration(
        **method, type="AWS_PROXY", integrationHttpMethod="POST", uri=URI.format(api.function), timeoutInMillis=5000
    )


def permit(service, api, path):
    service("lambda").add_permission(
        FunctionName=api.function,
        StatementId=path.replace("/", "-").replace("*", "any"),
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/v1/{path}",
    )


def patch_stage(gateway, api, values):
    operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    gateway.update_stage(restApiId=api.id, stageName="v1", patchOperations=operations)


@contextmanager
def connection(endpoint):
    opened = HTTPConnection(endpoint.removeprefix("http://"), timeout=30)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def ask(endpoint, api):
    """Sends a request to the stage; status, headers, and the body read as JSON."""
    base = local_url(endpoint, f"https://{api.id}.execute-api.{REGION}.amazonaws.com/v1").removeprefix(endpoint)
    with connection(endpoint) as opened:

        def send(path, method="GET", body=None, key=0, **headers):
            value = {} if key is None else {"x-api-key": api.keys[key]["value"]}
            opened.request(method, base + path, body, value | headers)
            answer = opened.getresponse()
            return answer.status, answer.headers, json.loads(answer.read())

        yield send


def test_b6_a_request_with_a_key_reaches_the_function(ask, api, events):
    status, headers, body = ask("/bars/BRK.B?interval=1m")
    assert (status, body) == (200, {"arn": api.function, "path": "/bars/BRK.B"})
    context = events[0]["requestContext"]
    assert context["identity"]["apiKeyId"] == api.keys[0]["id"]
    assert (context["resourcePath"], context["stage"]) == ("/bars/{symbol}", "v1")
    assert headers["x-amzn-RequestId"] == context["requestId"]


def test_b6_without_a_key_nothing_passes(ask, events):
    status, headers, body = ask("/bars/AAPL?interval=1m", key=None)
    assert (status, body, headers["x-amzn-ErrorType"]) == (403, {"message": "Forbidden"}, "ForbiddenException")
    assert events == []


def test_b6_each_key_has_its_own_limit(ask, events):
    answers = [ask("/bars/AAPL?interval=1m") for _ in range(5)]
    assert [status for status, _, _ in answers] == [200, 200, 200, 429, 429]
    assert answers[-1][2]["message"] == "Too Many Requests"
    assert answers[-1][2]["requestId"] == answers[-1][1]["x-amzn-RequestId"]
    assert answers[-1][1]["Retry-After"] == "1"
    assert ask("/bars/AAPL?interval=1m", key=1)[0] == 200
    assert len(events) == 4


def test_b6_the_quota_of_a_plan_is_a_limit_too(ask, api, service):
    operations = [
        {"op": "add", "path": "/quota/limit", "value": "1"},
        {"op": "add", "path": "/quota/period", "value": "MONTH"},
    ]
    service("apigateway").update_usage_plan(usagePlanId=api.plan, patchOperations=operations)
    assert ask("/bars/AAPL?interval=1m")[0] == 200
    status, _, body = ask("/bars/AAPL?interval=1m")
    assert (status, body["message"]) == (429, "Limit Exceeded")


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "message"),
    [
        ("/bars/AAPL", "GET", None, 400, "Missing required request parameters: [interval]"),
        ("/sessions", "POST", b"{}", 400, "Invalid request body"),
        ("/sessions", "POST", b"", 400, "Invalid request body"),
        ("/nothing", "GET", None, 404, "Missing Authentication Token"),
    ],
)
def test_b6_the_validator_answers_before_the_function(ask, events, path, method, body, status, message):
    seen = ask(path, method, body)
    assert (seen[0], seen[2]["message"]) == (status, message)
    assert events == []


def test_b6_the_logs_tell_of_every_request(ask, api, service, plane):
    ask("/bars/AAPL?interval=1m")
    ask("/bars/AAPL")
    plane.records.flush()
    found = service("logs").filter_log_events(logGroupName=api.group)["events"]
    assert [json.loads(event["message"]) for event in found] == [
        {"status": "200", "path": "/bars/{symbol}", "error": "-"},
        {"status": "400", "path": "/bars/{symbol}", "error": "BAD_REQUEST_PARAMETERS"},
    ]
    executed = service("logs").filter_log_events(logGroupName=f"API-Gateway-Execution-Logs_{api.id}/v1")["events"]
    assert any("Missing required request parameters: [interval]" in event["message"] for event in executed)


def test_without_the_accounts_role_there_are_no_logs(ask, api, service, plane):
    with MOTO:
        apigateway_backends[ACCOUNT][REGION].account.cloudwatch_role_arn = None
    plane.deployments.changed()
    ask("/bars/AAPL?interval=1m")
    plane.records.flush()
    assert service("logs").filter_log_events(logGroupName=api.group)["events"] == []


def test_a_function_that_does_not_permit_it_is_not_called(ask, api, service, events):
    assert ask("/bars/AAPL?interval=1m")[0] == 200
    service("lambda").remove_permission(FunctionName=api.function, StatementId="GET-bars-any")
    status, _, body = ask("/bars/AAPL?interval=1m")
    assert (status, body) == (500, {"message": "Internal server error"})
    assert len(events) == 1


def test_a_change_shows_when_it_is_deployed(ask, api, service):
    gateway = service("apigateway")
    gateway.delete_gateway_response(restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN")
    assert ask("/nothing")[0] == 404
    deployment = gateway.create_deployment(restApiId=api.id)["id"]
    assert ask("/nothing")[0] == 404
    patch_stage(gateway, api, {"/deploymentId": deployment})
    assert ask("/nothing")[0] == 403


def test_a_key_that_is_disabled_is_refused_at_once(ask, api, service):
    assert ask("/bars/AAPL?interval=1m")[0] == 200
    operations = [{"op": "replace", "path": "/enabled", "value": "false"}]
    service("apigateway").update_api_key(apiKey=api.keys[0]["id"], patchOperations=operations)
    assert ask("/bars/AAPL?interval=1m")[0] == 403


def test_a_refusal_does_not_wait_for_motos_lock(ask):
    for _ in range(3):
        ask("/bars/AAPL?interval=1m")
    with MOTO:
        assert ask("/bars/AAPL?interval=1m")[0] == 429


def test_an_api_that_is_deleted_answers_no_more(ask, api, service):
    assert ask("/bars/AAPL?interval=1m")[0] == 200
    service("apigateway").delete_stage(restApiId=api.id, stageName="v1")
    assert ask("/bars/AAPL?interval=1m")[0] == 403


PIXEL = b"\x89PNG\r\n\x1a\n\x00\xff"


@pytest.fixture
def images(service, endpoint, name):
    """The path of a deployed API without keys that passes images to the function in base64."""
    apply_patches()
    gateway = service("apigateway")
    rest = gateway.create_rest_api(name=name, binaryMediaTypes=["image/*"])
    arn = function(service, name)
    found = SimpleNamespace(id=rest["id"], function=arn, root=rest["rootResourceId"])
    method = {
        "restApiId": rest["id"],
        "resourceId": gateway.create_resource(restApiId=rest["id"], parentId=found.root, pathPart="images")["id"],
        "httpMethod": "POST",
    }
    gateway.put_method(**method, authorizationType="NONE")
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=URI.format(arn))
    permit(service, found, "POST/images")
    gateway.create_deployment(restApiId=rest["id"], stageName="v1")
    yield local_url(endpoint, f"https://{rest['id']}.execute-api.{REGION}.amazonaws.com/v1/images").removeprefix(
        endpoint
    )
    gateway.delete_rest_api(restApiId=rest["id"])
    service("lambda").delete_function(FunctionName=name)
    service("iam").delete_role(RoleName=name)


@pytest.mark.parametrize(
    ("kind", "accept", "seen", "answered"),
    [
        ("image/png", "image/png", (base64.b64encode(PIXEL).decode(), True), PIXEL),
        ("image/png", "text/html", (base64.b64encode(PIXEL).decode(), True), base64.b64encode(PIXEL)),
        ("text/plain", "image/png", (PIXEL.decode(errors="replace"), False), PIXEL.decode(errors="replace").encode()),
    ],
)
def test_binary_bodies_are_base64_for_the_function_and_bytes_for_the_client(
    endpoint, images, events, kind, accept, seen, answered
):
    with connection(endpoint) as opened:
        opened.request("POST", images, PIXEL, {"Content-Type": kind, "Accept": accept})
        answer = opened.getresponse()
        assert (answer.status, answer.read()) == (200, answered)
    assert (events[-1]["body"], events[-1]["isBase64Encoded"]) == seen


@pytest.fixture
def guarded(service, endpoint, name):
    """A deployed API without keys: /tokens for a Cognito user pool, /signed for IAM; with a pool of one user."""
    apply_patches()
    gateway, cognito = service("apigateway"), service("cognito-idp")
    pool = cognito.create_user_pool(PoolName=name)["UserPool"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool["Id"], ClientName=name, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool["Id"], Username="anna")
    cognito.admin_set_user_password(UserPoolId=pool["Id"], Username="anna", Password="Not-a-secret-1", Permanent=True)
    rest = gateway.create_rest_api(name=name)
    found = SimpleNamespace(id=rest["id"], function=function(service, name), root=rest["rootResourceId"])
    authorizer = gateway.create_authorizer(
        restApiId=found.id,
        name=name,
        type="COGNITO_USER_POOLS",
        providerARNs=[pool["Arn"]],
        identitySource="method.request.header.Authorization",
    )["id"]
    for path, more in (
        ("tokens", {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer}),
        ("signed", {"authorizationType": "AWS_IAM"}),
    ):
        parent = gateway.create_resource(restApiId=found.id, parentId=found.root, pathPart=path)["id"]
        method = {"restApiId": found.id, "resourceId": parent, "httpMethod": "GET"}
        gateway.put_method(**method, **more)
        gateway.put_integration(
            **method, type="AWS_PROXY", integrationHttpMethod="POST", uri=URI.format(found.function)
        )
        permit(service, found, f"GET/{path}")
    gateway.create_deployment(restApiId=found.id, stageName="v1")
    found.token = lambda: cognito.admin_initiate_auth(
        UserPoolId=pool["Id"],
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "anna", "PASSWORD": "Not-a-secret-1"},
    )["AuthenticationResult"]
    found.base = local_url(endpoint, f"https://{found.id}.execute-api.{REGION}.amazonaws.com/v1").removeprefix(endpoint)
    yield found
    gateway.delete_rest_api(restApiId=found.id)
    cognito.delete_user_pool(UserPoolId=pool["Id"])
    service("lambda").delete_function(FunctionName=name)
    service("iam").delete_role(RoleName=name)


def test_b6_cognitos_id_tokens_pass_and_nothing_else(endpoint, guarded, events):
    events.clear()
    issued = guarded.token()
    forged = issued["IdToken"][:-8] + "AAAAAAAA"
    with connection(endpoint) as opened:

        def status(token):
            opened.request("GET", f"{guarded.base}/tokens", headers={"Authorization": token} if token else {})
            answer = opened.getresponse()
            answer.read()
            return answer.status

        assert [status(token) for token in ("", "x", forged, issued["AccessToken"])] == [401] * 4
        assert events == []
        assert [status(token) for token in (issued["IdToken"], f"Bearer {issued['IdToken']}")] == [200, 200]
    claims = events[0]["requestContext"]["authorizer"]["claims"]
    assert (claims["cognito:username"], claims["token_use"], bool(claims["sub"])) == ("anna", "id", True)


def test_b6_a_role_needs_the_permission_to_call_the_method(service, endpoint, guarded, events, name):
    events.clear()
    iam, sts = service("iam"), service("sts")
    role = f"{name}-caller"
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')["Role"][
        "Arn"
    ]
    key = sts.assume_role(RoleArn=arn, RoleSessionName="desk")["Credentials"]["AccessKeyId"]
    scope = (
        f"AWS4-HMAC-SHA256 Credential={key}/20260131/{REGION}/execute-api/aws4_request, SignedHeaders=host, Signature=0"
    )
    allowed = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{guarded.id}/v1/GET/signed"
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": allowed}
    statuses = []
    with connection(endpoint) as opened:
        for document in (None, {"Version": "2012-10-17", "Statement": [statement]}):
            if document:
                iam.put_role_policy(RoleName=role, PolicyName="call", PolicyDocument=json.dumps(document))
            opened.request("GET", f"{guarded.base}/signed", headers={"Authorization": scope})
            answer = opened.getresponse()
            answer.read()
            statuses.append(answer.status)
    assert statuses == [403, 200]
    assert events[0]["requestContext"]["identity"]["userArn"].endswith(f":assumed-role/{role}/desk")
    iam.delete_role_policy(RoleName=role, PolicyName="call")
    iam.delete_role(RoleName=role)
