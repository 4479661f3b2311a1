"""Functions over dates and times."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from orchestrator.hcl.functions import terraform_functions

START = "2026-11-22T00:00:00Z"


@pytest.mark.parametrize(
    ("layout", "time", "value"),
    [
        ("EEEE, DD-MMM-YY hh:mm:ss ZZZ", "2018-01-02T23:12:01Z", "Tuesday, 02-Jan-18 23:12:01 UTC"),
        ("EEE MMMM D M H:m:s AA aa", "2018-01-02T15:02:01Z", "Tue January 2 1 3:2:1 PM pm"),
        ("h'h' '''' 'o''clock'", "2018-01-02T23:12:01Z", "23h '' o'clock"),
        ("Z ZZZ ZZZZ ZZZZZ", "2018-01-02T23:12:01-05:30", "-05:30 -0530 -0530 -05:30"),
        ("H", "2018-01-02T00:12:01Z", "12"),
        ("ss.\u00e9-", "2018-01-02T23:12:01.5Z", "01.\u00e9-"),
    ],
)
def test_formatdate(call, layout, time, value):
    assert call("formatdate", layout, time) == value


@pytest.mark.parametrize(
    ("time", "duration", "value"),
    [
        (START, "10m", "2026-11-22T00:10:00Z"),
        (START, "-1h30m1.5s", "2026-11-21T22:29:58Z"),
        ("2026-11-22T00:00:00.5+02:00", "600ms", "2026-11-22T00:00:01+02:00"),
        (START, "0", START),
        (START, "1us1\u00b5s1ns.5h", "2026-11-22T00:30:00Z"),
    ],
)
def test_timeadd(call, time, duration, value):
    assert call("timeadd", time, duration) == value


@pytest.mark.parametrize(
    ("left", "right", "value"),
    [
        (START, "2026-11-22T01:00:00+01:00", 0),
        (START, "2026-11-22T01:00:00Z", -1),
        ("2026-11-22T00:00:00.000000001Z", START, 1),
    ],
)
def test_timecmp(call, left, right, value):
    assert call("timecmp", left, right) == value


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
