"""``platformctl stack``: generate the units of terragrunt.stack.hcl files, and work on them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from orchestrator.cli import console, options
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import DeploymentRequest, DestroyRequest, Target, UpRequest, destroy, plan, up
from orchestrator.commands.inspect import STAND_IN
from orchestrator.commands.opening import environment_of
from orchestrator.commands.stacks import clean as remove_generated
from orchestrator.commands.stacks import for_stacks, pick, stack_outputs
from orchestrator.commands.stacks import generate as generate_units
from orchestrator.display.plan import render_plan
from orchestrator.errors import ExitCode
from orchestrator.hcl import from_json_value, print_value

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


class StackCommand(StrEnum):
    """What ``stack run`` does with the units."""

    PLAN = "plan"
    APPLY = "apply"
    DESTROY = "destroy"


@app.callback()
def group() -> None:
    """Generate the units of stack files, and work on them."""


@app.command()
def generate(environment: options.AnyEnvironment = None, suffix: options.AnySuffix = STAND_IN) -> None:
    """Generate what the terragrunt.stack.hcl files of an environment declare, and print the files that changed.

    Every other command does so, too, before it reads the environment. Files that were not generated, or were changed since, are
    never overwritten.
    """
    ports = options.ports_for()
    request = DeploymentRequest(suffix=suffix, environment=environment)
    done = generate_units(request, ports)
    _list(done.written, "+", ports.project.folder)
    _list(done.removed, "-", ports.project.folder)
    units = sum(1 for stack in done.stacks for _ in stack.units())
    console.say(
        f"{environment_of(request, ports)}: {_count(len(done.stacks), 'stack file')}, {_count(units, 'unit')}, up to date"
    )


@app.command()
def run(
    command: Annotated[StackCommand, typer.Argument(metavar="COMMAND", help="plan, apply or destroy.")],
    suffix: options.SuffixOption = None,
    environment: options.EnvironmentOption = None,
    target: options.TargetOption = Target.LOCAL,
    parallelism: options.ParallelismOption = 8,
    yes: options.YesOption = False,
) -> None:
    """Plan, apply or destroy the units that stack files declare, and no others.

    The same as platformctl plan, up and destroy with these units in --only.
    """
    ports, operator = options.ports_for(), Terminal()
    suffix = options.suffix_of(suffix, ports)
    if command is StackCommand.PLAN:
        request = DeploymentRequest(suffix=suffix, target=target, environment=environment)
        made = plan(for_stacks(request, ports), ports, operator)
        console.result(render_plan(made.plan, order=made.order, orphans=made.kept.orphans))
        return
    settings: dict[str, Any] = {"parallelism": parallelism, "confirmed": yes}
    if command is StackCommand.APPLY:
        wanted = UpRequest(suffix=suffix, target=target, environment=environment, **settings)
        code = up(for_stacks(wanted, ports), ports, operator).code
    else:
        unwanted = DestroyRequest(suffix=suffix, target=target, environment=environment, **settings)
        code = destroy(for_stacks(unwanted, ports), ports, operator).code
    if code is not ExitCode.OK:
        raise typer.Exit(code)


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
    done = remove_generated(request, ports)
    _list(done.removed, "-", ports.project.folder)
    for path in done.kept:
        console.say(f"Kept, for it was not generated, or was changed since: {path.relative_to(ports.project.folder)}")
    console.say(f"{environment_of(request, ports)}: {_count(len(done.removed), 'file')} removed")


def _list(paths: tuple[Path, ...], sign: str, base: Path) -> None:
    for path in paths:
        console.result(Text(f"{sign} {path.relative_to(base)}"))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
