"""Resources as moto stores them; None for one that does not exist. ``serial.MOTO`` must be held."""

from typing import Any

from orchestrator.local_cloud.backends import GLOBAL, backend
from orchestrator.local_cloud.iam.patterns import arn_parts


def queue(arn: str) -> Any:
    sqs = backend("sqs", arn_parts(arn)[3])
    return sqs and sqs.queues.get(arn_parts(arn)[5])


def topic(arn: str) -> Any:
    sns = backend("sns", arn_parts(arn)[3])
    return sns and sns.topics.get(arn)


def table(name: str, region: str) -> Any:
    dynamodb = backend("dynamodb", region)
    return dynamodb and dynamodb.tables.get(name)


def bucket(name: str) -> Any:
    return backend("s3", GLOBAL).buckets.get(name)


def role(arn: str) -> Any:
    return next((one for one in backend("iam", GLOBAL).get_roles() if one.arn == arn), None)


def with_path(arn: str) -> str:
    """Return the ARN of a role, user or policy of IAM with the path that it was created with."""
    iam, parts = backend("iam", GLOBAL), arn_parts(arn)
    kind, _, name = parts[5].partition("/")
    if kind == "role":
        return next((str(one.arn) for one in iam.get_roles() if one.name == name), arn)
    if kind == "user" and name in iam.users:
        return str(iam.users[name].arn)
    return arn


def key(identifier: str, region: str) -> Any:
    """Find a key by id, ARN or alias; the region is that of ids and aliases."""
    if identifier.startswith("arn:"):
        region, identifier = arn_parts(identifier)[3], arn_parts(identifier)[5]
    kms, name = backend("kms", region), identifier.removeprefix("key/")
    keys = kms.keys if kms else {}
    return keys.get(name) or next((one for one in keys.values() if name in one.aliases), None)


def customer_key(identifier: str | None, region: str) -> Any:
    """Find a key that AWS does not manage; the others require no permission."""
    found = key(identifier, region) if identifier and "alias/aws/" not in identifier else None
    return None if found is None or found.key_manager == "AWS" else found


def secret(identifier: str, region: str) -> Any:
    """Find a secret by name, ARN or ARN without the six characters at its end."""
    from moto.secretsmanager.exceptions import SecretsManagerClientError  # noqa: PLC0415 - moto loads with the service

    secretsmanager = backend("secretsmanager", region)
    try:
        return secretsmanager and secretsmanager.secrets.get(identifier)
    except SecretsManagerClientError:
        return None


def function(arn: str) -> Any:
    """Find a function, or the version or alias of it, by ARN."""
    from moto.awslambda.exceptions import UnknownFunctionException  # noqa: PLC0415 - moto loads with the service

    functions = backend("lambda", arn_parts(arn)[3])
    name, _, qualifier = arn_parts(arn)[5].removeprefix("function:").partition(":")
    try:
        return functions.get_function(name, qualifier or None) if functions and name else None
    except UnknownFunctionException:
        return None
