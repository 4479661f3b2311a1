"""Terraform on one unit, played by a script: init, apply, destroy, inputs and errors (A2, C5, C6, C8)."""

import json
import threading
from pathlib import Path

import pytest

from orchestrator.engine.ports import Applied, Phase, Planned, ResourceProgress
from orchestrator.errors import UsageError
from orchestrator.hcl.values import SetValue
from orchestrator.model.status import Changes
from tests.fakes.providers import FakeProviders

PROVIDER = 'provider "aws" {\n  region = "us-east-1"\n}\n'
DONE = [
    {"type": "change_summary", "changes": {"add": 1, "change": 0, "remove": 0, "operation": "plan"}},
    {
        "type": "apply_complete",
        "hook": {"resource": {"addr": "aws_vpc.this"}, "action": "create", "elapsed_seconds": 1},
    },
]


@pytest.fixture
def bench(unit_bench, terraform):
    terraform.answer("apply", *DONE)
    return unit_bench


def arguments(terraform, *commands):
    return [call["arguments"] for call in terraform.calls(*commands)]


def test_a_unit_is_initialised_and_applied(bench, terraform):
    assert bench.apply() == Applied(succeeded=True, changes=Changes(add=1))
    assert arguments(terraform, "init", "apply") == [
        ["init", "-input=false", "-no-color", "-reconfigure", "-lockfile=readonly"],
        ["apply", "-json", "-auto-approve", "-input=false", "-parallelism=40", "-lock-timeout=60s"],
    ]
    assert [step for step in bench.told if isinstance(step, Phase | Planned)] == [
        Phase(name="init"),
        Phase(name="apply"),
        Planned(changes=Changes(add=1)),
    ]


def test_a2_destroy_is_an_apply_that_destroys(bench, terraform):
    bench.apply(destroy=True)
    (apply,) = arguments(terraform, "apply")
    assert apply[:3] == ["apply", "-json", "-destroy"]
    assert Phase(name="destroy") in bench.told


def test_c8_inputs_are_in_a_private_file_while_terraform_runs_and_nowhere_else(bench, terraform):
    bench.apply()
    init, apply = terraform.calls("init", "apply")
    assert json.loads(apply["inputs"]) == {"cidr": "10.0.0.0/16", "password": "hunter2"}
    assert apply["inputs_mode"] == "-rw-------"
    assert init["inputs"] is None
    for call in terraform.calls():
        assert "hunter2" not in json.dumps([call["arguments"], call["environment"]])
    left = [path for path in bench.root.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert [path.name for path in left] == ["inputs"], "only the fake terraform may have kept the secret"


def test_c8_inputs_are_gone_while_terraform_still_works(bench, terraform):
    """Applying takes long, and platformctl may be killed meanwhile."""
    seen = []

    def report(progress):
        if isinstance(progress, Planned | ResourceProgress):
            seen.append(list((bench.root / "work").rglob("platformctl.*")))
            terraform.go()

    begun = {"type": "refresh_start", "hook": {"resource": {"addr": "aws_vpc.this"}}}
    terraform.answer("apply", begun, DONE[0], waits=DONE[1:])
    assert bench.apply(report=report).succeeded
    assert seen == [[], []]


def test_c8_inputs_are_taken_away_after_a_failure_too(bench, terraform):
    terraform.answer("apply", "boom", code=1)
    bench.apply()
    assert list((bench.root / "work").rglob("platformctl.auto.tfvars.json")) == []


def test_sets_and_nulls_reach_terraform_as_json(bench, terraform):
    bench.apply(bench.unit(inputs={"cidr": SetValue(("a", "b")), "password": None}))
    assert json.loads(terraform.calls("apply")[0]["inputs"]) == {"cidr": ["a", "b"], "password": None}


def test_the_lock_file_pins_the_version_and_leaves_the_hash_to_us(bench, terraform):
    bench.apply()
    folder = Path(terraform.calls("init")[0]["folder"])
    assert (folder / ".terraform.lock.hcl").read_text() == (
        'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n}\n'
    )


def test_c8_a_provider_that_is_not_the_locked_one_never_runs(bench, terraform, provider_mirror):
    (executable,) = provider_mirror.rglob("terraform-provider-*")
    executable.write_text("another program")
    with pytest.raises(UsageError, match="The provider is not the one that is locked"):
        bench.apply()
    assert terraform.calls("init", "apply") == []


def test_init_is_not_repeated_without_need(bench, terraform):
    bench.apply()
    bench.apply()
    bench.apply(bench.unit(inputs={"cidr": "10.1.0.0/16"}))
    assert len(terraform.calls("init")) == 1
    assert len(terraform.calls("apply")) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"text": PROVIDER.replace("us-east-1", "us-west-2")},
        {"config": {"bucket": "states", "key": "elsewhere"}},
        {"config": {"bucket": "others", "key": "pr42/vpc/terraform.tfstate"}},
    ],
)
def test_init_is_repeated_when_the_provider_or_the_backend_changes(bench, terraform, change):
    bench.apply()
    bench.apply(bench.unit(**change))
    assert len(terraform.calls("init")) == 2


