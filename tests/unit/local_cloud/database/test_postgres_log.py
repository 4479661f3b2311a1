import pytest

from orchestrator.local_cloud.database.postgres_log import LogFollower, events

FIRST = "2026-11-22 15:00:00 UTC:[local]:ann@market:[12]:ERROR:  syntax error"
SECOND = "2026-11-22 15:00:01 UTC:[local]:ann@market:[12]:LOG:  statement: CREATE TABLE a ("
FIRST_AT, SECOND_AT = 1_795_359_600_000, 1_795_359_601_000


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], []),
        ([FIRST, SECOND], [(FIRST_AT, FIRST), (SECOND_AT, SECOND)]),
        ([SECOND, "\tid int", "\t)"], [(SECOND_AT, f"{SECOND}\n\tid int\n\t)")]),
        ([SECOND, FIRST], [(SECOND_AT, SECOND), (SECOND_AT, FIRST)]),
    ],
    ids=["nothing", "lines", "a statement over several lines", "two processes"],
)
def test_lines_become_events(lines, expected):
    assert events(lines) == expected


def test_every_line_is_read_once_and_whole(tmp_path):
    path = tmp_path / "log"
    follower = LogFollower(path)
    assert follower.read() == []
    path.write_text(f"{FIRST}\n{SECOND[:40]}")
    assert follower.read() == [(FIRST_AT, FIRST)]
    assert follower.read() == []
    with path.open("a") as file:
        file.write(f"{SECOND[40:]}\n")
    assert follower.read() == [(SECOND_AT, SECOND)]


def test_a_line_of_many_mebibytes_does_not_hold_up_the_log(tmp_path):
    path = tmp_path / "log"
    path.write_text(f"{FIRST}{'x' * (2 << 20)}\n{SECOND}\n")
    follower = LogFollower(path)
    found = [event for _ in range(3) for event in follower.read()]
    assert found[-1][1] == SECOND
    assert max(len(text) for _, text in found) < 256 << 10
