"""``platformctl ci matrix``: the stack as jobs in dependency order (C2, C7).

``platformctl build``: a table, JSON, and mistakes that name their fix (B5, C7).
What is printed is what was meant, letter by letter (C4).
"""

import json

import pytest

from orchestrator.cli import console

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


@pytest.fixture
def functions(tree):
    """A project with one function that needs no library."""
    folder = tree.root / "functions"
    (folder / "ingest").mkdir(parents=True)
    (folder / "ingest" / "handler.py").write_text("def handler(event, context):\n    return {}\n")
    (folder / "functions.toml").write_text("[functions.ingest]\n")
    return folder


def test_b5_a_table_on_standard_output_and_the_work_on_standard_error(platformctl, functions):
    first = platformctl("build")
    assert first.code == 0
    assert first.err == "packaged ingest: 0.0 MB\n"
    header, row = first.out.splitlines()
    assert header.split() == ["function", "size", "sha256"]
    name, size, unit, digest, state = row.split()
    assert (name, size, unit, state) == ("ingest", "0.0", "MB", "built")
    assert (functions.parent / ".platformctl" / "build" / f"ingest-{digest}.zip").is_file()
    second = platformctl("build", "ingest")
    assert (second.code, second.err) == (0, "")
    assert second.out.splitlines()[1].split() == ["ingest", "0.0", "MB", digest, "unchanged"]
    assert platformctl.started == []


def test_json(platformctl, functions):
    result = platformctl("build", "--json")
    found = json.loads(result.out)
    assert set(found) == {"ingest"}
    assert set(found["ingest"]) == {"path", "hash", "sha256", "size", "unpacked_size", "built"}
    listed = json.loads((functions.parent / ".platformctl" / "build" / "packages.json").read_text())
    # What the test's fixture shortens on the screen is whole in the file.
    assert listed["ingest"]["hash"] == found["ingest"]["hash"]
    assert listed["ingest"]["path"].endswith(found["ingest"]["path"])


def test_c7_an_unknown_function_is_bad_input(platformctl, functions):
    result = platformctl("build", "ingset")
    assert result.code == 2
    assert "No such function" in result.err
    assert "The functions are ingest." in result.err


def test_c7_a_project_without_functions_is_bad_input(platformctl):
    result = platformctl("build")
    assert result.code == 2
    assert "No functions are defined" in result.err


ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-1"


@pytest.mark.parametrize("stream", ["out", "err"])
def test_words_between_colons_are_no_emoji(capsys, stream):
    getattr(console, stream).print(ARN, soft_wrap=True, markup=False)
    assert getattr(capsys.readouterr(), stream) == f"{ARN}\n"
