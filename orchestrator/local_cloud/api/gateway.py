"""The data plane as a layer of the local cloud: a client's request in, the stage's response out.

Calls of functions run in threads of their own: API Gateway gives up after the integration's timeout, while the function continues.
"""

import json
import logging
import re
import sys
from collections.abc import Callable
from concurrent.futures import Future, wait
from http import HTTPStatus
from threading import Lock, Semaphore, Thread
from time import perf_counter
from uuid import uuid4
from wsgiref.types import WSGIEnvironment

from orchestrator.local_cloud.api.address import PREFIX, StageAddress, target_of
from orchestrator.local_cloud.api.answers import RefusedError, forbidden, gateway_response
from orchestrator.local_cloud.api.authorizers import Authorizers
from orchestrator.local_cloud.api.call import LARGEST_BODY, ApiRequest, Progress
from orchestrator.local_cloud.api.codings import CodingError, OversizeError, compressed
from orchestrator.local_cloud.api.definition import Deployed, Integration, Method
from orchestrator.local_cloud.api.deployed import Deployments
from orchestrator.local_cloud.api.limits import Limiter, Verdict
from orchestrator.local_cloud.api.mock import mock_response
from orchestrator.local_cloud.api.models import ModelError
from orchestrator.local_cloud.api.proxy import proxy_event, proxy_response
from orchestrator.local_cloud.api.records import Deliver, Line, Records, put_into_moto
from orchestrator.local_cloud.functions.model import InvocationResult
from orchestrator.local_cloud.wsgi import Handler, Response, plain

_LOG = logging.getLogger("platformctl.local_cloud")
# More than the processes that a function gets, so that none of them idles, and few enough that thousands of calls do not take the
# interpreter from the requests that are still to be admitted or refused.
_CALLS_AT_ONCE = 8
# Seconds that a thread may keep the interpreter while others want it. Each of those others asks again after as long: with Python's 5 ms thousands of open
# requests do nothing but ask.
_SWITCH_INTERVAL = 0.05
_DEPLOYMENTS = re.compile(rf"{PREFIX}(?P<api>[^/]+)/deployments/?")


Invoke = Callable[[str, bytes], InvocationResult]
"""Calls a function by its ARN and waits; raises when Lambda refuses the call."""


class UnsupportedError(Exception):
    """The API needs something that the local cloud does not implement; the message is for people."""


class _TooLateError(Exception):
    """The integration's timeout is over."""


