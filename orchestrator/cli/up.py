"""``platformctl up``: apply the live tree to a deployment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli import console, options
from orchestrator.cli.terminal import Terminal
from orchestrator.commands import Target, UpRequest
from orchestrator.commands import up as bring_up
from orchestrator.commands.outputs import read_outputs
from orchestrator.commands.ports import Ports
from orchestrator.display.tables import render_highlights
from orchestrator.errors import ExitCode

PlanOption = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        help="Apply this plan, kept by plan --out, and nothing else; it must not be stale.",
        show_default=False,
    ),
]


def up(
    suffix: options.SuffixOption = None,
    environment: options.EnvironmentOption = None,
    target: options.TargetOption = Target.LOCAL,
    only: options.OnlyOption = None,
    filters: options.FilterOption = None,
    account_settings: options.AccountSettingsOption = None,
    plan: PlanOption = None,
    ttl: options.TtlOption = None,
    parallelism: options.ParallelismOption = 8,
    fail_fast: options.FailFastOption = False,
    yes: options.YesOption = False,
) -> None:
    """Deploy the platform or update it, in dependency order.

    Everything is planned together first. Each unit may then only do what is in that plan, or the run stops. Units without
    changes are skipped, so a failed run is resumed by running it again. Starts the embedded local cloud if it is the target
    and not running yet. With --target aws you are asked first.
    """
    ports = options.ports_for(account_settings)
    wanted = {
        "suffix": options.suffix_of(suffix, ports),
        "target": target,
        "environment": environment,
        **options.selection(ports, filters, only),
        "lifetime": ttl,
        "parallelism": parallelism,
        "fail_fast": fail_fast,
        "confirmed": yes,
    }
    up_and_exit(wanted, ports, plan=plan)


def up_and_exit(wanted: Mapping[str, Any], ports: Ports, *, plan: Path | None) -> None:
    """Deploy, print what is worth knowing of the deployment, and exit.

    ``wanted``: the fields of the request; ``plan``: the file of the plan to apply.
    """
    from orchestrator.adapters.plans import read_kept_plan  # noqa: PLC0415 - see ports_for
    from orchestrator.platform.highlights import highlights  # noqa: PLC0415
    from orchestrator.platform.rollback import reminders  # noqa: PLC0415

    request = UpRequest(**wanted, plan=read_kept_plan(plan) if plan is not None else None, plan_file=str(plan))
    result = bring_up(request, ports, Terminal())
    if result.code is ExitCode.OK and result.deployment is not None:
        endpoint = result.deployment.account.endpoint
        rows = list(highlights(read_outputs(result.deployment, result.deployment.stack.graph.order()), endpoint))
        if rows:
            console.result(render_highlights(rows))
        for line in reminders(result.deployment.settings, request.suffix):
            console.say(line)
    raise typer.Exit(result.code)
