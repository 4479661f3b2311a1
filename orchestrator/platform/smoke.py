"""The smoke test: uploads market data to a deployed platform and calls its API, as its users do."""

import json
import os
import secrets
import string
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.session import explain
from orchestrator.commands.drift import no_such_deployment
from orchestrator.commands.outputs import OutputsResult
from orchestrator.errors import UsageError
from orchestrator.model.project import Project
from orchestrator.platform.highlights import reachable
from orchestrator.platform.market_day import HourlyBar, as_csv, hourly_bars, trading_day

_DENIED = "denied: "
_TRADES = 600
_POLL = 1.0
_HTTP_TIMEOUT = 35.0
AUTHORIZATION_VARIABLE = "PLATFORM_API_AUTHORIZATION"
"""The environment variable with the ``Authorization`` header of an API whose authorizer is Cognito or a function."""

Authorize = Callable[[str, str, bytes | None], Mapping[str, str]]
"""Returns the headers that authenticate a request: its method, URL and body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTarget:
    """Where a deployment is reached.

    Attributes:
        client: gives a boto3 client for a service.
        raw_bucket: takes market data below ``incoming/``.
        api_url: the base of the API's paths.
        api_key: of a client; never shown.
        authorize: authenticates requests; None where API keys are enough.

    """

    client: Callable[[str], Any]
    raw_bucket: str
    api_url: str
    api_key: str
    authorize: Authorize | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One result of the smoke test.

    Attributes:
        what: the check, in a few words.
        problem: what was wrong; empty if nothing was.

    """

    what: str
    problem: str = ""


class Denials:
    """What IAM denies from now on, which is the usual reason for a failed check; AWS records it in CloudTrail only.

    Args:
        project: its local cloud logs denials.

    """

    def __init__(self, project: Project) -> None:
        self._log = project.local_cloud / "server.log"
        self._start = self._log.stat().st_size if self._log.is_file() else 0

    def since(self) -> list[str]:
        """List the denials, each once."""
        if not self._log.is_file():
            return []
        with self._log.open("rb") as file:
            file.seek(self._start)
            lines = file.read().decode("utf-8", "replace").splitlines()
        return list(dict.fromkeys(line[line.index(_DENIED) :] for line in lines if _DENIED in line))


def smoke_deployment(
    deployed: OutputsResult, *, patience: float, environ: Mapping[str, str] = os.environ
) -> Iterator[Check]:
    """Send a small day through a deployment.

    Args:
        deployed: with its sensitive outputs.
        patience: seconds to wait for the bars.
        environ: may hold ``AUTHORIZATION_VARIABLE``.

    Raises:
        UsageError: the deployment is not complete, or its API wants a token.

    """
    deployment, units = deployed.deployment, reachable(deployed.units, deployed.deployment.account.endpoint)
    if not {"apigw", "s3"} <= units.keys():
        raise no_such_deployment(deployment.request, "or it is not complete")
    keys = units["apigw"]["api_keys"]
    target = SmokeTarget(
        client=deployment.account.client,
        raw_bucket=units["s3"]["bucket_names"]["raw-data"],
        api_url=units["apigw"]["api_url"],
        api_key=keys[min(keys)],
        authorize=_authorize(units["apigw"].get("authorizer_type"), deployment.account.client, environ),
    )
    return smoke(target, patience=patience)


def _authorize(kind: str | None, client: Callable[[str], Any], environ: Mapping[str, str]) -> Authorize | None:
    """Return what authenticates requests to an API with an authorizer of a kind: "cognito", "iam", "lambda" or None.

    Raises UsageError if that takes a token and there is none.
    """
    match kind, environ.get(AUTHORIZATION_VARIABLE, ""):
        case None, _:
            return None
        case "iam", _:
            return _signing(client("sts"))
        case _, "":
            raise UsageError(
                "The API has an authorizer",
                detail=f"api_authorizer is of type {kind}: who calls needs a token beside the API key.",
                hint=f"Put the value of the header Authorization into {AUTHORIZATION_VARIABLE}.",
            )
        case _, token:
            return lambda _method, _url, _body: {"Authorization": token}


def _signing(client: Any) -> Authorize:
    """Sign with the credentials of the caller, who needs ``execute-api:Invoke``."""
    credentials = client._request_signer._credentials  # noqa: SLF001 - boto3 offers no signature for an API of one's own

    def sign(method: str, url: str, body: bytes | None) -> Mapping[str, str]:
        request = AWSRequest(method=method, url=url, data=body)
        SigV4Auth(credentials.get_frozen_credentials(), "execute-api", client.meta.region_name).add_auth(request)
        return dict(request.headers.items())

    return sign


