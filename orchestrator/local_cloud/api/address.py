"""Addresses of stages, on AWS and on the local cloud. The command line imports this module, so it does not import moto."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from orchestrator.local_cloud.identity import REGION

PREFIX = "/restapis/"
_MARK = "_user_request_"
_LOCAL = re.compile(rf"{PREFIX}(?P<api>[a-z0-9]+)/(?P<stage>[A-Za-z0-9_-]+)/{_MARK}(?P<path>/.*)?")
_HOST = re.compile(r"(?P<api>[a-z0-9]+)\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?::\d+)?", re.IGNORECASE)
_REMOTE = re.compile(r"/(?P<stage>[A-Za-z0-9_-]+)(?P<path>/.*)?")


@dataclass(frozen=True, slots=True)
class StageAddress:
    """The stage and path that a URL names.

    Attributes:
        api_id: of the REST API, in lower case.
        stage: its name; empty where the URL names none.
        path: after the stage, as it was sent; at least "/".

    """

    api_id: str
    stage: str
    path: str


def url(endpoint: str, api_id: str, stage: str) -> str:
    """Build the URL of a stage on the local cloud, without a slash at its end."""
    return f"{endpoint.rstrip('/')}{PREFIX}{api_id}/{stage}/{_MARK}"


def local_url(endpoint: str, invoke_url: str) -> str:
    """Translate the URL that a stage has on AWS, as Terraform's outputs give it, to the one on the local cloud.

    Raises:
        ValueError: the URL is not one of API Gateway's.

    """
    parts = urlsplit(invoke_url)
    target = target_of(parts.netloc, parts.path or "/")
    if target is None or not target.stage:
        raise ValueError(
            f"{invoke_url!r} is not the URL of a stage: https://<api>.execute-api.{REGION}.amazonaws.com/<stage>"
        )
    return url(endpoint, target.api_id, target.stage) + target.path.rstrip("/")


def domain_name(api_id: str) -> str:
    """Return the API's host name on AWS."""
    return f"{api_id}.execute-api.{REGION}.amazonaws.com"


def target_of(host: str, path: str) -> StageAddress | None:
    """Parse the host and path of a request; None when they belong to no REST API."""
    local = _LOCAL.fullmatch(path)
    if local is not None:
        return StageAddress(local["api"], local["stage"], local["path"] or "/")
    remote = _HOST.fullmatch(host)
    if remote is None or remote["region"].lower() != REGION:
        return None
    parts = _REMOTE.fullmatch(path)
    if parts is None:
        return StageAddress(remote["api"].lower(), "", path)
    return StageAddress(remote["api"].lower(), parts["stage"], parts["path"] or "/")
