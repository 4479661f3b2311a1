"""Terraform as the oracle: every expression of the tables gives here what it gives in `terraform console`."""

import json
import random
import shutil
import subprocess
from collections import Counter
from itertools import islice

import pytest

from orchestrator.hcl.calls import NOT_SUPPORTED, special_forms
from tests.unit.hcl.functions.generated_cases import CALLS, NOT_GENERATED, cases, unknown_cases
from tests.unit.hcl.functions.terraform_console import (
    REFUSED,
    UNKNOWN,
    generated,
    here,
    in_terraform,
    recorded,
    write_files,
)

needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform on the PATH")

DIFFERENCES = [
    # Lists and tuples, maps and objects have one Python type: no conversion to an element type that was given before.
    ('concat(tolist(["a"]), tolist([1]))', '["a",1]', '["a","1"]'),
    ('lookup(tomap({a = "x"}), "b", 5)', "5", '"5"'),
    ('lookup(tomap({a = 1}), "b", "x")', '"x"', REFUSED),
    ('contains([tolist(["a"])], ["a"])', "true", "false"),
    # Another compressor.
    ('base64gzip("")', '"H4sIAAAAAAAA/wMAAAAAAAAAAAA="', '"H4sIAAAAAAAA/wAAAP//AQAA//8AAAAAAAAAAA=="'),
    # Refused, because what Terraform computes is wrong.
    ('cidrhost("::ffff:10.0.0.0/112", 1)', REFUSED, '"0:1::ffff:a00:0"'),
    ('cidrsubnet("10.0.0.0/16", 4, -1)', REFUSED, '"0.0.16.0/20"'),
    ('cidrsubnet("10.1.0.0/16", -1, 0)', REFUSED, '"10.1.0.0/15"'),
    # Beyond what Python's calendar holds.
    ('timeadd("9999-12-31T23:00:00Z", "2h")', REFUSED, '"10000-01-01T01:00:00Z"'),
    # There is no negative zero here.
    ('yamldecode("-0")', "0", "-0"),
    ('jsondecode("-0.0")', "0", "-0"),
    # Terraform composes the letter of the escape with the accent behind it, which is not valid JSON.
    ('strcontains(jsonencode("\\n\\u0301"), "\\\\n")', "true", "false"),
    # Numbers of functions have 64 or 53 bits there, which only a quotient, or a fraction, makes visible.
    ("length([1]) / length([1, 2, 3])", f"0.{'3' * 154}5", "0.33333333333333333334"),
    # The fraction of an exponent, which Terraform computes differently on each processor.
    ("pow(77, 1.5)", "675.6722578291934", "675.6722578291935"),
    # Secrets reach a little further.
    ('tolist(["a", sensitive("b")])[0]', 'secret "a"', '"a"'),
    ('tomap({a = "a", b = sensitive("b")}).a', 'secret "a"', '"a"'),
    ('chunklist(["a", sensitive("b")], 1)[0]', 'secret ["a"]', '["a"]'),
    # Aliases of encoding names.
    ('textencodebase64("a", "csISOLatin1")', REFUSED, '"YQ=="'),
]
"""Expression, what it gives here, what it gives in Terraform: docs/functions.md names each."""

KNOWN = {
    "no negative zero": lambda text, theirs, ours: theirs == "-0",
    "a null to format": lambda text, theirs, ours: theirs == UNKNOWN and text.startswith("format"),
    "ranges outside the prefix": lambda text, theirs, ours: text.startswith("cidr") and ours == REFUSED,
    "patterns in the path": lambda text, theirs, ours: text.startswith('fileset("*"'),
    "a secret index": lambda text, theirs, ours: text == '{a = 1}[sensitive("a")]' and ours == f"secret {theirs}",
    "the type of a map": lambda text, theirs, ours: text == 'lookup(tomap({a="x"}), "b", 2)',
}
"""Kinds of differences among the generated expressions: docs/functions.md names each."""

