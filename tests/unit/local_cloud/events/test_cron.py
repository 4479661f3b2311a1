"""Cron expressions, with times worked out by hand from the calendar of 2026 and 2028."""

from datetime import UTC, datetime

import pytest

from orchestrator.local_cloud.events.cron import ScheduleError, parse_cron


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2026-11-22 is a Sunday.
@pytest.mark.parametrize(
    ("fields", "after", "expected"),
    [
        # The examples of the user guide.
        ("0 10 * * ? *", "2026-11-22T10:00", "2026-11-23T10:00"),
        ("15 12 * * ? *", "2026-11-22T12:14", "2026-11-22T12:15"),
        ("0 18 ? * MON-FRI *", "2026-11-22T00:00", "2026-11-23T18:00"),
        ("0 8 1 * ? *", "2026-11-22T00:00", "2026-12-01T08:00"),
        ("0/15 * * * ? *", "2026-11-22T10:16:30", "2026-11-22T10:30"),
        ("0/10 * ? * MON-FRI *", "2026-11-20T23:55", "2026-11-23T00:00"),
        ("0/5 8-17 ? * MON-FRI *", "2026-11-20T17:55", "2026-11-23T08:00"),
        ("0 9 ? * 2#1 *", "2026-11-22T00:00", "2026-12-07T09:00"),
        ("0/30 20-2 ? * MON-FRI *", None, "20-2 ends before it begins"),
        # Steps, lists, ranges, names.
        ("*/20 * * * ? *", "2026-11-22T10:40", "2026-11-22T11:00"),
        ("5,35 0 * * ? *", "2026-11-22T00:05", "2026-11-22T00:35"),
        ("10-20/5 0 * * ? *", "2026-11-22T00:10", "2026-11-22T00:15"),
        ("0 0 1 JAN,JUL ? *", "2026-11-22T00:00", "2027-01-01T00:00"),
        ("0 0 1 2-4 ? *", "2026-11-22T00:00", "2027-02-01T00:00"),
        ("0 0 ? * 1 *", "2026-11-22T00:00", "2026-11-29T00:00"),
        ("0 0 ? * sat *", "2026-11-22T00:00", "2026-11-28T00:00"),
        ("0 0 1 1 ? 2028,2030", "2028-01-01T00:00", "2030-01-01T00:00"),
        # The last day, and the work day nearest to a day: 2026-08-01 is a Saturday, 2026-05-31 a Sunday, 2026-01-31 a Saturday.
        ("0 0 L * ? *", "2026-11-22T00:00", "2026-11-30T00:00"),
        ("0 0 L 2 ? *", "2027-03-01T00:00", "2028-02-29T00:00"),
        ("0 0 LW 5 ? *", "2026-01-01T00:00", "2026-05-29T00:00"),
        ("0 0 LW 1 ? *", "2026-01-01T00:00", "2026-01-30T00:00"),
        ("0 0 1W 8 ? *", "2026-01-01T00:00", "2026-08-03T00:00"),
        ("0 0 31W 5 ? *", "2026-01-01T00:00", "2026-05-29T00:00"),
        ("0 0 15W 11 ? *", "2026-01-01T00:00", "2026-11-16T00:00"),
        ("0 0 14W 11 ? *", "2026-01-01T00:00", "2026-11-13T00:00"),
        ("0 0 1,L * ? *", "2026-11-22T00:00", "2026-11-30T00:00"),
        # Days of the week: the last of the week, the last and the nth of the month.
        ("0 0 ? * L *", "2026-11-22T00:00", "2026-11-28T00:00"),
        ("0 0 ? * 5L *", "2026-11-22T00:00", "2026-11-26T00:00"),
        ("0 0 ? * FRIL *", "2026-11-28T00:00", "2026-12-25T00:00"),
        ("0 0 ? * TUE#5 *", "2026-11-22T00:00", "2026-12-29T00:00"),
        ("0 0 ? * 3#2,5#1 *", "2026-11-22T00:00", "2026-12-03T00:00"),
        # Days that a month does not have; years that are over.
        ("0 0 31 * ? *", "2026-11-01T00:00", "2026-12-31T00:00"),
        ("0 0 30 2 ? *", "2026-11-22T00:00", None),
        ("0 0 29 2 ? 2026-2027", "2026-01-01T00:00", None),
        ("0 0 1 1 ? 2025", "2026-11-22T00:00", None),
    ],
)
def test_the_next_time(fields, after, expected):
    if after is None:
        with pytest.raises(ScheduleError, match=expected):
            parse_cron(fields)
        return
    assert parse_cron(fields).next_after(at(after)) == (expected and at(expected))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("0 10 * * ?", "has 5 fields"),
        ("0 10 * * * *", "exactly one"),
        ("0 10 ? * ? *", "exactly one"),
        ("60 10 * * ? *", "60 is not between 0 and 59"),
        ("0 24 * * ? *", "24 is not between 0 and 23"),
        ("0 10 0 * ? *", "0 is not between 1 and 31"),
        ("0 10 32W * ? *", "32 is not between 1 and 31"),
        ("0 10 * 13 ? *", "13 is not between 1 and 12"),
        ("0 10 ? * 0 *", "0 is not between 1 and 7"),
        ("0 10 ? * MON#6 *", "MON#6 is not between"),
        ("0 10 ? * FUN *", "FUN is not between"),
        ("0 10 * * ? 1969", "1969 is not between"),
        ("0/0 10 * * ? *", "0/0 has no step"),
        ("0/x 10 * * ? *", "0/X has no step"),
        (f"0/{'9' * 5000} 10 * * ? *", "has no step"),
        (f"{'9' * 5000} 10 * * ? *", "is not between 0 and 59"),
        ("\u00b2 10 * * ? *", "is not between"),
        ("a 10 * * ? *", "A is not between"),
        (", 10 * * ? *", "nothing is not between"),
    ],
)
def test_invalid_expressions_are_refused(fields, problem):
    with pytest.raises(ScheduleError, match=problem):
        parse_cron(fields)
