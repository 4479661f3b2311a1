"""Optional features, applied to the local cloud by the real provider: they come up, a second plan is empty, and they go (A6, B12).

And states from before resources were renamed: the modules of today plan nothing for them.
"""

import json
import re
import subprocess
import zipfile

import pytest

from tests.plans import REPOSITORY

pytestmark = pytest.mark.slow

ACCOUNT, SUFFIX = "123456789012", "opt"
PROVIDER = {
    "region": "us-east-1",
    "access_key": "local",
    "secret_key": "local",
    "s3_use_path_style": True,
    "skip_credentials_validation": True,
    "skip_metadata_api_check": True,
    "default_tags": [{"tags": {"Suffix": SUFFIX}}],
}
INVOKE = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:lambda-who-{SUFFIX}"
ROUTE = {"function_name": "${aws_lambda_function.who.function_name}", "invoke_arn": INVOKE.format(FUNCTION)}


@pytest.fixture(scope="module")
def apply(workspace, terraform_binary, terraform_environment, attached, cloud):
    """Applies a root module to the local cloud, checks that a second plan is empty, and destroys it after the tests."""
    environment = attached({**terraform_environment, "AWS_ENDPOINT_URL": cloud.status().endpoint})
    folders = []

    def terraform(*arguments, cwd, code=0):
        done = subprocess.run(
            [terraform_binary, *arguments], cwd=cwd, env=environment, check=False, capture_output=True, text=True
        )
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def run(document, *, state=None):
        folder = workspace / f"applied-{len(folders)}"
        folder.mkdir()
        (folder / "main.tf.json").write_text(json.dumps({"provider": {"aws": PROVIDER}, **document}))
        terraform("init", "-input=false", "-no-color", cwd=folder)
        # A state that was written back holds what an earlier root made.
        folders[-1 if state else len(folders) :] = [folder]
        if state is None:
            terraform("apply", "-auto-approve", "-input=false", "-no-color", cwd=folder)
        else:
            (folder / "terraform.tfstate").write_text(json.dumps(state))
            plan = terraform("plan", "-input=false", "-no-color", cwd=folder)
            assert "Plan: 0 to add, 0 to change, 0 to destroy." in plan
            terraform("apply", "-auto-approve", "-input=false", "-no-color", cwd=folder)
        terraform("plan", "-detailed-exitcode", "-input=false", "-no-color", cwd=folder)
        return json.loads((folder / "terraform.tfstate").read_text())

    run.terraform = terraform
    yield run
    for folder in reversed(folders):
        terraform("destroy", "-auto-approve", "-input=false", "-no-color", cwd=folder)


def module(name, **inputs):
    return {"source": f"../modules/{name}", "suffix": SUFFIX, **inputs}


def of_type(state, kind):
    return [
        instance["attributes"]
        for resource in state["resources"]
        if resource["type"] == kind
        for instance in resource["instances"]
    ]


@pytest.fixture(scope="module")
def options(apply, tmp_path_factory):
    """A key with administrators, an API with a domain and callers of a user pool, and records in somebody else's bucket."""
    package = tmp_path_factory.mktemp("package") / "who.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context):\n    return {'statusCode': 200}\n")
    account = {"account_id": ACCOUNT, "region": "us-east-1"}
    key = '${module.kms.key_arns["one"]}'
    document = {
        "resource": {
            "aws_s3_bucket": {"audit": {"bucket": "audit-of-somebody-else", "force_destroy": True}},
            "aws_cognito_user_pool": {"this": {"name": "people"}},
            "aws_acm_certificate": {"this": {"domain_name": "api.example.com", "validation_method": "DNS"}},
            "aws_lambda_function": {
                "who": {
                    "function_name": f"lambda-who-{SUFFIX}",
                    "filename": str(package),
                    "handler": "handler.handler",
                    "role": "${aws_iam_role.who.arn}",
                    "runtime": "python3.12",
                }
            },
            "aws_iam_role": {
                "who": {
                    "name": f"iam-role-who-{SUFFIX}",
                    "assume_role_policy": json.dumps(
                        {
                            "Version": "2012-10-17",
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Principal": {"Service": "lambda.amazonaws.com"},
                                    "Action": "sts:AssumeRole",
                                }
                            ],
                        }
                    ),
                }
            },
        },
        "module": {
            "kms": module(
                "kms",
                **account,
                administrator_arns=["${aws_iam_role.who.arn}"],
                keys={"one": {"description": "One", "grants": ["cloudtrail", "cloudwatch_logs", "config"]}},
            ),
            "apigw": module(
                "apigw",
                **account,
                authorizer={"type": "cognito", "user_pool_arns": ["${aws_cognito_user_pool.this.arn}"]},
                custom_domain={"name": "api.example.com", "certificate_arn": "${aws_acm_certificate.this.arn}"},
                kms_key_arn=key,
                routes={"GET /health": {**ROUTE, "authorized": False}, "GET /sessions": ROUTE},
            ),
            "config": module(
                "config",
                **account,
                access_log_bucket_name="logs-of-somebody-else",
                audit_bucket={"name": "${aws_s3_bucket.audit.bucket}", "kms_key_arn": key},
                kms_key_arn=key,
                logs_kms_key_arn=key,
            ),
        },
    }
    return apply(document)


