"""The register of deployments: everything that is deployed to a target, whatever its suffix.

The live tree is read with a suffix that stands in for all of them: which bucket and which keys hold the states is its
decision, and the same for every deployment but for the suffix.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.adapters.aws.session import CloudSession, aws_session, local_session
from orchestrator.adapters.aws.state_bucket import Deployment, StateBucket, state_keys
from orchestrator.adapters.local_cloud import LocalCloud
from orchestrator.cli.deployment import Request, isolate, load, request
from orchestrator.cli.options import DEFAULT_ENVIRONMENT, Target
from orchestrator.config import Stack, environments
from orchestrator.diagnostics import ConfigurationError
from orchestrator.engine.environments import Environment, state_units
from orchestrator.errors import UsageError

_ANY_SUFFIX = "stand-in-for-suffix"
_READERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The register of one target.

    Attributes:
        unreadable: environments whose live tree has mistakes, so that orphans of their deployments cannot be told.

    """

    asked: Request
    session: CloudSession
    bucket: StateBucket
    unreadable: list[str] = field(default_factory=list)
    _keys: dict[str, dict[str, str] | None] = field(default_factory=dict)

    def find(self) -> tuple[Environment, ...]:
        """Every deployment, by suffix: those that are registered, and those that have a state all the same."""
        if not self.bucket.exists():
            return ()
        by_suffix: dict[str, list[str]] = {}
        for key in self.bucket.keys(prefix=""):
            suffix, slash, _ = key.partition("/")
            if slash:
                by_suffix.setdefault(suffix, []).append(key)
        with ThreadPoolExecutor(max_workers=_READERS, thread_name_prefix="state") as pool:
            records = dict(zip(by_suffix, pool.map(self.bucket.deployment, by_suffix), strict=True))
            states = {suffix: self._states(suffix, keys, records[suffix]) for suffix, keys in by_suffix.items()}
            every = sorted({key for units in states.values() for key in units.values()})
            resources = dict(zip(every, pool.map(self.bucket.resources, every), strict=True))
        return tuple(
            self._environment(suffix, records[suffix], {unit: resources[key] for unit, key in states[suffix].items()})
            for suffix in sorted(by_suffix)
            if records[suffix] is not None or states[suffix]
        )

    def deployment(self, suffix: str) -> Deployment | None:
        """What is registered under the suffix at this moment."""
        return self.bucket.deployment(suffix)

    def _states(self, suffix: str, keys: Iterable[str], record: Deployment | None) -> dict[str, str]:
        known = (self._known(record.environment) if record else None) or {}
        return state_units(suffix, keys, {name: key.replace(_ANY_SUFFIX, suffix) for name, key in known.items()})

    def _environment(self, suffix: str, record: Deployment | None, resources: dict[str, int]) -> Environment:
        known = self._known(record.environment) if record else None
        return Environment(
            suffix=suffix,
            environment=record.environment if record else None,
            target=str(self.asked.target),
            created=datetime.fromisoformat(record.created) if record else None,
            expires=datetime.fromisoformat(record.expires) if record and record.expires else None,
            last_run=record.last_run if record else None,
            resources=resources,
            orphans=() if known is None else tuple(sorted(resources.keys() - known.keys())),
        )

    def _known(self, environment: str) -> dict[str, str] | None:
        """By unit of an environment, the key of its state; None where the live tree cannot be read."""
        if environment not in self._keys:
            self._keys[environment] = self._read(environment)
        return self._keys[environment]

    def _read(self, environment: str) -> dict[str, str] | None:
        if environment not in environments(self.asked.project.live):
            # The whole folder has been removed: none of its units is in the live tree.
            return {}
        try:
            return state_keys(_stack(self.asked, environment, self.session.account_id))
        except ConfigurationError:
            self.unreadable.append(environment)
            return None


def open_register(target: Target) -> Register | None:
    """Connect to the target's register; None where the target is a local cloud that does not run.

    Raises:
        UsageError: this is no project, or there are no credentials.
        ConfigurationError: no environment of the live tree can be read.
        PlatformctlError: AWS did not answer.

    """
    asked = request(suffix=_ANY_SUFFIX, target=target, environment=None)
    if target is Target.LOCAL:
        cloud = LocalCloud(asked.project.local_cloud)
        status = cloud.status()
        if status.endpoint is None:
            return None
        session = local_session(isolate(cloud), endpoint=status.endpoint, account_id=status.account_id)
    else:
        session = aws_session(os.environ)
    return Register(asked=asked, session=session, bucket=StateBucket(session, _bucket_name(asked, session.account_id)))


def _bucket_name(asked: Request, account_id: str) -> str:
    """The bucket that the live tree names; all environments share root.hcl, so any that can be read will do."""
    names = environments(asked.project.live)
    if not names:
        raise UsageError(
            "Live tree without environments",
            detail=f"{asked.project.live} holds no folder with units.",
            hint="An environment is a folder of live/ with units in it.",
        )
    mistakes: ConfigurationError | None = None
    for name in sorted(names, key=lambda name: (name != DEFAULT_ENVIRONMENT, name)):
        try:
            units = _stack(asked, name, account_id).units
        except ConfigurationError as error:
            mistakes = mistakes or error
        else:
            return next(iter(units.values())).state_address().bucket
    assert mistakes is not None
    raise mistakes


def _stack(asked: Request, environment: str, account_id: str) -> Stack:
    return load(asked, environment=environment, account_id=account_id)
