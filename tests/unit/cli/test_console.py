"""What is printed is what was meant, letter by letter (C4)."""

import pytest

from orchestrator.cli import console

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-1"


@pytest.mark.parametrize("stream", ["out", "err"])
def test_words_between_colons_are_no_emoji(capsys, stream):
    getattr(console, stream).print(ARN, soft_wrap=True, markup=False)
    assert getattr(capsys.readouterr(), stream) == f"{ARN}\n"
