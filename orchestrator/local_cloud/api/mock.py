"""MOCK integrations: API Gateway answers by itself, from two templates.

Source: API Gateway Developer Guide, "Mock integrations in API Gateway": the request template gives a status code, which selects the integration response, and its
template is the body. References are replaced in both, not Velocity's directives.
"""

import json
import re

from orchestrator.local_cloud.api.answers import RefusedError, status_of, trace_headers
from orchestrator.local_cloud.api.call import Progress
from orchestrator.local_cloud.api.definition import Mock
from orchestrator.local_cloud.wsgi import Response

_HEADER = "method.response.header."


def mock_response(mock: Mock, progress: Progress) -> Response:
    """Answer for a mock.

    Raises:
        RefusedError: the templates give no status, or one without a response (500).

    """
    values = progress.request_values()
    status = _status("" if mock.request is None else mock.request.render(values, missing=""))
    found = next((one for one in mock.responses if not one.pattern or re.fullmatch(one.pattern, status)), None)
    if not status or found is None:
        detail = "Execution failed due to configuration error: "
        detail += f"No match for output mapping of {status}" if status else "Unable to parse statusCode"
        raise RefusedError("API_CONFIGURATION_ERROR", detail=detail)
    body = found.body.render(values, missing="").encode()
    headers = (("Content-Type", "application/json"), *found.headers, *trace_headers(progress.call))
    return Response(status=status_of(found.status), headers=headers, body=body)


def mock_headers(parameters: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Extract the headers of an integration response's parameters; only constants are supported."""
    return tuple(
        (name.removeprefix(_HEADER), value[1:-1])
        for name, value in sorted(parameters.items())
        if name.startswith(_HEADER) and value.startswith("'")
    )


def _status(rendered: str) -> str:
    try:
        document = json.loads(rendered)
    except ValueError:
        return ""
    status = document.get("statusCode") if isinstance(document, dict) else None
    return str(status) if isinstance(status, int) else ""
