"""The most specific path wins."""

import pytest

from orchestrator.local_cloud.api.definition import Integration, Method, Resource, Routes

PATHS = (
    "/",
    "/bars",
    "/bars/{symbol}",
    "/bars/latest",
    "/bars/{symbol}/{day}",
    "/bars/latest/all/now",
    "/files/{path+}",
)


@pytest.fixture(scope="module")
def routes():
    return Routes([Resource(id=path, path=path) for path in PATHS])


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/", "/", {}),
        ("/bars", "/bars", {}),
        ("/bars/", "/bars", {}),
        ("/bars/AAPL", "/bars/{symbol}", {"symbol": "AAPL"}),
        ("/bars/latest", "/bars/latest", {}),
        # The fixed part leads nowhere, so the parameter takes it.
        ("/bars/latest/1d", "/bars/{symbol}/{day}", {"symbol": "latest", "day": "1d"}),
        ("/bars/latest/all/now", "/bars/latest/all/now", {}),
        ("/bars/BRK%2FB", "/bars/{symbol}", {"symbol": "BRK/B"}),
        ("/bars/a%20b", "/bars/{symbol}", {"symbol": "a b"}),
        ("/b%61rs", "/bars", {}),
        ("/files/a/b/c", "/files/{path+}", {"path": "a/b/c"}),
        ("/files", None, None),
        ("/bars//1d", None, None),
        ("/Bars", None, None),
        ("/bars/AAPL/1d/more", None, None),
        ("/nothing", None, None),
    ],
)
def test_find(routes, path, resource, parameters):
    found = routes.find(path)
    seen = (None, None) if found is None else (found[0].path, found[1])
    assert seen == (resource, parameters)


def test_a_method_comes_before_any():
    get, other = Method(verb="GET"), Method(verb="ANY")
    resource = Resource(id="r", path="/", methods={"GET": get, "ANY": other})
    assert (resource.method("GET"), resource.method("PUT")) == (get, other)
    assert Resource(id="r", path="/", methods={"GET": get}).method("PUT") is None


def test_a_function_may_be_named_by_stage_variables():
    integration = Integration(
        kind="AWS_PROXY", function_arn="arn:f-${stageVariables.colour}:${stageVariables.none}", timeout=1
    )
    assert integration.arn_in({"colour": "blue"}) == "arn:f-blue:"
