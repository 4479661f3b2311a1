"""The use cases, and with them the Python API: typed requests in, typed results out; see docs/python-api.md.

They see the outside through ``ports`` only: no terminal, no cloud library, no process.
"""

from orchestrator.commands.destroy import DestroyResult, destroy
from orchestrator.commands.drift import DriftResult, drift
from orchestrator.commands.environments import Listing, ReapResult, list_deployments, reap
from orchestrator.commands.find import FindRequest, FoundUnit, Sorting, find
from orchestrator.commands.formatting import FormatResult, format_folder
from orchestrator.commands.migration import MigrationReport, check_migration
from orchestrator.commands.operators import Findings, Operator, Unattended
from orchestrator.commands.outputs import OutputsResult, outputs
from orchestrator.commands.plan import PlanResult, plan
from orchestrator.commands.ports import Ports
from orchestrator.commands.preflight import UnreadyAccountError, preflight
from orchestrator.commands.recover import recover
from orchestrator.commands.requests import DeploymentRequest, DestroyRequest, RecoverRequest, Target, UpRequest
from orchestrator.commands.selection import NothingSelectedError
from orchestrator.commands.stacks import stack_clean, stack_generate, stack_outputs, stack_units
from orchestrator.commands.states import StatesResult, states
from orchestrator.commands.up import RunResult, up

__all__ = [
    "DeploymentRequest",
    "DestroyRequest",
    "DestroyResult",
    "DriftResult",
    "FindRequest",
    "Findings",
    "FormatResult",
    "FoundUnit",
    "Listing",
    "MigrationReport",
    "NothingSelectedError",
    "Operator",
    "OutputsResult",
    "PlanResult",
    "Ports",
    "ReapResult",
    "RecoverRequest",
    "RunResult",
    "Sorting",
    "StatesResult",
    "Target",
    "Unattended",
    "UnreadyAccountError",
    "UpRequest",
    "check_migration",
    "destroy",
    "drift",
    "find",
    "format_folder",
    "list_deployments",
    "outputs",
    "plan",
    "preflight",
    "reap",
    "recover",
    "stack_clean",
    "stack_generate",
    "stack_outputs",
    "stack_units",
    "states",
    "up",
]