def test_b6_a_domain_and_an_authorizer_come_up(options):
    [domain] = of_type(options, "aws_api_gateway_domain_name")
    assert (domain["domain_name"], domain["security_policy"]) == ("api.example.com", "TLS_1_2")
    [api] = of_type(options, "aws_api_gateway_rest_api")
    assert api["disable_execute_api_endpoint"] is True
    [authorizer] = of_type(options, "aws_api_gateway_authorizer")
    assert authorizer["type"] == "COGNITO_USER_POOLS"
    methods = {method["http_method"]: method for method in of_type(options, "aws_api_gateway_method")}
    assert len(methods) == 1
    assert {m["authorization"] for m in of_type(options, "aws_api_gateway_method")} == {"COGNITO_USER_POOLS", "NONE"}


def test_b10_records_go_to_a_bucket_that_the_deployment_does_not_own(options):
    assert [bucket["bucket"] for bucket in of_type(options, "aws_s3_bucket")] == ["audit-of-somebody-else"]
    [trail] = of_type(options, "aws_cloudtrail")
    [channel] = of_type(options, "aws_config_delivery_channel")
    assert {trail["s3_bucket_name"], channel["s3_bucket_name"]} == {"audit-of-somebody-else"}


def test_b8_the_keys_policy_keeps_administrators_apart_from_users(options):
    [key] = of_type(options, "aws_kms_key")
    statements = {statement["Sid"]: statement for statement in json.loads(key["policy"])["Statement"]}
    assert "kms:PutKeyPolicy" in statements["AllowAdministrators"]["Action"]
    assert "kms:PutKeyPolicy" not in statements["AllowAccountUse"]["Action"]


MOVED = re.compile(r"moved \{\n  from = (\S+)\n  to   = (\S+)\n\}")


@pytest.mark.parametrize(("name", "number"), [("config", 9), ("s3", 8), ("vpc", 16)])
def test_c12_every_move_leads_from_an_address_that_is_free_to_one_that_exists(example, name, number):
    moves = MOVED.findall((REPOSITORY / "modules" / name / "moved.tf").read_text())
    assert len(moves) == number
    addresses = [address.removeprefix(f"module.{name}.") for address in example(name).resources]
    for old, new in moves:
        assert [address for address in addresses if address == new or address.startswith(f"{new}[")], new
        assert [address for address in addresses if address == old or address.startswith(f"{old}[")] == [], old


def test_c12_a_state_with_the_addresses_of_before_needs_no_change(apply):
    """The state is written back as it was before resources were renamed, then planned again: nothing but moves."""
    document = {
        "module": {
            "kms": module(
                "kms",
                account_id=ACCOUNT,
                region="us-east-1",
                keys={"logs": {"description": "Logs", "grants": ["cloudwatch_logs"]}},
            ),
            "vpc": module(
                "vpc",
                account_id=ACCOUNT,
                availability_zones=["us-east-1a", "us-east-1b", "us-east-1c"],
                kms_key_arn='${module.kms.key_arns["logs"]}',
                region="us-east-1",
            ),
        }
    }
    after = apply(document)
    moves = {"vpc": MOVED.findall((REPOSITORY / "modules" / "vpc" / "moved.tf").read_text())}
    before = renamed(after, moves)
    addresses = {(r.get("module"), r["type"], r["name"]) for r in before["resources"] if r["mode"] == "managed"}
    assert ("module.vpc", "aws_network_acl", "public") in addresses
    apply(document, state=before)


def renamed(state, moves):
    """Return the state with every moved instance under the address that it had before."""
    resources = {}
    for resource in state["resources"]:
        for instance in resource["instances"]:
            place = (resource.get("module", ""), resource["mode"], resource["type"], resource["name"])
            key = instance.get("index_key")
            unit = place[0].removeprefix("module.").split(".")[0]
            path = f"{place[0]}.{place[2]}.{place[3]}".removeprefix(f"module.{unit}.")
            for old, new in moves.get(unit, ()):
                if new in (path, f'{path}["{key}"]'):
                    place = (f"module.{unit}", "managed", *old.split("."))
                    key = key if path == new else None
                    break
            kept = {k: v for k, v in instance.items() if k not in ("index_key", "dependencies")}
            entry = resources.setdefault(place, {k: v for k, v in resource.items() if k not in ("instances", "each")})
            entry |= dict(zip(("module", "mode", "type", "name"), place, strict=True))
            entry.setdefault("instances", []).append(kept | ({} if key is None else {"index_key": key}))
    return {**state, "resources": list(resources.values())}
