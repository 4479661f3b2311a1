"""Random configuration: whatever a file says, reading it ends within a second, with values or with findings.

Run ``python -m tests.fuzz`` for ten minutes, ``--seconds`` for another time. Case N of a seed is always the same one, so
``--seed S --start N --count 1`` repeats a single one, and ``--start N`` goes on where a run was stopped.
"""

import argparse
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import FrameType

from orchestrator.config import load_stack
from orchestrator.errors import PlatformctlError
from orchestrator.hcl import Scope, evaluate, parse_expression, parse_text, print_value, references, unknown_reference
from orchestrator.hcl.functions import terraform_functions
from orchestrator.hcl.values import SetValue, Value
from tests.unit.hcl.functions.generated_cases import CALLS, FORMS, POOL
from tests.unit.hcl.functions.terraform_console import LOCALS, recorded, write_files

SLOW = 1.0
"""Seconds of processor time that one case may take."""

HANGS = 20
"""Seconds of processor time after which a case is interrupted."""

MEMORY = 4 << 30

NASTY = (
    *("1e999999999", "1e-999999999", "9" * 5000, "-0", "1e4000", "1e-3999", "0.1", "1/3", "9007199254740993", "null"),
    *(
        f'"{"n" * 300}"',
        "n" * 300,
        '"\\u0000"',
        '"${"',
        '"%{ for x in [1] }"',
        '"$${"',
        '"\\U0010FFFF"',
        "<<EOT\n  a ${1}\nEOT\n",
        "<<-EOT\n",
    ),
    *(
        "range(1000000000)",
        "range(1024)",
        "setproduct(range(1024), range(1024))",
        'format("%999999s", "")',
        'join(",", range(1024))',
    ),
    *(
        'replace("aaaa", "", "aaaa")',
        'regexall("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")',
        'regex("(?:(?:a{500}){2}){2}", "a")',
    ),
    *(
        'cidrsubnets("0.0.0.0/0", [for i in range(1024) : 32]...)',
        'cidrsubnet("::/0", 128, 1e38)',
        "pow(2, 1e6)",
        "pow(9, 1023)",
    ),
    *(
        "templatestring(local.template, {name = 1})",
        "templatestring(local.calls, {name = 1})",
        'templatefile("t.tftpl", local)',
    ),
    *(
        "local",
        "local.list[*]",
        "dependency.vpc.outputs.id",
        "local.unknown",
        "sensitive(local.unknown)",
        "local.nothing",
        "nothing",
    ),
)
WORDS = (
    *"()[]{}.,:?=!<>+-*/%&|\"'\\$~#\n \t\r\0",
    *(
        "...",
        "=>",
        "==",
        "!=",
        "&&",
        "||",
        "${",
        "%{",
        "~}",
        "//",
        "/*",
        "*/",
        "<<EOT\n",
        "<<-EOT\n",
        "EOT\n",
        "for ",
        " in ",
        " if ",
        "else",
        "endif",
        "endfor",
        "null",
        "true",
    ),
    *(
        "\ufeff",
        "\u2028",
        "e\u0301",
        "\U0001f468\u200d\U0001f469",
        "\ud800",
        "\x7f",
        "1e9",
        "0x1f",
        ".5",
        "1.",
        "core::",
        "[*]",
        ".*",
    ),
)
UNIT = """
include "root" {{
  path   = find_in_parent_folders("root.hcl")
  expose = true
}}
locals {{
  a = {0}
  b = {{ x = local.a, (try(local.a, "k")) = {1} }}
}}
terraform {{
  source = "${{get_repo_root()}}/modules//thing"
}}
dependency "other" {{
  config_path  = "../other"
  mock_outputs = {2}
}}
generate "file" {{
  path      = "file.tf"
  if_exists = "overwrite"
  contents  = {3}
}}
inputs = {{
  name     = {4}
  settings = [dependency.other.outputs.id, local.b, {5}]
}}
"""
FILES = {
    "modules/thing/main.tf": 'variable "name" {\n  default = null\n}\nvariable "settings" {\n  default = null\n}\noutput "id" {\n  value = 1\n}\n',
    "live/root.hcl": 'locals {\n  region = "eu-central-1"\n}\ninputs = {\n  name = local.region\n}\n',
    "live/dev/other/terragrunt.hcl": 'terraform {\n  source = "${get_repo_root()}/modules//thing"\n}\n',
}
NAMES = tuple(name for name in CALLS if not name.startswith("file") or name == "fileset")


