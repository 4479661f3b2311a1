"""``platformctl run``: Terraform's commands as Terragrunt's users write them, over the use cases of platformctl."""

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
from orchestrator.cli.terraform_arguments import TerraformCall, read_invocation
from orchestrator.cli.up import up_and_exit
from orchestrator.commands import DeploymentRequest, DestroyRequest, Target
from orchestrator.commands import states as read_states
from orchestrator.commands.inspect import STAND_IN
from orchestrator.commands.ports import Ports
from orchestrator.commands.states import Instance, instances
from orchestrator.engine.ports import State
from orchestrator.errors import UsageError
from orchestrator.hcl import dump_json, from_json_value, print_value
from orchestrator.hcl.values import has_sensitive


def run(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND", help="A command of Terraform, and behind -- arguments for it.", show_default=False
        ),
    ],
    every: Annotated[
        bool, typer.Option("--all", "-a", metavar="", help="All units in the current folder and below, together.")
    ] = False,
    graph: Annotated[
        bool, typer.Option("--graph", metavar="", help="The unit in the current folder, and all that depend on it.")
    ] = False,
    suffix: options.SuffixOption = None,
    environment: options.EnvironmentOption = None,
    target: options.TargetOption = Target.LOCAL,
    filters: options.FilterOption = None,
    parallelism: options.ParallelismOption = 8,
    fail_fast: options.FailFastOption = False,
    yes: options.YesOption = False,
    show_sensitive: Annotated[
        bool, typer.Option("--show-sensitive", metavar="", help="Print secrets of outputs and states, too.")
    ] = False,
) -> None:
    """Run a command of Terraform on the unit in the current folder, or with --all on all units below it.

    plan and apply are those of platformctl: with --all one plan for all units, and an apply that does what was planned and
    nothing else. docs/from-terragrunt.md lists the commands, and what becomes of Terraform's arguments.
    """
    invocation = read_invocation(words)
    ports = options.ports_for()
    # These two look at the live tree alone.
    is_static = invocation.command in {"validate", "init"}
    wanted = {
        "suffix": suffix or STAND_IN if is_static else options.suffix_of(suffix, ports),
        "target": target,
        **_place(ports, environment, filters, every=every, graph=graph),
    }
    several = every or graph or bool(filters)
    work: dict[str, Any] = {
        "parallelism": parallelism,
        "fail_fast": fail_fast,
        "confirmed": yes or invocation.has("confirmed"),
    }
    match invocation.command:
        case "plan":
            _plan(invocation, wanted, ports)
        case "apply":
            plan = Path(invocation.operands[0]) if invocation.operands else None
            up_and_exit(wanted | work, ports, plan=plan)
        case "destroy":
            destroy_and_exit(DestroyRequest(**wanted, **work), ports)
        case "validate" | "init":
            if invocation.command == "init":
                console.say("plan and up run terraform init by themselves, each in a workspace of its own.")
            check_and_show(DeploymentRequest(**wanted), ports)
        case "output":
            _output(invocation, DeploymentRequest(**wanted), ports, several=several, show_sensitive=show_sensitive)
        case _:
            found = read_states(DeploymentRequest(**wanted), ports, Terminal()).units
            for name, state in found.items():
                if several:
                    console.result(Text(name, style="bold"))
                _show_state(invocation, state, show_sensitive=show_sensitive)


def _place(
    ports: Ports, environment: str | None, filters: list[str] | None, *, every: bool, graph: bool
) -> dict[str, Any]:
    """Return the part of a request that says where it is made: the environment, and the units."""
    project, current = ports.project, ports.project.current
    if environment is not None and project.working not in {None, environment}:
        raise UsageError(
            "Two environments",
            detail=f"The working directory belongs to {project.working}, and --env says {environment}.",
            hint="Leave --env out.",
        )
    # Of a tree without environments the working directory is one; what depends on its units may lie anywhere in the tree.
    here = "." if graph and not project.has_suffixes else project.working
    place: dict[str, Any] = {"environment": environment or here, **options.selection(ports, filters)}
    folder = project.live / here if here is not None else None
    if every or filters:
        if folder is not None and current is not None and current != folder:
            place |= {"within": current} if filters else {"filters": ("{./**}",)}
        return place
    unit = options.unit_here(ports, "Change into the folder of a unit, or pass --working-dir, --all or --filter.")
    if graph:
        return place | {"filters": ("...{.}",)}
    return place | {"only": (unit,)}


