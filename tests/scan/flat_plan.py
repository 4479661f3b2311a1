"""A plan as checkov can judge it: one flat module, with every reference led to the very resources that it means.

Checkov reads the JSON of a plan module by module. It follows no reference out of a module, takes all resources that are called "this" for one
another, and sees nothing where a value is known only after the apply. A key in module kms that encrypts a table in module dynamodb is
such a value: the table looks unencrypted. So before checkov sees the plan

- every resource gets a name of its own, in a single module;
- references are followed through variables, module calls and outputs;
- a value that is configured, and known only after the apply, becomes the address of what it comes from. What is not configured stays absent:
  a default that AWS chooses proves nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

UNKNOWN = "known-after-apply"
_MODULES = re.compile(r"^(?:module\.[\w-]+(?:\[[^\]]*\])?\.)+")
_INDEX = re.compile(r"\[(\"[^\"]*\"|\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One planned resource."""

    module: str
    type: str
    name: str
    index: str
    address: str
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]
    expressions: Mapping[str, Any]
    for_each: Mapping[str, Any]

    @property
    def flat_name(self) -> str:
        return re.sub(r"[^A-Za-z0-9_-]+", "_", self.address).strip("_")


@dataclass(frozen=True, kw_only=True)
class FlatPlan:
    """A plan, and its flat form.

    Attributes:
        document: what checkov reads.
        addresses: the resources' own addresses by those in the document.

    """

    document: Mapping[str, Any]
    addresses: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The JSON of a plan, indexed."""

    raw: Mapping[str, Any]
    resources: tuple[Instance, ...] = ()
    # Policy documents that are put together during the apply, because they hold what is not known before.
    documents: tuple[Instance, ...] = ()
    by_name: dict[tuple[str, str, str], list[Instance]] = field(default_factory=dict)

    @property
    def root(self) -> Mapping[str, Any]:
        configuration: Mapping[str, Any] = self.raw["configuration"]["root_module"]
        return configuration

    def call(self, path: str) -> Mapping[str, Any]:
        """The call of a module by its path; nothing for the root module."""
        found: Mapping[str, Any] = {"module": self.root}
        for name in path.split(".") if path else ():
            found = found["module"].get("module_calls", {}).get(name, {"module": {}})
        return found if path else {}


def read(raw: Mapping[str, Any]) -> Plan:
    """Index the JSON that ``terraform show -json`` writes of a plan."""
    configured = dict(_configured_in("", raw["configuration"]["root_module"]))
    made = []
    for change in raw["resource_changes"]:
        match = _MODULES.match(change["address"])
        module = ".".join(_INDEX.sub("", match[0]).split(".")[1::2]) if match else ""
        kind = "data." if change["mode"] == "data" else ""
        block = configured[module, f"{kind}{change['type']}.{change['name']}"]
        made.append(
            Instance(
                module=module,
                type=kind + change["type"],
                name=change["name"],
                index=str(change.get("index", "")),
                address=change["address"],
                values=change["change"]["after"] or {},
                unknown=change["change"]["after_unknown"] or {},
                expressions=block.get("expressions", {}),
                for_each=block.get("for_each_expression", {}),
            )
        )
    by_name: dict[tuple[str, str, str], list[Instance]] = {}
    for item in made:
        by_name.setdefault((item.module, item.type, item.name), []).append(item)
    return Plan(
        raw=raw,
        resources=tuple(item for item in made if not item.type.startswith("data.")),
        documents=tuple(item for item in made if item.type == "data.aws_iam_policy_document"),
        by_name=by_name,
    )


def _configured_in(path: str, module: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """The resources of a module and of those that it calls, by the module's path ("config.buckets") and address."""
    yield from (((path, item["address"]), item) for item in module.get("resources", ()))
    for name, call in module.get("module_calls", {}).items():
        yield from _configured_in(_below(path, name), call["module"])


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def flatten(plan: Plan) -> FlatPlan:
    """The plan as one module."""
    resources, configuration, changes = [], [], []
    for item in plan.resources:
        address = _flat_address(item)
        about = {"address": address, "mode": "managed", "type": item.type, "name": item.flat_name}
        values = _complete(plan, item, item.values, item.unknown, item.expressions)
        resources.append(about | {"values": values})
        configuration.append(about | {"expressions": _led(plan, item, item.expressions)})
        changes.append(
            about | {"change": {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}}
        )
    document = {key: plan.raw[key] for key in ("format_version", "terraform_version") if key in plan.raw} | {
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configuration}},
    }
    return FlatPlan(document=document, addresses={_flat_address(item): item.address for item in plan.resources})


def _flat_address(item: Instance) -> str:
    return f"{item.type}.{item.flat_name}"


def _led(plan: Plan, item: Instance, expressions: Any) -> Any:
    """The expressions with references that name resources of the flat plan."""
    if isinstance(expressions, list):
        return [_led(plan, item, part) for part in expressions]
    if not isinstance(expressions, dict):
        return expressions
    if "references" in expressions:
        return {"references": [_written(found, attribute) for found, attribute in sources(plan, item, expressions)]}
    return {key: _led(plan, item, part) for key, part in expressions.items()}


def _written(item: Instance, attribute: str) -> str:
    return f"{_flat_address(item)}.{attribute}" if attribute else _flat_address(item)


def sources(plan: Plan, item: Instance, expression: Mapping[str, Any]) -> list[tuple[Instance, str]]:
    """The instances that an expression of the item refers to, each with the attribute that is read."""
    found = dict.fromkeys(_follow(plan, item.module, _longest(expression.get("references", ())), item, item.index))
    return [(plan.by_name[key][position], attribute) for key, position, attribute in found]


_Found = tuple[tuple[str, str, str], int, str]