class DataPlane:
    """API Gateway as clients see it.

    Args:
        invoke: calls a function.
        deliver: puts log lines into their groups.
        limiter: counts requests by key.

    """

    def __init__(self, invoke: Invoke, *, deliver: Deliver = put_into_moto, limiter: Limiter | None = None) -> None:
        self._invoke = invoke
        self._authorizers = Authorizers(invoke=invoke)
        self._limiter = limiter or Limiter()
        self._gates: dict[str, Semaphore] = {}
        self._opening = Lock()
        self._switch_interval = sys.getswitchinterval()
        self.deployments = Deployments()
        self.records = Records(deliver)

    def start(self) -> None:
        """Begin to deliver logs, and tune the interpreter for many requests at once."""
        sys.setswitchinterval(_SWITCH_INTERVAL)
        self.records.start()

    def stop(self) -> None:
        """Deliver the last log lines."""
        self.records.stop()
        sys.setswitchinterval(self._switch_interval)

    def layer(self, inner: Handler, hold: Callable[[Handler], Handler] = lambda handler: handler) -> Handler:
        """Build the layer: it answers requests to stages, passes everything else on, and watches for changes.

        Args:
            inner: the layers around moto.
            hold: lets a stage's requests wait until moto is loaded.

        """
        own = hold(lambda environ: self._answer(environ, environ["platformctl.api"]))

        def handle(environ: WSGIEnvironment) -> Response:
            target = target_of(str(environ.get("HTTP_HOST", "")), _raw_path(environ))
            if target is not None:
                environ["platformctl.api"] = target
                return own(environ)
            response = inner(environ)
            self._observe(environ, response)
            return response

        return handle

    def _observe(self, environ: WSGIEnvironment, response: Response) -> None:
        """Note changes in API Gateway and Lambda; invocations change nothing that is read here."""
        verb, path = environ["REQUEST_METHOD"], str(environ.get("PATH_INFO", ""))
        if verb in ("GET", "HEAD"):
            return
        signature = str(environ.get("HTTP_AUTHORIZATION", ""))
        if "/apigateway/aws4_request" in signature:
            made = _DEPLOYMENTS.fullmatch(path)
            if verb == "POST" and made is not None and response.code == HTTPStatus.CREATED:
                self.deployments.freeze(made["api"], json.loads(response.body)["id"])
            self.deployments.changed()
        elif ("/lambda/aws4_request" in signature and not path.endswith("/invocations")) or path.startswith(
            "/moto-api/"
        ):
            self.deployments.changed()

    def _answer(self, environ: WSGIEnvironment, target: StageAddress) -> Response:
        deployed = self.deployments.current()
        stage = deployed.stages.get((target.api_id, target.stage))
        if stage is None:
            return forbidden(str(uuid4()))
        progress = Progress(call=ApiRequest(environ, target), stage=stage)
        details: list[str] = []
        try:
            response = self._serve(deployed, progress)
        except RefusedError as refused:
            response = gateway_response(refused, progress)
            if refused.detail:
                details.append(refused.detail)
        except UnsupportedError as error:
            response = plain(501, str(error))
            details.append(str(error))
        if response.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _LOG.warning("api %s/%s answered %d: %s", target.api_id, target.stage, response.code, "; ".join(details))
        self._record(progress, response, details)
        return response

    def _serve(self, deployed: Deployed, progress: Progress) -> Response:
        method = _method(progress)
        if not self._authorizers.judge(method, progress):
            raise UnsupportedError(f"The local cloud does not check the authorization {method.authorization}.")
        if method.needs_key:
            self._admit(deployed, progress)
        _validate(method, progress)
        integration = method.integration
        if integration is None:
            raise RefusedError("API_CONFIGURATION_ERROR", detail="The method has no integration")
        if integration.mock is not None:
            return mock_response(integration.mock, progress)
        if integration.kind != "AWS_PROXY" or not integration.function_arn:
            raise UnsupportedError(
                f"The local cloud serves Lambda proxy and mock integrations only, and this one is {integration.kind}."
            )
        assert progress.resource is not None
        if (progress.resource.id, method.verb) not in progress.stage.permitted:
            raise RefusedError(
                "API_CONFIGURATION_ERROR",
                detail="Execution failed due to configuration error: Invalid permissions on Lambda function",
            )
        return self._integrate(integration, progress)

    def _admit(self, deployed: Deployed, progress: Progress) -> None:
        """Check the API key and what its usage plan has left."""
        value = progress.call.header("X-Api-Key")
        key = deployed.keys.get(value) if value else None
        plan = None if key is None else deployed.plans.get((key.id, progress.stage.api_id, progress.stage.name))
        if key is None or plan is None:
            raise RefusedError("INVALID_API_KEY", detail="API Key not authorized: no usage plan of this stage has it")
        progress.key = key
        match self._limiter.admit(plan, key.id):
            case Verdict.THROTTLED:
                raise RefusedError("THROTTLED", detail=f"Request was throttled by usage plan {plan.id}")
            case Verdict.QUOTA_EXCEEDED:
                raise RefusedError("QUOTA_EXCEEDED", detail=f"Quota of usage plan {plan.id} is used up")
            case Verdict.ALLOWED:
                return

    def _integrate(self, integration: Integration, progress: Progress) -> Response:
        arn = integration.arn_in(progress.stage.variables)
        event = proxy_event(progress)
        began = perf_counter()
        try:
            result = self._call(arn, event, integration.timeout)
        except _TooLateError:
            progress.integration_error = "Execution failed due to a timeout error"
            raise RefusedError("INTEGRATION_TIMEOUT", detail=progress.integration_error) from None
        except Exception as error:
            # Whatever Lambda says against the call is one answer to the client.
            progress.integration_error = f"Lambda refused the call: {error}"
            raise RefusedError("API_CONFIGURATION_ERROR", detail=progress.integration_error) from error
        finally:
            progress.integration_seconds = perf_counter() - began
        progress.integration_status = "200"
        if result.function_error:
            progress.integration_error = "The function failed"
            detail = "Lambda execution failed with status 200 due to customer function error"
            raise RefusedError("DEFAULT_5XX", detail=detail)
        answer = proxy_response(result.payload, progress)
        minimum = progress.stage.definition.minimum_compression
        return compressed(answer, progress.call.header("Accept-Encoding"), minimum=minimum)

    def _call(self, arn: str, event: bytes, timeout: float) -> InvocationResult:
        """Call a function, and wait no longer than API Gateway does.

        Raises:
            _TooLateError: it did not answer in time, and continues alone.
            Exception: as ``invoke`` raised it, even a TimeoutError.

        """
        future: Future[InvocationResult] = Future()
        gate, began = self._gate(arn), perf_counter()
        if not gate.acquire(timeout=timeout):
            raise _TooLateError

        def run() -> None:
            try:
                future.set_result(self._invoke(arn, event))
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
                future.set_exception(error)
            finally:
                gate.release()

        Thread(target=run, name="api-invoke", daemon=True).start()
        if not wait((future,), max(0.0, began + timeout - perf_counter())).done:
            raise _TooLateError
        return future.result()

    def _gate(self, arn: str) -> Semaphore:
        with self._opening:
            return self._gates.setdefault(arn, Semaphore(_CALLS_AT_ONCE))

    def _record(self, progress: Progress, response: Response, details: list[str]) -> None:
        """Queue the lines of the access log and of the execution log."""
        stage, call = progress.stage, progress.call
        if stage.access_log is not None:
            group, form = stage.access_log
            values = progress.values(status=response.code, length=len(response.body))
            self.records.write(group, Line(call.epoch_ms, form.render(values, missing="-")))
        failed = response.code >= HTTPStatus.BAD_REQUEST
        if stage.execution_level == "INFO" or (stage.execution_level == "ERROR" and failed):
            group = f"API-Gateway-Execution-Logs_{stage.api_id}/{stage.name}"
            for message in _execution(progress, response, details):
                self.records.write(group, Line(call.epoch_ms, f"({call.request_id}) {message}"))


