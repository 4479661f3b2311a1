"""Tags: those that a request would set, and those that a resource has. ``serial.MOTO`` must be held for the latter."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from orchestrator.local_cloud.backends import GLOBAL, backend
from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.iam.calls import ApiCall
from orchestrator.local_cloud.iam.patterns import arn_parts

_LISTS = frozenset({"tags", "tag", "taglist", "tagslist", "tagset"})
_KEYS = frozenset({"tagkeys", "tagkeylist"})


def requested_tags(call: ApiCall, kind: str = "") -> dict[str, str]:
    """Return the tags in a request; for EC2 only those for a kind of resource ("vpc")."""
    found: dict[str, str] = {}
    for name, value in call.parameters.items():
        bare = name.lower()
        if bare in ("tagspecifications", "tagspecification"):
            for one in value if isinstance(value, list) else ():
                if kind in ("", one.get("ResourceType")):
                    found |= _pairs(one.get("Tags"))
        elif bare in _LISTS:
            found |= _pairs(value)
        elif bare == "tagging":
            found |= dict(parse_qsl(value)) if isinstance(value, str) else _pairs(value.get("TagSet"))
    return found


def requested_tag_keys(call: ApiCall) -> list[str]:
    """Return the keys of tags that a request would remove."""
    return [
        key for name, value in call.parameters.items() if name.lower() in _KEYS for key in value if isinstance(key, str)
    ]


def tags_of(arn: str) -> dict[str, str]:
    """Return the tags of a stored resource; none for one that does not exist or has none."""
    _, _, service, region, _, resource = arn_parts(arn)
    read = _READERS.get(service)
    if read is None or "*" in resource:
        return {}
    with suppress(AttributeError, KeyError, IndexError, StopIteration, TypeError):
        return _pairs(read(arn, region, resource))
    return {}


def _pairs(given: Any) -> dict[str, str]:
    """Read tags as a mapping, or as a list of pairs in any of AWS's spellings."""
    if isinstance(given, Mapping):
        return {str(key): str(value) for key, value in given.items() if not isinstance(value, list | dict)}
    found = {}
    for one in given or ():
        if not isinstance(one, Mapping):
            continue
        lowered = {str(name).lower(): value for name, value in one.items()}
        key = lowered.get("key", lowered.get("tagkey"))
        if key is not None:
            found[str(key)] = str(lowered.get("value", lowered.get("tagvalue")) or "")
    return found


def _tagger(service: str, attribute: str = "tagger") -> Callable[[str, str, str], Any]:
    """Return a reader of moto's usual store of tags, by ARN."""
    return lambda arn, region, _: getattr(backend(service, region), attribute).get_tag_dict_for_resource(arn)


def _rds(_arn: str, region: str, resource: str) -> Any:
    rds, (kind, _, name) = backend("rds", region), resource.partition(":")
    stores = {
        "cluster": rds.clusters,
        "cluster-pg": rds.db_cluster_parameter_groups,
        "cluster-snapshot": rds.cluster_snapshots,
        "db": rds.databases,
        "pg": rds.db_parameter_groups,
        "snapshot": rds.database_snapshots,
        "subgrp": rds.subnet_groups,
    }
    return getattr(stores[kind][name], "tags", None)


def _iam(arn: str, _region: str, resource: str) -> Any:
    iam = backend("iam", GLOBAL)
    if resource.startswith("policy/"):
        return iam.managed_policies[arn].tags
    if resource.startswith("role/"):
        return stored.role(arn).tags
    return iam.tagger.get_tag_dict_for_resource(arn)


def _config(arn: str, region: str, resource: str) -> Any:
    config = backend("config", region)
    if resource.startswith("config-rule/"):
        return next(one for one in config.config_rules.values() if one.config_rule_arn == arn).tags
    return None


def _apigateway(_arn: str, region: str, resource: str) -> Any:
    """Return the tags of the API, stage, key or plan to which a path belongs."""
    gateway, (_, kind, *rest) = backend("apigateway", region), resource.split("/")
    if kind == "restapis":
        return gateway.apis[rest[0]].tags
    stores = {"apikeys": gateway.keys, "domainnames": gateway.domain_names, "usageplans": gateway.usage_plans}
    return stores[kind][rest[0]].tags


def _s3(_arn: str, _region: str, resource: str) -> Any:
    name, _, key = resource.partition("/")
    found = stored.bucket(name)
    return None if key else backend("s3", GLOBAL).tagger.get_tag_dict_for_resource(found.arn)


def _firehose(_arn: str, region: str, resource: str) -> Any:
    firehose, name = backend("firehose", region), resource.partition("/")[2]
    return firehose.tagger.get_tag_dict_for_resource(firehose.delivery_streams[name].delivery_stream_arn)


def _logs(arn: str, region: str, _resource: str) -> Any:
    group = ":".join(arn.split(":")[:7])
    tags: Iterator[Any] = (
        backend("logs", region).tagger.get_tag_dict_for_resource(name) for name in (group, f"{group}:*")
    )
    return next((found for found in tags if found), {})


_READERS: dict[str, Callable[[str, str, str], Any]] = {
    "apigateway": _apigateway,
    "cloudtrail": _tagger("cloudtrail", "tagging_service"),
    "cloudwatch": _tagger("cloudwatch"),
    "config": _config,
    "dynamodb": lambda _, region, name: stored.table(name.split("/")[1], region).tags,
    "ec2": lambda _, region, name: backend("ec2", region).tags[name.rpartition("/")[2]],
    "events": _tagger("events"),
    "firehose": _firehose,
    "iam": _iam,
    "kms": lambda _, region, name: backend("kms", region).tagger.get_tag_dict_for_resource(stored.key(name, region).id),
    "lambda": lambda arn, region, _: _function(arn, region),
    "logs": _logs,
    "rds": _rds,
    "s3": _s3,
    "secretsmanager": lambda arn, region, _: stored.secret(arn, region).tags,
    "sns": lambda arn, *_: stored.topic(arn)._tags,  # noqa: SLF001 - moto has no other way
    "sqs": lambda arn, *_: stored.queue(arn).tags,
    "wafv2": _tagger("wafv2", "tagging_service"),
}


def _function(arn: str, region: str) -> Any:
    if ":event-source-mapping:" in arn:
        return getattr(backend("lambda", region).get_event_source_mapping(arn.rpartition(":")[2]), "tags", None)
    return stored.function(":".join(arn.split(":")[:7])).tags
