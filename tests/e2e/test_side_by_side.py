"""Two deployments in one account at the same time (B15), and C4: never silent for more than two seconds."""

import time

import pytest

pytestmark = pytest.mark.slow


def test_b15_two_suffixes_come_up_together_and_one_goes_without_the_other(project):
    # One with a provider per command, as on AWS, the other with a shared one.
    modes = {"a": "launch", "b": "shared"}
    runs = {s: project.start("up", "--suffix", s, PLATFORMCTL_PROVIDER=mode) for s, mode in modes.items()}
    for process in runs.values():
        project.finish(process)
    first, second = project.outputs("a"), project.outputs("b")
    assert first["vpc"]["vpc_id"] != second["vpc"]["vpc_id"]

    before = project.left("b")
    project.run("destroy", "--suffix", "a", "--yes", PLATFORMCTL_PROVIDER="launch")
    assert project.left("a") == []
    assert project.left("b") == before
    _, err = project.run("up", "--suffix", "b")
    assert "4 unchanged" in err

    silences, log = watch(project.start("destroy", "--suffix", "b", "--yes"))
    # The first line comes after Python has started; from then on two seconds are the rule, and a machine that runs three
    # other tests at the same time gets a second of grace.
    assert max(silences[1:]) < 3, f"silent for {max(silences[1:]):.1f} s\n{log}"
    assert project.left() == []


def watch(process):
    """Follows the progress of a process to its end; returns the seconds before each line, and the lines."""
    lines, silences = [], []
    with process:
        last = time.monotonic()
        for line in process.stderr:
            now = time.monotonic()
            silences.append(now - last)
            last = now
            lines.append(line)
    assert process.returncode == 0, "".join(lines)
    return silences, "".join(lines)