def _follow(plan: Plan, module: str, references: Sequence[str], item: Instance, index: str) -> Iterator[_Found]:
    for reference in references:
        key = _INDEX.search(reference)
        wanted = key[1].strip('"') if key else index
        head, *rest = _INDEX.sub("", reference).split(".")
        call = plan.call(_below(module, rest[0]) if head == "module" else module)
        if head == "each" and item.module == module:
            yield from _follow(
                plan,
                module,
                [r for r in _longest(item.for_each.get("references", ())) if not r.startswith("each.")],
                item,
                wanted,
            )
        elif head == "var" and module:
            inner = call.get("expressions", {}).get(rest[0], {})
            yield from _follow(plan, module.rpartition(".")[0], _longest(list(_all_references(inner))), item, wanted)
        elif head == "module" and len(rest) > 1:
            output = call["module"].get("outputs", {}).get(rest[1], {}).get("expression", {})
            yield from _follow(plan, _below(module, rest[0]), _longest(list(_all_references(output))), item, wanted)
        else:
            name = ("data." + rest[0], rest[1]) if head == "data" else (head, rest[0] if rest else "")
            candidates = plan.by_name.get((module, *name), [])
            attribute = ".".join(rest[2:] if head == "data" else rest[1:])
            exact = [at for at, candidate in enumerate(candidates) if candidate.index == wanted]
            for at in exact or range(len(candidates)):
                yield (module, *name), at, attribute


def _all_references(expression: Any) -> Iterator[str]:
    """References anywhere in an expression: an argument of a module call may be an object of several."""
    if isinstance(expression, dict):
        yield from expression.get("references", ())
        for key, part in expression.items():
            if key not in ("references", "constant_value"):
                yield from _all_references(part)
    elif isinstance(expression, list):
        for part in expression:
            yield from _all_references(part)


def _longest(references: Sequence[str]) -> list[str]:
    """Terraform writes a.b.c, then a.b, for one reference; the first says all."""
    return [
        one
        for one in references
        if not any(other != one and other.startswith((f"{one}.", f"{one}[")) for other in references)
    ]


def _complete(plan: Plan, item: Instance, values: Any, unknown: Any, expressions: Any) -> Any:
    """The values, with the configured ones that are not known yet filled in."""
    if unknown is True:
        return _stand_in(plan, item, expressions)
    if isinstance(unknown, list):
        given = values if isinstance(values, list) else []
        blocks = expressions if isinstance(expressions, list) else []
        return [
            _complete(
                plan,
                item,
                given[at] if at < len(given) else None,
                part,
                # One block of a dynamic one stands for all of its blocks.
                (blocks[at] if at < len(blocks) else blocks[-1]) if blocks else expressions,
            )
            for at, part in enumerate(unknown)
        ] or values
    if isinstance(unknown, dict) and isinstance(values, dict):
        completed = dict(values)
        for key, part in unknown.items():
            expression = expressions.get(key) if isinstance(expressions, dict) else None
            if expression or part is not True:
                completed[key] = _complete(plan, item, values.get(key), part, expression or {})
        return completed
    return values


def _stand_in(plan: Plan, item: Instance, expression: Any) -> str:
    references = {"references": list(_all_references(expression))}
    for source, attribute in sources(plan, item, references):
        if source in plan.documents:
            return json.dumps(policy_document(source))
        return _written(source, attribute)
    return UNKNOWN


def policy_document(item: Instance) -> dict[str, Any]:
    """The policy that a data source will render, as far as it is known; the rest reads ``UNKNOWN``.

    Where not even the number of its statements is known (a dynamic one depends on a value to come), those that are written out stand for it.
    """
    given, unknown = item.values.get("statement") or (), item.unknown.get("statement") or ()
    if unknown is True:
        given = [_configured(block) for block in item.expressions.get("statement", ())]
        unknown = [{}] * len(given)
    statements = [_statement(known, more) for known, more in zip(given, unknown, strict=True)]
    for key in ("source_policy_documents", "override_policy_documents"):
        for text in item.values.get(key) or ():
            statements.extend(json.loads(text)["Statement"] if text else ())
    return {"Version": "2012-10-17", "Statement": statements}


def _configured(expression: Any) -> Any:
    """What an expression says by itself: constants, and ``UNKNOWN`` for the rest."""
    if isinstance(expression, list):
        return [_configured(part) for part in expression]
    if "constant_value" in expression:
        return expression["constant_value"]
    if "references" in expression:
        return [UNKNOWN]
    return {key: _configured(part) for key, part in expression.items()}


def _statement(known: Mapping[str, Any], unknown: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": known.get("sid") or "", "Effect": known.get("effect") or "Allow"}
    lists = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
    for key, title in lists.items():
        filled = _filled(known.get(key), unknown.get(key))
        if filled:
            statement[title] = filled
    for key, title in {"principals": "Principal", "not_principals": "NotPrincipal"}.items():
        principals = {
            part["type"]: _filled(part["identifiers"], more.get("identifiers"))
            for part, more in _pairs(key, known, unknown)
        }
        if principals:
            statement[title] = "*" if "*" in principals else principals
    conditions: dict[str, dict[str, Any]] = {}
    for part, more in _pairs("condition", known, unknown):
        conditions.setdefault(part["test"], {})[part["variable"]] = _filled(part.get("values"), more.get("values"))
    return statement | ({"Condition": conditions} if conditions else {})


def _pairs(key: str, known: Mapping[str, Any], unknown: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    return zip_longest(known.get(key) or (), unknown.get(key) or (), fillvalue={})


def _filled(known: Any, unknown: Any) -> list[str]:
    if unknown is True:
        return [UNKNOWN]
    return [UNKNOWN if value is None else value for value in known or ()]