def an_expression(choose: random.Random, depth: int) -> str:
    """Make an expression by the grammar; most of them can be parsed."""

    def inner() -> str:
        return an_expression(choose, depth - 1)

    if depth <= 0 or choose.random() < 0.15:
        return choose.choice(POOL if choose.random() < 0.7 else NASTY)
    kinds: tuple[Callable[[], str], ...] = (
        lambda: f"{choose.choice(NAMES)}({', '.join(inner() for _ in range(choose.choice((0, 1, 1, 2, 2, 3))))})",
        lambda: a_call(choose, inner),
        lambda: f"({inner()} {choose.choice(('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||'))} {inner()})",
        lambda: f"({inner()} ? {inner()} : {inner()})",
        lambda: f"[{', '.join(inner() for _ in range(choose.randrange(4)))}]",
        lambda: "{" + ", ".join(f"({inner()}) = {inner()}" for _ in range(choose.randrange(3))) + "}",
        lambda: (
            f"[for k, v in {inner()} : {choose.choice(('k', 'v', '[k, v]'))}{f' if {inner()}' if choose.random() < 0.3 else ''}]"
        ),
        lambda: f"[for v in range({choose.choice((3, 40, 1024))}) : {inner()}]",
        lambda: f"{{for k, v in {inner()} : k => v{choose.choice(('', '...'))}}}",
        lambda: f'"a${{{inner()}}}b${{{inner()}}}"',
        lambda: f'"%{{ for v in {inner()} }}${{v}}%{{ endfor }}%{{ if {inner()} ~}} x %{{ else }}y%{{ endif }}"',
        lambda: choose.choice(FORMS).replace("@", inner()),
        lambda: f"try({inner()}, {inner()})",
        lambda: grown(choose, inner()),
    )
    return choose.choice(kinds)()


def a_call(choose: random.Random, inner: Callable[[], str]) -> str:
    """Make a call that succeeds but for one argument, if at all."""
    name = choose.choice(NAMES)
    arguments = list(choose.choice(CALLS[name]))
    arguments[choose.randrange(len(arguments))] = inner()
    return f"{name}({', '.join(arguments)})"


def grown(choose: random.Random, text: str) -> str:
    """Double a value a few times, or nest it deep."""
    times = choose.choice((2, 5, 30, 300))
    form = choose.choice(
        (
            "[@, @]",
            'join(",", [@, @])',
            'format("%s%s", @, @)',
            "concat(@, @)",
            "(@)",
            "[@]",
            "-@",
            '"${@}"',
            "{a = @}",
            "jsonencode(@)",
            "setproduct(@, @)",
        )
    )
    for _ in range(min(times, 12) if form.count("@") > 1 else times):
        if len(text) > 20_000:
            break
        text = form.replace("@", text)
    return text


def mutated(choose: random.Random, text: str, other: str) -> str:
    """Change a text here and there: cut, repeat, insert, and splice in parts of another text."""
    for _ in range(choose.choice((1, 1, 2, 5))):
        start = choose.randrange(len(text) + 1)
        end = min(len(text), start + choose.choice((0, 1, 1, 3, 20)))
        part = text[start:end]
        spliced = other[choose.randrange(len(other) + 1) :][: choose.choice((1, 5, 50))]
        text = (
            text[:start]
            + choose.choice(
                (
                    "",
                    part * 2,
                    part * 500,
                    choose.choice(WORDS),
                    choose.choice(WORDS) * 200,
                    spliced,
                    part[::-1],
                    chr(choose.randrange(0x110000)),
                )
            )
            + text[end:]
        )
    return text


