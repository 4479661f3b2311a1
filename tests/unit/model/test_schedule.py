"""Scheduling as data: who may run, what a failure takes with it (C2, C5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.schedule import Schedule, Skip
from orchestrator.model.status import Status

STACK = {"kms": [], "vpc": ["kms"], "s3": ["kms"], "aurora": ["vpc", "kms"], "docs": []}


def test_c2_only_units_whose_needs_have_succeeded_are_ready():
    schedule = Schedule(STACK)
    assert schedule.ready() == ("kms", "docs")
    schedule.start("kms")
    assert schedule.ready() == ("docs",)
    schedule.finish("kms", Status.CHANGED)
    assert schedule.ready() == ("vpc", "docs", "s3")


def test_the_longest_remaining_path_goes_first():
    schedule = Schedule({"a": [], "b": [], "c": ["a"]}, {"a": 1, "b": 100, "c": 10})
    assert schedule.ready() == ("b", "a")


def test_c5_a_failure_skips_everything_behind_it_and_nothing_else():
    schedule = Schedule(STACK)
    schedule.start("kms")
    skipped = schedule.finish("kms", Status.FAILED)
    assert skipped == tuple(Skip(name=name, cause="kms") for name in ("aurora", "s3", "vpc"))
    assert schedule.ready() == ("docs",)
    schedule.start("docs")
    schedule.finish("docs", Status.UNCHANGED)
    assert schedule.is_finished()


def test_needs_outside_the_set_count_as_satisfied():
    assert Schedule({"vpc": ["kms"]}).ready() == ("vpc",)


def test_cancelling_leaves_running_units_alone():
    schedule = Schedule(STACK)
    schedule.start("kms")
    assert schedule.cancel_pending() == ("aurora", "docs", "s3", "vpc")
    assert not schedule.is_finished()
    schedule.finish("kms", Status.CHANGED)
    assert schedule.is_finished()
    assert schedule.ready() == ()


def test_starting_too_early_or_twice_is_a_defect():
    schedule = Schedule(STACK)
    with pytest.raises(AssertionError, match="before"):
        schedule.start("vpc")
    schedule.start("kms")
    with pytest.raises(AssertionError, match="twice"):
        schedule.start("kms")


@given(
    st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=50),
    st.sets(st.integers(0, 19)),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_every_run_ends_with_each_unit_in_the_one_status_it_deserves(pairs, failing, parallelism, chance):
    needs = {str(number): [] for number in range(20)}
    for one, other in pairs:
        if one != other:
            needs[str(max(one, other))].append(str(min(one, other)))
    schedule = Schedule(needs)
    order = []
    while not schedule.is_finished():
        for name in schedule.ready()[: parallelism - len(schedule.running())]:
            assert all(schedule.status[need].is_success for need in needs[name])
            schedule.start(name)
            order.append(name)
        name = chance.choice(schedule.running())
        schedule.finish(name, Status.FAILED if int(name) in failing else Status.CHANGED)

    def doomed(name):
        return any(int(need) in failing or doomed(need) for need in needs[name])

    for name in needs:
        expected = Status.SKIPPED if doomed(name) else Status.FAILED if int(name) in failing else Status.CHANGED
        assert schedule.status[name] is expected
    assert len(order) == len(set(order))
