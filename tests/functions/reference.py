"""The definitions of bars and volatility in plain Python, to compare with the SQL of ``analytics``."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from itertools import pairwise

from market.bars import Bar, Interval
from market.trades import Trade, moment_of

# Exact: no sum of products of prices and sizes has more digits.
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)


def bars_of_trades(trades: Iterable[Trade], interval: Interval) -> list[Bar]:
    """Return the bars of trades, sorted by symbol and start; the order of trades does not matter, repeated ones count once.

    Trades of the same moment are ordered by their id, so that open and close are the same in every run.
    """
    groups: dict[tuple[str, datetime], dict[str, Trade]] = {}
    for trade in trades:
        groups.setdefault((trade.symbol, interval.start(moment_of(trade.timestamp))), {}).setdefault(
            trade.trade_id, trade
        )
    bars = []
    for (symbol, start), group in sorted(groups.items()):
        ordered = sorted(group.values(), key=lambda trade: (trade.timestamp, trade.trade_id))
        prices = [trade.price for trade in ordered]
        with localcontext(_EXACT):
            volume = sum((trade.size for trade in ordered), Decimal(0))
            value = sum((trade.price * trade.size for trade in ordered), Decimal(0))
        bars.append(
            Bar(
                symbol=symbol,
                interval=interval,
                start=start,
                open=prices[0],
                high=max(prices),
                low=min(prices),
                close=prices[-1],
                volume=volume,
                value=value,
                trades=len(ordered),
            )
        )
    return bars


def realised_volatility(bars: Sequence[Bar]) -> float | None:
    """Return the realised volatility of an interval: the root of the sum of squared log returns between the closes of its bars.

    RV = sqrt(sum over i of (ln c[i] - ln c[i-1])^2), with c[i] the close of the i-th bar with trades, in order of time. The
    return into the first bar belongs to the interval before. Minutes without trades have no bar, so a return may span several.
    Not annualised: times the root of 252 a day's becomes a year's. None with fewer than two bars, which have no return between them.

    Source: T. G. Andersen, T. Bollerslev, F. X. Diebold, P. Labys, "Modeling and Forecasting Realized Volatility",
    Econometrica 71 (2003), 579-625: the realised variance of an interval is the sum of its squared intraday log returns.
    """
    ordered = sorted(bars, key=lambda bar: bar.start)
    closes = [float(bar.close) for bar in ordered]
    if len(closes) < 2:
        return None
    return math.sqrt(sum(math.log(later / earlier) ** 2 for earlier, later in pairwise(closes)))
