"""Patterns of AWS's models, which are Java's (E1)."""

import pytest
from moto.core.utils import get_service_model

from orchestrator.local_cloud.models.patterns import matcher
from tests.unit.local_cloud.models.test_requests import SERVICES

MATCHES = [
    (r"[\w+=,.@-]+", "role+name", True),
    (r"[\w+=,.@-]+", "bad name!", False),
    # Java's classes are ASCII where the pattern names no category of Unicode.
    (r"[\w+=,.@-]+", "rôle", False),
    (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Straße 7", True),
    (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "a;b", False),
    (r"\p{Print}+", "é", False),
    # An anchor says where a pattern has to match.
    (r"^arn:aws:iam::.+", "arn:aws:iam::x", True),
    (r"^[0-9]{2}:[0-9]{2}", "12:30:00", True),
    (r"^(?!aws:).+$", "aws:tag", False),
    (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "\U0001f600", True),
    (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", "\n", False),
    (r"[\w-_]*", "a-b_c", True),
]


@pytest.mark.parametrize(("pattern", "text", "matches"), MATCHES)
def test_e1_patterns_match_as_in_java(pattern, text, matches):
    assert matcher(pattern)(text) is matches


def test_e1_every_pattern_of_the_services_can_be_read():
    shapes = [
        shape
        for name in SERVICES
        for shape in get_service_model(name.partition(":")[0])._service_description["shapes"].values()
    ]
    patterns = {shape["pattern"] for shape in shapes if "pattern" in shape}
    assert len(patterns) > 500
    for pattern in patterns:
        matcher(pattern)
