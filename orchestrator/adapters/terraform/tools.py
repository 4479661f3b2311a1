"""Implements ``commands.ports.TerraformTools``: Terraform, its provider and its workspaces for one deployment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from orchestrator.adapters.aws.sweep.documents import types_of_module
from orchestrator.adapters.modules import Modules
from orchestrator.adapters.plans import fingerprint
from orchestrator.adapters.processes import Child, Processes, living
from orchestrator.adapters.terraform.backends import BackendStates
from orchestrator.adapters.terraform.elsewhere import states_at_work
from orchestrator.adapters.terraform.planner import StackPlanner
from orchestrator.adapters.terraform.provider import SharedProviders
from orchestrator.adapters.terraform.runner import Runner
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import Workspaces, write_private
from orchestrator.commands.ports import TerraformSession
from orchestrator.config import EvaluatedUnit, LocalSource
from orchestrator.engine.ports import States
from orchestrator.errors import UsageError

PROVIDER_MODE = "PLATFORMCTL_PROVIDER"
"""Environment variable: "shared" for one provider process, "launch" for one per Terraform command."""

_LOCAL_PARALLELISM = 40
_AWS_PARALLELISM = 10


@dataclass(frozen=True, kw_only=True)
class ProjectTerraform:
    """Terraform for one deployment of a project.

    ``live``: the live folder, with the providers' lock file; ``environ``: the environment that Terraform's is made of;
    ``root``: the folder of the deployment's workspaces.
    """

    live: Path
    home: Path
    environ: Mapping[str, str] = field(repr=False)
    is_local: bool
    root: Path

    @cached_property
    def toolchain(self) -> Toolchain:
        return Toolchain(
            live=self.live,
            folder=self.home / "terraform",
            environ=self.environ,
            is_local=self.is_local,
            processes=Processes(records=self.home / "processes"),
        )

    @cached_property
    def modules(self) -> Modules:
        return Modules(self.home / "sources")

    def prepare(self) -> str:
        binary = self.toolchain.binary
        self.toolchain.install_provider()
        kind = "embedded Terraform" if binary.is_embedded else "Terraform"
        locked = ", ".join(f"{entry.source} {entry.version}" for entry in self.toolchain.locked)
        return f"{kind} {binary.version}, {locked or 'no provider locked'}"

    @contextmanager
    def open(self) -> Iterator[TerraformSession]:
        with self._providers() as providers:
            # Locally almost all time is waiting inside the provider; AWS throttles what asks too fast.
            parallelism = _LOCAL_PARALLELISM if self.is_local else _AWS_PARALLELISM
            workspaces = Workspaces(root=self.root)
            yield TerraformSession(
                planner=StackPlanner(
                    toolchain=self.toolchain,
                    modules=self.modules,
                    workspaces=workspaces,
                    providers=providers,
                    home=self.home,
                    parallelism=parallelism,
                ),
                runner=Runner(
                    toolchain=self.toolchain,
                    workspaces=workspaces,
                    modules=self.modules,
                    providers=providers,
                    parallelism=parallelism,
                ),
            )

    def at_work(self) -> tuple[Child, ...]:
        """No platformctl works on the deployment, for this one holds it."""
        records = self.toolchain.processes.records
        children = living(records) if records is not None else ()
        return tuple(child for child in children if self.root == child.folder or self.root in child.folder.parents)

    def states_at_work(self, bucket: str) -> tuple[str, ...]:
        return tuple(states_at_work(bucket))

    def resource_types(self, unit: EvaluatedUnit) -> frozenset[str] | None:
        return types_of_module(self.modules.compose(unit).files)

    def fingerprint(self, unit: EvaluatedUnit) -> str:
        return fingerprint(unit, self.modules.compose(unit))

    def states(self, direct: States) -> BackendStates:
        return BackendStates(
            direct=direct,
            toolchain=self.toolchain,
            modules=self.modules,
            workspaces=Workspaces(root=self.root),
            logs=self.home / "terraform",
        )

    def no_module(self) -> LocalSource:
        folder = self.home / "terraform" / "nothing"
        folder.mkdir(parents=True, exist_ok=True)
        write_private(folder / "nothing.tf", "# Units that are destroyed without their configuration run here.\n")
        return LocalSource(root=folder)

    def remove_workspaces(self) -> None:
        Workspaces(root=self.root).remove()

    @contextmanager
    def _providers(self) -> Iterator[SharedProviders | None]:
        """Start the shared provider processes of the run; None where every command launches its own."""
        mode = self.environ.get(PROVIDER_MODE) or ("shared" if self.is_local else "launch")
        if mode not in {"shared", "launch"}:
            raise UsageError(
                "Unknown provider mode",
                detail=f'{PROVIDER_MODE} is "{mode}".',
                hint='Set it to "shared" or "launch", or unset it.',
            )
        # With a CA bundle of one's own, the second configuration of a provider process fails (provider 5.100.0: "unable to
        # add custom RootCAs HTTPClient").
        if mode == "launch" or self.environ.get("AWS_CA_BUNDLE") or self.toolchain.provider is None:
            yield None
            return
        with SharedProviders(
            executable=self._provider_executable,
            environment=self.toolchain.environment,
            log=self.home / "terraform" / "provider.log",
        ) as providers:
            yield providers

    def _provider_executable(self) -> Path:
        executable = self.toolchain.install_provider()
        assert executable is not None
        return executable
