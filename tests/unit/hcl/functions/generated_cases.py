"""Expressions for `terraform console`, made by rule: every function, with every kind of value for every argument.

A function has a few calls that succeed. From each, one argument after the other is replaced by every value of a pool, and
arguments are left out and added. Operators, conditions, indexes and templates are made from the pool likewise.
"""

from collections.abc import Iterator
from itertools import product

POOL = (
    *(
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "3",
        "1.5",
        "-0.5",
        "1e20",
        "1e-7",
        "123456789012345678901234567890.0625",
    ),
    *(
        '""',
        '"a"',
        '"abc"',
        '"A b-C"',
        '"1"',
        '"-1"',
        '"0x1f"',
        '"true"',
        '" a\\n"',
        '"a,b"',
        '"a\\nb\\n"',
        '"%s"',
        '"/a/"',
    ),
    *(
        '"e\\u0301"',
        '"日本"',
        '"👨‍👩‍👧‍👦x"',
        '"10.0.0.0/16"',
        '"2024-02-29T23:59:59Z"',
        '"{\\"a\\":[1]}"',
        '"YQ=="',
        '"b.txt"',
        '"*"',
    ),
    *(
        "[]",
        '["a"]',
        '["b","a","b"]',
        "[1,2,3]",
        '[1,"a"]',
        "[null]",
        '[null,"a"]',
        "[true,false]",
        '[["a"],["b","c"]]',
        "[[],[1]]",
        "[{a=1},{a=2}]",
    ),
    *("{}", '{a="x"}', '{a=1,b="y"}', "{a=null}", "{b={c=1}}", '{a=["x"],b=["x","y"]}'),
    *(
        'toset(["b","a"])',
        "toset([])",
        "toset([1,2])",
        "tolist([])",
        'tolist(["a","b"])',
        "tomap({})",
        'tomap({a="x"})',
        'sensitive("a")',
        '["a",sensitive("b")]',
        "[true,sensitive(false)]",
        '{a="x",b=sensitive("y")}',
        "sensitive([1,2])",
        "sensitive({a=1})",
    ),
)
"""Every type, the empty and the null of each, what converts to another type, digits without end, and characters of several parts."""

NOT_GENERATED = {"base64gzip", "bcrypt", "plantimestamp", "timestamp", "uuid"}
"""Functions whose text no two programs or no two calls have in common: see test_functions.py."""

