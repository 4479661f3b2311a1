"""One row of a sender to the fields of a trade."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from typing import Any

from market.sources.maps import (
    FILE,
    KEY,
    LINE,
    METADATA,
    ActionField,
    ConditionsField,
    Disposition,
    Layout,
    NumberField,
    TextField,
)
from market.sources.moments import to_nanoseconds
from market.sources.numbers import multiplied, parse_decimal
from market.trades import InvalidTradeError, Trade, parse_trade

_REMEMBERED = 16_384
"""Identifiers that are remembered to number the rows that share one."""
_SCALARS = (str, int, float, Decimal)


@dataclass(slots=True, kw_only=True)
class Mapper:
    """Maps the rows of one file, in order."""

    layout: Layout
    _counts: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def trade(self, row: Mapping[str, Any], context: Mapping[str, Any], *, line: int, latest: int) -> Trade | None:
        """Return the trade of a row, or None for a row that is none and is to be skipped.

        Args:
            row: by column.
            context: what the file's name, the metadata and the document around the row say, by reference.
            line: of the row in its file.
            latest: the latest timestamp that is accepted, in nanoseconds.

        Raises:
            InvalidTradeError: a field is missing or malformed.

        """
        layout, get = self.layout, _Values(row=row, context=context, line=line).get
        for name, allowed in layout.keep.items():
            if _text(get(name)) not in allowed:
                return None
        if layout.canonical:
            return self._parse(row, get, latest)
        action, revision = self._action(layout.action, get)
        if action is Disposition.SKIP:
            return None
        cancelled = action is Disposition.CANCEL
        fields: dict[str, Any] = {
            "symbol": self._required("symbol", layout.symbol, get),
            "price": self._number("price", layout.price, get, optional=cancelled),
            "size": self._number("size", layout.size, get, optional=cancelled),
            "action": action.value,
            "revision": revision,
        }
        trade_id = self._required("trade_id", layout.trade_id, get)
        for name, found in (("venue", layout.venue), ("sequence", layout.sequence)):
            if found is not None:
                fields[name] = _found_text(found, get)
        if layout.trade_id.count:
            trade_id = self._counted((fields["symbol"], fields.get("venue", ""), trade_id))
        fields["trade_id"] = trade_id
        if layout.conditions is not None:
            fields["conditions"] = _conditions(layout.conditions, get)
        if layout.side is not None:
            fields["side"] = layout.side.values.get(_text(_first(layout.side.references, get)))
        return self._parse(fields, get, latest)

    def _parse(self, fields: Mapping[str, Any], get: Callable[[str], Any], latest: int) -> Trade:
        layout = self.layout
        try:
            return parse_trade(
                fields,
                timestamp=self._timestamp(get),
                zone=layout.zone or UTC,
                latest=latest,
                negative_prices=layout.negative_prices,
            )
        except InvalidTradeError as error:
            price = parse_decimal(fields.get("price"))
            if price is None or price > 0 or layout.negative_prices:
                raise
            raise InvalidTradeError(
                f"{error}; a map with negative_prices = true allows it, such as generic-negative"
            ) from None

    def _action(self, rule: ActionField | None, get: Callable[[str], Any]) -> tuple[Disposition, int | None]:
        if rule is None:
            return Disposition.NEW, None
        value = _text(_first(rule.references, get))
        if value not in rule.values:
            raise InvalidTradeError(f"{_listed(rule.references)}: the map does not say what {value[:20]!r} means")
        return rule.values[value]

    def _required(self, name: str, field: TextField, get: Callable[[str], Any]) -> str:
        value = _found_text(field, get)
        if not value:
            raise InvalidTradeError(f"{name} missing: {_listed(field.references)} {_has(field.references)} no value")
        return value

    def _number(self, name: str, field: NumberField, get: Callable[[str], Any], *, optional: bool) -> Decimal | None:
        value = _first(field.references, get)
        if value is None and optional:
            return None
        if value is None:
            raise InvalidTradeError(f"{name} missing: {_listed(field.references)} {_has(field.references)} no value")
        if self.layout.decimal_comma and isinstance(value, str):
            value = value.replace(",", ".")
        number = parse_decimal(value)
        if number is None:
            raise InvalidTradeError(f"{name} must be a number")
        if field.scale is not None and not (field.whole_only and "." in str(value)):
            number = multiplied(number, field.scale)
        return number

    def _timestamp(self, get: Callable[[str], Any]) -> int:
        field = self.layout.timestamp
        value = _first(field.references, get)
        if value is None:
            raise InvalidTradeError(f"timestamp missing: {_listed(field.references)} {_has(field.references)} no value")
        day = _text(_first(field.date, get)) or None
        return to_nanoseconds(value, field.units, day=day, zone=self.layout.zone)

    def _counted(self, key: tuple[str, str, str]) -> str:
        """Number the rows that would have the same identifier: a source without identifiers keeps the order of its rows."""
        number = self._counts.pop(key, -1) + 1
        self._counts[key] = number
        if len(self._counts) > _REMEMBERED:
            # The oldest: rows of one moment stand close together.
            del self._counts[next(iter(self._counts))]
        # In the order of the platform, numbers stand before texts.
        return f"{key[-1]}:{number:04}" if number else key[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Values:
    row: Mapping[str, Any]
    context: Mapping[str, Any]
    line: int

    def get(self, reference: str) -> Any:
        if reference == LINE:
            return self.line
        return self.context.get(reference) if reference.startswith("@") else self.row.get(reference)


def _first(references: tuple[str, ...], get: Callable[[str], Any]) -> Any:
    for reference in references:
        value = get(reference)
        if value is not None and value != "":
            return value
    return None


def _found_text(field: TextField, get: Callable[[str], Any]) -> str:
    if field.value:
        return field.value
    if field.join is None:
        value = _text(_first(field.references, get))
    else:
        value = field.join.join(text for name in field.references if (text := _text(get(name))))
    if field.match is not None:
        found = field.match.search(value)
        value = (found.group(1) or "") if found else ""
    for old, new in field.replace.items():
        value = value.replace(old, new)
    if field.upper:
        value = value.upper()
    return f"{field.prefix}{value}" if value else ""


def _conditions(field: ConditionsField, get: Callable[[str], Any]) -> list[str]:
    value = _first(field.references, get)
    if isinstance(value, list):
        found = [_text(item) for item in value]
    elif field.separator:
        found = [part.strip() for part in _text(value).split(field.separator)]
    else:
        found = [character for character in _text(value) if not character.isspace()]
    names = field.values
    if field.tape:
        names = field.tapes.get(_text(_first(field.tape, get)), names)
    return [names.get(item, item) for item in found if item]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, _SCALARS) else ""


def _listed(references: tuple[str, ...]) -> str:
    return " and ".join(describe(reference) for reference in references)


def _has(references: tuple[str, ...]) -> str:
    return "has" if len(references) == 1 else "have"


def describe(reference: str) -> str:
    """Name a reference for a sender."""
    if reference.startswith(FILE):
        return f"the file's name ({reference.removeprefix(FILE)})"
    if reference.startswith(METADATA):
        return f"the metadata {reference.removeprefix(METADATA)}"
    return "the key above the rows" if reference == KEY else reference
