"""What moto gets wrong under the Terraform AWS provider 5.100.0: a file per service, and a table of all patches.

Importing this package does not import moto, which takes two seconds; ``patches()`` does.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from orchestrator.local_cloud.patches.registry import Functions, NoFunctions, Patch


@cache
def patches() -> tuple[Patch, ...]:
    """Load every patch of the modules in this folder, and with them the services of moto."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return tuple(found for module in modules for found in vars(module).values() if isinstance(found, Patch))


@cache
def apply_patches(functions: Functions | None = None) -> None:
    """Apply every patch, once in the life of the process, before the first request.

    Services call each other inside moto (DynamoDB makes a key in KMS), so no patch can wait for its service's first request.

    Args:
        functions: runs functions for moto; without it events for functions are dropped and invocations are refused.

    Raises:
        LocalCloudError: moto no longer has what a patch replaces.

    """
    for patch in patches():
        patch.apply(functions or NoFunctions())
