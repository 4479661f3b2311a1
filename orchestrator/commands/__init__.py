"""The use cases, and with them the Python API: typed requests in, typed results out; see docs/python-api.md.

They see the outside through ``ports`` only: no terminal, no cloud library, no process.
"""

from orchestrator.commands.destroy import DestroyResult, destroy
from orchestrator.commands.drift import DriftResult, drift
from orchestrator.commands.environments import Listing, ReapResult, list_deployments, reap
from orchestrator.commands.operators import Findings, Operator, Unattended
from orchestrator.commands.outputs import OutputsResult, outputs
from orchestrator.commands.plan import PlanResult, plan
from orchestrator.commands.ports import Ports
from orchestrator.commands.preflight import UnreadyAccountError, preflight
from orchestrator.commands.recover import recover
from orchestrator.commands.requests import DeploymentRequest, DestroyRequest, RecoverRequest, Target, UpRequest
from orchestrator.commands.up import RunResult, up

__all__ = [
    "DeploymentRequest",
    "DestroyRequest",
    "DestroyResult",
    "DriftResult",
    "Findings",
    "Listing",
    "Operator",
    "OutputsResult",
    "PlanResult",
    "Ports",
    "ReapResult",
    "RecoverRequest",
    "RunResult",
    "Target",
    "Unattended",
    "UnreadyAccountError",
    "UpRequest",
    "destroy",
    "drift",
    "list_deployments",
    "outputs",
    "plan",
    "preflight",
    "reap",
    "recover",
    "up",
]