def test_init_is_repeated_when_the_module_requires_other_providers(bench, terraform):
    bench.apply()
    (bench.module / "versions.tf").write_text(
        'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n    }\n  }\n}\n'
    )
    (bench.module / "child.tf").write_text('module "child" {\n  source = "./child"\n}\n')
    bench.apply()
    assert len(terraform.calls("init")) == 2, "Terraform refuses a module call that no init has seen"


def test_init_is_repeated_after_it_failed(bench, terraform):
    terraform.answer("init", "Initializing the backend...", "", "Error: no bucket", code=1)
    failed = bench.apply()
    assert failed == Applied(
        succeeded=False, changes=Changes(), errors=("Initializing the backend...\nError: no bucket",)
    )
    assert terraform.calls("apply") == []
    terraform.answer("init", makes=[".terraform"])
    assert bench.apply().succeeded


def test_a_backend_without_a_generated_file_gets_its_settings_from_a_file(bench, terraform):
    bench.apply(bench.unit(config={"bucket": "states", "key": "k", "use_lockfile": True}, generate=None))
    (init,) = terraform.calls("init")
    assert init["arguments"][-1] == "-backend-config=backend.tfbackend"
    assert (Path(init["folder"]) / "backend.tfbackend").read_text() == (
        'bucket = "states"\nkey = "k"\nuse_lockfile = true\n'
    )


def test_c5_errors_are_terraforms_own(bench, terraform):
    diagnostic = {"severity": "error", "summary": "no room", "detail": "VpcLimitExceeded", "address": "aws_vpc.this"}
    terraform.answer("apply", *DONE, {"type": "diagnostic", "diagnostic": diagnostic}, code=1)
    assert bench.apply() == Applied(
        succeeded=False, changes=Changes(add=1), errors=("aws_vpc.this: no room\nVpcLimitExceeded",)
    )


@pytest.mark.parametrize(
    ("lines", "errors"), [(["panic: broken"], ("panic: broken",)), ([], ("terraform apply ended with exit code 1",))]
)
def test_c5_a_crash_is_explained_as_well_as_can_be(bench, terraform, lines, errors):
    terraform.answer("apply", *lines, code=1)
    assert bench.apply().errors == errors


def test_c4_the_log_has_every_line_of_every_command(bench, terraform):
    terraform.answer("init", "Initializing...", makes=[".terraform"])
    bench.apply()
    bench.apply()
    folder = terraform.calls("init")[0]["folder"]
    lines = bench.log.read_text().splitlines()
    assert lines[:3] == [f"# terraform init in {folder}", "Initializing...", f"# terraform apply in {folder}"]
    assert lines.count(f"# terraform apply in {folder}") == 2
    assert json.dumps(DONE[0]) in lines


@pytest.fixture
def shared():
    return FakeProviders()


def test_a_unit_that_may_share_a_provider_is_attached_to_it(bench, terraform, shared):
    bench.apply(runner=bench.runner(providers=shared))
    assert shared.configurations == ['region = "us-east-1"']
    for call in terraform.calls("init", "apply"):
        assert call["environment"]["TF_REATTACH_PROVIDERS"] == "{}"


def test_a_unit_that_may_not_gets_one_of_its_own(bench, terraform, shared):
    (bench.module / "west.tf").write_text('provider "aws" {\n  alias = "west"\n}\n')
    bench.apply(runner=bench.runner(providers=shared))
    assert shared.configurations == []
    assert all("TF_REATTACH_PROVIDERS" not in call["environment"] for call in terraform.calls("init", "apply"))


def test_a_workspace_that_was_attached_is_initialised_anew_for_a_provider_of_its_own(bench, terraform, shared):
    bench.apply(runner=bench.runner(providers=shared))
    bench.apply()
    assert len(terraform.calls("init")) == 2


def test_c6_after_an_interrupt_a_command_that_fails_was_interrupted(bench):
    runner = bench.runner()
    runner.interrupt()
    applied = bench.apply(runner=runner)
    assert (applied.succeeded, applied.interrupted, applied.died) == (False, True, False)


def test_units_can_be_worked_on_at_once(bench, terraform):
    results = []

    def work(name):
        results.append(
            bench.runner().apply(bench.unit(name=name), destroy=False, log=bench.log, report=print).succeeded
        )

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b", "c", "d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [True] * 4
    assert len({call["folder"] for call in terraform.calls("apply")}) == 4
