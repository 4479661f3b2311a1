# ruff: noqa: INP001 - an example to copy, not a package
"""A typed client of the API, on the standard library alone: one file to copy. .ci/api_client.py writes types and methods from openapi.yaml."""

import gzip
import json
from collections.abc import Iterator
from typing import Any, Literal, NotRequired, TypedDict
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen


# BEGIN types: written by .ci/api_client.py, do not edit
class Health(TypedDict):
    status: Literal["ok"]


class MarketDataTrade(TypedDict):
    trade_id: str
    symbol: str
    timestamp: str
    price: float | str
    size: float | str


class MarketData(TypedDict):
    trades: list[MarketDataTrade]


class AcceptedRejected(TypedDict):
    index: int
    reason: str


class Accepted(TypedDict):
    accepted: int
    rejected: list[AcceptedRejected]


class KnownSymbol(TypedDict):
    """A symbol with the starts of its first and last minute that has trades."""

    symbol: str
    first: str
    last: str


class SymbolsPage(TypedDict):
    symbols: list[KnownSymbol]
    next_cursor: str | None


class Bar(TypedDict):
    start: str
    open: str | None
    high: str | None
    low: str | None
    close: str | None
    volume: str
    vwap: str | None
    trades: int
    final: bool


class BarsPage(TypedDict):
    symbol: str
    interval: Literal["1m", "5m", "15m", "30m", "1h", "1d", "session"]
    bars: list[Bar]
    next_cursor: str | None


class Trade(TypedDict):
    timestamp: str
    trade_id: str
    price: str
    size: str
    venue: str | None
    trading_date: str
    sequence: int | None
    conditions: list[str]
    side: Literal["buy", "sell"] | None
    revision: int
    sets: list[Literal["high_low", "open_close", "volume"]]


class TradesPage(TypedDict):
    symbol: str
    trades: list[Trade]
    next_cursor: str | None


class Latest(TypedDict):
    symbol: str
    price: str
    timestamp: str
    minute: Bar
    day: Bar


class Volatility(TypedDict):
    interval: Literal["1h", "1d", "session"]
    start: str
    realised: float
    returns: int
    annualised: float | None


Analytics = TypedDict(
    "Analytics",
    {
        "symbol": str,
        "from": str,
        "to": str,
        "trades": int,
        "volume": str | None,
        "vwap": str | None,
        "high": str | None,
        "low": str | None,
        "volatility": list[Volatility],
        "volatility_definition": str,
        "days_per_year": int | None,
        "next_cursor": str | None,
    },
)

NewExport = TypedDict(
    "NewExport",
    {
        "symbol": str,
        "interval": NotRequired[Literal["1m", "5m", "15m", "30m", "1h", "1d", "session"]],
        "from": str,
        "to": str,
        "format": NotRequired[Literal["csv", "jsonl"]],
    },
)


class Export(TypedDict):
    url: str
    expires_at: str
    format: Literal["csv", "jsonl"]
    rows: int
    bytes: int


class NewSession(TypedDict):
    user_id: str


class Session(TypedDict):
    session_id: str
    user_id: str
    created_at: str
    expires_at: str


# END types


class ApiError(Exception):
    """An answer that is an error.

    Attributes:
        status: of HTTP.
        message: what is wrong, for people.
        request: by which the request is found in the logs.

    """

    def __init__(self, status: int, message: str, request: str) -> None:
        super().__init__(f"{status}: {message} (request {request})")
        self.status = status
        self.message = message
        self.request = request


def _api_error(status: int, text: bytes, request: str) -> ApiError:
    try:
        document = json.loads(text)
        return ApiError(status, str(document["message"]), request or str(document.get("requestId", "")))
    except (ValueError, KeyError, TypeError):
        return ApiError(status, text.decode("utf-8", "replace")[:200], request)


