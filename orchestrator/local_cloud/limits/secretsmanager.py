"""Limits of Secrets Manager."""

import re

from orchestrator.local_cloud.iam import stored
from orchestrator.local_cloud.limits.registry import CheckedRequest, limit

_SECRET = re.compile(r"[a-zA-Z0-9/_+=.@!-]+")


@limit(
    "secretsmanager",
    "CreateSecret",
    forbids="names of secrets with other characters than letters, digits and /_+=.@!-",
    code="ValidationException",
    source="secretsmanager/latest/apireference/API_CreateSecret.html",
)
def secret_names(request: CheckedRequest) -> str | None:
    if _SECRET.fullmatch(request["Name"]):
        return None
    return "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"


@limit(
    "secretsmanager",
    "CreateSecret",
    "PutSecretValue",
    "UpdateSecret",
    forbids="the name or a new value of a secret that is scheduled for deletion",
    code="InvalidRequestException",
    source="secretsmanager/latest/userguide/troubleshoot.html",
)
def scheduled_secrets(request: CheckedRequest) -> str | None:
    creates = request.operation == "CreateSecret"
    found = stored.secret(request["Name"] if creates else request["SecretId"], request.region)
    if found is None or not found.is_deleted():
        return None
    if creates:
        return "You can't create this secret because a secret with this name is already scheduled for deletion."
    return "You can't perform this operation on the secret because it was marked for deletion."
