"""What children print is quoted in errors: short, printable, without secrets (C5, C8)."""

from pathlib import Path

import pytest

from orchestrator.adapters.output import json_object, quote, unexpected


@pytest.mark.parametrize(
    ("output", "quoted"),
    [
        ("", "nothing"),
        (" \n\t", "nothing"),
        ("Welcome\nto the  shell", '"Welcome to the shell"'),
        ("\x1b[31mred\x1b[0m\x00", '"\\x1b[31mred\\x1b[0m\\x00"'),
        ("half: \ud83d", '"half: \\ud83d"'),
        ("word " * 100_000, f'"{("word " * 60)}…"'),
        ("x" * 10_000_000, '"****…"'),
        (
            '{"outputs": {"p": {"value": "hunter2"}, "l": ["a b", "c"]',
            '"{"outputs": {"p": {"value": "****"}, "l": ["****", "****"]"',
        ),
        ('{"pin": 1234, "cut": "hunt', '"{"pin": ****, "cut": "****""'),
        ("https://user:geheim@host/x", '"https://****@host/x"'),
        ("DB_PASSWORD=geheim; api_token: geheim", '"DB_PASSWORD=****; api_token: ****"'),
        ("AKIAABCDEFGHIJKLMNOP wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", '"**** ****"'),
    ],
)
def test_c8_a_quote_is_short_printable_and_without_secrets(output, quoted):
    assert quote(output) == quoted


def test_c5_an_error_names_the_program_the_command_and_the_log():
    error = unexpected(
        ["/bin/terraform", "show", "-json"], "boo", expected="a plan", problem="no JSON", log=Path("/logs/vpc.log")
    )
    assert (error.summary, error.detail) == (
        "Unexpected output of terraform",
        '/bin/terraform show -json did not print a plan (no JSON). It printed: "boo". The log is /logs/vpc.log.',
    )
    assert error.hint.endswith("Is /bin/terraform a wrapper that prints something else?")


@pytest.mark.parametrize("output", ['{"a": {"b": 1}}', 'banner {x}\n  {"a": {"b": 1}}\nmore {'])
def test_the_first_json_object_is_taken(output):
    assert json_object(output) == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("", "no JSON"),
        ("[1]", "no JSON"),
        ('say {"a": 1}', "no JSON"),
        ('\n{"a": ', "Expecting value at character 7 of the JSON"),
        ('{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_c5_what_holds_no_json_object_is_an_error(output, problem):
    with pytest.raises(ValueError, match=f"^{problem}$"):
        json_object(output)
