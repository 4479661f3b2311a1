"""Bars and volatilities calculated with pandas and Decimal, without any code of the functions, and tapes to calculate them for.

A message is a row of the platform's own CSV: text by column. docs/market-data.md has the definitions.
"""

import random
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal, localcontext

import numpy as np
import pandas as pd

Message = Mapping[str, str]
FIXED = {"1m": "1min", "5m": "5min", "15m": "15min", "30m": "30min", "1h": "1h", "1d": "1D"}
# Without a venue, the moment as well.
IDENTITY = ["symbol", "venue", "trading_date", "trade_id", "moment_without_venue"]
DEFAULT_REVISION = {"new": 0, "correct": 1, "cancel": 2}
# What the consolidated tape's rules let these conditions set: high and low; open and close, or only if nothing else does; volume.
RULES = {
    "": ("yes", "yes", "yes"),
    "intermarket-sweep": ("yes", "yes", "yes"),
    "odd-lot": ("no", "no", "yes"),
    "extended-hours": ("no", "no", "yes"),
    "sold-out-of-sequence": ("yes", "if only", "yes"),
    "derivatively-priced": ("yes", "if only", "yes"),
    "official-close": ("no", "no", "no"),
    "corrected-consolidated-close": ("yes", "yes", "no"),
    "of-a-venue-we-never-heard-of": ("yes", "yes", "yes"),
}


