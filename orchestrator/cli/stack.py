"""``platformctl stack``: generate the units of terragrunt.stack.hcl files, and work on them."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from orchestrator.cli import console, options
from orchestrator.cli.destroy import destroy_and_exit
from orchestrator.cli.inspect import check_and_show
from orchestrator.cli.outputs import show_outputs
from orchestrator.cli.plan import plan_and_show
from orchestrator.cli.terminal import Terminal
from orchestrator.cli.terraform_arguments import read_invocation
from orchestrator.cli.up import up_and_exit
from orchestrator.commands import DeploymentRequest, DestroyRequest, Target
from orchestrator.commands.inspect import STAND_IN
from orchestrator.commands.opening import environment_of
from orchestrator.commands.stacks import pick, stack_clean, stack_generate, stack_outputs, stack_units
from orchestrator.errors import UsageError
from orchestrator.hcl import from_json_value, print_value

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


COMMANDS = ("plan", "apply", "destroy", "output", "validate", "init")
"""The commands of Terraform that stack run knows."""


@app.callback()
def group() -> None:
    """Generate the units of stack files, and work on them."""


@app.command()
def generate(
    environment: options.AnyEnvironment = None,
    suffix: options.AnySuffix = STAND_IN,
) -> None:
    """Generate what the terragrunt.stack.hcl files of an environment declare, and print the files that changed.

    Every other command does so, too, before it reads the environment. Files that were not generated, or were changed since, are
    never overwritten.
    """
    ports = options.ports_for()
    request = DeploymentRequest(suffix=suffix, environment=environment)
    done = stack_generate(request, ports)
    _list(done.written, "+", ports.project.folder)
    _list(done.removed, "-", ports.project.folder)
    units = sum(1 for stack in done.stacks for _ in stack.units())
    console.say(
        f"{environment_of(request, ports)}: {_count(len(done.stacks), 'stack file')}, {_count(units, 'unit')}, up to date"
    )


@app.command()
def run(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND [-- ARGS]", help=f"One of {', '.join(COMMANDS)}, and arguments for it.", show_default=False
        ),
    ],
    suffix: options.SuffixOption = None,
    environment: options.EnvironmentOption = None,
    target: options.TargetOption = Target.LOCAL,
    parallelism: options.ParallelismOption = 8,
    fail_fast: options.FailFastOption = False,
    yes: options.YesOption = False,
) -> None:
    """Run a command of Terraform on the units that stack files declare, and on no others.

    The same as platformctl run with these units in --only.
    """
    invocation = read_invocation(words)
    if invocation.command not in COMMANDS:
        raise UsageError(
            "Not a command for stacks",
            detail=f"stack run knows {', '.join(COMMANDS)}.",
            hint=f"platformctl run {invocation.command} works on the unit in the current folder.",
        )
    ports = options.ports_for()
    wanted: dict[str, Any] = {
        "suffix": options.suffix_of(suffix, ports),
        "target": target,
        "environment": environment,
    }
    wanted["only"] = stack_units(DeploymentRequest(**wanted), ports)
    work: dict[str, Any] = {
        "parallelism": parallelism,
        "fail_fast": fail_fast,
        "confirmed": yes or invocation.has("confirmed"),
    }
    match invocation.command:
        case "plan":
            out = invocation.settings.get("out")
            plan_and_show(
                DeploymentRequest(**wanted),
                ports,
                out=Path(out) if out else None,
                as_json=invocation.has("json"),
                detailed_exitcode=invocation.has("detailed"),
            )
        case "apply":
            plan = Path(invocation.operands[0]) if invocation.operands else None
            up_and_exit(wanted | work, ports, plan=plan)
        case "destroy":
            destroy_and_exit(DestroyRequest(**wanted, **work), ports)
        case "output":
            show_outputs(DeploymentRequest(**wanted), ports, as_json=invocation.has("json"), show_sensitive=False)
        case _:
            check_and_show(DeploymentRequest(**wanted), ports)


@app.command()
def output(
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="ADDRESS", help="Only this stack, unit or output: network.vpc.vpc_id.", show_default=False
        ),
    ] = None,
    suffix: options.SuffixOption = None,
    environment: options.EnvironmentOption = None,
    target: options.TargetOption = Target.LOCAL,
    as_json: options.JsonOption = False,
    show_sensitive: Annotated[
        bool,
        typer.Option("--show-sensitive", metavar="", help="Print secret outputs, too. Mind who can see your screen."),
    ] = False,
) -> None:
    """Print the outputs of the units of stacks, by the names of stacks and units.

    With --json: one object. Secret outputs are left out unless you pass --show-sensitive.
    """
    ports = options.ports_for()
    request = DeploymentRequest(suffix=options.suffix_of(suffix, ports), target=target, environment=environment)
    found = stack_outputs(request, ports, Terminal(), show_sensitive=show_sensitive)
    shown = found if address is None else {address: pick(found, address)}
    if as_json:
        console.result_json(shown)
    else:
        lines = (f"{name} = {print_value(from_json_value(value))}" for name, value in shown.items())
        console.result(Text("\n".join(lines)))


@app.command()
def clean(environment: options.AnyEnvironment = None, suffix: options.AnySuffix = STAND_IN) -> None:
    """Remove everything that was generated from stack files, and nothing else.

    What lies in generated folders and was not generated, such as a local state, stays.
    """
    ports = options.ports_for()
    request = DeploymentRequest(suffix=suffix, environment=environment)
    done = stack_clean(request, ports)
    _list(done.removed, "-", ports.project.folder)
    for path in done.kept:
        console.say(f"Kept, for it was not generated, or was changed since: {path.relative_to(ports.project.folder)}")
    console.say(f"{environment_of(request, ports)}: {_count(len(done.removed), 'file')} removed")


def _list(paths: tuple[Path, ...], sign: str, base: Path) -> None:
    for path in paths:
        console.result(Text(f"{sign} {path.relative_to(base)}"))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
