"""Our values beside those of ``terraform console``: one process computes all expressions of the tables."""

import json
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl import Scope, evaluate, parse_expression, print_value, to_json_value

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform on the PATH"),
]

VALUES = r"""
1 + 2 * 3 - 4 / 8
"1" + 1
10 % 3
-10 % 3
10 % -3
-5.5 % 2
0.1 + 0.2 == 0.3
1e3
2.50
1e-7
"${1e21}"
"a${1.50}b${true}"
"${true}"
1 == 1.0
"1" == 1
true == "true"
[1, "a"] == [1, "a"]
{a = 1} == {a = 2}
null == null
"" == null
"2" < 10
true && "true"
!"false"
!false || false && false
true ? 1 : "a"
false ? 1 : "a"
true ? [1] : []
true ? [1, 2] : ["a"]
true ? {a = 1} : {b = "x"}
true ? {a = 1} : {a = "x"}
true ? null : 1
true ? 1 : [][0]
1 > 2 ? "a" : 2 < 3 ? "b" : "c"
["a", "b"]["1"]
{"1" = "x"}[1]
{a = {b = [1, 2]}}.a.b[1]
[{a = 1}, {a = 2}][*].a
[{a = [1, 2]}, {a = [3]}][*].a[0]
[{a = [1, 2]}, {a = [3, 4]}].*.a[0]
[{a = [{b = 1}, {b = 2}]}][*].a[*].b
null[*]
"x"[*]
{a = 1}[*].a
[for x in [1, 2, 3] : x * 2 if x > 1]
[for i, x in ["a", "b"] : "${i}${x}"]
[for k, v in {B = 1, a = 2, "é" = 3, "Z" = 4} : "${k}${v}"]
{for k, v in {b = 1, a = 2} : v => k}
{for i, v in ["x", "y"] : i => v}
{for s in ["a", "b", "a"] : s => s...}
[for k, v in toset(["b", "a", "b"]) : "${k}=${v}"]
{a = 1, "b" = 2, (upper("c")) = 3, 4 = 5, true = 6}
{a = 1, a = 2}
"$${x} %%{y} $ % $$ %% \"\\\n\t\r\u00e9\U0001F600"
"$$${1}"
"%{ if true }a%{ else }b%{ endif }"
"%{ if false }a%{ endif }"
"%{ for k, v in {b = 1, a = 2} }${k}=${v};%{ endfor }"
" x ${~ 1 ~} y "
" x %{~ if true ~} y %{~ endif ~} z "
"%{ for x in [1, 2] ~}  ${x} , %{~ endfor }"
"%{ if true }${1}%{ endif }"
try([][0], {}.a, 2)
can([][0])
max([1, 2, 3]...)
-"3"
100000000000000000000000 * 10
7 / 2
1 - 2 - 3
2 * 3 % 4
nonsensitive(sensitive("a"))
[1, 2, 3,][2 - 1]
{ a = 1, b = 2, }
length("e\u0301")
false ? [{a = 1}] : [{a = "b"}]
(true ? {a = 1} : {a = 2}).a
[for x in [{a = null}] : x.a == null ? "n" : x.a]
"""

# None of these can be evaluated; all of them are checked with can(...).
FAILURES = r"""
1 + "x"
null + 1
!1
-[]
true && []
0 / 0
"a" < 1
[1][1]
[1][-1]
[1][0.5]
[1]["x"]
[1][null]
{a = 1}.b
{a = 1}["b"]
null[0]
[].x
"x".y
"x"[0]
toset(["a"])[0]
"a${null}"
"a${[]}"
"%{ if null }a%{ endif }"
"%{ if true }${[1]}%{ endif }"
null ? 1 : 2
[] ? 1 : 2
true ? 1 : true
true ? [1] : {}
true ? {a = 1, b = []} : {}
[for x in 1 : x]
[for x in [1] : x if null]
{for x in [1, 1] : x => x}
{for x in [1] : null => x}
{(null) = 1}
{([]) = 1}
max([]...)
upper([])
try([][0], {}.a)
"""

HEREDOCS = [
    '<<EOT\n  a\n b \\n "\n  EOT\n',
    "<<EOT\r\na\r\nEOT\r\n",
    "<<-EOT\n      a\n\n        b ${1}\n    %{ for i in [1, 2] ~}\n      c${i}\n    %{ endfor ~}\n\t d\n   EOT\n",
    "<<-EOT\n    %{ for i in [1, 2] }\n    x\n    %{ endfor }\n  EOT\n",
    "<<EOT\n  a ${~ 1 ~} b\n   c ${~ 2 ~}   \n   d\nEOT\n",
    "<<-EOT\n    $${a}\n  ${1}x\n      y\n  EOT\n",
    "<<-EOT\n    a\n   \n  b\n  EOT\n",
]


def lines(table: str) -> list[str]:
    return [line for line in table.splitlines() if line]


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    folder = tmp_path_factory.mktemp("console")

    def run(expressions):
        joined = ", ".join(f"jsonencode([{expression}])" for expression in expressions)
        done = subprocess.run(
            ["terraform", f"-chdir={folder}", "console"],
            input=f"jsonencode([{joined}])\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(item, parse_float=Decimal)[0] for item in json.loads(json.loads(done.stdout))]

    return run


def ours(text, functions):
    return json.loads(
        json.dumps(to_json_value(evaluate(parse_expression(text, "f.hcl"), Scope({}, functions)))), parse_float=Decimal
    )


def test_values(console, functions):
    expressions = lines(VALUES)
    expected = dict(zip(expressions, console(expressions), strict=True))
    assert {text: ours(text, functions) for text in expressions} == expected


def test_failures(console, functions):
    expressions = lines(FAILURES)
    could = dict(zip(expressions, console([f"can({text})" for text in expressions]), strict=True))
    assert [text for text, could_evaluate in could.items() if could_evaluate] == []
    for text in expressions:
        with pytest.raises(ConfigurationError):
            evaluate(parse_expression(text, "f.hcl"), Scope({}, functions))


def test_what_is_printed_means_the_same_to_terraform(console, functions):
    values = [evaluate(parse_expression(text, "f.hcl"), Scope({}, functions)) for text in lines(VALUES)]
    # The console reads a single line; an object in one line has commas.
    printed = [print_value(value) for value in values]
    single = [text for text in printed if "\n" not in text]
    assert len(single) > 40
    assert console(single) == [ours(text, functions) for text in single]


def test_heredocs(tmp_path, functions):
    blocks = "\n".join(f'output "o{index}" {{\n  value = {text}}}' for index, text in enumerate(HEREDOCS))
    (tmp_path / "main.tf").write_bytes(blocks.encode())
    command = ["terraform", f"-chdir={Path(tmp_path)}"]
    subprocess.run([*command, "apply", "-auto-approve"], check=True, capture_output=True, timeout=60)
    shown = subprocess.run([*command, "output", "-json"], check=True, capture_output=True, timeout=60)
    outputs = json.loads(shown.stdout)
    expected = [outputs[f"o{index}"]["value"] for index in range(len(HEREDOCS))]
    assert [evaluate(parse_expression(text, "f.hcl"), Scope({}, functions)) for text in HEREDOCS] == expected
