"""Limits that AWS documents beyond its service models: a rule each, checked before moto sees the request."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from orchestrator.local_cloud.limits.registry import Limit


@cache
def limits() -> tuple[Limit, ...]:
    """Load every rule of the modules in this folder."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return tuple(found for module in modules for found in vars(module).values() if isinstance(found, Limit))
