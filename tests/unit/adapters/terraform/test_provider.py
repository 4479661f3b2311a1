"""Which units may share a provider process: never two that would configure it differently (C2).

Shared provider processes, played by a script: one per configuration, and none left behind (C2, C6, C8).
"""

import itertools
import json
import os
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from orchestrator.adapters.terraform import provider
from orchestrator.adapters.terraform.mirror import LockedProvider
from orchestrator.adapters.terraform.provider import SharedProviders, check_constraints, provider_configuration
from orchestrator.errors import PlatformctlError, UsageError
from tests.fakes.errors import error_of
from tests.fakes.program import wait_until

LOCKED = LockedProvider(address="registry.terraform.io/hashicorp/aws", version="5.100.0", hashes=())
ONE = 'provider "aws" {\n  region = "us-east-1"\n  max_retries = 4\n}\n'
PLAIN = 'resource "aws_vpc" "this" {}\n'


@pytest.fixture
def module(tmp_path):
    def make(name="module", **files):
        folder = tmp_path / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file.replace("__", ".")).write_text(textwrap.dedent(text))
        return folder

    return make


@pytest.fixture
def key(unit_of, file_of, module):
    numbers = itertools.count()

    def find(*generated, **files):
        made = [file_of(f"g{number}.tf", text) for number, text in enumerate(generated)]
        return provider_configuration(unit_of(generated=made), module(f"m{next(numbers)}", **files))

    return find


@pytest.mark.parametrize(
    "spelling",
    [
        ONE,
        'provider "aws" {\n  max_retries = 4\n  region      = "us-east-1"\n}\n',
        '# a comment\nprovider "aws" {\n\n  region = "us-east-1" # another\n  max_retries = (4)\n}\n',
    ],
)
def test_the_same_configuration_in_another_spelling_has_the_same_key(key, spelling):
    found = key(spelling, main__tf=PLAIN)
    assert found is not None
    assert found == 'max_retries = 4\nregion = "us-east-1"'


@pytest.mark.parametrize(
    "other",
    [
        'provider "aws" {\n  region = "eu-west-1"\n  max_retries = 4\n}\n',
        'provider "aws" {\n  region = "us-east-1"\n}\n',
        'provider "aws" {\n  region = "us-east-1"\n  max_retries = 4\n  default_tags {\n    tags = {}\n  }\n}\n',
        'provider "aws" {\n  region = "us-east-1"\n  max_retries = "4"\n}\n',
    ],
)
def test_another_configuration_has_another_key(key, other):
    assert key(other) not in {None, key(ONE)}


def test_nested_blocks_are_part_of_the_key(key):
    tags = 'provider "aws" {\n  default_tags {\n    tags = {\n      Suffix = "%s"\n    }\n  }\n}\n'
    assert key(tags % "pr42") != key(tags % "pr43")


def test_the_block_may_be_the_modules_own(key):
    assert key(main__tf=ONE) == 'max_retries = 4\nregion = "us-east-1"'


@pytest.mark.parametrize(
    ("generated", "files"),
    [
        pytest.param((), {"main__tf": PLAIN}, id="none"),
        pytest.param((ONE, ONE), {}, id="two"),
        pytest.param((ONE,), {"main__tf": ONE}, id="one of the module's own beside it"),
        pytest.param(('provider "aws" {\n  alias = "west"\n}\n',), {}, id="alias"),
        pytest.param((ONE,), {"main__tf": 'module "x" {\n  source = "./x"\n}\n'}, id="module call"),
        pytest.param(
            (ONE,),
            {
                "versions__tf": """
                    terraform {
                      required_providers {
                        aws = {
                          source                = "hashicorp/aws"
                          configuration_aliases = [aws.west]
                        }
                      }
                    }
                """
            },
            id="configuration aliases",
        ),
    ],
)
def test_who_needs_a_provider_of_its_own(key, generated, files):
    assert key(*generated, **files) is None


@pytest.mark.parametrize(
    "expression",
    [
        "var.region",
        '"${var.region}"',
        "local.region",
        "data.aws_region.this.name",
        'var.west ? "us-west-2" : "us-east-1"',
    ],
)
def test_a_block_that_is_not_evaluated_yet_is_not_shared(key, expression):
    """Two units may write the same words and mean different regions, and the last one to say so wins."""
    assert key(f'provider "aws" {{\n  region = {expression}\n}}\n', main__tf='variable "region" {}\n') is None


def test_a_nested_block_that_is_not_evaluated_yet_is_not_shared(key):
    assert key('provider "aws" {\n  default_tags {\n    tags = var.tags\n  }\n}\n') is None


def test_a_module_that_changes_between_two_calls_is_read_again(unit_of, module):
    folder = module(main__tf=ONE)
    assert provider_configuration(unit_of(), folder) is not None
    (folder / "main.tf").write_text(PLAIN)
    os.utime(folder / "main.tf", (1, 1))
    assert provider_configuration(unit_of(), folder) is None