def smoke(platform: SmokeTarget, *, patience: float, now: datetime | None = None) -> Iterator[Check]:
    """Send a small day through the platform; yields each check as soon as it is done.

    Args:
        platform: where to.
        patience: seconds to wait for the bars.
        now: in UTC; trades are dated the day before.

    Raises:
        PlatformctlError: AWS refused a call.

    """
    day = ((now or datetime.now(UTC)) - timedelta(days=1)).date()
    # Each run has a symbol of its own, so it only finds its own trades.
    symbol = "SMOKE" + "".join(secrets.choice(string.ascii_uppercase) for _ in range(8))
    trades = trading_day(symbol, day, trades=_TRADES, seed=1)
    name = f"smoke-{symbol.lower()}.csv"
    status, _ = _call(platform, "GET", "/health", key=False)
    yield Check(what="a call without a key is refused", problem="" if status == 403 else f"status {status}, not 403")  # noqa: PLR2004 - Forbidden
    status, body = _call(platform, "GET", "/health")
    yield Check(what="the API answers", problem="" if status == 200 else f"status {status}: {body}")  # noqa: PLR2004 - OK
    try:
        s3 = platform.client("s3")
        s3.put_object(Bucket=platform.raw_bucket, Key=f"incoming/{name}", Body=as_csv(trades).encode())
        yield Check(what=f"{_TRADES} trades and a bad row uploaded")
        yield Check(
            what="the bars are those of an independent calculation",
            problem=_wait_for_bars(platform, symbol, hourly_bars(trades), patience),
        )
        listed = s3.list_objects_v2(Bucket=platform.raw_bucket, Prefix="quarantine/").get("Contents", [])
        reasons = [
            s3.get_object(Bucket=platform.raw_bucket, Key=item["Key"])["Body"].read().decode()
            for item in listed
            if name.removesuffix(".csv") in item["Key"]
        ]
    except (ClientError, BotoCoreError) as error:
        raise explain(error, doing="Sending market data through the platform") from error
    told = len(reasons) == 1 and f'"line":{_TRADES + 2}' in reasons[0].replace(" ", "")
    yield Check(
        what="the bad row is in the quarantine, with its line",
        problem="" if told else f"found {reasons or 'nothing'}",
    )
    if platform.authorize is None:
        yield Check(what="a session can be opened, read and closed", problem=_session(platform))
    else:
        status, _ = _call(platform, "POST", "/sessions", body={"user_id": "smoke"})
        what = "a session for somebody else than the caller is refused"
        yield Check(what=what, problem="" if status == 403 else f"status {status}, not 403")  # noqa: PLR2004 - Forbidden


def _wait_for_bars(platform: SmokeTarget, symbol: str, expected: tuple[HourlyBar, ...], patience: float) -> str:
    query = {
        "interval": "1h",
        "from": expected[0].start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "to": (expected[-1].start + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    wanted = [_as_numbers(bar) for bar in expected]
    deadline = time.monotonic() + patience
    while True:
        status, body = _call(platform, "GET", f"/bars/{symbol}?{urlencode(query)}")
        found = [_answered(bar) for bar in body.get("bars", [])] if status == 200 else []  # noqa: PLR2004 - OK
        if found == wanted:
            return ""
        if time.monotonic() > deadline:
            return (
                f"after {patience:.0f} s: status {status}, {len(found)} bars of {len(wanted)}, "
                f"{len([bar for bar in found if bar in wanted])} of them right. {body.get('message', '')}"
            ).strip()
        time.sleep(_POLL)


def _as_numbers(bar: HourlyBar) -> tuple[Any, ...]:
    return (bar.start, bar.open, bar.high, bar.low, bar.close, Decimal(bar.volume), bar.vwap, bar.trades)


def _answered(bar: Mapping[str, Any]) -> tuple[Any, ...]:
    numbers = (Decimal(bar[name]) for name in ("open", "high", "low", "close", "volume", "vwap"))
    return (datetime.fromisoformat(bar["start"]), *numbers, bar["trades"])


def _session(platform: SmokeTarget) -> str:
    status, opened = _call(platform, "POST", "/sessions", body={"user_id": "smoke"})
    if status != 201:  # noqa: PLR2004 - Created
        return f"opening it: status {status}: {opened}"
    place = f"/sessions/{opened['session_id']}"
    status, shown = _call(platform, "GET", place)
    if (status, shown.get("user_id")) != (200, "smoke"):
        return f"reading it: status {status}: {shown}"
    status, _ = _call(platform, "DELETE", place)
    if status != 204:  # noqa: PLR2004 - No Content
        return f"closing it: status {status}"
    status, _ = _call(platform, "GET", place)
    return "" if status == 404 else f"it is still there: status {status}"  # noqa: PLR2004 - Not Found


def _call(
    platform: SmokeTarget, method: str, path: str, *, body: Mapping[str, Any] | None = None, key: bool = True
) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON of a response; status 0 if there was none."""
    headers = {"Content-Type": "application/json"} | ({"x-api-key": platform.api_key} if key else {})
    data = json.dumps(body).encode() if body is not None else None
    url = platform.api_url + path
    if platform.authorize is not None:
        headers |= platform.authorize(method, url, data)
    request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - the deployment's own URL
    # No proxy: the local cloud's environment names one for AWS host names.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}) if platform.api_url.startswith("http://") else urllib.request.ProxyHandler()
    )
    try:
        with opener.open(request, timeout=_HTTP_TIMEOUT) as answer:
            return answer.status, _json(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _json(error.read())
    except OSError as error:
        return 0, {"message": str(error)}


def _json(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text or b"{}")
    except ValueError:
        return {"message": text.decode("utf-8", "replace")[:200]}
    return found if isinstance(found, dict) else {"message": found}