def _plan(invocation: TerraformCall, wanted: dict[str, Any], ports: Ports) -> None:
    out = invocation.settings.get("out")
    plan_and_show(
        DeploymentRequest(**wanted),
        ports,
        out=Path(out) if out else None,
        as_json=invocation.has("json"),
        detailed_exitcode=invocation.has("detailed"),
    )


def _output(
    invocation: TerraformCall, request: DeploymentRequest, ports: Ports, *, several: bool, show_sensitive: bool
) -> None:
    if several:
        show_outputs(request, ports, as_json=invocation.has("json"), show_sensitive=show_sensitive)
        return
    (state,) = read_states(request, ports, Terminal()).units.values()
    if invocation.operands:
        console.result(Text(_one_output(invocation, state, show_sensitive=show_sensitive)))
    elif invocation.has("json"):
        documents = {
            name: output
            if show_sensitive or not output.get("sensitive")
            else {"sensitive": True, "type": output.get("type")}
            for name, output in sorted(state.document.get("outputs", {}).items())
        }
        console.result_json({name: {"sensitive": False, **document} for name, document in documents.items()})
    else:
        lines = [
            f"{name} = {'<sensitive>' if has_sensitive(value) else print_value(value)}"
            for name, value in sorted(state.outputs.items())
        ]
        console.result(Text("\n".join(lines)))


def _one_output(invocation: TerraformCall, state: State, *, show_sensitive: bool) -> str:
    name = invocation.operands[0]
    output = state.document.get("outputs", {}).get(name)
    if output is None:
        raise UsageError(
            "No such output",
            detail=f'The state holds no output "{name}".',
            hint=f"It holds {', '.join(sorted(state.outputs)) or 'none'}.",
        )
    if output.get("sensitive") and not show_sensitive:
        raise UsageError("The output is secret", detail=f'"{name}" is sensitive.', hint="Add --show-sensitive.")
    value = output["value"]
    if invocation.has("raw"):
        if isinstance(value, dict | list) or value is None:
            raise UsageError("The output is no text", detail=f'"{name}" cannot be printed raw.', hint="Use -json.")
        return value if isinstance(value, str) else dump_json(value)
    return dump_json(value) if invocation.has("json") else print_value(from_json_value(value))


def _show_state(invocation: TerraformCall, state: State, *, show_sensitive: bool) -> None:
    found = list(instances(state))
    if invocation.command in {"state show", "state pull"} and not show_sensitive:
        raise UsageError(
            "A state holds secrets",
            detail="A state does not say which attributes a provider holds to be secret.",
            hint="Add --show-sensitive. Mind who can see your screen.",
        )
    match invocation.command:
        case "state pull":
            console.result_json(state.document)
        case "state show":
            console.result(Text(_one_instance(invocation, found)))
        case "state list":
            wanted = invocation.operands
            console.result(
                Text("\n".join(item.address for item in found if not wanted or item.address.startswith(wanted)))
            )
        case "show":
            lines = [item.address for item in found]
            outputs = [
                f"{name} = {'<sensitive>' if has_sensitive(value) else print_value(value)}"
                for name, value in sorted(state.outputs.items())
            ]
            console.result(Text("\n".join([*lines, *(["", "Outputs:", "", *outputs] if outputs else [])])))


def _one_instance(invocation: TerraformCall, found: list[Instance]) -> str:
    address = invocation.operands[0] if invocation.operands else ""
    for item in found:
        if item.address == address:
            values = [f"  {name} = {print_value(from_json_value(value))}" for name, value in item.attributes.items()]
            return "\n".join([f"# {address}", *values])
    raise UsageError(
        "No such resource",
        detail=f'The state holds no "{address}".',
        hint="platformctl run state list lists them.",
    )
