"""Filters choose units: each expression, what they are worth together, and mistakes with their place (C2, C10).

The graph and the results of the graph expressions are those of Terragrunt's own page on them:
https://terragrunt.gruntwork.io/docs/features/filter/graph
"""

from pathlib import Path

import pytest

from orchestrator.config.filters import (
    Component,
    ComponentKind,
    Population,
    compile_pattern,
    parse_filter,
    select_components,
)
from orchestrator.diagnostics import ConfigurationError

ROOT = Path("/repo/live")
NEEDS = {
    "vpc": (),
    "db": ("vpc",),
    "cache": ("vpc",),
    "service": ("db", "cache"),
    "apps/web": ("service",),
    "apps/old/web": (),
    "apps/my app": (),
}
STACK = "apps/platform"
OUTSIDE = Path("/repo/other/dns")
SOURCES = {"db": "git::https://github.com/acme/db.git?ref=v1", "cache": "github.com/acme/cache"}
READS = {"db": "shared.hcl", "cache": "config/vars.tfvars"}


def component(name, needs):
    return Component(
        folder=ROOT / name,
        dependencies=tuple(ROOT / need for need in needs) + ((OUTSIDE,) if name == "vpc" else ()),
        source=lambda: SOURCES.get(name, ""),
        files=lambda: frozenset({ROOT / READS[name]} if name in READS else ()),
    )


COMPONENTS = {ROOT / name: component(name, needs) for name, needs in NEEDS.items()} | {
    ROOT / STACK: Component(folder=ROOT / STACK, kind=ComponentKind.STACK),
    OUTSIDE: Component(folder=OUTSIDE, external=True),
}
CHANGES = {("main", "HEAD"): {"db"}, ("v1", "v2"): {"cache", "apps/old/web"}}


def chosen(*filters, bases=(ROOT,)):
    population = Population(
        components=COMPONENTS,
        bases=bases,
        changed=lambda old, new: frozenset(ROOT / name for name in CHANGES[old, new]),
    )
    found = select_components([parse_filter(text) for text in filters], population)
    return " ".join(sorted("dns" if path == OUTSIDE else path.relative_to(ROOT).as_posix() for path in found))


ALL = "apps/my app apps/old/web apps/platform apps/web cache db service vpc"


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        # Names are those of the folders.
        ("vpc", "vpc"),
        ("web", "apps/old/web apps/web"),
        ("name=web", "apps/old/web apps/web"),
        ("name = web", "apps/old/web apps/web"),
        ("[v1...v2]", "apps/old/web cache"),
        ("c*", "cache"),
        ("my app", "apps/my app"),
        # Paths
        ("./apps/*", "apps/my app apps/platform apps/web"),
        ("apps/*", "apps/my app apps/platform apps/web"),
        ("./apps/**", "apps/my app apps/old/web apps/platform apps/web"),
        ("./apps/**/web", "apps/old/web apps/web"),
        ("/repo/live/apps/w?b", "apps/web"),
        ("{./apps/web}", "apps/web"),
        ("{db}", "db"),
        ("./**", ALL),
        ("{./**}... | external=true", "dns"),
        ("{./**}... | external=false", ALL),
        # Attributes
        ("type=unit", ALL.replace("apps/platform ", "")),
        ("type=stack", "apps/platform"),
        ("./apps/** | type=stack", "apps/platform"),
        ("source=github.com/acme/cache", "cache"),
        ("source=*github.com/**", "cache"),
        ("source=**github.com**", "cache db"),
        ("reading=shared.hcl", "db"),
        ("reading=config/*.tfvars", "cache"),
        ("reading=./config/**", "cache"),
        # The graph
        ("service...", "cache db dns service vpc"),
        ("...vpc", "apps/web cache db service vpc"),
        ("...db...", "apps/web db dns service vpc"),
        ("...^vpc", "apps/web cache db service"),
        ("^service...", "cache db dns vpc"),
        ("...^db...", "apps/web dns service vpc"),
        ("service...1", "cache db service"),
        ("1...vpc", "cache db vpc"),
        ("1...db...2", "db dns service vpc"),
        ("...name=db", "apps/web db service"),
        ("...{db}", "apps/web db service"),
        ("...[main...HEAD]", "apps/web db service"),
        ("...[main] | !db", "apps/web service"),
        # Negation and intersection
        ("!vpc", ALL.replace(" vpc", "")),
        ("!!vpc", "vpc"),
        ("!no-such-unit", ALL),
        ("./apps/** | type=unit | !web", "apps/my app"),
        ("./apps/**|!name=web", "apps/my app apps/platform"),
        ("vpc | db", ""),
    ],
)
def test_c10_an_expression_chooses_units(expression, names):
    assert chosen(expression) == names


