"""Measures what the local cloud answers: every operation of the services below, as botocore's models list them, is called once.

    python benchmarks/local_cloud_services.py [--write]

An operation is answered when the response is the service's: a result, or an error such as "no such queue", since the parameters are made
up. It is not when the local cloud says that it does not implement it (501 NotImplemented) or fails on it (501 LocalCloudDefect). A
count of answers is no measure of how good they are. ``--write`` puts the table into docs/local-cloud.md.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import Shape
from botocore.parsers import ResponseParserError

from orchestrator.local_cloud.environment import environment
from orchestrator.local_cloud.process import ServerProcess

PAGE = Path(__file__).resolve().parent.parent / "docs" / "local-cloud.md"
BEGIN = "<!-- BEGIN services: written by benchmarks/local_cloud_services.py, do not edit -->"
END = "<!-- END services -->"
SERVICES = [
    "acm",
    "apigateway",
    "application-autoscaling",
    "athena",
    "backup",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "cognito-idp",
    "config",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "efs",
    "elbv2",
    "events",
    "firehose",
    "glue",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "organizations",
    "rds",
    "route53",
    "s3",
    "s3control",
    "scheduler",
    "secretsmanager",
    "ses",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
    "wafv2",
]
NUMBERS = {"integer": 1, "long": 1, "float": 1.0, "double": 1.0}


def main() -> int:
    """Call every operation and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into docs/local-cloud.md")
    parser.add_argument("services", nargs="*", default=SERVICES, help="names of boto3; default: those of the table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder))
        endpoint = server.start().endpoint
        assert endpoint is not None
        try:
            began = time.perf_counter()
            rows = [_row(service, _measure(service, endpoint)) for service in options.services]
            sys.stderr.write(f"{time.perf_counter() - began:.0f} s\n")
        finally:
            server.stop()
    head = ["| Service | Operations | Answered | Not implemented | Fails |", "|---|---|---|---|---|"]
    table = "\n".join([*head, *rows])
    print(table)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        before, rest = page.split(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")
    return 0


def _row(service: str, found: Counter[str]) -> str:
    total = found.total()
    return (
        f"| {service} | {total} | {found['answered']} ({found['answered'] / total:.0%}) | {found['NotImplemented']} "
        f"| {found['LocalCloudDefect']} |"
    )


def _measure(service: str, endpoint: str) -> Counter[str]:
    variables = environment(endpoint, {})
    # S3 Control is reached by its name of AWS, through the server as a proxy.
    control = service == "s3control"
    client: Any = boto3.client(
        service,  # type: ignore[call-overload]  # the stubs list literals
        endpoint_url=variables["AWS_ENDPOINT_URL_S3_CONTROL"] if control else endpoint,
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        config=Config(
            retries={"max_attempts": 0},
            read_timeout=20,
            proxies={"http": endpoint} if control else None,
            s3={"addressing_style": "path"},
        ),
    )
    found: Counter[str] = Counter()
    for method, name in sorted(client.meta.method_to_api_mapping.items()):
        model = client.meta.service_model.operation_model(name)
        try:
            getattr(client, method)(**_parameters(model.input_shape))
            found["answered"] += 1
        except ClientError as error:
            code = error.response["Error"]["Code"]
            found[code if code in ("NotImplemented", "LocalCloudDefect") else "answered"] += 1
        except (BotoCoreError, ResponseParserError) as error:
            sys.stderr.write(f"{service} {name}: {error}\n")
            found["LocalCloudDefect"] += 1
    client.close()
    return found


def _parameters(shape: Shape | None) -> dict[str, Any]:
    return {} if shape is None else _value(shape, "")


def _value(shape: Any, name: str, depth: int = 0) -> Any:
    """Make up a value that botocore accepts: required members only, and the first of a closed set."""
    match shape.type_name:
        case "structure" if getattr(shape, "is_tagged_union", False) and not shape.required_members and shape.members:
            first = next(iter(shape.members))
            return {first: _value(shape.members[first], first, depth + 1)}
        case "structure":
            return {key: _value(shape.members[key], key, depth + 1) for key in shape.required_members}
        case "list":
            least = max(1, shape.metadata.get("min", 0))
            return [_value(shape.member, name, depth + 1)] * least if depth < 6 else []  # noqa: PLR2004 - shapes may be recursive
        case "map":
            return {_value(shape.key, "key", depth + 1): _value(shape.value, "value", depth + 1)}
        case "string":
            return _text(shape, name)
        case "blob":
            return b"x"
        case "boolean":
            return False
        case "timestamp":
            return 1_700_000_000
        case number:
            return max(NUMBERS.get(number, 1), shape.metadata.get("min", 0))


def _text(shape: Any, name: str) -> str:
    if shape.enum:
        return str(shape.enum[0])
    if name == "AccountId":
        return "123456789012"
    text = "arn:aws:service:us-east-1:123456789012:name" if name.lower().endswith("arn") else "name"
    return text.ljust(shape.metadata.get("min", 0), "x")


if __name__ == "__main__":
    raise SystemExit(main())