CALLS: dict[str, tuple[tuple[str, ...], ...]] = {
    "abs": (("-2",),),
    "abspath": (('"a"',),),
    "alltrue": (("[true]",),),
    "anytrue": (("[true]",),),
    "base64decode": (('"YQ=="',),),
    "base64encode": (('"a"',),),
    "base64sha256": (('"a"',),),
    "base64sha512": (('"a"',),),
    "basename": (('"a/b"',),),
    "can": (("1",),),
    "ceil": (("1.5",),),
    "chomp": (('"a\\n"',),),
    "chunklist": (("[1,2,3]", "2"),),
    "cidrhost": (('"10.0.0.0/16"', "5"), ('"fd00::/64"', "-2")),
    "cidrnetmask": (('"10.0.0.0/16"',),),
    "cidrsubnet": (('"10.0.0.0/16"', "8", "2"), ('"fd00::/48"', "16", "2")),
    "cidrsubnets": (('"10.0.0.0/16"', "8", "4"),),
    "coalesce": (('"a"', '"b"'), ("null", "1")),
    "coalescelist": (('["a"]', '["b"]'), ("[]", "[1]")),
    "compact": (('["a",""]',),),
    "concat": (('["a"]', "[1]"),),
    "contains": (('["a"]', '"a"'), ("[1,2]", "1"), ('toset(["1"])', "1")),
    "csvdecode": (('"a,b\\n1,2"',),),
    "dirname": (('"a/b"',),),
    "distinct": (('["a","b","a"]',),),
    "element": (('["a","b"]', "1"), ("[1,2,3]", "5")),
    "endswith": (('"abc"', '"c"'),),
    "ephemeralasnull": (("1",),),
    "file": (('"b.txt"',),),
    "filebase64": (('"bin"',),),
    "filebase64sha256": (('"b.txt"',),),
    "filebase64sha512": (('"b.txt"',),),
    "fileexists": (('"b.txt"',),),
    "filemd5": (('"b.txt"',),),
    "fileset": (('"a"', '"*"'), ('"."', '"**/*.txt"')),
    "filesha1": (('"b.txt"',),),
    "filesha256": (('"b.txt"',),),
    "filesha512": (('"b.txt"',),),
    "flatten": (("[[1],[2,[3]]]",),),
    "floor": (("1.5",),),
    "format": (
        ('"%s-%s"', '"a"', "1"),
        ('"%d"', "3"),
        ('"%v"', "[1]"),
        ('"%q"', '"a"'),
        ('"%05.1f"', "1.25"),
        ('"%x"', "255"),
        ('"%t"', "true"),
        ('"%#v"', "1"),
    ),
    "formatdate": (
        ("\"YYYY-MM-DD'T'hh:mm:ssZ\"", '"2024-02-29T23:59:59Z"'),
        ('"EEEE, D MMM YY h:m AA ZZZZ"', '"2024-01-02T03:04:05+02:00"'),
    ),
    "formatlist": (('"%s-%s"', '["a","b"]', '"c"'), ('"%d"', "[1,2]")),
    "indent": (("2", '"a\\nb"'),),
    "index": (('["a","b"]', '"b"'), ("[1,2]", "2")),
    "issensitive": (("1",),),
    "join": (('","', '["a","b"]'), ('"-"', "[1]", '["b"]')),
    "jsondecode": (('"{\\"a\\":[1,null,\\"x\\"]}"',),),
    "jsonencode": (('{a=[1,null,"x<>&"]}',),),
    "keys": (('{b=1,a="x"}',),),
    "length": (("[1]",),),
    "log": (("16", "2"),),
    "lookup": (('{a="x"}', '"a"', '"d"'), ("{a=1}", '"b"', "2"), ('{a="x"}', '"a"')),
    "lower": (('"ABC"',),),
    "matchkeys": (('["a","b"]', '["x","y"]', '["y"]'),),
    "max": (("1", "2"),),
    "md5": (('"a"',),),
    "merge": (("{a=1}", '{b="x"}'), ('tomap({a="x"})', "{}")),
    "min": (("1", "2"),),
    "nonsensitive": (("1",),),
    "one": (("[1]",),),
    "parseint": (('"ff"', "16"), ('"12"', "10")),
    "pathexpand": (('"~/a"',),),
    "pow": (("2", "3"),),
    "range": (("3",), ("1", "4"), ("1", "10", "3")),
    "regex": (('"[a-z]"', '"abc"'), ('"(a)(b)"', '"ab"'), ('"(?P<x>a)"', '"a"')),
    "regexall": (('"[a-z]"', '"abc"'), ('"(a)(.)"', '"abac"')),
    "replace": (('"abc"', '"b"', '"x"'), ('"abc"', '"/[a-b]/"', '"<$0>"')),
    "reverse": (('["a","b"]',),),
    "rsadecrypt": (('"YQ=="', '"key"'),),
    "sensitive": (("1",),),
    "setintersection": (('["a","b"]', '["b"]'),),
    "setproduct": (('["a","b"]', "[1,2]"), ('toset(["a"])', '["x"]', "[1]")),
    "setsubtract": (('["a","b"]', '["b"]'),),
    "setunion": (('["a"]', '["b"]'), ("[1]", "[2]", "[3]")),
    "sha1": (('"a"',),),
    "sha256": (('"a"',),),
    "sha512": (('"a"',),),
    "signum": (("-2",),),
    "slice": (('["a","b","c"]', "1", "2"),),
    "sort": (('["b","a"]',),),
    "split": (('","', '"a,b"'),),
    "startswith": (('"abc"', '"a"'),),
    "strcontains": (('"abc"', '"b"'),),
    "strrev": (('"abc"',),),
    "substr": (('"hello"', "1", "3"), ('"日本語"', "-2", "-1")),
    "sum": (("[1,2.5]",),),
    "templatefile": (('"t.tftpl"', '{name="x"}'),),
    "templatestring": (("local.template", '{name="x"}'),),
    "textdecodebase64": (('"YQBiAA=="', '"UTF-16LE"'),),
    "textencodebase64": (('"ab"', '"UTF-16LE"'),),
    "timeadd": (('"2024-02-29T23:59:59Z"', '"1h30m"'),),
    "timecmp": (('"2024-02-29T23:59:59Z"', '"2024-02-29T23:59:59+01:00"'),),
    "title": (('"hello world"',),),
    "tobool": (('"true"',),),
    "tolist": (("[1,2]",),),
    "tomap": (("{a=1}",),),
    "tonumber": (('"1"',),),
    "toset": (("[2,1]",),),
    "tostring": (("1",),),
    "transpose": (('{a=["x","y"],b=["x"]}',),),
    "trim": (('"xax"', '"x"'),),
    "trimprefix": (('"xa"', '"x"'),),
    "trimspace": (('" a "',),),
    "trimsuffix": (('"ax"', '"x"'),),
    "try": (("1", "2"),),
    "upper": (('"abc"',),),
    "urlencode": (('"a b&c"',),),
    "uuidv5": (('"dns"', '"example.com"'),),
    "values": (('{b=1,a="x"}',),),
    "yamldecode": (('"a: [1, x]"',),),
    "yamlencode": (('{a=[1,null,"x"]}',),),
    "zipmap": (('["a","b"]', '[1,"x"]'),),
}
"""Calls that succeed, by function."""

