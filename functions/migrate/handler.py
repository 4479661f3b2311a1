"""Migrate the database to the schema that the other functions expect. Invoked after a deployment; idempotent."""

import json
import logging
import os
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from database import Database, DatabaseAddress
from logic import migrate, read_migrations

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MIGRATIONS = Path(__file__).with_name("migrations")
TIMEOUT = 120

logger = Logger()
# At DEBUG botocore logs whole answers, passwords and market data included.
logging.getLogger("botocore").setLevel(logging.INFO)


@lru_cache(maxsize=1)
def secrets() -> "SecretsManagerClient":
    """Return the client of this execution environment."""
    return boto3.client("secretsmanager")


@logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Apply the pending migrations and return their names; the event does not matter."""
    migrations = read_migrations(MIGRATIONS)
    with closing(_database()) as database, database.transaction() as session:
        applied = migrate(session, migrations)
    logger.info("migrated", extra={"applied": applied, "version": len(migrations)})
    return {"applied": applied, "version": len(migrations)}


def _database() -> Database:
    # Read on every invocation: Secrets Manager rotates the master's password on its own schedule.
    answer = secrets().get_secret_value(SecretId=os.environ["MASTER_SECRET_ARN"])
    master = json.loads(answer["SecretString"])
    address = DatabaseAddress.of_environment(os.environ, user=master["username"])
    return Database(address, lambda: str(master["password"]), application=logger.service, timeout=TIMEOUT)
