"""hcl fmt against ``terraform fmt`` on random texts: every one that Terraform takes comes out the same (C1, C10).

Left out of the texts, on purpose, is what terraform fmt rewrites beyond space: ``"${x}"`` alone, which becomes ``x``, and labels
without quotes. terragrunt hcl fmt leaves them alone, and so does platformctl.
"""

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.diagnostics import ConfigurationError
from orchestrator.hcl.format import format_text

MANY = 400


class Texts:
    """Random configuration with random space, from the constructs of the language."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def file(self) -> str:
        kinds = (self._block, self._attribute, self._comment, self._blank)
        lines = [self._pick(*kinds)(2) for _ in range(self._random.randint(1, 5))]
        text = "\n".join(lines) + self._random.choice(["\n", "\n\n", ""])
        return text.replace("\n", "\r\n") if self._random.random() < 0.1 else text

    def _pick(self, *choices):
        return self._random.choice(choices)

    def _space(self, least: int = 0) -> str:
        return " " * self._random.choice([least, least, 1, 2, 5]) + ("\t" if self._random.random() < 0.05 else "")

    def _name(self) -> str:
        self._count = getattr(self, "_count", 0) + 1
        return self._random.choice(["a", "name", "long_attribute_name", "é-name", "_x"]) + str(self._count)

    def _blank(self, _depth: int) -> str:
        return self._space()

    def _comment(self, _depth: int) -> str:
        return self._space() + self._pick("# note", "#note  ", "// note", "/* note */", "/* two\n  lines */")

    def _tail(self) -> str:
        return self._space(1) + self._pick("# why", "// why", "/* why */") if self._random.random() < 0.25 else ""

    def _attribute(self, depth: int) -> str:
        text = f"{self._space()}{self._name()}{self._space()}={self._space()}"
        if self._random.random() < 0.12:
            return text + self._heredoc(depth)
        return text + self._expression(depth) + self._tail()

    def _block(self, depth: int) -> str:
        label = self._pick("", ' "label"', ' "one" "two"', '  "one"')
        head = f"{self._space()}{self._pick('locals', 'block', 'dynamic')}{label}{self._space()}"
        if self._random.random() < 0.15:
            return head + self._pick("{}", "{ }", "{a=1}", "{  a  =  [1] }")
        inner = [
            self._pick(
                self._attribute,
                self._attribute,
                self._attribute,
                self._comment,
                self._blank,
                *([self._block] if depth else []),
            )(depth - 1 if depth else 0)
            for _ in range(self._random.randint(0, 4))
        ]
        return "\n".join([head + "{" + self._tail(), *inner, self._space() + "}" + self._tail()])

    def _heredoc(self, depth: int) -> str:
        dash = self._pick("", "-")
        body = [
            self._pick(
                "  text",
                'text ${ upper( "x" ) } end',
                "",
                "%{ if true }yes%{ endif }",
                '"quoted" $${no}',
                "\ttab  # no comment",
                "${ {a=1} }",
            )
            for _ in range(self._random.randint(0, 3))
        ]
        end = self._space() if dash else ""
        del depth
        return "\n".join([f"<<{dash}EOT", *body, f"{end.replace(chr(9), '')}EOT"])

    def _expression(self, depth: int) -> str:
        s = self._space
        if depth <= 0 or self._random.random() < 0.35:
            return self._pick(
                "1",
                "-1",
                "- 2.5",
                "true",
                "null",
                "var.a",
                "local . b",
                "var.list[0]",
                "var.list [ 1 ]",
                "a.*.b",
                "a[ * ].b",
                '"text"',
                '"a ${ var.x }-${upper( var.y )}"',
                '"x %{ if a }b%{ else }c%{ endif ~}"',
                '"$${no} %%{no} \\" \\\\"',
                '"${ {a=1} }x"',
                "1.5e3",
                "!true",
                "-var.x",
                "provider::aws::arn( 1 )",
            )
        inner = lambda: self._expression(depth - 1)  # noqa: E731
        return self._pick(
            lambda: f"[{s()}{inner()}{s()},{s()}{inner()}{s()}]",
            lambda: f"[\n{s()}{inner()},{self._tail()}\n{s()}{inner()}\n{s()}]",
            lambda: f"{{{s()}a{s()}={s()}{inner()},{s()}b{s()}={s()}{inner()}{s()}}}",
            lambda: (
                f'{{{self._tail()}\n{s()}a{s()}={s()}{inner()}{self._tail()}\n{s()}longer{s()}={s()}{inner()}\n\n{s()}"c d"{s()}:{s()}{inner()}\n{s()}}}'
            ),
            lambda: f"upper{s()}({s()}{inner()}{s()},{s()}{inner()}...{s()})",
            lambda: f"merge({s()}{{\n{s()}a{s()}={s()}{inner()}\n{s()}}}{s()},{s()}[{inner()}]\n{s()})",
            lambda: f"{inner()}{s()}{self._pick('+', '-', '*', '/', '%', '==', '!=', '<=', '&&', '||')}{s()}{inner()}",
            lambda: f"({s()}{inner()}{s()}-{s()}-{s()}{inner()}{s()})",
            lambda: f"{inner()}{s()}?{s()}{inner()}{s()}:{s()}-{inner()}",
            lambda: f"[{s()}for x in{s(1) or ' '}[{inner()}]{s()}:{s()}x{s(1) or ' '}if true{s()}]",
            lambda: f"{{{s()}for k,{s()}v in var.m{s()}:{s()}k{s()}=>{s()}v...{s()}}}",
            lambda: f"[\n{s()}for x in var.list{s()}:{s()}{{\n{s()}a{s()}={s()}x\n{s()}}}\n{s()}]",
            lambda: f"!{s()}({inner()})",
            lambda: f"({inner()})[{s()}0{s()}].b",
        )()


def written(folder: Path, count: int) -> dict[Path, str]:
    files = {}
    for seed in range(count):
        files[folder / f"{seed:04}.tf"] = text = Texts(seed).file()
        (folder / f"{seed:04}.tf").write_text(text, newline="")
    return files


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not on PATH")
def test_c10_random_texts_come_out_as_from_terraform(tmp_path):
    files = written(tmp_path, MANY)
    subprocess.run(["terraform", "fmt", "-list=false", str(tmp_path)], capture_output=True, check=False)
    taken = differing = changed = 0
    for path, text in files.items():
        formatted = path.read_bytes().decode()
        try:
            mine = format_text(text, path)
        except ConfigurationError:
            # Terraform leaves what it cannot parse as it is.
            assert formatted == text
            continue
        taken += 1
        changed += formatted != text
        differing += mine != formatted
        assert mine == formatted
    assert (taken > MANY * 0.9, changed > MANY * 0.5, differing) == (True, True, 0)


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("", ""),
        ("a=1", "a = 1"),
        ("a=1\r\nbb=2\r\n", "a  = 1\r\nbb = 2\r\n"),
        ("\ufeffa=1\n", "\ufeffa = 1\n"),
        ('a = "${ b }"\n', 'a = "${b}"\n'),
        ("a {\nb=[\n1,#c\n]\n}\n", "a {\n  b = [\n    1, #c\n  ]\n}\n"),
        ("a=1 # x\nbbb=22 # y\n\nc=1 # z\n", "a   = 1  # x\nbbb = 22 # y\n\nc = 1 # z\n"),
        ("x = <<-E\n   a ${ f( 1 ) }\n E\ny=1\n", "x = <<-E\n   a ${f(1)}\n E\ny = 1\n"),
    ],
)
def test_c10_only_space_changes(text, formatted):
    assert format_text(text, Path("a.hcl")) == formatted
    assert format_text(formatted, Path("a.hcl")) == formatted


@pytest.mark.parametrize("seed", range(60))
def test_c10_what_is_formatted_stays_as_it_is(seed):
    text = Texts(seed).file()
    try:
        formatted = format_text(text, Path("a.hcl"))
    except ConfigurationError:
        return
    assert format_text(formatted, Path("a.hcl")) == formatted
    assert "".join(formatted.split()) == "".join(text.split())


def test_c10_the_projects_own_tree_is_formatted():
    files = sorted((Path(__file__).parents[3] / "live").rglob("*.hcl"))
    assert len(files) > 10
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert format_text(text, file) == text, file


def test_c10_what_is_not_valid_is_not_formatted():
    with pytest.raises(ConfigurationError, match="Argument or block definition required"):
        format_text("a", Path("a.hcl"))
