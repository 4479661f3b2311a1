"""Two deployments in one account at the same time (B15), and C4: never silent for more than two seconds."""

import time

import pytest

pytestmark = pytest.mark.slow


# What two deployments could fight over, and little else; the whole platform is in test_lifecycle.
FIRST = ("dynamodb", "iam", "kms", "s3", "vpc")


def only(*units):
    return [argument for unit in units for argument in ("--only", unit)]


def test_b15_two_suffixes_come_up_together_and_one_goes_without_the_other(project):
    # One with a provider per command, as on AWS, the other with a shared one.
    runs = [
        project.start("up", "--suffix", "a", *only(*FIRST), PLATFORMCTL_PROVIDER="launch"),
        project.start(
            "up", "--suffix", "b", "--account-settings", "none", *only(*FIRST), PLATFORMCTL_PROVIDER="shared"
        ),
    ]
    for process in runs:
        project.finish(process)
    first, second = project.outputs("a"), project.outputs("b")
    assert first["vpc"]["vpc_id"] != second["vpc"]["vpc_id"]

    # The Config recorder is one for the account: nobody has it yet, then "a" does, and "b" has rules all the same.
    _, err = project.run("up", "--suffix", "b", *only("config"), code=2)
    assert "The account has no AWS Config recorder" in err
    project.run("up", "--suffix", "a", *only("config"))
    _, err = project.run("up", "--suffix", "b", "--account-settings", "all", *only("config"), code=2)
    assert 'Deployment "a" owns the AWS Config recorder and its delivery channel.' in err
    assert "--account-settings none" in err
    project.run("up", "--suffix", "b", *only("config"))
    recorders = project.client("config").describe_configuration_recorders()["ConfigurationRecorders"]
    assert [recorder["name"] for recorder in recorders] == ["config-recorder-a"]
    rules = [item.name for item in project.left() if item.type == "rule" and item.service == "config"]
    assert len(rules) == 2 * 91
    assert len([name for name in rules if name.endswith("-b")]) == 91

    before = project.left("b")
    project.run("destroy", "--suffix", "a", "--yes", PLATFORMCTL_PROVIDER="launch")
    assert project.left("a") == []
    assert project.left("b") == before
    _, err = project.run("up", "--suffix", "b", *only(*FIRST))
    assert "5 unchanged" in err

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
