"""Policy documents as frozen statements.

Source: IAM User Guide, "IAM JSON policy elements reference". One form serves the policies of identities, boundaries,
sessions, resources, endpoints and roles (trust).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from orchestrator.local_cloud.iam.conditions import Condition, parse_conditions
from orchestrator.local_cloud.iam.patterns import Context, UnknownVariable, matches, matches_resource, substituted

Effect = Literal["Allow", "Deny"]
_WITH_VARIABLES = "2012-10-17"


class PolicyError(ValueError):
    """A document that IAM would not have accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Principals of a statement: ARNs, account ids and "*"; services ("lambda.amazonaws.com")."""

    aws: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement; ``except_...`` marks NotAction, NotResource and NotPrincipal.

    Actions are patterns in lower case: IAM ignores their case. Trust policies have no resources, policies of identities
    no principals. ``variables`` is false for policies in which ``${...}`` is plain text.
    """

    sid: str
    effect: Effect
    actions: tuple[str, ...]
    except_actions: bool = False
    resources: tuple[str, ...] | None = None
    except_resources: bool = False
    principals: Names | None = None
    except_principals: bool = False
    conditions: tuple[Condition, ...] = ()
    variables: bool = True

    def covers(self, action: str, resource: str, context: Context) -> bool:
        """Return whether a request's action, resource and conditions match; principals are ignored."""
        lowered = action.lower()
        if any(matches(pattern, lowered) for pattern in self.actions) == self.except_actions:
            return False
        if self.resources is not None and self._names(resource, context) == self.except_resources:
            return False
        return all(condition.holds(context, variables=self.variables) for condition in self.conditions)

    @property
    def names_in_condition(self) -> bool:
        """Whether the statement is for everyone, and a condition on aws:PrincipalArn says for whom."""
        return any(one.key == "aws:principalarn" and not one.negated and one.test for one in self.conditions)

    def _names(self, resource: str, context: Context) -> bool:
        for pattern in self.resources or ():
            try:
                known = substituted(pattern, context, as_pattern=True) if self.variables else pattern
            except UnknownVariable:
                continue
            if matches_resource(known, resource):
                return True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A document with the name that people know it by."""

    name: str
    statements: tuple[Statement, ...]


@lru_cache(maxsize=1024)
def parse(name: str, document: str) -> Policy:
    """Parse the JSON document of a policy with that name, or raise PolicyError."""
    try:
        loaded = json.loads(document)
        version = loaded.get("Version", "2008-10-17")
        statements = loaded["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        return Policy(
            name=name,
            statements=tuple(_statement(one, variables=version == _WITH_VARIABLES) for one in listed),
        )
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise PolicyError(f"The document of {name} is no policy: {type(error).__name__}: {error}.") from error


def _statement(given: Mapping[str, Any], *, variables: bool) -> Statement:
    if given["Effect"] not in ("Allow", "Deny"):
        raise PolicyError(f"Effect is {given['Effect']}; it must be Allow or Deny")
    resources = given.get("Resource", given.get("NotResource"))
    principals = given.get("Principal", given.get("NotPrincipal"))
    return Statement(
        sid=given.get("Sid", ""),
        effect=given["Effect"],
        actions=tuple(item.lower() for item in _listed(given["NotAction" if "NotAction" in given else "Action"])),
        except_actions="NotAction" in given,
        resources=None if resources is None else _listed(resources),
        except_resources="NotResource" in given,
        principals=None if principals is None else _names(principals),
        except_principals="NotPrincipal" in given,
        conditions=parse_conditions(given.get("Condition") or {}),
        variables=variables,
    )


def _names(principal: Any) -> Names:
    if principal == "*":
        return Names(aws=("*",), services=("*",))
    aws, services = _listed(principal.get("AWS", [])), _listed(principal.get("Service", []))
    # {"AWS": "*"} is everyone, as "*" is.
    return Names(aws=aws, services=(*services, "*") if "*" in aws else services)


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)
