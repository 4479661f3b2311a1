"""Typed access to settings: strings, booleans, lists of strings and objects, with one kind of error message."""

from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from orchestrator.config.contents import Section, Setting
from orchestrator.diagnostics import ConfigurationError, did_you_mean, failure
from orchestrator.hcl.functions.conversion import type_name
from orchestrator.hcl.values import SetValue, Unknown, Value, is_wholly_known, unmark

_Choice = TypeVar("_Choice", bound=StrEnum)


def text(section: Section, name: str, default: str = "") -> str:
    """Return the attribute as text, converted as HCL does; the default when it is not set, or null."""
    setting = section.get(name)
    if setting is None:
        return default
    value = _known(name, setting)
    if value is None:
        return default
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | Decimal):
        raise wrong_type(name, setting, "a string")
    return str(value)


def boolean(section: Section, name: str, *, default: bool) -> bool:
    """Return the attribute as a truth value, converted as HCL does; null counts as not set."""
    setting = section.get(name)
    if setting is None:
        return default
    value = _known(name, setting)
    if value is None:
        return default
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise wrong_type(name, setting, "true or false")
    return value


def whole(section: Section, name: str, default: int) -> int:
    """Return the attribute as a whole number of 0 or more; the default when it is not set, or null."""
    setting = section.get(name)
    value = _known(name, setting) if setting is not None else None
    if setting is None or value is None:
        return default
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0 or value != int(value):
        raise wrong_type(name, setting, "a whole number")
    return int(value)


def strings(section: Section, name: str) -> tuple[str, ...]:
    """Return the attribute as a list of text; empty when it is not set."""
    setting = section.get(name)
    if setting is None:
        return ()
    value = _known(name, setting)
    if value is None:
        return ()
    elements = list(value) if isinstance(value, list | SetValue) else None
    if elements is None or not all(isinstance(element, str) for element in elements):
        raise wrong_type(name, setting, "a list of strings")
    return tuple(str(element) for element in elements)


def choice(section: Section, name: str, default: _Choice) -> _Choice:
    """Return the attribute as one of the members of an enumeration."""
    known = [member.value for member in type(default)]
    found = text(section, name, default.value)
    if found not in known:
        raise failure(
            section[name].range,
            "Value is not one of those allowed",
            f'{name} cannot be "{found}".',
            did_you_mean(found, known) or f"Write one of {', '.join(known)}.",
        )
    return type(default)(found)


def mapping(name: str, setting: Setting) -> dict[str, Value]:
    """Return the setting as an object, whose values may be unknown or secret."""
    value = setting.value
    if isinstance(value, Unknown):
        raise not_known(name, setting)
    if not isinstance(value, dict):
        raise wrong_type(name, setting, "an object")
    return value


def wrong_type(name: str, setting: Setting, wanted: str) -> ConfigurationError:
    """Return the error for a value of another type."""
    return failure(
        setting.range, "Value has the wrong type", f"{name} must be {wanted}, not {_kind(unmark(setting.value))}."
    )


def not_known(name: str, setting: Setting) -> ConfigurationError:
    """Return the error for a value that depends on outputs where it cannot."""
    return failure(
        setting.range,
        "Value must be known beforehand",
        f"{name} depends on outputs that are known only after apply.",
        "Only the values of inputs and the contents of generated files may depend on outputs.",
    )


def _known(name: str, setting: Setting) -> Value:
    if not is_wholly_known(setting.value):
        raise not_known(name, setting)
    return unmark(setting.value)


_KINDS = {
    "null": "null",
    "bool": "a boolean",
    "string": "a string",
    "tuple": "a list",
    "set": "a set",
    "object": "an object",
}


def _kind(value: Value) -> str:
    if isinstance(value, Unknown):
        return "a value that is known only after apply"
    return _KINDS.get(type_name(value), "a number")
