"""``platformctl ci matrix``: the stack as jobs in dependency order (C2, C7)."""

import json

import pytest

JOBS = [
    {"stage": 1, "unit": "docs", "needs": []},
    {"stage": 1, "unit": "kms", "needs": []},
    {"stage": 2, "unit": "vpc", "needs": ["kms"]},
    {"stage": 3, "unit": "api", "needs": ["kms", "vpc"]},
]


def test_c2_the_matrix_is_one_of_github_actions(platformctl):
    result = platformctl("ci", "matrix")
    assert (result.code, result.err, platformctl.started) == (0, "", [])
    assert json.loads(result.out) == {"include": JOBS}


def test_c2_the_matrix_as_outputs_of_a_step(platformctl):
    result = platformctl("ci", "matrix", "--format", "github-output", "--env", "dev")
    lines = result.out.splitlines()
    # One line for each output, whatever its length: that is all that GitHub reads.
    assert [line.split("=", 1)[0] for line in lines] == ["matrix", "stages", "stage_1", "stage_2", "stage_3"]
    values = {name: json.loads(value) for name, value in (line.split("=", 1) for line in lines)}
    assert (values["matrix"], values["stages"]) == ({"include": JOBS}, 3)
    assert [job for stage in (1, 2, 3) for job in values[f"stage_{stage}"]["include"]] == JOBS


def test_c2_only_some_units(platformctl):
    result = platformctl("ci", "matrix", "--only", "api", "--only", "kms")
    assert json.loads(result.out)["include"] == [
        {"stage": 1, "unit": "kms", "needs": []},
        {"stage": 2, "unit": "api", "needs": ["kms"]},
    ]


@pytest.mark.parametrize(
    ("arguments", "summary"), [(("--only", "nope"), "No such unit"), (("--env", "nope"), "Unknown environment")]
)
def test_c7_bad_input(platformctl, arguments, summary):
    result = platformctl("ci", "matrix", *arguments)
    assert (result.code, result.out) == (2, "")
    assert f"error: {summary}\n" in result.err


def test_c7_ci_alone_shows_what_there_is(platformctl):
    result = platformctl("ci")
    assert result.code == 2
    assert "matrix" in result.out + result.err
