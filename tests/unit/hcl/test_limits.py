"""Numbers, names and sizes without bounds are a diagnostic with its place, soon; never a hang or a traceback."""

import os
from functools import partial
from pathlib import Path
from time import process_time

import pytest

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import Scope, evaluate, parse_expression, parse_file
from orchestrator.hcl.functions import terraform_functions
from orchestrator.hcl.functions.filesystem import TooManyFoldersError, matching_paths
from orchestrator.hcl.scope import FILE_BYTES, Function, FunctionError
from orchestrator.hcl.values import unknown_reference
from tests.fakes.errors import error_of
from tests.fuzz import Fuzz, outcomes

SECONDS = 10
"""Of processor time, on a machine of any speed; without the bounds the cases take minutes or end the process."""

NUMBER = "Invalid number"
FUNCTION = "Invalid function argument"
DEEP = "Expression nested too deeply"
WORK = "Expression takes too much work"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{below}'] * 10)}]\\n" for below, name in zip("abcdef", "bcdefg", strict=True)
)
LEVELS = "".join(f"{' ' * level}a:\\n" for level in range(210))


def doubled(form: str, text: str, times: int) -> str:
    """Put a text into both places of a form, again and again."""
    for _ in range(times):
        text = form.replace("@", text)
    return text


CASES = {
    "exponent": ("1e999999999", NUMBER),
    "negative exponent": ("1e-999999999", NUMBER),
    "exponent of twenty digits": ("1e99999999999999999999", NUMBER),
    "5,000 digits": ("9" * 5000, NUMBER),
    "product": ("1e3000 * 1e3000", "Operation failed"),
    "number in a string": ('"1e999999999" + 1', "Invalid operand"),
    "number to parse": (f'parseint("{"9" * 5000}", 10)', FUNCTION),
    "number in JSON": ('jsondecode("1e999999999")', FUNCTION),
    "number in YAML": (f'yamldecode("{"9" * 5000}")', FUNCTION),
    "power": ("pow(2, 1e9)", FUNCTION),
    "logarithm": ("log(10, 1e-4000)", FUNCTION),
    "host number": (f'cidrhost("10.0.0.0/8", {"9" * 200})', FUNCTION),
    "subnet bits": ('cidrsubnet("fd00::/8", 1e9, 0)', FUNCTION),
    "subnets": ('cidrsubnets("10.0.0.0/8", [for i in range(1000) : 32]...)', FUNCTION),
    "duration": (f'timeadd("2026-01-01T00:00:00Z", "{"9" * 5000}h")', FUNCTION),
    "range": ("range(1000000000)", FUNCTION),
    "fractions": ("range(0, 1e9, 0.001)", FUNCTION),
    "combinations": ("setproduct(range(1000), range(1000), range(1000))", FUNCTION),
    "width": ('format("%999999999d", 1)', FUNCTION),
    "precision": ('format("%.999999999f", 1)', FUNCTION),
    "width of each": ('formatlist("%999999999s", ["a"])', FUNCTION),
    "many widths": (f'format("{"%999999s" * 40}", range(40)...)', FUNCTION),
    "argument number": (f'format("%[{"9" * 5000}]d", 1)', FUNCTION),
    "indentation": ('indent(1e9, "a\\nb")', FUNCTION),
    "join": ('join(",", [for i in range(1000) : format("%100000s", "a")])', WORK),
    "replacement": ('replace(format("%100000s", ""), " ", format("%100000s", ""))', FUNCTION),
    "replacement of a pattern": ('replace(format("%100000s", ""), "/ /", format("%100000s", ""))', FUNCTION),
    "empty matches": ('regexall("(a{1000}){1000}", "a")', FUNCTION),
    "aliases": (f'yamldecode("{BOMB}")', FUNCTION),
    "brackets in YAML": (f'yamldecode("{"[" * 3000 + "]" * 3000}")', FUNCTION),
    "levels of YAML": (f'yamldecode("{LEVELS}")', FUNCTION),
    "levels of JSON": (f'jsondecode("{"[" * 210 + "]" * 210}")', FUNCTION),
    "brackets in JSON": (f'jsondecode("{"[" * 50000 + "]" * 50000}")', FUNCTION),
    "template in a loop": ('"%{ for i in range(1000) }${format("%100000s", i)}%{ endfor }"', WORK),
    "loops": ("[for i in range(1000) : [for j in range(1000) : [for k in range(1000) : k]]]", WORK),
    "loops in a try": ("try([for i in range(1000) : [for j in range(1000) : j]], 0)", WORK),
    "loops of objects": ("{for i in range(1000) : i => {for j in range(1000) : j => j}}", WORK),
    "loops of text": ('"%{ for i in range(1000) }%{ for j in range(1000) }x%{ endfor }%{ endfor }"', WORK),
    # Found by tests/fuzz.py, shortened.
    "calls that fail in a loop": ("[for i in range(1024) : setproduct(range(1024), range(1024))]", FUNCTION),
    "lists in a loop": ("[for i in range(1024) : range(1024)]", WORK),
    "range beyond 64 bits": (f"range({'4' * 400})", FUNCTION),
    "sets of sets": ("setproduct(" + ", ".join(["toset([1, 2])"] * 16) + ")", FUNCTION),
    "nested combinations": (doubled("setproduct(@, @)", "toset([1, 2])", 5), FUNCTION),
    "numbers of 4,000 digits": ("[for i in range(1024) : [for j in range(40) : 1e3990 * j]]", WORK),
    "fractions of 4,000 digits": ("[for i in range(1024) : [for j in range(40) : 1e-3990 / (j + 3)]]", WORK),
    "calls in a loop": ("[for i in range(400) : " + doubled("max(@, @)", "i", 10) + "]", WORK),
    "documents in a loop": ('[for i in range(1024) : yamldecode(join(",", range(1024)))]', WORK),
    "comparisons in a loop": ("[for a in [range(1024)] : [for i in range(1024) : a == i]]", WORK),
    "conditions in a loop": ("[for a in [range(1024)] : [for i in range(1024) : true ? a : [i]]]", WORK),
    "splats in a loop": ("[for a in [range(1024)] : [for i in range(1024) : length(a[*])]]", WORK),
    "strings in a loop": ('[for a in [format("%999999s", "")] : [for i in range(1024) : "${a}${i}"]]', WORK),
    "widths in a loop": ('[for i in range(1024) : format("%999999s", "")]', WORK),
    "words in a loop": ('[for a in [format("%999999s", "")] : [for i in range(1024) : title(a)]]', WORK),
    "clusters": ('length(format("\u00e9%999999s%99s", "", ""))', FUNCTION),
    "a path that is too long": (f'file("{"n" * 5000}")', FUNCTION),
    "parentheses": ("(" * 5000 + "1" + ")" * 5000, DEEP),
    "lists": ("[" * 5000 + "]" * 5000, DEEP),
    "signs": ("-" * 5000 + "1", DEEP),
    "conditions": ("true ? " * 3000 + "1" + " : 2" * 3000, DEEP),
    "templates": ('"${' * 3000 + "1" + '}"' * 3000, DEEP),
    "sum": ("1" + "+1" * 5000, DEEP),
    "attributes": ("{}" + ".b" * 5000, DEEP),
    "indexes": ("[]" + "[0]" * 5000, DEEP),
    "splats": ("[]" + "[*]" * 5000, DEEP),
}


