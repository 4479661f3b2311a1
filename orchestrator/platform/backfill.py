"""Backfill: bring in market data that already lies in the raw bucket, at a bounded rate (requirements D6, D8).

Each object becomes a message in the queue of ``ingest``, in the form of a notification of S3. The function leaves a receipt for every
version of an object that it has read, so a run that was interrupted goes on where it stopped, and the objects in flight at that
moment are at worst read twice, which changes nothing. Objects that were refused are tried again by the next run.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.listing import pages
from orchestrator.adapters.aws.session import explain
from orchestrator.commands.drift import no_such_deployment
from orchestrator.commands.outputs import OutputsResult
from orchestrator.errors import PlatformctlError, UsageError

FOLDERS = ("history/", "incoming/")
"""The folders of the raw bucket that ``ingest`` reads."""

_RECEIPTS = "receipts/"
_READ, _REFUSED = ".json", ".refused.json"
_RECEIPT_KEY_BYTES = 900
_BATCH = 10
_TICK = 1.0
_DEAD_LETTERS_EVERY = 60.0
_BACKLOG = 500
"""Messages of ``analytics`` above which nothing more is sent: the bars of today wait behind them."""
_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRequest:
    """Which objects to bring in, and how fast.

    Attributes:
        prefix: of their keys.
        rate: objects a minute, and how many may be in flight.
        again: those that have been processed before, too.

    Raises:
        UsageError: ``ingest`` does not read objects with this prefix.

    """

    prefix: str
    rate: int
    again: bool = False

    def __post_init__(self) -> None:
        if not self.prefix.startswith(FOLDERS):
            raise UsageError(
                "Nothing is read from there",
                detail=f'"{self.prefix}" lies below neither {" nor ".join(FOLDERS)} of the raw bucket.',
                hint=f"Copy the files below {FOLDERS[0]}, such as {FOLDERS[0]}binance/, and name that.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillProgress:
    """How far a backfill is.

    Attributes:
        found: objects with the prefix.
        known: those of them that were processed before and are left alone.
        size: bytes of the others.
        in_flight: objects in the queue or being read.
        done: objects that were processed.
        trades: in those; ``rejected`` rows are none.
        failed: why objects were refused or became dead letters, by key.
        seconds_left: estimated; None before anything is done.
        finished: nothing is left, and ``analytics`` has caught up.

    """

    found: int
    known: int
    size: int
    in_flight: int = 0
    done: int = 0
    trades: int = 0
    rejected: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)
    seconds_left: float | None = None
    finished: bool = False

    @property
    def left(self) -> int:
        """The number of objects that are neither processed nor have failed."""
        return self.found - self.known - self.done - len(self.failed)


class _Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What ``ingest`` left about an object."""

    accepted: int
    rejected: int
    name: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Queue:
    url: str
    dead_letters: str

    @classmethod
    def of(cls, units: Mapping[str, Mapping[str, Any]], name: str) -> "_Queue":
        url = str(units["messaging"]["queue_urls"][name])
        return cls(
            url=url, dead_letters=f"{url.rpartition('/')[0]}/{units['messaging']['dead_letter_queue_names'][name]}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """An object to bring in.

    Attributes:
        receipt: the key of its receipt without the ending.
        before: the receipts that it had, with their ETags.

    """

    key: str
    receipt: str
    size: int
    before: Mapping[str, str]


def backfill(
    deployed: OutputsResult,
    request: BackfillRequest,
    *,
    dry_run: bool = False,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[BackfillProgress]:
    """Bring in the objects with a prefix; yields how far it is, about once a second.

    Args:
        deployed: the deployment.
        request: which objects.
        dry_run: only count them.
        clock: seconds since 1970.
        sleep: waits for some seconds.

    Raises:
        UsageError: the deployment is not complete.
        PlatformctlError: AWS refuses a call.

    """
    units = deployed.units
    if not {"messaging", "s3"} <= units.keys():
        raise no_such_deployment(deployed.deployment.request, "or it is not complete")
    try:
        run = _Run(
            s3=deployed.deployment.account.client("s3"),
            sqs=deployed.deployment.account.client("sqs"),
            bucket=units["s3"]["bucket_names"]["raw-data"],
            ingest=_Queue.of(units, "ingest"),
            analytics=_Queue.of(units, "analytics"),
            request=request,
            clock=clock,
        )
        run.look()
        yield run.progress()
        if dry_run:
            return
        run.begin()
        while not (progress := run.advance()).finished:
            yield progress
            sleep(_TICK)
        yield progress
    except (ClientError, BotoCoreError) as error:
        raise explain(error, doing=f"Backfilling {request.prefix}") from error


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run: what is to be sent, what is in flight, and what became of it."""

    s3: Any
    sqs: Any
    bucket: str
    ingest: _Queue
    analytics: _Queue
    request: BackfillRequest
    clock: Callable[[], float]
    found: int = 0
    todo: list[_Source] = field(default_factory=list)
    """In reverse order."""
    size: int = 0
    total: int = 0
    in_flight: dict[str, tuple[_Source, float]] = field(default_factory=dict)
    """By receipt, with the moment at which the message was sent."""
    done: dict[str, str] = field(default_factory=dict)
    """Keys of processed objects by the name of what was written for them."""
    trades: int = 0
    rejected: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    began: float = 0.0
    looked: float = 0.0
    allowance: float = 0.0
    last: float = 0.0
    patience: float = 0.0
    backlog: int = 0

    def look(self) -> None:
        """List the objects, and which of them have a receipt."""
        receipts: dict[str, dict[str, str]] = {}
        for item in self._list(_RECEIPTS + self.request.prefix):
            receipts.setdefault(_without_ending(item["Key"]), {})[item["Key"]] = item["ETag"]
        for item in self._list(self.request.prefix):
            if item["Key"].endswith("/"):
                continue
            self.found += 1
            place = receipt_key(item["Key"], item["ETag"])
            before = receipts.get(place, {})
            if place + _READ not in before or self.request.again:
                self.todo.append(_Source(key=item["Key"], receipt=place, size=item["Size"], before=before))
        self.todo.reverse()
        self.size = sum(source.size for source in self.todo)
        self.total = len(self.todo)

    def begin(self) -> None:
        """Read how long the queue tries, and start the clock."""
        settings = self._attributes(self.ingest.url, "VisibilityTimeout", "RedrivePolicy")
        tries = int(json.loads(settings["RedrivePolicy"])["maxReceiveCount"])
        self.patience = (tries + 1) * float(settings["VisibilityTimeout"])
        self.backlog = self._waiting()
        self.began = self.looked = self.last = self.clock()
        self.allowance = 1.0

    def advance(self) -> BackfillProgress:
        """Take in what has been processed, then send what the rate allows; returns how far it is."""
        now = self.clock()
        most = max(1.0, self.request.rate / _MINUTE * 2 * _TICK)
        self.allowance = min(most, self.allowance + (now - self.last) * self.request.rate / _MINUTE)
        self.last = now
        if self.in_flight:
            self._collect()
        if now - self.looked >= _DEAD_LETTERS_EVERY:
            self.looked = now
            self._find_dead_letters()
        waiting = self._waiting()
        room = self.request.rate - len(self.in_flight) if waiting <= max(_BACKLOG, self.backlog) else 0
        self._send(min(int(self.allowance), room, len(self.todo)), now)
        finished = not (self.todo or self.in_flight or waiting > self.backlog)
        if finished and self.looked != now:
            self._find_dead_letters()
        return self.progress(finished=finished)

    def progress(self, *, finished: bool = False) -> BackfillProgress:
        """Return how far it is."""
        over = len(self.done) + len(self.failed)
        left = self.total - over
        return BackfillProgress(
            found=self.found,
            known=self.found - self.total,
            size=self.size,
            in_flight=len(self.in_flight),
            done=len(self.done),
            trades=self.trades,
            rejected=self.rejected,
            failed=dict(sorted(self.failed.items())),
            seconds_left=left * (self.last - self.began) / over if over and left else None,
            finished=finished,
        )

    def _list(self, prefix: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        return pages(self.s3, "list_objects_v2", "Contents", Bucket=self.bucket, Prefix=prefix, **arguments)

    def _attributes(self, url: str, *names: str) -> Mapping[str, str]:
        found: Mapping[str, str] = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))["Attributes"]
        return found

    def _waiting(self) -> int:
        """Return how many messages ``analytics`` has to process."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return sum(int(number) for number in self._attributes(self.analytics.url, *names).values())

    def _send(self, number: int, now: float) -> None:
        while number > 0:
            batch = [self.todo[-1 - place] for place in range(min(number, _BATCH, len(self.todo)))]
            entries = [
                {"Id": str(place), "MessageBody": _notification(self.bucket, source)}
                for place, source in enumerate(batch)
            ]
            answer = self.sqs.send_message_batch(QueueUrl=self.ingest.url, Entries=entries)
            if refused := answer.get("Failed"):
                raise PlatformctlError(
                    f"Backfilling {self.request.prefix} failed",
                    detail=f"SQS refused a message: {refused[0]['Code']}: {refused[0].get('Message', '')}",
                    hint="Run the command again: it goes on where it stopped.",
                )
            del self.todo[-len(batch) :]
            self.in_flight |= {source.receipt: (source, now) for source in batch}
            self.allowance -= len(batch)
            number -= len(batch)

    def _collect(self) -> None:
        """Take in the receipts that are new."""
        # What was sent lies together, so that few receipts are listed, however many there are.
        start = min(self.in_flight)
        for item in self._list(_RECEIPTS + self.request.prefix, StartAfter=start):
            source, _ = self.in_flight.get(_without_ending(item["Key"]), (None, 0.0))
            if source is None or source.before.get(item["Key"]) == item["ETag"]:
                continue
            body = self.s3.get_object(Bucket=self.bucket, Key=item["Key"])["Body"].read()
            receipt = msgspec.json.decode(body, type=_Receipt)
            del self.in_flight[source.receipt]
            self.trades += receipt.accepted
            self.rejected += receipt.rejected
            if receipt.problem:
                self.failed[source.key] = receipt.problem
            else:
                self.done[receipt.name] = source.key
            if not self.in_flight:
                return

    def _find_dead_letters(self) -> None:
        """Find the objects that became dead letters, and those that nothing is heard of for longer than the queue tries."""
        keys = {source.key: source for source, _ in self.in_flight.values()}
        for key in self._dead_letters(self.ingest) & keys.keys():
            self._fail(keys[key], "no attempt to read it succeeded; its message is in the dead-letter queue of ingest")
        for name in {_name(key) for key in self._dead_letters(self.analytics)} & self.done.keys():
            self.failed[self.done.pop(name)] = (
                "its trades are in no bar; a message is in the dead-letter queue of analytics"
            )
        for source, sent in list(self.in_flight.values()):
            if self.clock() - sent > self.patience:
                self._fail(
                    source, f"no receipt within {self.patience / _MINUTE:.0f} minutes, and no dead letter either"
                )

    def _fail(self, source: _Source, reason: str) -> None:
        del self.in_flight[source.receipt]
        self.failed[source.key] = reason

    def _dead_letters(self, queue: _Queue) -> set[str]:
        """Return the keys in messages that were sent since the run began; the messages stay in the queue."""
        found: set[str] = set()
        name = "ApproximateNumberOfMessages"
        for _ in range(int(self._attributes(queue.dead_letters, name)[name])):
            messages = self.sqs.receive_message(
                QueueUrl=queue.dead_letters,
                MaxNumberOfMessages=_BATCH,
                VisibilityTimeout=int(_DEAD_LETTERS_EVERY / 2),
                WaitTimeSeconds=0,
                MessageSystemAttributeNames=["SentTimestamp"],
            ).get("Messages", [])
            for message in messages:
                if int(message["Attributes"]["SentTimestamp"]) >= int(self.began) * 1000:
                    found.update(_keys(message["Body"]))
            if not messages:
                break
        return found


def receipt_key(key: str, etag: str) -> str:
    """Return the key of the receipt for a version of an object, without its ending; ``functions/ingest/logic.py`` has the same rule."""
    version = etag.strip('"')
    return f"{_RECEIPTS}{key.encode()[:_RECEIPT_KEY_BYTES].decode(errors='ignore')}/{version}"


def _without_ending(key: str) -> str:
    return key.removesuffix(_REFUSED if key.endswith(_REFUSED) else _READ)


def _notification(bucket: str, source: _Source) -> str:
    # Notifications of S3 encode a key like a query string.
    record = {"bucket": {"name": bucket}, "object": {"key": quote_plus(source.key), "size": source.size}}
    return json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Backfill", "s3": record}]})


def _keys(body: str) -> list[str]:
    try:
        return [unquote_plus(record["s3"]["object"]["key"]) for record in json.loads(body)["Records"]]
    except (ValueError, KeyError, TypeError):
        return []


def _name(key: str) -> str:
    """Return the name in trades/NAME-00000.csv."""
    return key.removeprefix("trades/").rpartition("-")[0]
