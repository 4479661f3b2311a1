"""``platformctl plan``: what ``up`` would change, for the whole stack at once."""

from orchestrator.cli import console
from orchestrator.cli.account_settings import require_room
from orchestrator.cli.deployment import open_deployment, request
from orchestrator.cli.options import (
    AccountSettingsOption,
    EnvironmentOption,
    OnlyOption,
    SuffixOption,
    Target,
    TargetOption,
)
from orchestrator.cli.session import session
from orchestrator.display.plan import render_plan
from orchestrator.engine.operations import require_applied, select


def plan(
    suffix: SuffixOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    only: OnlyOption = None,
    account_settings: AccountSettingsOption = None,
) -> None:
    """Show what up would change, unit by unit and resource by resource.

    All units are planned together, so a change is followed into the units behind it, and values that are known only
    after apply are shown as such; nothing is mocked, and nothing has to exist yet.
    """
    asked = request(suffix=suffix, target=target, environment=environment, only=only, account_settings=account_settings)
    with session("plan", asked) as opened:
        with opened.step(f"opening {target.description}"):
            deployment = open_deployment(asked, start=True)
            assert deployment is not None
        order = select(deployment.stack, asked.only)
        require_applied(deployment.outputs, order)
        require_room(deployment, order)
        with (
            opened.step(f"planning {len(order)} unit{'s' if len(order) != 1 else ''}"),
            deployment.providers() as providers,
        ):
            outside = {
                target: dict(values)
                for name in order
                for target, values in deployment.outputs.of_dependencies(name).items()
                if target not in order
            }
            units = [deployment.stack.units[name].evaluate(outside) for name in order]
            states = {name: state.document for name in order if (state := deployment.outputs.state(name))}
            planned = deployment.planner(providers).plan(units, states)
    console.out.print(render_plan(planned, order=order), soft_wrap=True)
