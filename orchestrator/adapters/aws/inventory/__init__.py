"""Lists what exists in an account and region, asking the services and not any state file.

It proves that a destroy left nothing (requirements A2, B12). What a fresh account has by itself is left out: the default VPC with its parts, keys,
aliases and policies that AWS manages, default parameter groups, the default event bus, service-linked roles. So an empty list means: as good as new.
A service that does not answer is an error, never an empty list.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.adapters.aws.inventory.audit import cloudtrail, config
from orchestrator.adapters.aws.inventory.compute import apigateway, functions, wafv2
from orchestrator.adapters.aws.inventory.identity import iam, kms, secretsmanager
from orchestrator.adapters.aws.inventory.messaging import events, firehose, sns, sqs
from orchestrator.adapters.aws.inventory.monitoring import cloudwatch, logs
from orchestrator.adapters.aws.inventory.network import ec2
from orchestrator.adapters.aws.inventory.resource import ClientFactory, Clients, Lister, Owner, Resource
from orchestrator.adapters.aws.inventory.storage import dynamodb, rds, s3
from orchestrator.errors import PlatformctlError

__all__ = ["ClientFactory", "Resource", "list_resources"]

_LISTERS: Mapping[str, Lister] = {
    "apigateway": apigateway,
    "cloudtrail": cloudtrail,
    "cloudwatch": cloudwatch,
    "config": config,
    "dynamodb": dynamodb,
    "ec2": ec2,
    "events": events,
    "firehose": firehose,
    "iam": iam,
    "kms": kms,
    "lambda": functions,
    "logs": logs,
    "rds": rds,
    "s3": s3,
    "secretsmanager": secretsmanager,
    "sns": sns,
    "sqs": sqs,
    "wafv2": wafv2,
}
# Each service has its own limits of requests, so they are asked side by side; more threads than this gain nothing.
_THREADS = 8


def list_resources(client: ClientFactory, suffix: str | None = None) -> list[Resource]:
    """Everything in the account and region of the services that the platform uses, sorted.

    Args:
        client: gives a boto3 client for a service; called in this thread only, once per service.
        suffix: only what belongs to the deployment of that suffix: its name ends in "-<suffix>", or it carries the tag
            "Suffix", or it is part of such a thing. All when None.

    Raises:
        PlatformctlError: a service could not be asked, so that nothing is proved.

    """
    clients = {service: client(service) for service in _LISTERS}
    owner = Owner(suffix=suffix)
    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="inventory") as pool:
        answers = list(pool.map(lambda service: _ask(service, clients, owner), _LISTERS))
    failures = [answer for answer in answers if isinstance(answer, str)]
    if failures:
        raise PlatformctlError(
            "Asking the cloud what exists failed",
            detail="\n".join(failures),
            hint="What is left cannot be told without it. Listing needs the permissions that docs/deployment.md gives to a deployer.",
        )
    return sorted({resource for answer in answers if not isinstance(answer, str) for resource in answer})


def _ask(service: str, clients: Clients, owner: Owner) -> list[Resource] | str:
    """What the service lists, or why it does not."""
    try:
        return list(_LISTERS[service](clients, owner))
    except (BotoCoreError, ClientError) as error:
        return f"{service}: {error}"
