"""The live tree: terragrunt.hcl files to units, their order and their evaluated inputs.

``load_stack`` reads an environment. It gives a ``Stack``, whose units are evaluated one by one as the outputs of those
before them become known, or all at once with unknown outputs.
"""

from orchestrator.config.behaviour import Behaviour, Exclusion, Hook, HookKind
from orchestrator.config.composition import Composition, Tree, compose, declared_inputs, folder_in, text_of, walk
from orchestrator.config.discovery import (
    UNIT_FILES,
    environment_folder,
    environments,
    stack_files,
    unit_file,
    unit_folders,
    unit_name,
)
from orchestrator.config.generated import (
    EvaluatedUnit,
    GeneratedFile,
    IfExists,
    RemoteState,
    StateAddress,
    StateFile,
    backend_text,
    state_address,
)
from orchestrator.config.grammar import STACK_FILE
from orchestrator.config.interface import ModuleInterface, Variable, configuration_files, module_interface, parsed
from orchestrator.config.needs import remote_states, uses_aws
from orchestrator.config.outputs import module_name
from orchestrator.config.root_only import root_only_findings
from orchestrator.config.source import (
    ArchiveSource,
    GitSource,
    LocalSource,
    ModuleSource,
    RegistrySource,
    parse_source,
)
from orchestrator.config.stack import Stack, load_stack
from orchestrator.config.stack_generation import (
    Cleaning,
    GeneratedComponent,
    GeneratedStack,
    Generation,
    clean_stacks,
    generate_stacks,
)
from orchestrator.config.surroundings import ALLOW, NOTHING, Completed, Programs, Surroundings
from orchestrator.config.unit import UnitConfiguration

__all__ = [
    "ALLOW",
    "NOTHING",
    "STACK_FILE",
    "UNIT_FILES",
    "ArchiveSource",
    "Behaviour",
    "Cleaning",
    "Completed",
    "Composition",
    "EvaluatedUnit",
    "Exclusion",
    "GeneratedComponent",
    "GeneratedFile",
    "GeneratedStack",
    "Generation",
    "GitSource",
    "Hook",
    "HookKind",
    "IfExists",
    "LocalSource",
    "ModuleInterface",
    "ModuleSource",
    "Programs",
    "RegistrySource",
    "RemoteState",
    "Stack",
    "StateAddress",
    "StateFile",
    "Surroundings",
    "Tree",
    "UnitConfiguration",
    "Variable",
    "backend_text",
    "clean_stacks",
    "compose",
    "configuration_files",
    "declared_inputs",
    "environment_folder",
    "environments",
    "folder_in",
    "generate_stacks",
    "load_stack",
    "module_interface",
    "module_name",
    "parse_source",
    "parsed",
    "remote_states",
    "root_only_findings",
    "stack_files",
    "state_address",
    "text_of",
    "unit_file",
    "unit_folders",
    "unit_name",
    "uses_aws",
    "walk",
]
