"""Functions over dates and times."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from orchestrator.hcl.functions import terraform_functions

START = "2026-11-22T00:00:00Z"


@pytest.mark.parametrize(
    ("name", "arguments", "message", "argument"),
    [
        ("formatdate", ["YYY", START], 'Invalid date format verb "YYY": it must be YY or YYYY.', 0),
        ("formatdate", ["Q", START], 'Invalid date format verb "Q": put literal letters between single quotes.', 0),
        ("formatdate", ["'x", START], "Unterminated literal: a single quote has no partner.", 0),
        ("formatdate", ["YYYY", "2026"], '"2026" is not a valid RFC 3339 timestamp, such as 2006-01-02T15:04:05Z.', 1),
        ("timeadd", [START, "1d"], 'Unknown unit "d" in duration "1d": the units are ns, us, ms, s, m, h.', 1),
        (
            "timeadd",
            [START, "5"],
            'Missing unit in duration "5": write one of ns, us, ms, s, m, h after each number.',
            1,
        ),
        ("timeadd", [START, ""], 'Invalid duration "": write numbers with units, such as "1h30m".', 1),
        ("timeadd", ["9999-12-31T23:00:00Z", "2h"], "The result is outside of the years 1 to 9999.", 1),
        (
            "timecmp",
            [START, "2026-02-30T00:00:00Z"],
            '"2026-02-30T00:00:00Z" is not a valid RFC 3339 timestamp: there is no such date or time of day.',
            1,
        ),
    ],
)
def test_refusal(refusal, name, arguments, message, argument):
    assert refusal(name, *arguments) == (message, argument)


def test_one_instant_for_all_functions_of_a_run(tmp_path):
    ticks = count()

    def clock() -> datetime:
        return datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC) + timedelta(seconds=next(ticks))

    functions = terraform_functions(tmp_path, now=clock)
    instants = {functions[name].call() for name in ("timestamp", "plantimestamp", "timestamp")}
    assert instants == {"2026-03-04T05:06:07Z"}
    assert terraform_functions(tmp_path, now=clock)["timestamp"].call() == "2026-03-04T05:06:08Z"