class Client:
    """The API of a deployment.

    Args:
        url: the output ``api_url``.
        key: the value of an API key.
        timeout: seconds to wait for an answer.

    """

    def __init__(self, url: str, key: str, *, timeout: float = 30) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._timeout = timeout

    def _call(self, method: str, path: str, query: dict[str, object] | None = None, body: object = None) -> Any:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        headers = {"accept-encoding": "gzip", "x-api-key": self._key}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["content-type"] = "application/json"
        address = self._url + path + (f"?{urlencode(given)}" if given else "")
        request = Request(address, data, headers, method=method)  # noqa: S310 - the URL is the caller's
        try:
            with urlopen(request, timeout=self._timeout) as answer:  # noqa: S310
                text = answer.read()
                if answer.headers.get("content-encoding") == "gzip":
                    text = gzip.decompress(text)
                return json.loads(text) if text else None
        except HTTPError as error:
            with error:
                text = error.read()
                if error.headers.get("content-encoding") == "gzip":
                    text = gzip.decompress(text)
            raise _api_error(error.code, text, error.headers.get("x-correlation-id", "")) from None

    # BEGIN methods: written by .ci/api_client.py, do not edit
    def get_health(self) -> Health:
        """Whether the API answers."""
        answer: Health = self._call("GET", "/health")
        return answer

    def post_market_data(self, body: MarketData) -> Accepted:
        """Send trades."""
        answer: Accepted = self._call("POST", "/market-data", body=body)
        return answer

    def get_symbols(self, *, limit: int | None = None, cursor: str | None = None) -> SymbolsPage:
        """A page of symbols."""
        answer: SymbolsPage = self._call("GET", "/symbols", {"limit": limit, "cursor": cursor})
        return answer

    def iter_symbols(self, *, limit: int | None = None, cursor: str | None = None) -> Iterator[KnownSymbol]:
        """Iterate over the symbols of this page and of all that follow."""
        while True:
            page = self.get_symbols(limit=limit, cursor=cursor)
            yield from page["symbols"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def get_bars(
        self,
        symbol: str,
        *,
        interval: Literal["1m", "5m", "15m", "30m", "1h", "1d", "session"],
        from_: str | None = None,
        to: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> BarsPage:
        """A page of bars."""
        answer: BarsPage = self._call(
            "GET",
            f"/bars/{quote(symbol, safe='')}",
            {"interval": interval, "from": from_, "to": to, "limit": limit, "cursor": cursor},
        )
        return answer

    def iter_bars(
        self,
        symbol: str,
        *,
        interval: Literal["1m", "5m", "15m", "30m", "1h", "1d", "session"],
        from_: str | None = None,
        to: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Iterator[Bar]:
        """Iterate over the bars of this page and of all that follow."""
        while True:
            page = self.get_bars(symbol, interval=interval, from_=from_, to=to, limit=limit, cursor=cursor)
            yield from page["bars"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def get_trades(
        self,
        symbol: str,
        *,
        from_: str | None = None,
        to: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> TradesPage:
        """A page of trades."""
        answer: TradesPage = self._call(
            "GET", f"/trades/{quote(symbol, safe='')}", {"from": from_, "to": to, "limit": limit, "cursor": cursor}
        )
        return answer

    def iter_trades(
        self,
        symbol: str,
        *,
        from_: str | None = None,
        to: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Iterator[Trade]:
        """Iterate over the trades of this page and of all that follow."""
        while True:
            page = self.get_trades(symbol, from_=from_, to=to, limit=limit, cursor=cursor)
            yield from page["trades"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def get_latest(self, symbol: str) -> Latest:
        """The latest price."""
        answer: Latest = self._call("GET", f"/latest/{quote(symbol, safe='')}")
        return answer

    def get_analytics(
        self,
        symbol: str,
        *,
        from_: str | None = None,
        to: str | None = None,
        annualise: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Analytics:
        """Figures of a span."""
        answer: Analytics = self._call(
            "GET",
            f"/analytics/{quote(symbol, safe='')}",
            {"from": from_, "to": to, "annualise": annualise, "limit": limit, "cursor": cursor},
        )
        return answer

    def iter_analytics(
        self,
        symbol: str,
        *,
        from_: str | None = None,
        to: str | None = None,
        annualise: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Iterator[Volatility]:
        """Iterate over the volatility of this page and of all that follow."""
        while True:
            page = self.get_analytics(symbol, from_=from_, to=to, annualise=annualise, limit=limit, cursor=cursor)
            yield from page["volatility"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def create_export(self, body: NewExport) -> Export:
        """A span as a file."""
        answer: Export = self._call("POST", "/exports", body=body)
        return answer

    def open_session(self, body: NewSession) -> Session:
        """Open a session."""
        answer: Session = self._call("POST", "/sessions", body=body)
        return answer

    def get_session(self, session_id: str) -> Session:
        """Show a session."""
        answer: Session = self._call("GET", f"/sessions/{quote(session_id, safe='')}")
        return answer

    def close_session(self, session_id: str) -> None:
        """Close a session."""
        self._call("DELETE", f"/sessions/{quote(session_id, safe='')}")

    # END methods
