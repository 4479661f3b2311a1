"""``invoke`` and ``logs``: bad input (C7)."""

import pytest

from orchestrator.cli import functions as module
from orchestrator.cli.functions import _chosen, _event, _span
from orchestrator.errors import UsageError


@pytest.mark.parametrize(
    ("call", "summary", "hint"),
    [
        (lambda: _event("{a: 1}"), "The event is not JSON", "Quote it: --payload '{\"a\": 1}'."),
        (lambda: _event("@/nowhere.json"), "The event cannot be read", "Check the path."),
        (lambda: _span("10 minutes"), "Malformed span", "Write 90s, 10m, 2h or 1d."),
        (lambda: _chosen("ingst", {"ingest": "x", "api": "y"}), "No such function", 'Did you mean "ingest"?'),
        (lambda: _chosen("q", {"ingest": "x", "api": "y"}), "No such function", "The functions are api, ingest."),
    ],
)
def test_c7_bad_input_is_told_with_its_fix(call, summary, hint):
    with pytest.raises(UsageError) as caught:
        call()
    assert (caught.value.summary, caught.value.hint) == (summary, hint)


def test_an_event_comes_from_the_command_line_a_file_or_standard_input(tmp_path, monkeypatch):
    (tmp_path / "event.json").write_text('{"from": "file"}')
    monkeypatch.setattr(module.sys, "stdin", (tmp_path / "event.json").open())
    assert _event('{"a":1}') == b'{"a": 1}'
    assert _event(f"@{tmp_path / 'event.json'}") == b'{"from": "file"}'
    assert _event("-") == b'{"from": "file"}'
    module.sys.stdin.close()


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400)])
def test_spans(text, seconds):
    assert _span(text).total_seconds() == seconds


@pytest.mark.parametrize("command", [("invoke", "api"), ("logs",), ("smoke",)])
def test_c7_a_deployment_that_does_not_exist_is_named(platformctl, command):
    result = platformctl(*command, "--suffix", "pr42")
    assert result.code == 2
    assert "No such deployment" in result.err
    assert "platformctl up --suffix pr42" in result.err