@pytest.mark.parametrize(("text", "summary"), CASES.values(), ids=CASES)
def test_a_diagnostic_with_its_place(text, summary, tmp_path):
    scope = Scope({}, terraform_functions(tmp_path))
    start = process_time()

    error = error_of(lambda: evaluate(parse_expression(text, Path("unit/terragrunt.hcl")), scope), ConfigurationError)
    assert process_time() - start < SECONDS
    assert {finding.summary for finding in error.diagnostics} == {summary}
    assert all(finding.range is not None and finding.range.start.line == 1 for finding in error.diagnostics)


@pytest.mark.parametrize(
    "form", ["[@, @]", "{ a = @, b = @ }", '"${@}${@}${@}${@}${@}${@}${@}${@}"', "[for i in [1, 2] : @]"]
)
def test_values_that_grow_by_references_are_refused(form, tmp_path):
    def grow():
        local, functions = {"a0": "x" * 100}, terraform_functions(tmp_path)
        for step in range(40):
            expression = parse_expression(form.replace("@", f"local.a{step}"), Path("f"))
            local[f"a{step + 1}"] = evaluate(expression, Scope({"local": local}, functions))

    with pytest.raises(ConfigurationError, match=WORK):
        grow()


def test_paths_that_the_file_system_refuses_are_findings(tmp_path):
    def lookup(name):
        return (tmp_path / name).stat().st_size

    found = {"lookup": Function(name="lookup", call=lookup, minimum=1, maximum=1, portable=False)}
    for path in ("n" * 5000, "\\u0000"):
        call = parse_expression(f'lookup("{path}")', Path("f"))
        error = error_of(partial(evaluate, call, Scope({}, found)), ConfigurationError)
        assert (
            error.detail
            == 'The function "lookup" failed: the file system takes no such path: it is too long, or no text.'
        )


def test_c1_a_second_of_random_configuration_ends_with_values_or_findings(tmp_path):
    fuzz = Fuzz("quick", tmp_path).prepare()
    found = list(outcomes(fuzz, iter(range(40)), slow=SECONDS))
    assert [(outcome.number, outcome.problem) for outcome in found if outcome.problem] == []
    assert len({outcome.ending for outcome in found}) >= 4


def test_c1_calls_that_are_written_out_for_unknown_values_count_as_work(tmp_path):
    scope = Scope({"x": [unknown_reference("module", "x")] * 30}, terraform_functions(tmp_path))
    text = doubled('join(",", [@, @])', "x", 11)
    with pytest.raises(ConfigurationError, match=WORK):
        evaluate(parse_expression(text, Path("f")), scope)


def test_numbers_are_rounded_to_512_bits_as_in_terraform(tmp_path):
    scope = Scope({}, terraform_functions(tmp_path))
    texts = [f"{'9' * 200} == 1e200", "1e150 * 1e150 == 1e300", "length(tostring(1e4000))", 'regex("^(a+)+$", "aaaa")']
    assert [evaluate(parse_expression(text, Path("f")), scope) for text in texts] == [True, True, 4001, ["aaaa"]]


def test_a_file_that_never_ends_is_not_read(tmp_path):
    functions = terraform_functions(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", FILE_BYTES + 1)

    for name, path, reason in (
        ("file", "pipe", 'Cannot read "pipe": it is not a regular file.'),
        ("filesha256", "/dev/zero", 'Cannot read "/dev/zero": it is not a regular file.'),
        ("file", "large", 'Cannot read "large": it has 67,108,865 bytes; the most are 67,108,864.'),
    ):
        with pytest.raises(FunctionError) as caught:
            functions[name].call(path)
        assert caught.value.message == reason
    for path in ("pipe", "large"):
        with pytest.raises(ConfigurationError, match="Configuration file cannot be read"):
            parse_file(tmp_path / path)


def test_a_pattern_does_not_look_into_folders_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("orchestrator.hcl.functions.filesystem.MOST_FOLDERS", 3)
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)

    with pytest.raises(TooManyFoldersError):
        list(matching_paths(tmp_path, "**"))
    assert list(matching_paths(tmp_path / "a", "**")) == []