def _execution(progress: Progress, response: Response, details: list[str]) -> list[str]:
    call = progress.call
    lines = [f"Extended Request Id: {call.extended_id}"]
    if progress.key is not None:
        lines.append(f"API Key id: {progress.key.id}, API Stage: {progress.stage.api_id}/{progress.stage.name}")
    lines.append(f"HTTP Method: {call.verb}, Resource Path: {call.target.path}")
    lines.extend(details)
    if progress.validation:
        lines.append(f"Request validation failed: {progress.validation}")
    if progress.integration_seconds is not None:
        lines.append(f"Integration latency: {round(progress.integration_seconds * 1000)} ms")
    return [*lines, f"Method completed with status: {response.code}"]


def _method(progress: Progress) -> Method:
    call = progress.call
    found = progress.stage.definition.routes.find(call.target.path)
    method = None if found is None else found[0].method(call.verb)
    if found is None or method is None:
        # API Gateway takes a path that it does not know for one of its own operations, which need a signature.
        raise RefusedError("MISSING_AUTHENTICATION_TOKEN")
    progress.resource, progress.path_parameters = found
    return method


def _validate(method: Method, progress: Progress) -> None:
    """Validate the request: required parameters must not be blank, and the body must fit its model."""
    call = progress.call
    too_large = RefusedError("REQUEST_TOO_LARGE", detail=f"HTTP content length exceeded {LARGEST_BODY} bytes")
    if call.length > LARGEST_BODY:
        raise too_large
    try:
        body = call.body
    except OversizeError:
        raise too_large from None
    except CodingError as error:
        raise RefusedError("UNSUPPORTED_MEDIA_TYPE", detail=str(error)) from error
    missing = [name for name in method.required if not _parameter(name, progress).strip()]
    if missing:
        names = ", ".join(name.rpartition(".")[2] for name in missing)
        progress.validation = f"Missing required request parameters: [{names}]"
        raise RefusedError("BAD_REQUEST_PARAMETERS", message=progress.validation)
    model = method.models.get(call.content_type) or method.models.get("$default")
    try:
        problem = progress.stage.definition.models.problem(model, body) if model else None
    except ModelError as error:
        raise RefusedError("API_CONFIGURATION_ERROR", detail=f"Execution failed: {error}") from error
    if problem is not None:
        progress.validation = problem
        raise RefusedError("BAD_REQUEST_BODY")


def _parameter(name: str, progress: Progress) -> str:
    place, _, bare = name.removeprefix("method.request.").partition(".")
    match place:
        case "path":
            return progress.path_parameters.get(bare, "")
        case "querystring":
            return next(iter(progress.call.query.get(bare, ())), "")
        case _:
            return progress.call.header(bare)


def _raw_path(environ: WSGIEnvironment) -> str:
    """Return the path as the client wrote it: an escaped slash is part of a parameter."""
    raw = str(environ.get("RAW_URI") or environ.get("PATH_INFO", ""))
    if "://" in raw[:8]:
        # A client that takes the server for its proxy names the host, too.
        raw = "/" + raw.split("://", 1)[1].partition("/")[2]
    return raw.partition("?")[0]