def test_provider_blocks_written_in_json_count(key):
    assert key(ONE, west__tf__json='{"provider": {"aws": {"alias": "west", "region": "us-west-2"}}}') is None


def versions(requirement):
    return f"terraform {{\n  required_providers {{\n    {requirement}\n  }}\n}}\n"


@pytest.mark.parametrize(
    "requirement",
    [
        'aws = { source = "hashicorp/aws", version = "~> 5.100.0" }',
        'aws = { source = "hashicorp/aws", version = ">= 5.0, < 6.0" }',
        'aws = { source = "hashicorp/aws" }',
        'aws = { version = "5.100.0" }',
        'aws = "~> 5.0"',
        "",
    ],
)
def test_constraints_that_the_locked_provider_meets(unit_of, module, requirement):
    check_constraints(unit_of(), module(versions__tf=versions(requirement)), LOCKED)


@pytest.mark.parametrize(
    ("requirement", "detail"),
    [
        (
            'aws = { source = "hashicorp/aws", version = "~> 6.0" }',
            'The module of unit "vpc" requires hashicorp/aws ~> 6.0; locked is 5.100.0.',
        ),
        ('aws = { version = "< 5.0" }', 'The module of unit "vpc" requires hashicorp/aws < 5.0; locked is 5.100.0.'),
        ('aws = "~> 4.0"', 'The module of unit "vpc" requires hashicorp/aws ~> 4.0; locked is 5.100.0.'),
        (
            'random = { source = "hashicorp/random" }',
            'The module of unit "vpc" requires hashicorp/random (random); only hashicorp/aws is locked.',
        ),
        (
            'pg = { source = "cyrilgdn/postgresql", version = "1.0" }',
            'The module of unit "vpc" requires cyrilgdn/postgresql (pg); only hashicorp/aws is locked.',
        ),
    ],
)
def test_c7_constraints_that_it_does_not_meet(unit_of, module, requirement, detail):
    assert (
        error_of(
            lambda: check_constraints(unit_of(), module(versions__tf=versions(requirement)), LOCKED), UsageError
        ).detail
        == detail
    )


SCRIPT = """#!{python} -IS
import json, os, pathlib, signal, sys, time

here = pathlib.Path(__file__).parent
note = {{"pid": os.getpid(), "arguments": sys.argv[1:], "environment": dict(os.environ)}}
with (here / "started").open("a") as started:
    started.write(json.dumps(note) + "\\n")
sys.stderr.write("a line of the log\\n")
{body}
"""
ANNOUNCES = """
address = json.dumps({"registry.terraform.io/hashicorp/aws": {"Pid": os.getpid()}})
print("Provider started. Set this:\\n\\n\\tTF_REATTACH_PROVIDERS='" + address + "'", flush=True)
time.sleep(60)
"""
DIES = """
sys.stderr.write("panic: no memory\\n")
sys.exit(2)
"""


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script = folder / "terraform-provider-aws"
        self.asked = 0

    def write(self, body):
        self.folder.mkdir(exist_ok=True)
        self.script.write_text(SCRIPT.format(python=sys.executable, body=body))
        self.script.chmod(0o755)

    def executable(self):
        self.asked += 1
        return self.script

    def shared(self, **environment):
        return SharedProviders(
            executable=self.executable,
            environment={"PATH": os.defpath, **environment},
            log=self.folder / "log" / "p.log",
        )

    @property
    def started(self):
        return [json.loads(line) for line in (self.folder / "started").read_text().splitlines()]


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "provider")
    made.write(ANNOUNCES)
    return made


def test_units_with_one_configuration_share_one_process(bench, is_alive):
    with bench.shared() as providers:
        values = {providers.reattach("region = 1") for _ in range(3)}
        (value,) = values
        (process,) = bench.started
        assert json.loads(value)["registry.terraform.io/hashicorp/aws"]["Pid"] == process["pid"]
        assert process["arguments"] == ["-debug"]
        assert is_alive(process["pid"])


def test_units_with_another_configuration_get_another_process(bench):
    with bench.shared() as providers:
        assert providers.reattach("region = 1") != providers.reattach("region = 2")
        assert len(bench.started) == 2
        assert len(providers._pipes) == 2


