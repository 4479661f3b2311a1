"""Policy documents as frozen statements.

Source: IAM User Guide, "IAM JSON policy elements reference". The same form serves identity policies, boundaries, session policies, and the policies
of resources, endpoints and roles (trust).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from orchestrator.local_cloud.iam.conditions import Condition, parse_conditions
from orchestrator.local_cloud.iam.patterns import (
    Context,
    UnknownVariable,
    matches,
    matches_arn,
    substituted,
)

Effect = Literal["Allow", "Deny"]
_WITH_VARIABLES = "2012-10-17"


class PolicyError(ValueError):
    """A document that IAM would not have accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Principals of a statement by kind.

    Attributes:
        aws: ARNs, account ids, and "*".
        services: "lambda.amazonaws.com".
        federated: identity providers.

    """

    aws: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement.

    Attributes:
        sid: empty when the document gives none.
        effect: what it does where it applies.
        actions: patterns in lower case; IAM does not tell the cases of actions apart.
        except_actions: whether the actions are those to which it does not apply (NotAction).
        resources: patterns of ARNs; None where the document has no such element (trust policies).
        except_resources: NotResource.
        principals: None in policies of identities.
        except_principals: NotPrincipal.
        conditions: all must hold.
        variables: whether ``${...}`` is a policy variable.

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
        """Whether action, resource and conditions of a request are among the statement's; principals are not looked at.

        Args:
            action: "s3:GetObject".
            resource: an ARN, or "*" where the action knows no resources.
            context: the condition keys of the request.

        """
        lowered = action.lower()
        if any(matches(pattern, lowered) for pattern in self.actions) == self.except_actions:
            return False
        if self.resources is not None and self._names(resource, context) == self.except_resources:
            return False
        return all(condition.holds(context, variables=self.variables) for condition in self.conditions)

    def _names(self, resource: str, context: Context) -> bool:
        for pattern in self.resources or ():
            try:
                known = substituted(pattern, context, as_pattern=True) if self.variables else pattern
            except UnknownVariable:
                continue
            if matches_arn(known, resource):
                return True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A document with the name under which a person would look for it."""

    name: str
    statements: tuple[Statement, ...]


@lru_cache(maxsize=1024)
def parse(name: str, document: str) -> Policy:
    """Reads a document.

    Args:
        name: of the policy, or what it is the policy of ("bucket raw-data").
        document: JSON.

    Raises:
        PolicyError: no JSON, or an element that IAM does not have.

    """
    try:
        loaded = json.loads(document)
        version = loaded.get("Version", "2008-10-17")
        statements = loaded["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        return Policy(
            name=name,
            statements=tuple(_statement(one, variables=version == _WITH_VARIABLES) for one in listed),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"The document of {name} is no policy: {type(error).__name__}: {error}.") from error


def _statement(given: Mapping[str, Any], *, variables: bool) -> Statement:
    if given["Effect"] not in ("Allow", "Deny"):
        raise PolicyError(f"Effect is {given['Effect']}; it must be Allow or Deny")
    except_actions = "NotAction" in given
    except_resources = "NotResource" in given
    except_principals = "NotPrincipal" in given
    resources = given.get("NotResource" if except_resources else "Resource")
    principals = given.get("NotPrincipal" if except_principals else "Principal")
    return Statement(
        sid=given.get("Sid", ""),
        effect=given["Effect"],
        actions=tuple(item.lower() for item in _listed(given["NotAction" if except_actions else "Action"])),
        except_actions=except_actions,
        resources=None if resources is None else _listed(resources),
        except_resources=except_resources,
        principals=None if principals is None else _names(principals),
        except_principals=except_principals,
        conditions=parse_conditions(given.get("Condition") or {}),
        variables=variables,
    )


def _names(principal: Any) -> Names:
    if principal == "*":
        return Names(aws=("*",), services=("*",), federated=("*",))
    return Names(
        aws=_listed(principal.get("AWS", [])),
        services=_listed(principal.get("Service", [])),
        federated=_listed(principal.get("Federated", [])),
    )


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)
