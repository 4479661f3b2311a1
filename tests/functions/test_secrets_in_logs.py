"""C8: at no log level does a function log responses of AWS."""

import logging

import pytest

from tests.functions.conftest import load_function


@pytest.mark.parametrize("name", ["alerts", "analytics", "api", "ingest", "migrate"])
def test_c8_responses_of_aws_are_not_logged_at_debug(name, monkeypatch):
    parser = logging.getLogger("botocore.parsers")
    monkeypatch.setattr(logging.getLogger(), "level", logging.DEBUG)
    logging.getLogger("botocore").setLevel(logging.NOTSET)
    assert parser.isEnabledFor(logging.DEBUG)
    assert load_function(name).handler
    assert not parser.isEnabledFor(logging.DEBUG)