def test_workers_that_ask_at_once_start_one_process(bench):
    with bench.shared() as providers:
        found = []
        threads = [threading.Thread(target=lambda: found.append(providers.reattach("x"))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert (len(found), len(set(found)), len(bench.started)) == (4, 1, 1)


def test_no_process_is_started_before_one_is_needed(bench):
    with bench.shared():
        pass
    assert not (bench.folder / "started").exists()
    assert bench.asked == 0


def test_nothing_is_left_when_the_run_ends(bench, is_alive):
    with bench.shared() as providers:
        providers.reattach("a")
        providers.reattach("b")
        pids = [process["pid"] for process in bench.started]
        pipes = tuple(providers._pipes)
    assert wait_until(lambda: not any(map(is_alive, pids)))
    assert tuple(providers._pipes) == ()
    for pipe in pipes:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(pipe)
    providers.close()


def test_nothing_is_left_when_the_run_ends_with_an_error(bench, is_alive):
    def run():
        with bench.shared() as providers:
            providers.reattach("a")
            raise KeyError

    with pytest.raises(KeyError):
        run()
    assert wait_until(lambda: not is_alive(bench.started[0]["pid"]))


def test_c6_the_provider_lives_while_a_terraform_process_holds_it(bench, is_alive):
    """After kill -9 of platformctl, a Terraform process that still runs must be able to write its state."""
    providers = bench.shared()
    providers.reattach("a")
    held = os.dup(providers._pipes[0])
    pid = bench.started[0]["pid"]
    closer = threading.Thread(target=providers.close)
    closer.start()
    try:
        time.sleep(0.3)
        assert is_alive(pid)
    finally:
        os.close(held)
        closer.join(10)
    assert not closer.is_alive()
    assert wait_until(lambda: not is_alive(pid))


def test_a_provider_that_ignores_the_request_to_end_is_ended_all_the_same(bench, is_alive, monkeypatch):
    tether = Path(provider.__file__).with_name("tether.py")
    text = tether.read_text().replace("timeout=10", "timeout=0.5")
    (bench.folder / "tether.py").write_text(text)
    monkeypatch.setattr(provider, "__file__", str(bench.folder / "provider.py"))
    bench.write("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ANNOUNCES)
    with bench.shared() as providers:
        providers.reattach("a")
        pid = bench.started[0]["pid"]
        began = time.monotonic()
    assert wait_until(lambda: not is_alive(pid))
    assert time.monotonic() - began < 10


def test_a_provider_that_dies_is_told_with_the_end_of_its_log_at_once(bench, monkeypatch):
    monkeypatch.setattr(provider, "START_SECONDS", 6.0)
    bench.write(DIES)
    began = time.monotonic()
    with bench.shared() as providers, pytest.raises(PlatformctlError) as caught:
        providers.reattach("a")
    error = caught.value
    assert error.summary == "The provider did not start"
    assert error.detail.endswith("The end of its log:\na line of the log\npanic: no memory")
    assert error.hint == (
        f"The whole log is {bench.folder}/log/p.log. Set PLATFORMCTL_PROVIDER=launch to do without a shared provider."
    )
    assert time.monotonic() - began < 4, "it waited for a provider that had ended"


def test_a_provider_that_says_nothing_is_given_up_and_ended(bench, monkeypatch, is_alive):
    monkeypatch.setattr(provider, "START_SECONDS", 0.7)
    bench.write("time.sleep(60)")
    with bench.shared() as providers, pytest.raises(PlatformctlError, match="The provider did not start"):
        providers.reattach("a")
    assert wait_until(lambda: not is_alive(bench.started[0]["pid"]))


@pytest.mark.parametrize(
    ("prints", "quoted"),
    [
        ("print(\"TF_REATTACH_PROVIDERS='{broken'\")", "\"TF_REATTACH_PROVIDERS='{broken'\""),
        ("print(\"TF_REATTACH_PROVIDERS='[]'\")", "\"TF_REATTACH_PROVIDERS='[]'\""),
        ("print('This binary is a plugin.')", '"This binary is a plugin."'),
        ("sys.stdout.buffer.write(b'\\xff\\xfe')", '"\ufffd\ufffd"'),
        ("print('x' * 3_000_000)", '"****…"'),
        ("pass", "nothing"),
    ],
)
def test_c5_what_is_no_announcement_is_quoted(bench, prints, quoted):
    bench.write(prints)
    with bench.shared() as providers:
        error = error_of(lambda: providers.reattach("a"))
    assert error.summary == "The provider did not start"
    assert f"It printed: {quoted}." in error.detail


def test_c8_a_provider_on_its_own_does_not_log_what_it_sends(bench):
    with bench.shared(TF_LOG="TRACE", AWS_ACCESS_KEY_ID="local") as providers:
        providers.reattach("a")
        environment = bench.started[0]["environment"]
    assert environment["TF_LOG"] == environment["TF_LOG_PROVIDER"] == environment["TF_LOG_SDK"] == "ERROR"
    assert environment["AWS_ACCESS_KEY_ID"] == "local"


def test_what_a_provider_prints_later_does_not_stop_it(bench, is_alive):
    bench.write(
        ANNOUNCES.replace(
            "time.sleep(60)", "print('x' * 300000, flush=True)\n(here / 'printed').touch()\ntime.sleep(60)"
        )
    )
    with bench.shared() as providers:
        providers.reattach("a")
        assert wait_until((bench.folder / "printed").exists)


def test_the_log_has_what_every_process_wrote(bench):
    with bench.shared() as providers:
        providers.reattach("a")
        providers.reattach("b")
    lines = (bench.folder / "log" / "p.log").read_text().splitlines()
    assert lines == ["a line of the log"] * 2