def tape(seed: int, count: int) -> list[Message]:
    """Generate messages around the weekend on which New York's clocks change, repeated, conflicting, corrected and cancelled ones included.

    Ids begin again for every venue and trading date, timestamps are shared, and some differ by nanoseconds only.
    """
    chance = random.Random(seed)
    first = pd.Timestamp("2026-03-07T20:00Z").value
    moments = [first + chance.randrange(60 * 3600 * 10**9) for _ in range(count // 3)]
    moments += [moment + chance.randrange(-900, 900) for moment in moments]
    moments += [moment // 60_000_000_000 * 60_000_000_000 - chance.randrange(2) for moment in moments]
    messages: list[dict[str, str]] = []
    for _ in range(count):
        moment = pd.Timestamp(chance.choice(moments), unit="ns", tz="UTC")
        message = {
            "symbol": chance.choice(["AAPL", "EUR/USD", "1000SHIBUSDT"]),
            "venue": chance.choice(["", "XNAS", "ARCX"]),
            "trading_date": str(moment.tz_convert("America/New_York").date()),
            "trade_id": chance.choice(
                [str(chance.randrange(1, 40)), f"{chance.randrange(30):05}", f"T{chance.randrange(30)}"]
            ),
            "timestamp": moment.isoformat().replace("+00:00", "Z"),
            "sequence": chance.choice(["", str(chance.randrange(4))]),
            "price": str(Decimal(chance.randrange(1, 10**6)).scaleb(-chance.choice([0, 2, 8, 18]))),
            "size": str(Decimal(chance.randrange(1, 10**6)).scaleb(-chance.choice([0, 3, 18]))),
            "conditions": chance.choice(["", "", "", *RULES, "odd-lot intermarket-sweep"]),
            "side": chance.choice(["", "buy", "sell"]),
            "action": "new",
            "revision": "",
        }
        messages.append(message)
        if chance.random() < 0.2:
            again = {
                **message,
                "action": chance.choice(["new", "correct", "cancel"]),
                "revision": chance.choice(["", "1", "2", "7"]),
            }
            if chance.random() < 0.5:
                again |= {"price": str(chance.randrange(1, 500)), "conditions": ""}
            if chance.random() < 0.2:
                later = moment + pd.Timedelta(chance.randrange(7200), "s")
                again["timestamp"] = later.isoformat().replace("+00:00", "Z")
            messages.append(again)
        if chance.random() < 0.2:
            messages.append(message)
    return messages


def bars_and_volatilities(
    messages: Iterable[Message], zone: str
) -> tuple[
    dict[tuple[str, str, pd.Timestamp], tuple[object, ...]], dict[tuple[str, str, pd.Timestamp], tuple[float, int]]
]:
    """Return bars (open, high, low, close, volume, value, trades) and volatilities (realised, returns) by symbol, interval and start."""
    trades = _that_count(pd.DataFrame(list(messages), dtype=object))
    bars: dict[tuple[str, str, pd.Timestamp], tuple[object, ...]] = {}
    volatilities: dict[tuple[str, str, pd.Timestamp], tuple[float, int]] = {}
    for symbol, of_symbol in trades.groupby("symbol"):
        minutes = {}
        for interval in (*FIXED, "session"):
            for start, group in of_symbol.groupby(_starts(of_symbol["moment"], interval, zone)):
                bar = bars[str(symbol), interval, start] = _bar(group)
                if interval == "1m" and bar[3] is not None:
                    minutes[start] = float(bar[3])
        closes = pd.Series(minutes, dtype=float).sort_index()
        steps = np.log(closes / closes.shift()).dropna()
        for interval in ("1h", "1d", "session") if len(steps) else ():
            for start, group in steps.groupby(_starts(steps.index.to_series(), interval, zone)):
                volatilities[str(symbol), interval, start] = (float(np.sqrt((group**2).sum())), len(group))
    return bars, volatilities


def _starts(moments: "pd.Series[pd.Timestamp]", interval: str, zone: str) -> "pd.Series[pd.Timestamp]":
    if interval == "session":
        return moments.dt.tz_convert(zone).dt.normalize().dt.tz_convert("UTC")
    return moments.dt.floor(FIXED[interval])


def _that_count(messages: pd.DataFrame) -> pd.DataFrame:
    """Return the trades after corrections and cancellations, in order, with the columns moment, high_low, last and volume."""
    frame = messages.assign(
        moment=[pd.Timestamp(text) for text in messages["timestamp"]],
        price=messages["price"].map(Decimal),
        size=messages["size"].map(Decimal),
        sequence=[int(text) if text else -1 for text in messages["sequence"]],
        moment_without_venue=[
            "" if venue else str(pd.Timestamp(text).value)
            for venue, text in zip(messages["venue"], messages["timestamp"], strict=True)
        ],
        rank=messages["action"].map(["new", "correct", "cancel"].index),
        revision=[
            int(r) if r else DEFAULT_REVISION[a] for r, a in zip(messages["revision"], messages["action"], strict=True)
        ],
        conditions=[" ".join(sorted(set(text.split()))) for text in messages["conditions"]],
    )
    frame = frame.sort_values(["revision", "rank", "moment", "price", "size", "sequence", "conditions", "side"])
    frame = frame.drop_duplicates(IDENTITY, keep="last")
    frame = frame[frame["action"] != "cancel"]
    rules = [[RULES[name] for name in text.split() or [""]] for text in frame["conditions"]]
    frame = frame.assign(
        high_low=[all(rule[0] == "yes" for rule in found) for found in rules],
        last=[
            "no"
            if any(rule[1] == "no" for rule in found)
            else "if only"
            if any(rule[1] == "if only" for rule in found)
            else "yes"
            for found in rules
        ],
        volume=[all(rule[2] == "yes" for rule in found) for found in rules],
        kind=[not name.isdigit() for name in frame["trade_id"]],
        number=[int(name) if name.isdigit() else 0 for name in frame["trade_id"]],
    )
    frame = frame[frame["high_low"] | (frame["last"] != "no") | frame["volume"]]
    return frame.sort_values(["moment", "sequence", "kind", "number", "trade_id", "venue", "trading_date"])


def _bar(group: pd.DataFrame) -> tuple[object, ...]:
    setting = group[group["last"] == "yes"]
    if setting.empty:
        setting = group[group["last"] == "if only"]
    extremes, counted = group[group["high_low"]], group[group["volume"]]
    # Exact: no sum of products of prices and sizes has more digits.
    with localcontext(Context(prec=100)):
        volume = sum(counted["size"], Decimal(0))
        value = sum((price * size for price, size in zip(counted["price"], counted["size"], strict=True)), Decimal(0))
    return (
        None if setting.empty else setting["price"].iloc[0],
        None if extremes.empty else max(extremes["price"]),
        None if extremes.empty else min(extremes["price"]),
        None if setting.empty else setting["price"].iloc[-1],
        volume,
        value,
        len(counted),
    )
