"""Files in the layouts of vendors, written here by hand, and what they must become.

Each has three trades of one symbol on 2026-01-30 after 14:30 UTC (9:30 in New York): 2 at 10.50, 1 at 12.25, 4 at 9.75. So the bar of
that minute is 10.50, 12.25, 9.75, 9.75 with a volume of 7, unless the file says more: cancelled trades, odd lots, other rows.
1769783400 is 14:30:00 in seconds since 1970.
"""

import gzip
import io
import json
import zipfile
from dataclasses import dataclass, field

BAR = {"open": "10.5", "high": "12.25", "low": "9.75", "close": "9.75", "volume": "7", "trades": 3}


@dataclass(frozen=True, kw_only=True)
class VendorFile:
    """A file, and its trades as ``id venue time price size`` and whatever else they have."""

    source: str
    layout: str
    name: str
    data: bytes
    symbol: str
    trades: tuple[str, ...]
    # Recognised without its source being named.
    recognised: bool = True
    metadata: dict[str, str] = field(default_factory=dict)
    bar: dict = field(default_factory=lambda: BAR)
    skipped: int = 0


def zipped(name: str, text: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return target.getvalue()


def lines(*rows: str) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()


def pretty(document: object) -> bytes:
    return json.dumps(document, indent=2).encode()


def messages(*documents: object) -> bytes:
    return lines(*(json.dumps(document) for document in documents))


FILES = (
    VendorFile(
        source="binance",
        layout="spot trades",
        name="ABINANCEUSDT-trades-2026-01-30.zip",
        data=zipped(
            "ABINANCEUSDT-trades-2026-01-30.csv",
            "9,10.50000000,2.00000000,21.00000000,1769783401000001,True,True\n"
            "10,12.25000000,1.00000000,12.25000000,1769783401000001,False,True\n"
            "11,9.75000000,4.00000000,39.00000000,1769783402000000,True,True\n",
        ),
        symbol="ABINANCEUSDT",
        recognised=False,
        trades=(
            "9 BINANCE 14:30:01.000001000 10.5 2 sequence=9 side=sell",
            "10 BINANCE 14:30:01.000001000 12.25 1 sequence=10 side=buy",
            "11 BINANCE 14:30:02.000000000 9.75 4 sequence=11 side=sell",
        ),
    ),
    VendorFile(
        source="binance",
        layout="spot trades of 2024, in milliseconds",
        name="1000OLDUSDT-trades-2026-01.csv",
        data=lines(
            "9,10.50,2.0,21.0,1769783401005,True,True",
            "10,12.25,1.0,12.25,1769783401006,True,True",
            "11,9.75,4.0,39.0,1769783402007,True,True",
        ),
        symbol="1000OLDUSDT",
        recognised=False,
        trades=(
            "9 BINANCE 14:30:01.005000000 10.5 2 sequence=9 side=sell",
            "10 BINANCE 14:30:01.006000000 12.25 1 sequence=10 side=sell",
            "11 BINANCE 14:30:02.007000000 9.75 4 sequence=11 side=sell",
        ),
    ),
    VendorFile(
        source="binance",
        layout="spot aggTrades",
        name="BAGGUSDT-aggTrades-2026-01-30.zip",
        data=zipped(
            "BAGGUSDT-aggTrades-2026-01-30.csv",
            "70,10.50,2.0,100,101,1769783401000000,True,True\n"
            "71,12.25,1.0,102,102,1769783401000000,False,True\n"
            "72,9.75,4.0,103,110,1769783402000000,True,True\n",
        ),
        symbol="BAGGUSDT",
        recognised=False,
        trades=(
            "agg-70 BINANCE 14:30:01.000000000 10.5 2 sequence=70 side=sell",
            "agg-71 BINANCE 14:30:01.000000000 12.25 1 sequence=71 side=buy",
            "agg-72 BINANCE 14:30:02.000000000 9.75 4 sequence=72 side=sell",
        ),
    ),
    VendorFile(
        source="binance",
        layout="USD-M futures trades",
        name="CPERPUSDT-trades-2026-01-30.zip",
        data=zipped(
            "CPERPUSDT-trades-2026-01-30.csv",
            "id,price,qty,quote_qty,time,is_buyer_maker\n"
            "5,10.5,2.000,21.0,1769783401123,true\n"
            "6,12.25,1.000,12.25,1769783402123,false\n"
            "7,9.75,4.000,39.0,1769783403123,true\n",
        ),
        symbol="CPERPUSDT",
        trades=(
            "5 BINANCE-USDM 14:30:01.123000000 10.5 2 sequence=5 side=sell",
            "6 BINANCE-USDM 14:30:02.123000000 12.25 1 sequence=6 side=buy",
            "7 BINANCE-USDM 14:30:03.123000000 9.75 4 sequence=7 side=sell",
        ),
    ),
    VendorFile(
        source="coinbase",
        layout="REST product trades",
        name="DCOIN-USD.json",
        data=pretty(
            [
                {"time": "2026-01-30T14:30:03.5Z", "trade_id": 503, "price": "9.75000000", "size": "4.00000000", "side": "buy"},
                {"time": "2026-01-30T14:30:02.25Z", "trade_id": 502, "price": "12.25000000", "size": "1.00000000", "side": "buy"},
                {"time": "2026-01-30T14:30:01.000001Z", "trade_id": 501, "price": "10.50000000", "size": "2.00000000", "side": "sell"},
            ]
        ),
        symbol="DCOIN-USD",
        trades=(
            "503 COINBASE 14:30:03.500000000 9.75 4 sequence=503 side=sell",
            "502 COINBASE 14:30:02.250000000 12.25 1 sequence=502 side=sell",
            "501 COINBASE 14:30:01.000001000 10.5 2 sequence=501 side=buy",
        ),
    ),
    VendorFile(
        source="coinbase",
        layout="WebSocket matches, one message a line",
        name="capture.jsonl",
        data=messages(
            {"type": "subscriptions", "channels": [{"name": "matches", "product_ids": ["EMATCH-USD"]}]},
            *(
                {"type": "match", "trade_id": 60 + n, "maker_order_id": "m", "taker_order_id": "t", "side": "sell", "size": size,
                 "price": price, "product_id": "EMATCH-USD", "sequence": 900 + n, "time": f"2026-01-30T14:30:0{n}.000000Z"}
                for n, (price, size) in enumerate([("10.5", "2"), ("12.25", "1"), ("9.75", "4")], start=1)
            ),
        ),
        symbol="EMATCH-USD",
        recognised=False,
        skipped=1,
        trades=(
            "61 COINBASE 14:30:01.000000000 10.5 2 sequence=901 side=buy",
            "62 COINBASE 14:30:02.000000000 12.25 1 sequence=902 side=buy",
            "63 COINBASE 14:30:03.000000000 9.75 4 sequence=903 side=buy",
        ),
    ),
    VendorFile(
        source="kraken",
        layout="REST recent trades",
        name="trades.json",
        data=b'{"error":[],"result":{"FKRAKUSD":[["10.50000","2.00000000",1769783401.1234567,"b","m","",801],'
        b'["12.25000","1.00000000",1769783402.5,"s","l","",802],["9.75000","4.00000000",1769783403,"s","l","",803]],'
        b'"last":"1769783403000000000"}}',
        symbol="FKRAKUSD",
        trades=(
            "801 KRAKEN 14:30:01.123456700 10.5 2 sequence=801 side=buy",
            "802 KRAKEN 14:30:02.500000000 12.25 1 sequence=802 side=sell",
            "803 KRAKEN 14:30:03.000000000 9.75 4 sequence=803 side=sell",
        ),
    ),
    VendorFile(
        source="kraken",
        layout="downloadable time and sales, without identifiers",
        name="GKRAKUSD.csv",
        data=lines("1769783401,10.50000,2.00000000", "1769783401,12.25000,1.00000000", "1769783402,9.75000,4.00000000"),
        symbol="GKRAKUSD",
        recognised=False,
        trades=(
            "1769783401 KRAKEN 14:30:01.000000000 10.5 2",
            "1769783401:0001 KRAKEN 14:30:01.000000000 12.25 1",
            "1769783402 KRAKEN 14:30:02.000000000 9.75 4",
        ),
    ),
    VendorFile(
        source="bybit",
        layout="public trading history",
        name="HBYBITUSDT2026-01-30.csv.gz",
        data=gzip.compress(
            lines(
                "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional",
                "1769783401.1234,HBYBITUSDT,Buy,2,10.50,PlusTick,0b62ae43-0001,2.1e+09,2,21",
                "1769783402.5,HBYBITUSDT,Sell,1,12.25,PlusTick,0b62ae43-0002,1.225e+09,1,12.25",
                "1769783403,HBYBITUSDT,Sell,4,9.75,MinusTick,0b62ae43-0003,3.9e+09,4,39",
            ),
            mtime=0,
        ),
        symbol="HBYBITUSDT",
        trades=(
            "0b62ae43-0001 BYBIT 14:30:01.123400000 10.5 2 sequence=2 side=buy",
            "0b62ae43-0002 BYBIT 14:30:02.500000000 12.25 1 sequence=3 side=sell",
            "0b62ae43-0003 BYBIT 14:30:03.000000000 9.75 4 sequence=4 side=sell",
        ),
    ),
    VendorFile(
        source="bybit",
        layout="REST recent trades",
        name="recent.json",
        data=pretty(
            {
                "retCode": 0,
                "retMsg": "OK",
                "result": {
                    "category": "spot",
                    "list": [
                        {"execId": f"21{n}", "symbol": "IBYBITUSDT", "price": price, "size": size, "side": "Buy",
                         "time": str(1769783400000 + n * 1000), "isBlockTrade": False}
                        for n, (price, size) in enumerate([("10.5", "2"), ("12.25", "1"), ("9.75", "4")], start=1)
                    ],
                },
                "time": 1769783500000,
            }
        ),
        symbol="IBYBITUSDT",
        trades=(
            "211 BYBIT 14:30:01.000000000 10.5 2 side=buy",
            "212 BYBIT 14:30:02.000000000 12.25 1 side=buy",
            "213 BYBIT 14:30:03.000000000 9.75 4 side=buy",
        ),
    ),
    VendorFile(
        source="okx",
        layout="historical trades, sizes in scientific notation",
        name="JOKX-USDT-SWAP-trades-2026-01-30.zip",
        data=zipped(
            "JOKX-USDT-SWAP-trades-2026-01-30.csv",
            "instrument_name,trade_id,side,price,size,created_time\n"
            "JOKX-USDT-SWAP,41,buy,10.5,2e0,1769783401001\n"
            "JOKX-USDT-SWAP,42,sell,12.25,1.0,1769783402002\n"
            "JOKX-USDT-SWAP,43,buy,9.75,0.4e+1,1769783403003\n",
        ),
        symbol="JOKX-USDT-SWAP",
        trades=(
            "41 OKX 14:30:01.001000000 10.5 2 sequence=41 side=buy",
            "42 OKX 14:30:02.002000000 12.25 1 sequence=42 side=sell",
            "43 OKX 14:30:03.003000000 9.75 4 sequence=43 side=buy",
        ),
    ),
    VendorFile(
        source="okx",
        layout="WebSocket trades channel",
        name="okx.ndjson",
        data=messages(
            {"event": "subscribe", "arg": {"channel": "trades", "instId": "KOKX-USDT"}, "connId": "a4d3ae55"},
            {"arg": {"channel": "trades", "instId": "KOKX-USDT"}, "data": [
                {"instId": "KOKX-USDT", "tradeId": "1", "px": "10.5", "sz": "2", "side": "buy", "ts": "1769783401000", "count": "1"}]},
            {"arg": {"channel": "trades", "instId": "KOKX-USDT"}, "data": [
                {"instId": "KOKX-USDT", "tradeId": "2", "px": "12.25", "sz": "1", "side": "buy", "ts": "1769783402000", "count": "1"},
                {"instId": "KOKX-USDT", "tradeId": "3", "px": "9.75", "sz": "4", "side": "sell", "ts": "1769783403000", "count": "1"}]},
        ),
        symbol="KOKX-USDT",
        recognised=False,
        skipped=1,
        trades=(
            "1 OKX 14:30:01.000000000 10.5 2 sequence=1 side=buy",
            "2 OKX 14:30:02.000000000 12.25 1 sequence=2 side=buy",
            "3 OKX 14:30:03.000000000 9.75 4 sequence=3 side=sell",
        ),
    ),
    VendorFile(
        source="bitstamp",
        layout="REST transactions",
        name="LBITUSD.json",
        data=messages(
            [
                {"date": "1769783403", "tid": "73", "amount": "4.00000000", "type": "1", "price": "9.75"},
                {"date": "1769783402", "tid": "72", "amount": "1.00000000", "type": "0", "price": "12.25"},
                {"date": "1769783401", "tid": "71", "amount": "2.00000000", "type": "0", "price": "10.5"},
            ]
        ),
        symbol="LBITUSD",
        trades=(
            "73 BITSTAMP 14:30:03.000000000 9.75 4 sequence=73 side=sell",
            "72 BITSTAMP 14:30:02.000000000 12.25 1 sequence=72 side=buy",
            "71 BITSTAMP 14:30:01.000000000 10.5 2 sequence=71 side=buy",
        ),
    ),
    VendorFile(
        source="bitstamp",
        layout="WebSocket live trades, the pair behind the trade",
        name="live.jsonl",
        data=messages(
            {"event": "bts:subscription_succeeded", "channel": "live_trades_mbitusd", "data": {}},
            *(
                {"data": {"id": n, "timestamp": "1769783401", "amount": float(size), "amount_str": size, "price": float(price),
                          "price_str": price, "type": 0, "microtimestamp": str(1769783400000000 + n), "buy_order_id": 1, "sell_order_id": 2},
                 "channel": "live_trades_mbitusd", "event": "trade"}
                for n, (price, size) in enumerate([("10.5", "2"), ("12.25", "1"), ("9.75", "4")], start=1)
            ),
        ),
        symbol="MBITUSD",
        recognised=False,
        skipped=1,
        trades=(
            "1 BITSTAMP 14:30:00.000001000 10.5 2 sequence=1 side=buy",
            "2 BITSTAMP 14:30:00.000002000 12.25 1 sequence=2 side=buy",
            "3 BITSTAMP 14:30:00.000003000 9.75 4 sequence=3 side=buy",
        ),
    ),
    VendorFile(
        source="bitmex",
        layout="public trade history",
        name="20260130.csv.gz",
        data=gzip.compress(
            lines(
                "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,trdType",
                "2026-01-30D14:30:01.123456000,NMEXUSD,Buy,2,10.5,PlusTick,00000000-006d-1000-0000-000000000001,190,0.2,2,Regular",
                "2026-01-30D14:30:02.000000000,NMEXUSD,Sell,1,12.25,PlusTick,00000000-006d-1000-0000-000000000002,81,0.1,1,Regular",
                "2026-01-30D14:30:02.500000000,NMEXUSD,,0,11,PlusTick,00000000-006d-1000-0000-000000000009,,,,Referential",
                "2026-01-30D14:30:03.000000000,NMEXUSD,Sell,4,9.75,MinusTick,00000000-006d-1000-0000-000000000003,410,0.4,4,Regular",
            ),
            mtime=0,
        ),
        symbol="NMEXUSD",
        skipped=1,
        trades=(
            "00000000-006d-1000-0000-000000000001 BITMEX 14:30:01.123456000 10.5 2 sequence=2 side=buy",
            "00000000-006d-1000-0000-000000000002 BITMEX 14:30:02.000000000 12.25 1 sequence=3 side=sell",
            "00000000-006d-1000-0000-000000000003 BITMEX 14:30:03.000000000 9.75 4 sequence=5 side=sell",
        ),
    ),
    VendorFile(
        source="gemini",
        layout="REST trade history, with a broken trade",
        name="OGEMUSD.json",
        data=pretty(
            [
                {"timestamp": 1769783403, "timestampms": 1769783403003, "tid": 4, "price": "9.75", "amount": "4", "exchange": "gemini", "type": "sell"},
                {"timestamp": 1769783402, "timestampms": 1769783402500, "tid": 3, "price": "99", "amount": "9", "exchange": "gemini", "type": "buy", "broken": True},
                {"timestamp": 1769783402, "timestampms": 1769783402002, "tid": 2, "price": "12.25", "amount": "1", "exchange": "gemini", "type": "buy"},
                {"timestamp": 1769783401, "timestampms": 1769783401001, "tid": 1, "price": "10.5", "amount": "2", "exchange": "gemini", "type": "buy"},
            ]
        ),
        symbol="OGEMUSD",
        trades=(
            "4 GEMINI 14:30:03.003000000 9.75 4 sequence=4 side=sell",
            "3 GEMINI 14:30:02.500000000 99 9 sequence=3 side=buy action=cancel revision=2",
            "2 GEMINI 14:30:02.002000000 12.25 1 sequence=2 side=buy",
            "1 GEMINI 14:30:01.001000000 10.5 2 sequence=1 side=buy",
        ),
    ),
    VendorFile(
        source="kucoin",
        layout="REST trade history",
        name="PKU-USDT.json",
        data=pretty(
            {
                "code": "200000",
                "data": [
                    {"sequence": f"144{n}", "price": price, "size": size, "side": "buy", "time": 1769783400000000000 + n}
                    for n, (price, size) in enumerate([("10.5", "2"), ("12.25", "1"), ("9.75", "4")], start=1)
                ],
            }
        ),
        symbol="PKU-USDT",
        trades=(
            "1441 KUCOIN 14:30:00.000000001 10.5 2 sequence=1441 side=buy",
            "1442 KUCOIN 14:30:00.000000002 12.25 1 sequence=1442 side=buy",
            "1443 KUCOIN 14:30:00.000000003 9.75 4 sequence=1443 side=buy",
        ),
    ),
    VendorFile(
        source="massive",
        layout="flat files, stocks: an odd lot, a cancelled and a corrected trade",
        name="2026-01-30.csv.gz",
        data=gzip.compress(
            lines(
                "ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,sip_timestamp,size,tape,trf_id,trf_timestamp",
                "QMAS,,0,11,1,1769783401000000000,10.5,101,1769783401000000100,2,3,0,0",
                'QMAS,"14,37",0,11,2,1769783401500000000,50,102,1769783401500000100,30,3,0,0',
                "QMAS,,8,11,3,1769783401600000000,77,103,1769783401600000100,5,3,0,0",
                "QMAS,,11,11,3,1769783401600000000,77,104,1769783401700000100,5,3,0,0",
                "QMAS,,1,4,7,1769783402000000000,12.25,105,1769783402000000100,1,3,201,1769783402000000050",
                "QMAS,,12,4,7,1769783402000000000,122.5,106,1769783402000000100,1,3,201,1769783402000000050",
                "QMAS,14,0,12,1,1769783403000000000,9.75,107,1769783403000000100,4,3,0,0",
            ),
            mtime=0,
        ),
        symbol="QMAS",
        skipped=2,
        bar=BAR | {"volume": "37", "trades": 4},
        trades=(
            "1 MASSIVE-11-0 14:30:01.000000100 10.5 2 sequence=101",
            "2 MASSIVE-11-0 14:30:01.500000100 50 30 sequence=102 conditions=intermarket-sweep,odd-lot",
            "3 MASSIVE-11-0 14:30:01.600000100 77 5 sequence=103 action=cancel revision=2",
            "7 MASSIVE-4-201 14:30:02.000000100 12.25 1 sequence=105 action=correct revision=1",
            "1 MASSIVE-12-0 14:30:03.000000100 9.75 4 sequence=107 conditions=intermarket-sweep",
        ),
    ),
    VendorFile(
        source="massive",
        layout="flat files, options",
        name="options.csv",
        data=lines(
            "ticker,conditions,correction,exchange,price,sip_timestamp,size",
            "O:RSP261219C00650000,209,0,302,10.5,1769783401000000001,2",
            "O:RSP261219C00650000,209,0,302,12.25,1769783401000000001,1",
            "O:RSP261219C00650000,209,0,302,9.75,1769783402000000000,4",
        ),
        symbol="O:RSP261219C00650000",
        trades=(
            "1769783401000000001 MASSIVE-302 14:30:01.000000001 10.5 2",
            "1769783401000000001:0001 MASSIVE-302 14:30:01.000000001 12.25 1",
            "1769783402000000000 MASSIVE-302 14:30:02.000000000 9.75 4",
        ),
    ),
    VendorFile(
        source="databento",
        layout="trades as CSV, prices of 1e-9 and nanoseconds",
        name="glbx-mdp3-20260130.trades.csv",
        data=lines(
            "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,sequence,symbol",
            "1769783401000001000,1769783401000000007,0,1,14160,T,B,0,10500000000,2,0,13730,88,SESH6",
            "1769783401000001000,1769783401000000007,0,1,14160,T,B,0,12250000000,1,0,13730,88,SESH6",
            "1769783402000001000,1769783402000000000,0,1,14160,T,A,0,9750000000,4,0,13730,91,SESH6",
        ),
        symbol="SESH6",
        trades=(
            "88 DATABENTO-1 14:30:01.000000007 10.5 2 sequence=88 side=buy",
            "88:0001 DATABENTO-1 14:30:01.000000007 12.25 1 sequence=88 side=buy",
            "91 DATABENTO-1 14:30:02.000000000 9.75 4 sequence=91 side=sell",
        ),
    ),
    VendorFile(
        source="databento",
        layout="mbo as CSV, readable prices and timestamps: only trades count, a price below 0",
        name="glbx-mdp3-20260130.mbo.csv",
        data=lines(
            "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,channel_id,order_id,flags,ts_in_delta,sequence,symbol",
            "2026-01-30T14:30:01.000001000Z,2026-01-30T14:30:01.000000007Z,160,1,9,A,B,5.000000000,9,0,1,0,1,88,TCL:SA 02Q CLK0",
            "2026-01-30T14:30:01.000001000Z,2026-01-30T14:30:01.000000007Z,160,1,9,T,B,-37.630000000,2,0,0,0,1,89,TCLK0",
            "2026-01-30T14:30:02.000001000Z,2026-01-30T14:30:02.000000000Z,160,1,9,F,A,-37.630000000,2,0,2,0,1,90,TCLK0",
        ),
        symbol="TCLK0",
        skipped=2,
        bar={"open": "-37.63", "high": "-37.63", "low": "-37.63", "close": "-37.63", "volume": "2", "trades": 1},
        trades=("89 DATABENTO-1 14:30:01.000000007 -37.63 2 sequence=89 side=buy",),
    ),
    VendorFile(
        source="tardis",
        layout="trades",
        name="deribit_trades_2026-01-30_UTARDIS.csv.gz",
        data=gzip.compress(
            lines(
                "exchange,symbol,timestamp,local_timestamp,id,side,price,amount",
                "deribit,UTARDIS-PERPETUAL,1769783401000123,1769783401000999,T-1,buy,10.5,2",
                "deribit,UTARDIS-PERPETUAL,1769783402000123,1769783402000999,T-2,sell,12.25,1",
                "deribit,UTARDIS-PERPETUAL,1769783403000123,1769783403000999,,unknown,9.75,4",
            ),
            mtime=0,
        ),
        symbol="UTARDIS-PERPETUAL",
        trades=(
            "T-1 DERIBIT 14:30:01.000123000 10.5 2 sequence=2 side=buy",
            "T-2 DERIBIT 14:30:02.000123000 12.25 1 sequence=3 side=sell",
            "1769783403000123 DERIBIT 14:30:03.000123000 9.75 4 sequence=4",
        ),
    ),
    VendorFile(
        source="alpaca",
        layout="trades by symbol: identifiers repeat from venue to venue, one trade was cancelled",
        name="alpaca.json",
        data=pretty(
            {
                "trades": {
                    "VALP": [
                        {"t": "2026-01-30T14:30:01.000000001Z", "x": "V", "p": 10.5, "s": 2, "c": ["@"], "i": 1, "z": "A"},
                        {"t": "2026-01-30T14:30:01.5Z", "x": "V", "p": 99, "s": 1, "c": ["@"], "i": 2, "z": "A", "u": "canceled"},
                        {"t": "2026-01-30T14:30:02Z", "x": "N", "p": 12.25, "s": 1, "c": ["@", "F"], "i": 1, "z": "A"},
                        {"t": "2026-01-30T14:30:03Z", "x": "D", "p": 9.75, "s": 4, "c": [" "], "i": 1, "z": "A"},
                    ]
                },
                "next_page_token": None,
            }
        ),
        symbol="VALP",
        trades=(
            "1 US-V 14:30:01.000000001 10.5 2 conditions=regular",
            "2 US-V 14:30:01.500000000 99 1 conditions=regular action=cancel revision=1",
            "1 US-N 14:30:02.000000000 12.25 1 conditions=intermarket-sweep,regular",
            "1 US-D 14:30:03.000000000 9.75 4",
        ),
    ),
    VendorFile(
        source="alpaca",
        layout="trades of one symbol, which stands behind them",
        name="one.json",
        data=pretty(
            {
                "trades": [
                    {"t": f"2026-01-30T14:30:0{n}Z", "x": "P", "p": price, "s": size, "c": ["@"], "i": n, "z": "C"}
                    for n, (price, size) in enumerate([(10.5, 2), (12.25, 1), (9.75, 4)], start=1)
                ],
                "symbol": "WALP",
                "next_page_token": None,
            }
        ),
        symbol="WALP",
        trades=(
            "1 US-P 14:30:01.000000000 10.5 2 conditions=regular",
            "2 US-P 14:30:02.000000000 12.25 1 conditions=regular",
            "3 US-P 14:30:03.000000000 9.75 4 conditions=regular",
        ),
    ),
    VendorFile(
        source="nyse-taq",
        layout="trades: a class of shares, an odd lot, a cancelled and a corrected trade, the last line",
        name="EQY_US_ALL_TRADE_20260130.gz",
        data=gzip.compress(
            lines(
                "Time|Exchange|Symbol|Sale Condition|Trade Volume|Trade Price|Trade Stop Stock Indicator|Trade Correction Indicator"
                "|Sequence Number|Trade Id|Source of Trade|Trade Reporting Facility|Participant Timestamp"
                "|Trade Reporting Facility TRF Timestamp|Trade Through Exempt Indicator",
                "093001000000001|N|XTAQ B|@   |2|10.5|N|00|1201|1|C||093001000000000||0",
                "093001500000000|N|XTAQ B|@  I|30|50|N|00|1202|2|C||093001000000000||0",
                "093001600000000|N|XTAQ B|@   |5|77|N|08|1203|3|C||093001000000000||0",
                "093001700000000|N|XTAQ B|@   |5|77|N|10|1204|3|C||093001000000000||0",
                "093002000000000|D|XTAQ B|@F  |1|12.25|N|01|1205|1|C|N|093002000000000|093002000000000|1",
                "093047000000000|D|XTAQ B|@F  |1|122.5|N|12|1299|1|C|N|093047000000000|093047000000000|1",
                "093003000000000|N|XTAQ B|@   |4|9.75|N|00|1206|4|C||093003000000000||0",
                "END|20260130|6||||||||||||",
            ),
            mtime=0,
        ),
        symbol="XTAQ.B",
        skipped=3,
        bar=BAR | {"volume": "37", "trades": 4},
        trades=(
            "1201 US-N 14:30:01.000000001 10.5 2 sequence=1201 conditions=regular",
            "1202 US-N 14:30:01.500000000 50 30 sequence=1202 conditions=odd-lot,regular",
            "1203 US-N 14:30:01.600000000 77 5 sequence=1203 conditions=regular action=cancel revision=2",
            "1205 US-D 14:30:02.000000000 12.25 1 sequence=1205 conditions=intermarket-sweep,regular action=correct revision=1",
            "1206 US-N 14:30:03.000000000 9.75 4 sequence=1206 conditions=regular",
        ),
    ),
    VendorFile(
        source="lobster",
        layout="message file: only executions are trades",
        name="YLOB_2026-01-30_34200000_57600000_message_10.csv",
        data=lines(
            "34201.000000001,1,206833312,100,118600,-1",
            "34201.000000002,4,206833312,2,105000,-1",
            "34201.000000002,4,206833312,1,122500,-1",
            "34202.500000000,5,0,4,97500,1",
            "34203.000000000,7,0,0,-1,-1",
        ),
        symbol="YLOB",
        recognised=False,
        skipped=2,
        trades=(
            "34201.000000002 NASDAQ 14:30:01.000000002 10.5 2",
            "34201.000000002:0001 NASDAQ 14:30:01.000000002 12.25 1",
            "34202.500000000 NASDAQ 14:30:02.500000000 9.75 4",
        ),
    ),
    VendorFile(
        source="alpaca",
        layout="WebSocket trades channel, with a cancellation",
        name="stream.jsonl",
        data=messages(
            [{"T": "t", "S": "ZALP", "i": 1, "x": "V", "p": 10.5, "s": 2, "c": ["@"], "t": "2026-01-30T14:30:01.000000001Z", "z": "A"},
             {"T": "t", "S": "ZALP", "i": 2, "x": "V", "p": 99, "s": 1, "c": ["@"], "t": "2026-01-30T14:30:01.5Z", "z": "A"}],
            [{"T": "x", "S": "ZALP", "i": 2, "x": "V", "p": 99, "s": 1, "a": "C", "z": "A", "t": "2026-01-30T14:30:09Z"}],
            [{"T": "t", "S": "ZALP", "i": 3, "x": "V", "p": 12.25, "s": 1, "c": ["@"], "t": "2026-01-30T14:30:02Z", "z": "A"},
             {"T": "q", "S": "ZALP", "bx": "V", "bp": 9, "bs": 1, "ax": "V", "ap": 10, "as": 1, "c": ["R"], "t": "2026-01-30T14:30:02Z", "z": "A"},
             {"T": "t", "S": "ZALP", "i": 4, "x": "V", "p": 9.75, "s": 4, "c": ["@"], "t": "2026-01-30T14:30:03Z", "z": "A"}],
        ),
        symbol="ZALP",
        skipped=1,
        trades=(
            "1 US-V 14:30:01.000000001 10.5 2 conditions=regular",
            "2 US-V 14:30:01.500000000 99 1 conditions=regular",
            "2 US-V 14:30:09.000000000 99 1 action=cancel revision=2",
            "3 US-V 14:30:02.000000000 12.25 1 conditions=regular",
            "4 US-V 14:30:03.000000000 9.75 4 conditions=regular",
        ),
    ),
    VendorFile(
        source="kucoin",
        layout="downloadable trades, whose identifiers are in no order",
        name="ZKUUSDT-trades-2026-01-30.zip",
        data=zipped(
            "ZKUUSDT-trades-2026-01-30.csv",
            "trade_id,trade_time,price,size,side\n"
            "8833558834331649,1769783401475,10.5,2,BUY\n"
            "1900000000007,1769783401475,12.25,1,SELL\n"
            "8833558834331651,1769783402000,9.75,4,sell\n",
        ),
        symbol="ZKUUSDT",
        trades=(
            "8833558834331649 KUCOIN 14:30:01.475000000 10.5 2 sequence=2 side=buy",
            "1900000000007 KUCOIN 14:30:01.475000000 12.25 1 sequence=3 side=sell",
            "8833558834331651 KUCOIN 14:30:02.000000000 9.75 4 sequence=4 side=sell",
        ),
    ),
    VendorFile(
        source="kraken",
        layout="REST trades without identifiers",
        name="old.json",
        data=b'{"error":[],"result":{"ZKRAKUSD":[["10.50000","2.00000000",1769783401.7998,"s","m",""],'
        b'["12.25000","1.00000000",1769783401.7998,"b","l",""],["9.75000","4.00000000",1769783403.0001,"s","m",""]],'
        b'"last":"1769783403000100000"}}',
        symbol="ZKRAKUSD",
        trades=(
            "1769783401.7998 KRAKEN 14:30:01.799800000 10.5 2 sequence=1 side=sell",
            "1769783401.7998:0001 KRAKEN 14:30:01.799800000 12.25 1 sequence=1 side=buy",
            "1769783403.0001 KRAKEN 14:30:03.000100000 9.75 4 sequence=1 side=sell",
        ),
    ),
    VendorFile(
        source="bitmex",
        layout="public trade history without trdType",
        name="20190130.csv.gz",
        data=gzip.compress(
            lines(
                "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional",
                "2026-01-30D14:30:01.123456000,ZMEXUSD,Buy,2,10.5,PlusTick,a1,190,0.2,2",
                "2026-01-30D14:30:02.000000000,ZMEXUSD,Sell,1,12.25,PlusTick,a2,81,0.1,1",
                "2026-01-30D14:30:03.000000000,ZMEXUSD,Sell,4,9.75,MinusTick,a3,410,0.4,4",
            ),
            mtime=0,
        ),
        symbol="ZMEXUSD",
        recognised=False,
        trades=(
            "a1 BITMEX 14:30:01.123456000 10.5 2 sequence=2 side=buy",
            "a2 BITMEX 14:30:02.000000000 12.25 1 sequence=3 side=sell",
            "a3 BITMEX 14:30:03.000000000 9.75 4 sequence=4 side=sell",
        ),
    ),
    VendorFile(
        source="bybit",
        layout="public spot history",
        name="ZBYUSDT_2026-01-30.csv.gz",
        data=gzip.compress(
            lines(
                "id,timestamp,price,volume,side,rpi",
                "1,1769783401074,10.5,2,sell,0",
                "2,1769783401074,12.25,1,buy,1",
                "3,1769783403000,9.75,4,buy,0",
            ),
            mtime=0,
        ),
        symbol="ZBYUSDT",
        trades=(
            "1 BYBIT-SPOT 14:30:01.074000000 10.5 2 side=sell",
            "2 BYBIT-SPOT 14:30:01.074000000 12.25 1 side=buy",
            "3 BYBIT-SPOT 14:30:03.000000000 9.75 4 side=buy",
        ),
    ),
    VendorFile(
        source="coinbase",
        layout="Advanced Trade WebSocket market_trades channel",
        name="advanced.jsonl",
        data=messages(
            {"channel": "heartbeats", "timestamp": "2026-01-30T14:30:00Z", "sequence_num": 0, "events": [{"heartbeat_counter": 1}]},
            {"channel": "market_trades", "timestamp": "2026-01-30T14:30:04Z", "sequence_num": 1, "events": [{"type": "update", "trades": [
                {"trade_id": str(n), "product_id": "ZADV-USD", "price": price, "size": size, "side": "BUY", "time": f"2026-01-30T14:30:0{n}.5Z"}
                for n, (price, size) in enumerate([("10.5", "2"), ("12.25", "1"), ("9.75", "4")], start=1)
            ]}]},
        ),
        symbol="ZADV-USD",
        recognised=False,
        skipped=1,
        trades=(
            "1 COINBASE 14:30:01.500000000 10.5 2 side=sell",
            "2 COINBASE 14:30:02.500000000 12.25 1 side=sell",
            "3 COINBASE 14:30:03.500000000 9.75 4 side=sell",
        ),
    ),
    VendorFile(
        source="generic",
        layout="semicolons, a byte order mark, seconds since 1970",
        name="zgen.txt",
        data=b"\xef\xbb\xbf"
        + lines(
            "trade_id;symbol;timestamp;price;size;venue",
            "1;EUR/USD;1769783401;10.500000000000000000000000;2;EBS",
            "2;EUR/USD;1769783402;1.225e1;1;EBS",
            "3;EUR/USD;2026-01-30T15:30:03+01:00;9.75;4;EBS",
        ),
        symbol="EUR/USD",
        trades=(
            "1 EBS 14:30:01.000000000 10.5 2",
            "2 EBS 14:30:02.000000000 12.25 1",
            "3 EBS 14:30:03.000000000 9.75 4",
        ),
    ),
    VendorFile(
        source="generic",
        layout="a pretty-printed document, 18 decimals",
        name="zdoc.json",
        data=pretty(
            {
                "trades": [
                    {"trade_id": 1, "symbol": "7203", "timestamp": 1769783401000, "price": "10.500000000000000001", "size": 2},
                    {"trade_id": 2, "symbol": "7203", "timestamp": 1769783402000000, "price": 12.25, "size": 1},
                    {"trade_id": 3, "symbol": "7203", "timestamp": 1769783403000000000, "price": "9.75", "size": 4},
                ]
            }
        ),
        symbol="7203",
        bar=BAR | {"open": "10.500000000000000001"},
        trades=(
            "1 - 14:30:01.000000000 10.500000000000000001 2",
            "2 - 14:30:02.000000000 12.25 1",
            "3 - 14:30:03.000000000 9.75 4",
        ),
    ),
)  # fmt: skip