@pytest.mark.parametrize(
    ("expressions", "names"),
    [
        ((), ALL),
        (("vpc", "db"), "db vpc"),
        (("...vpc", "!service"), "apps/web cache db vpc"),
        # What begins with ! takes away from the rest, wherever it stands.
        (("!type=unit", "name=web"), ""),
        (("!web", "!./apps/my app"), "apps/platform cache db service vpc"),
        (("! web | db", "db", "vpc"), "db"),
    ],
)
def test_c10_filters_are_a_union_and_those_with_a_bang_take_away(expressions, names):
    assert chosen(*expressions) == names


def test_c10_relative_paths_start_at_any_of_the_bases():
    assert chosen("./web", bases=(ROOT / "apps",)) == "apps/web"
    assert chosen("./**", bases=(ROOT / "apps",)) == "apps/my app apps/old/web apps/platform apps/web"
    assert chosen("../db", bases=(ROOT / "apps",)) == "db"
    assert chosen("./db", "./live/cache", bases=(ROOT, ROOT.parent)) == "cache db"


MISTAKES = {
    "": ("1", "Something to look for is missing here.", "Write a name"),
    "vpc |": ("6", "Something to look for is missing here.", "Write a name"),
    "vpc | | db": ("7", "Something to look for is missing here.", ""),
    "!": ("2", "Something to look for is missing here.", ""),
    "name=": ("6", "A value is missing here.", ""),
    "nmae=vpc": ("1-5", 'There is no attribute "nmae".', 'Did you mean "name"?'),
    "db | owner=me": (
        "6-11",
        'There is no attribute "owner".',
        "The attributes are name, type, external, reading, source.",
    ),
    "type=unti": ("6-10", 'type cannot be "unti".', 'Did you mean "unit"?'),
    "external=yes": ("10-13", 'external cannot be "yes".', "Write true or false."),
    "{./apps": ("1-8", '"{" and "}" have to stand around the whole of it.', 'Close it with "}".'),
    "[main": ("1-6", '"[" and "]" have to stand around the whole of it.', ""),
    "[main..HEAD]": ("2-12", "This does not name one or two revisions.", "Write [main] or [main...HEAD]."),
    "[--output=x]": ("2-12", "This does not name one or two revisions.", ""),
    "[a...b...c]": ("2-11", "This does not name one or two revisions.", ""),
    "^vpc": ("1-2", 'Without "..." nothing is left when the unit itself is left out.', "Write ...^unit"),
    "app[12": ("1-7", '"app[12" is no pattern: a bracket is not closed.', ""),
    "vcp": ("1-4", 'There is no unit called "vcp".', 'Did you mean "vpc"?'),
    "...vcp...": ("4-7", 'There is no unit called "vcp".', 'Did you mean "vpc"?'),
    "./servise": ("1-10", 'There is no unit at "./servise".', 'Did you mean "service"?'),
    "./apps": ("1-7", 'There is no unit at "./apps".', "Write ./apps/** for those below it."),
}


@pytest.mark.parametrize(("expression", "expected"), MISTAKES.items(), ids=list(MISTAKES))
def test_c10_a_mistake_in_a_filter_has_its_place_and_a_fix(expression, expected):
    columns, detail, hint = expected
    first, _, last = columns.partition("-")
    with pytest.raises(ConfigurationError) as caught:
        chosen(expression)
    found = caught.value.diagnostics[0]
    assert (found.detail, found.hint[: len(hint)]) == (detail, hint)
    assert found.range is not None
    assert found.range.source.text == expression
    assert (found.range.start.column, found.range.end.column) == (int(first), int(last or int(first) + 1))


def test_c10_all_mistakes_of_a_filter_are_reported_together():
    with pytest.raises(ConfigurationError) as caught:
        parse_filter("nmae=vpc | type=unti | ^db")
    assert len(caught.value.diagnostics) == 3


@pytest.mark.parametrize(
    ("pattern", "fits", "misses"),
    [
        ("a*c", ("ac", "abc"), ("a/c", "abcd")),
        ("a**c", ("ac", "a/b/c"), ("a/b/cd",)),
        ("a/**/c", ("a/c", "a/b/c", "a/b/b/c"), ("ac", "xa/c")),
        ("a/**", ("a", "a/b", "a/b/c"), ("ab",)),
        ("a?", ("ab",), ("a", "a/")),
        ("[a-c]x", ("ax", "cx"), ("dx", "x")),
        ("[!a]x", ("bx",), ("ax",)),
        ("x{a,b*}", ("xa", "xbc"), ("x", "xc")),
        (r"a\*", ("a*",), ("ab",)),
        ("a.b", ("a.b",), ("axb",)),
        ("a[]]", ("a]",), ("a",)),
        ("a[^&|]", ("ax",), ("a&", "a|")),
    ],
)
def test_c10_wildcards_stay_within_a_name_unless_they_are_doubled(pattern, fits, misses):
    expression = compile_pattern(pattern)
    assert [text for text in (*fits, *misses) if expression.match(text)] == list(fits)
