"""Stands in for an account where no unit of a tree uses AWS: Terraform runs in the user's own environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from orchestrator.adapters.terraform.tools import ProjectTerraform
from orchestrator.config import EvaluatedUnit, RemoteState
from orchestrator.diagnostics import Diagnostic
from orchestrator.engine.plan import StackPlan
from orchestrator.engine.ports import State
from orchestrator.errors import PlatformctlError
from orchestrator.model.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAccount:
    """See ``commands.ports.Account``. What needs a cloud raises PlatformctlError."""

    project: Project
    environ: Mapping[str, str]
    account_id: str = ""
    endpoint: str | None = None

    def client(self, service: str) -> NoReturn:
        raise PlatformctlError("No cloud", detail=f"No unit of this tree uses AWS, so there is no client of {service}.")

    def caller(self, what: str) -> str:
        raise PlatformctlError("No cloud", detail=f"No unit of this tree uses AWS, so there is no {what}.")

    def bucket(self, name: str) -> NoReturn:
        self.client(name)

    def missing_backends(self, states: Sequence[RemoteState]) -> tuple[str, ...]:
        return ()

    def create_backends(self, states: Sequence[RemoteState]) -> None:
        """Create nothing: other backends are their owner's."""

    def locks(self, bucket: str, suffix: str) -> NoReturn:
        self.client(bucket)

    def states(self) -> "NoAccount":
        return self

    def read(self, unit: EvaluatedUnit) -> State | None:
        self.client(unit.name)

    def remove(self, unit: EvaluatedUnit) -> None:
        self.client(unit.name)

    def sweeper(self, bucket: str, suffix: str) -> NoReturn:
        self.client(bucket)

    def terraform(self, *, environment: str, suffix: str) -> ProjectTerraform:
        return ProjectTerraform(
            live=self.project.live,
            home=self.project.home,
            environ=self.environ,
            is_local=False,
            root=self.project.workspaces("local", environment, suffix),
        )

    def inventory(self, suffix: str) -> Sequence[Any]:
        return ()

    def examine(self, plan: StackPlan, *, singletons: bool = True) -> Sequence[Diagnostic]:
        return ()

    def retire(self) -> None:
        """End nothing."""
