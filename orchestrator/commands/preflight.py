"""Preflight: what in the account would make a plan fail, found before anything is applied."""

from collections.abc import Sequence

from orchestrator.commands.opening import open_deployment
from orchestrator.commands.operators import Operator
from orchestrator.commands.plan import counted
from orchestrator.commands.planning import make_plan, subject
from orchestrator.commands.ports import Ports
from orchestrator.commands.requests import DeploymentRequest
from orchestrator.commands.running import activity
from orchestrator.diagnostics import Diagnostic, DiagnosticsError, Severity
from orchestrator.engine.operations import require_applied
from orchestrator.errors import UsageError


class UnreadyAccountError(DiagnosticsError):
    """The account cannot take what is planned."""


def preflight(request: DeploymentRequest, ports: Ports, operator: Operator) -> tuple[Diagnostic, ...]:
    """Plan the selected units together, and compare what they need with what the account has.

    Nothing is registered and nothing is applied. Returns the findings, errors first; what is only a warning does not
    keep ``up`` from applying the plan. Raises UsageError: bad input; ConfigurationError: mistakes in the live tree;
    PlatformctlError: Terraform failed, or AWS did not answer.
    """
    with activity("preflight", ports, operator) as work:
        with work.step(f"opening {request.target.description}"):
            deployment = open_deployment(request, ports, operator, start=True)
            assert deployment is not None
        order = deployment.selected()
        require_applied(deployment.outputs, order)
        refused: list[Diagnostic] = []
        try:
            deployment.require_room(ports, order)
        except UsageError as error:
            refused.append(Diagnostic(summary=error.summary, detail=error.detail, hint=error.hint))
        with work.step(f"planning {counted(order)}"), deployment.terraform.open() as terraform:
            planned = make_plan(deployment, subject(deployment, order), terraform)
        with work.step("examining the account"):
            # What the platform has refused is not to be said twice.
            found = deployment.account.examine(planned, singletons=not refused)
        return tuple(sorted([*refused, *found], key=lambda item: (item.severity is not Severity.ERROR, item.sort_key)))


def require_ready(findings: Sequence[Diagnostic], operator: Operator) -> None:
    """Show warnings, and refuse to go on where something would fail.

    Raises UnreadyAccountError if something would; it carries every reason.
    """
    errors = [item for item in findings if item.severity is Severity.ERROR]
    if errors:
        raise UnreadyAccountError(errors)
    if findings:
        operator.warn(findings)
