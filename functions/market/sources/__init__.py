"""Source maps: the files of vendors, read as trades. The maps are data (``maps/``); docs/market-data-sources.md describes them."""

from market.sources.maps import MapError, Source, load_sources
from market.sources.reader import Row, read_rows
from market.sources.results import SHOWN, BadRow, SkippedRow, Unreadable

__all__ = ["SHOWN", "BadRow", "MapError", "Row", "SkippedRow", "Source", "Unreadable", "load_sources", "read_rows"]
