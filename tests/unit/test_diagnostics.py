"""Findings: their order, their collection, their places (C7)."""

from pathlib import Path

import pytest

from orchestrator.diagnostics import (
    Collector,
    ConfigurationError,
    Diagnostic,
    Position,
    Range,
    Severity,
    Source,
    did_you_mean,
)
from orchestrator.errors import ExitCode, InterruptedRunError, PlatformctlError, UsageError
from tests.fakes.errors import error_of

A, B = Source(Path("a.hcl"), "one\r\ntwo\nthree"), Source(Path("b.hcl"), "")


def at(source, line, column, summary="Wrong", **rest):
    return Diagnostic(summary=summary, range=Range(source, Position(line, column), Position(line, column)), **rest)


@pytest.mark.parametrize(("number", "text"), [(0, ""), (1, "one"), (2, "two"), (3, "three"), (4, "")])
def test_lines_of_a_source(number, text):
    assert A.line(number) == text


def test_a_place_as_text():
    assert str(at(A, 2, 3).range) == "a.hcl:2:3"


def test_c7_findings_are_sorted_by_place_and_told_once():
    placeless = Diagnostic(summary="No place")
    found = [at(B, 1, 1), at(A, 10, 1), at(A, 9, 2), at(A, 9, 1, "Zzz"), at(A, 9, 1, "Aaa"), placeless]
    error = ConfigurationError([*found, found[0]])
    assert [(str(item.range or ""), item.summary) for item in error.diagnostics] == [
        ("", "No place"),
        ("a.hcl:9:1", "Aaa"),
        ("a.hcl:9:1", "Zzz"),
        ("a.hcl:9:2", "Wrong"),
        ("a.hcl:10:1", "Wrong"),
        ("b.hcl:1:1", "Wrong"),
    ]


def test_an_error_speaks_for_its_first_finding_and_lists_all():
    error = ConfigurationError([at(B, 2, 1, detail="Later."), at(A, 1, 1, detail="First.", hint="Fix it.")])
    assert (error.summary, error.detail, error.hint) == ("Wrong", "First.", "Fix it.")
    assert str(error) == "a.hcl:1:1: Wrong. First.\nb.hcl:2:1: Wrong. Later."
    assert error.exit_code is ExitCode.BAD_INPUT


def test_warnings_alone_stop_nothing():
    collector = Collector()
    collector.raise_if_any()
    collector.add(at(A, 1, 1, severity=Severity.WARNING))
    collector.raise_if_any()
    collector.absorb(ConfigurationError([at(B, 1, 1), at(A, 2, 1)]))
    error = error_of(collector.raise_if_any, ConfigurationError)
    assert [str(item.range) for item in error.diagnostics] == ["a.hcl:2:1", "b.hcl:1:1"]


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("vcp", ["vpc", "kms"], 'Did you mean "vpc"?'),
        ("nmae", {"name", "names"}, 'Did you mean "name"?'),
        ("zzz", ["vpc"], ""),
        ("vpc", [], ""),
    ],
)
def test_the_nearest_word(word, known, hint):
    assert did_you_mean(word, known) == hint


@pytest.mark.parametrize(
    ("error", "code"),
    [(PlatformctlError, 1), (UsageError, 2), (InterruptedRunError, 130)],
)
def test_c5_the_class_of_an_error_is_the_exit_code(error, code):
    raised = error("Summary", detail="Detail.", hint="Hint.")
    assert (int(raised.exit_code), str(raised)) == (code, "Summary")