FORMS = (
    *("-(@)", "!(@)", "(@).a", "(@)[0]", '(@)["a"]', "(@)[1.5]", "(@)[*]", "(@).*", "(@).*.a", "(@)[*].a"),
    *(
        "[for x in @ : x]",
        "[for k, v in @ : k]",
        "{for k, v in @ : k => v}",
        "{for v in @ : v => v...}",
        "[for x in [1, 2] : x if @]",
    ),
    *(
        '"x${@}y"',
        '"${@}"',
        '"%{ if @ }a%{ else }b%{ endif }"',
        '"%{ for x in @ }<${x}>%{ endfor }"',
        "@ ? 1 : 2",
        "{(@) = 1}",
        "[1, 2][@]",
        "{a = 1}[@]",
    ),
)
"""What is done to each value of the pool, which stands for the ``@``."""

BINARY = ("==", "!=", "<", ">=", "+", "-", "*", "/", "%", "&&", "||")
OPERANDS = (
    "null",
    "true",
    "0",
    "-3",
    "1.5",
    "1e20",
    '""',
    '"a"',
    '"1"',
    '"true"',
    "[]",
    '["a"]',
    "[1]",
    "{}",
    "{a=1}",
    'toset(["a"])',
    'tolist(["1"])',
    'tomap({a="1"})',
    "sensitive(1)",
)


def cases() -> Iterator[tuple[str, str]]:
    """Return what is tested, a function or a kind of expression, and the expression."""
    for name, calls in sorted(CALLS.items()):
        for call in calls:
            yield name, f"{name}({', '.join(call)})"
            for index, value in product(range(len(call)), POOL):
                yield name, f"{name}({', '.join((*call[:index], value, *call[index + 1 :]))})"
            for given in ((), call[:-1], (*call, call[-1]), (*call, "null"), (*call, *call, *call)):
                yield name, f"{name}({', '.join(given)})"
            yield name, f"{name}([{', '.join(call)}]...)"
            yield name, f"core::{name}({', '.join(call)})"
    yield from ((form, form.replace("@", value)) for form, value in product(FORMS, POOL))
    for operator, left, right in product(BINARY, OPERANDS, OPERANDS):
        yield operator, f"{left} {operator} {right}"
    for condition, left, right in product(("true", "false"), OPERANDS, OPERANDS):
        yield "? :", f"{condition} ? {left} : {right}"


UNKNOWN_POOL = (
    *("local.unknown", "[local.unknown]", '["a", local.unknown]', "[1, local.unknown, 2]", "{a = local.unknown}"),
    *('{a = local.unknown, b = "x"}', '[[local.unknown], ["a"]]', 'toset(["a", local.unknown])'),
)
"""What is known in part, or not at all, until Terraform applies."""


def unknown_cases() -> Iterator[str]:
    """Make expressions with parts that are known only after apply."""
    for name, calls in sorted(CALLS.items()):
        if name.startswith(("file", "template")) or name in {"abspath", "pathexpand"}:
            # Evaluated before Terraform runs, so they take no such values.
            continue
        for call in calls:
            for index, value in product(range(len(call)), UNKNOWN_POOL):
                yield f"{name}({', '.join((*call[:index], value, *call[index + 1 :]))})"
    yield from (form.replace("@", value) for form, value in product(FORMS, UNKNOWN_POOL))
    for operator, left, right in product(BINARY, UNKNOWN_POOL, ("1", '"a"', "[]", "null", "local.unknown")):
        yield from (f"{left} {operator} {right}", f"{right} {operator} {left}")
    for condition, left, right in product(("true", "false", "local.unknown"), UNKNOWN_POOL, ("1", '"a"', "null")):
        yield from (f"{condition} ? {left} : {right}", f"{condition} ? {right} : {left}")
