"""The Service Authorization Reference: what each action knows of resources and condition keys, as AWS publishes it.

``authorization.json`` is an extract, written by ``.ci/service_authorization.py``. A service or an action that it lacks is
unknown: then nothing is derived from it, and nothing refused for it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("authorization.json")
_TAG_KEY = re.compile(r"\$\{|<")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A kind of resource of a service, such as "table"; ``arn`` has variables, such as ${TableName}."""

    name: str
    arn: str
    keys: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionEntry:
    """An action of the reference.

    ``resources`` are its resource types, each with whether it is required; without any, only "*" allows the action. Condition
    keys are in lower case and end in "/" where a tag's key follows. ``dependent`` are the actions that it may need as well.
    """

    name: str
    resources: tuple[tuple[ResourceType, bool], ...]
    keys: frozenset[str]
    dependent: frozenset[str]

    def knows(self, key: str) -> bool:
        """Return whether the action or one of its resource types has a condition key, given in lower case."""
        bare = f"{key.partition('/')[0]}/" if "/" in key else key
        return bare in self.keys or any(bare in kind.keys for kind, _ in self.resources)


def action_entry(action: str) -> ActionEntry | None:
    """Look an action ("s3:GetObject") up; None if the extract does not have it. IAM ignores the case of actions."""
    return _actions(action.partition(":")[0].lower()).get(action.lower())


def models_of(signing_name: str) -> tuple[str, ...]:
    """Return the names of botocore's models of a service, which is named as in signatures."""
    names: list[str] | None = _data()["signing_names"].get(signing_name)
    return tuple(names) if names else (signing_name,)


def prefix_of(signing_name: str) -> str:
    """Return a service's name in actions, which is mostly its name in signatures."""
    return str(_data()["prefixes"].get(signing_name, signing_name))


@cache
def _data() -> Any:
    return json.loads(_DATA.read_text(encoding="utf-8"))


@cache
def _actions(prefix: str) -> Mapping[str, ActionEntry]:
    service = _data()["services"].get(prefix, {"resources": {}, "actions": {}})
    kinds = {
        name: ResourceType(name=name, arn=one["arn"].replace("${Partition}", "aws"), keys=_keys(one["keys"]))
        for name, one in service["resources"].items()
    }
    return {
        f"{prefix}:{name}".lower(): ActionEntry(
            name=f"{prefix}:{name}",
            resources=tuple((kinds[kind], need) for kind, need in one.get("resources", {}).items() if kind in kinds),
            keys=_keys(one.get("keys", ())),
            dependent=frozenset(one.get("dependent", ())),
        )
        for name, one in service["actions"].items()
    }


def _keys(names: Any) -> frozenset[str]:
    """Normalize condition keys: in lower case, and "aws:requesttag/" for "aws:RequestTag/${TagKey}"."""
    return frozenset(_TAG_KEY.split(name.lower(), maxsplit=1)[0] for name in names)