ATOMS = (
    *(
        "a",
        "b",
        "B",
        "1",
        "\u00e9",
        "\u03b1",
        "\u65e5",
        "\U0001f600",
        ".",
        "^",
        "$",
        "(?i)",
        "(?s)",
        "(?m)",
        "(?U)",
        "(?-i)",
    ),
    *(
        r"\d",
        r"\D",
        r"\w",
        r"\W",
        r"\s",
        r"\b",
        r"\B",
        r"\A",
        r"\z",
        r"\pL",
        r"\PL",
        r"\p{Greek}",
        r"\p{^Lu}",
        r"\Qa.b\E",
    ),
    *(
        "[a-c]",
        "[^a]",
        r"[\w.-]",
        "[[:alpha:]]",
        "[[:^alpha:]_]",
        "[]a]",
        r"[\x{3b1}b]",
        r"\C",
        r"\1",
        r"\Z",
        "[b-a]",
        "{2}",
    ),
)
GROUPS = ("(", "(?:", "(?i:", "(?P<x>", "(?<y>", "(?s:", "(?U:", "(?=", "(?>", "(?P<\u00e9>")
REPEATS = ("", "", "", "*", "+", "?", "{2}", "{1,}", "*?", "+?", "{0}", "**", "{1001}")
TEMPLATES = ("-", "<$0>", "$1", "${1}x", "$x", "${y}", "$$", "$10")
# Marks, joiners, flags, Hangul, pictographs and Indic letters, which clusters are made of.
CLUSTERS = (
    *"a\u0301\u0600\u200d\u094d\u0915\u0937\u0e33\u1100\u1161\u11a8\uac00\u2764",
    *"\U0001f1e9\U0001f1ea\U0001f468\U0001f3fd\r\n",
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    return write_files(tmp_path / "work")


def differences(expressions, answers, folder):
    pairs = zip(expressions, answers, [here(expression, folder) for expression in expressions], strict=True)
    return [(text, theirs, ours) for text, theirs, ours in pairs if theirs != ours]


def different(expressions, answers, folder):
    found = differences(expressions, answers, folder)
    return "\n".join(f"{text}: {theirs} there, {ours} here" for text, theirs, ours in found)


def test_c1_the_same_as_terraform_said(folder):
    """C1: the functions and operators of the language are Terraform's."""
    table = recorded()
    assert len(table) > 1600
    assert not different(list(table), list(table.values()), folder)


TAKE_ANYTHING = {"try", "==", "!=", '"${@}"', "(@)[*]", "(@).*"}


def test_c1_every_function_has_generated_cases_and_error_cases():
    table, kinds = generated(), dict.fromkeys(kind for kind, _ in cases())
    refused = Counter(kind for kind, text in cases() if table[text] == REFUSED)
    assert len(table) > 20_000
    assert {kind for kind in kinds if refused[kind] < 2} == TAKE_ANYTHING
    assert not CALLS.keys() & NOT_GENERATED


def unexplained(table, folder):
    found = differences(list(table), list(table.values()), folder)
    kinds = [[kind for kind, is_one in KNOWN.items() if is_one(*difference)] for difference in found]
    return [difference for difference, names in zip(found, kinds, strict=True) if len(names) != 1], kinds


def test_c1_a_tenth_of_the_generated_expressions(folder):
    assert unexplained(dict(islice(generated().items(), 0, None, 10)), folder)[0] == []


@pytest.mark.slow
def test_c1_the_generated_expressions(folder):
    wrong, kinds = unexplained(generated(), folder)
    assert wrong == []
    assert {name for (name,) in kinds} == KNOWN.keys()
    assert len(kinds) < 50


@needs_terraform
@pytest.mark.slow
def test_c3_what_is_known_in_spite_of_unknown_parts_is_so_in_terraform(folder):
    """What is left unknown here Terraform computes later; what is refused here, it refuses later at the latest."""
    expressions = list(dict.fromkeys(unknown_cases()))
    found = differences(expressions, in_terraform(expressions, folder), folder)
    wrong = [case for case in found if case[2] != UNKNOWN and not (case[1] == UNKNOWN and case[2] == REFUSED)]
    assert len(expressions) > 2500
    # Neither side of these has a type yet that could be at odds with the other's.
    assert [text for text, _, _ in wrong] == [
        'coalesce("a", toset(["a", local.unknown]))',
        'coalescelist(["a"], toset(["a", local.unknown]))',
        'true ? 1 : toset(["a", local.unknown])',
        'true ? "a" : toset(["a", local.unknown])',
        'false ? toset(["a", local.unknown]) : 1',
        'false ? toset(["a", local.unknown]) : "a"',
    ]


@needs_terraform
@pytest.mark.slow
def test_c1_no_function_of_terraform_is_forgotten(folder, functions):
    done = subprocess.run(["terraform", "metadata", "functions", "-json"], capture_output=True, check=True, timeout=60)
    names = {name.removeprefix("core::") for name in json.loads(done.stdout)["function_signatures"]}
    assert names == CALLS.keys() | NOT_GENERATED
    assert names - functions.keys() - special_forms.keys() == NOT_SUPPORTED.keys()


@needs_terraform
@pytest.mark.slow
def test_c1_terraform_still_says_so_of_generated_expressions(folder):
    table = generated()
    assert in_terraform(table, folder) == list(table.values())


@needs_terraform
@pytest.mark.slow
def test_c1_terraform_still_says_so(folder):
    table = recorded()
    answers = dict(zip(table, in_terraform(list(table), folder), strict=True))
    assert answers == table


@needs_terraform
@pytest.mark.slow
def test_c1_the_differences_are_the_ones_that_are_documented(folder):
    answers = in_terraform([expression for expression, _, _ in DIFFERENCES], folder)
    found = [
        (expression, here(expression, folder), theirs)
        for (expression, _, _), theirs in zip(DIFFERENCES, answers, strict=True)
    ]
    assert found == DIFFERENCES


def quoted(text):
    return json.dumps(text, ensure_ascii=False).replace("${", "$${")


def a_pattern(choose, depth=2):
    pieces = []
    for _ in range(choose.randint(1, 3)):
        nested = depth and choose.random() < 0.3
        atom = choose.choice(GROUPS) + a_pattern(choose, depth - 1) + ")" if nested else choose.choice(ATOMS)
        pieces.append(atom + choose.choice(REPEATS))
    return "".join(pieces) + ("|" + a_pattern(choose, 0) if choose.random() < 0.2 else "")


@needs_terraform
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_c1_generated_regular_expressions(folder, seed):
    choose = random.Random(seed)
    expressions = []
    for _ in range(2000):
        pattern, text = a_pattern(choose), "".join(choose.choices("abBA1 -\n\u00e9\u03b1\u65e5\U0001f600", k=8))
        expressions += [
            f"regexall({quoted(pattern)}, {quoted(text)})",
            f"replace({quoted(text)}, {quoted(f'/{pattern}/')}, {quoted(choose.choice(TEMPLATES))})",
        ]
    answers = in_terraform(expressions, folder)
    assert answers.count(REFUSED) < len(answers) * 0.8
    assert not different(expressions, answers, folder)


@needs_terraform
@pytest.mark.slow
def test_c1_generated_characters(folder):
    choose = random.Random(1)
    texts = {"".join(choose.choices(CLUSTERS, k=choose.randint(2, 6))) for _ in range(4000)}
    expressions = [f"length({quoted(text)})" for text in sorted(texts)]
    found = different(expressions, in_terraform(expressions, folder), folder).splitlines()
    # Terraform joins a pictograph behind a joiner to any Hangul syllable or half flag before it, against the rule.
    bases = {"\u1100", "\u1161", "\u11a8", "\uac00", "\U0001f1e9", "\U0001f1ea"}
    assert [line for line in found if "\u200d" not in line or not bases & set(line)] == []
