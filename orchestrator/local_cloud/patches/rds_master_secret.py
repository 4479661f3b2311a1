"""RDS: the secret of the master user, whose password the database checks."""

import json
import secrets
import string
from typing import Any

from moto.rds.models import MasterUserSecret

from orchestrator.local_cloud.patches.registry import Original, around, patch

# RDS takes every printable character but these: / ' " @ and the space.
_ALPHABET = string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?[]^_{|}~"
_LENGTH = 32


@patch(
    service="rds",
    subject="aws_rds_cluster.master_user_secret",
    symptom='the secret always holds "admin" and a fixed password; rotation does not change it',
    restores="RDS generates a password for the master user, and another one on rotation",
    upstream=None,
)
def master_user_secret() -> None:
    @around(MasterUserSecret, "_generate_secret_string")
    def generate(original: Original, self: Any) -> str:
        content = json.loads(original(self))
        password = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        return json.dumps({**content, "username": self.resource.master_username, "password": password})

    @around(MasterUserSecret, "rotate_secret")
    def rotate(_original: Original, self: Any) -> None:
        # There is no rotation function behind a managed secret: the service replaces the value itself.
        self._status = "rotating"
        self.secretsmanager.put_secret_value(
            secret_id=self.secret.arn,
            secret_string=self._generate_secret_string(),
            secret_binary=None,
            client_request_token=None,
            version_stages=["AWSCURRENT"],
        )
