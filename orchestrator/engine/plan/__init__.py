"""The plan of a whole stack as one Terraform plan, with real unknown values between its units.

One root module calls the module of every unit. An input that comes from another unit's output is a reference between the two
modules, so Terraform itself carries changes and "(known after apply)" from unit to unit. The states of the units are merged
in memory. The plan is shown and compared with the units' own plans; it is never applied.
"""

from orchestrator.engine.plan.approval import Approval
from orchestrator.engine.plan.changes import AttributeChange, PlannedChange, StackPlan, Warned
from orchestrator.engine.plan.document import (
    FORMAT_VERSION,
    Basis,
    KeptPlan,
    parse_document,
    state_version,
    to_document,
)
from orchestrator.engine.plan.reading import read_plan, read_unit_plan
from orchestrator.engine.plan.rendering import Rendering, has_references
from orchestrator.engine.plan.root_module import RootModule, root_module
from orchestrator.engine.plan.states import merge_states

__all__ = [
    "FORMAT_VERSION",
    "Approval",
    "AttributeChange",
    "Basis",
    "KeptPlan",
    "PlannedChange",
    "Rendering",
    "RootModule",
    "StackPlan",
    "Warned",
    "has_references",
    "merge_states",
    "parse_document",
    "read_plan",
    "read_unit_plan",
    "root_module",
    "state_version",
    "to_document",
]
