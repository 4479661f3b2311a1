"""A live tree whose states are local files, planned and applied by the real Terraform as the commands do it."""

import shutil
from pathlib import Path

from orchestrator.adapters.aws.states import parse_state
from orchestrator.adapters.modules import Modules
from orchestrator.adapters.processes import Processes
from orchestrator.adapters.terraform.planner import StackPlanner
from orchestrator.adapters.terraform.runner import Runner
from orchestrator.adapters.terraform.toolchain import Toolchain
from orchestrator.adapters.workspaces import Workspaces
from orchestrator.engine.operations import Outputs, UnitWork
from orchestrator.engine.plan import Approval
from orchestrator.hcl import load_json
from orchestrator.hcl.values import unmark
from tests.fakes.live_tree import LiveTree


class LocalStates:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str) -> Path:
        return self.folder / f"{Path(name).name}.tfstate"

    def read(self, unit):
        file = self.file(unit.name)
        return parse_state(load_json(file.read_bytes())) if file.is_file() else None

    def remove(self, unit):
        self.file(unit.name).unlink()


class LocalStack:
    """A live tree whose states are local files; plans and applies like the commands do."""

    def __init__(self, folder: Path) -> None:
        self.tree = LiveTree(folder / "project")
        self.states = LocalStates(folder / "states")
        self.folder = folder
        root = f"""
            remote_state {{
              backend  = "local"
              generate = {{
                path      = "backend.tf"
                if_exists = "overwrite"
              }}
              config = {{ path = "{self.states.folder}/${{basename(get_terragrunt_dir())}}.tfstate" }}
            }}
        """
        self.tree.write({"live/root.hcl": root})
        (folder / "terraform.rc").write_text("")
        environ = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "TF_CLI_CONFIG_FILE": str(folder / "terraform.rc"),
        }
        which = Path(shutil.which("terraform"))
        environ["PATH"] = f"{which.parent}:{environ['PATH']}"
        self.toolchain = Toolchain(
            live=self.tree.root / "live",
            folder=folder / "terraform",
            environ=environ,
            processes=Processes(records=folder / "records"),
        )
        self.modules = Modules(folder / "sources")
        self.workspaces = Workspaces(root=folder / "work")

    def unit(self, name: str, module: str, unit: str = "", **files: str) -> "LocalStack":
        """Write a unit and its module; ``files`` go beside the unit."""
        self.tree.write({f"modules/{name}/main.tf": module})
        self.tree.unit(name, unit)
        return self.write({f"live/dev/{name}/{file.replace('__', '.')}": text for file, text in files.items()})

    def write(self, files: dict[str, str]) -> "LocalStack":
        self.tree.write(files)
        return self

    def runner(self) -> Runner:
        return Runner(
            toolchain=self.toolchain, workspaces=self.workspaces, modules=self.modules, providers=None, parallelism=10
        )

    def outputs(self) -> Outputs:
        return Outputs(stack=self.tree.load(), states=self.states)

    def plan(self):
        outputs = self.outputs()
        names = outputs.stack.graph.order()
        units = [outputs.stack.units[name].evaluate({}) for name in names]
        planner = StackPlanner(
            toolchain=self.toolchain,
            modules=self.modules,
            workspaces=self.workspaces,
            providers=None,
            home=self.folder / "home",
            parallelism=10,
        )
        states = {name: state.document for name in names if (state := outputs.state(name))}
        return planner.plan(units, states)

    def apply(self, plan):
        """Apply unit by unit what was planned; return the outcomes by unit."""
        outputs = self.outputs()
        work = UnitWork(outputs=outputs, terraform=self.runner(), logs=self.folder / "logs", approval=Approval.of(plan))
        return {
            name: work.up(name, lambda _progress: None)
            for name in outputs.stack.graph.order()
            if plan.touches(name) or outputs.state(name) is None
        }

    def destroy(self, name: str):
        """Destroy what is applied of a unit; return the outcome."""
        work = UnitWork(outputs=self.outputs(), terraform=self.runner(), logs=self.folder / "logs")
        return work.destroy(name, lambda _progress: None)

    def values(self, name: str):
        return {output: unmark(value) for output, value in self.outputs().state(name).outputs.items()}

    def up(self):
        """Plan and apply; what was planned is applied, and afterwards nothing is left to do."""
        plan = self.plan()
        outcomes = self.apply(plan)
        assert {name: outcome.error for name, outcome in outcomes.items() if outcome.error} == {}
        done = {name: outcome.changes for name, outcome in outcomes.items()}
        assert done == {name: plan.changes(name) for name in done}
        again = self.plan()
        assert (again.units, again.outputs) == (dict.fromkeys(again.units, ()), frozenset())
        return plan