@dataclass(frozen=True, slots=True)
class Fuzz:
    """The cases of a seed, each made and run by its number."""

    seed: str
    folder: Path

    def prepare(self) -> "Fuzz":
        """Write the files that the cases read."""
        write_files(self.folder / "work")
        for name, text in FILES.items():
            path = self.folder / "tree" / name
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
        (self.folder / "tree" / ".git").mkdir()
        (self.folder / "tree/live/dev/unit").mkdir()
        return self

    def case(self, number: int) -> tuple[str, str]:
        """Return the kind of a case, and its text."""
        choose = random.Random(f"{self.seed}/{number}")
        corpus = list(recorded())
        kind = choose.choice(
            ("expression", "expression", "mutated expression", "file", "mutated file", "unit", "mutated unit")
        )
        if kind.endswith("expression"):
            text = (
                an_expression(choose, choose.choice((1, 2, 3, 4))) if choose.random() < 0.7 else choose.choice(corpus)
            )
        else:
            values = [an_expression(choose, choose.choice((0, 0, 1, 2, 3))) for _ in range(6)]
            text = UNIT.format(*values)
        if kind.startswith("mutated"):
            text = mutated(choose, text, choose.choice(corpus))
        return kind.removeprefix("mutated "), text

    def run(self, kind: str, text: str) -> str:
        """Read a text; returns how it ended. Anything but one of this product's own errors is raised."""
        try:
            if kind != "unit":
                # Only a file holds bytes that are no text.
                text = text.encode("utf-8", "replace").decode()
            if kind == "expression":
                self._expression(text)
            elif kind == "file":
                file = parse_text(text, Path("terragrunt.hcl"))
                for attribute in file.body.attributes.values():
                    self._evaluated(attribute.expression)
            else:
                self._unit(text)
        except PlatformctlError as error:
            return type(error).__name__ if str(error) else "an error without a word"
        return "value"

    def _expression(self, text: str) -> None:
        expression = parse_expression(text, Path("f.hcl"))
        references(expression)
        self._evaluated(expression)

    def _evaluated(self, expression: object) -> None:
        variables: dict[str, Value] = {
            "local": LOCALS
            | {
                "unknown": unknown_reference("dependency", "vpc", "outputs", "id"),
                "nothing": None,
                "set": SetValue(("a", "b")),
            },
            "dependency": {
                "vpc": {"outputs": unknown_reference("dependency", "vpc", "outputs", attributes=frozenset({"id"}))}
            },
        }
        folder = self.folder / "work"
        value = evaluate(expression, Scope(variables, terraform_functions(folder), folder))  # type: ignore[arg-type]
        print_value(value)

    def _unit(self, text: str) -> None:
        unit = self.folder / "tree/live/dev/unit/terragrunt.hcl"
        unit.write_bytes(text.encode("utf-8", "surrogatepass"))
        stack = load_stack(live=self.folder / "tree/live", environment="dev", env={})
        stack.check()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case that was run; ``problem`` is empty if it ended as it should."""

    number: int
    ending: str
    seconds: float
    text: str
    problem: str = ""


def outcomes(fuzz: Fuzz, numbers: Iterator[int], *, slow: float = SLOW) -> Iterator[Outcome]:
    """Run cases, one after the other."""
    for number in numbers:
        kind, text = fuzz.case(number)
        start = time.process_time()
        ending, problem = "crash", ""
        signal.setitimer(signal.ITIMER_VIRTUAL, HANGS)
        try:
            ending = fuzz.run(kind, text)
        except Exception:  # noqa: BLE001 - this is what is looked for
            problem = traceback.format_exc(limit=-6)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        seconds = time.process_time() - start
        if not problem and seconds > slow:
            problem = f"took {seconds:.1f} seconds"
        yield Outcome(number, f"{kind}: {ending}", seconds, text, problem)


def _interrupt(_: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"a hang, in {frame.f_code.co_name if frame else 'nowhere'}")


def main() -> int:
    """Run cases until the time is up; returns 1 if one of them crashed or hung."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(10**6)))
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--count", type=int)
    parser.add_argument("--seconds", type=float, default=600)
    options = parser.parse_args()
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGVTALRM, _interrupt)
    end = time.monotonic() + options.seconds
    endings: Counter[str] = Counter()
    problems = 0
    slowest = Outcome(0, "", 0, "")
    numbers = count(options.start) if options.count is None else range(options.start, options.start + options.count)
    print(f"seed {options.seed}, from case {options.start}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        for outcome in outcomes(Fuzz(options.seed, Path(temporary)).prepare(), iter(numbers)):
            endings[outcome.ending] += 1
            slowest = max(slowest, outcome, key=lambda one: one.seconds)
            if outcome.problem:
                problems += 1
                print(f"\ncase {outcome.number}: {outcome.problem}\n{outcome.text[:2000]!r}", flush=True)
            if time.monotonic() > end:
                break
    print(f"{endings.total()} cases, next {options.start + endings.total()}: {dict(endings)}")
    print(f"slowest: case {slowest.number}, {slowest.seconds:.2f} seconds. Problems: {problems}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
