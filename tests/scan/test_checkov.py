"""A6, B4, B8: checkov has no findings in production except those that are skipped beside a resource, with a reason.

Whether a skip counts is decided here and not by checkov: it finds them by the resource's type and name alone, so that a skip of one module's "this"
would hold for every other's.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

MODULES = Path(__file__).resolve().parents[2] / "modules"

# What may be skipped, and where. Everything else has to be fixed.
ALLOWED = {
    "CKV2_AWS_16": "aws_dynamodb_table",
    "CKV2_AWS_19": "aws_eip",
    "CKV2_AWS_51": "aws_api_gateway_stage",
    "CKV2_AWS_57": "aws_secretsmanager_secret",
    "CKV2_AWS_8": "aws_rds_cluster",
    "CKV_AWS_120": "aws_api_gateway_stage",
    "CKV_AWS_139": "aws_rds_cluster",
    "CKV_AWS_143": "aws_s3_bucket",
    "CKV_AWS_144": "aws_s3_bucket",
    # S3 delivers access logs to no bucket whose default encryption is SSE-KMS, nor may the log bucket log into itself.
    "CKV_AWS_145": "aws_s3_bucket",
    "CKV_AWS_18": "aws_s3_bucket",
    "CKV_AWS_225": "aws_api_gateway_method_settings",
    "CKV_AWS_252": "aws_cloudtrail",
    "CKV_AWS_272": "aws_lambda_function",
    "CKV_AWS_304": "aws_secretsmanager_secret",
    "CKV_AWS_326": "aws_rds_cluster",
    "CKV_AWS_338": "aws_cloudwatch_log_group",
}


@dataclass(frozen=True, order=True)
class Skip:
    module: str
    resource: str
    check: str
    reason: str

    def __str__(self):
        return f"modules/{self.module}, {self.resource}: {self.check}"


def read_skips(module, text):
    """Yield the skips in a file of a module; outside of resources their resource is empty."""
    resource = ""
    for line in text.splitlines():
        block = re.match(r'(resource|data) "([^"]+)" "([^"]+)"', line)
        if block:
            resource = f"{'data.' if block[1] == 'data' else ''}{block[2]}.{block[3]}"
        elif line.startswith("}"):
            resource = ""
        skip = re.search(r"checkov:skip=([A-Z0-9_]+)(?::\s*(.*))?", line)
        if skip:
            yield Skip(module, resource, skip[1], (skip[2] or "").strip())


@pytest.fixture(scope="module")
def skips():
    files = sorted(MODULES.glob("*/*.tf"))
    return sorted(skip for path in files for skip in read_skips(path.parent.name, path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def excuse(production, skips):
    """A function that returns the skip for a finding, or None."""
    by_place = {(skip.module, skip.resource, skip.check): skip for skip in skips}
    instances = {item.address: item for item in production.resources}

    def find(check, address):
        item = instances[address]
        module = Path(production.call(item.module)["source"]).name
        return by_place.get((module, f"{item.type}.{item.name}", check))

    return find


@pytest.mark.slow
def test_a6_checkov_finds_nothing_in_production(checkov, excuse):
    open_findings = sorted(f"{check} {address}" for check, address in checkov if excuse(check, address) is None)
    assert not open_findings, "\n".join(["checkov's findings:", *open_findings])


@pytest.mark.slow
def test_every_skip_excuses_a_finding(checkov, excuse, skips):
    needed = {excuse(check, address) for check, address in checkov}
    idle = [str(skip) for skip in skips if skip not in needed]
    assert not idle, "\n".join(["These skips excuse nothing:", *idle])


def test_only_allowed_checks_are_skipped_where_they_may_be_and_with_a_reason(skips):
    assert skips
    wrong = [
        str(skip)
        for skip in skips
        if not f"{skip.resource}.".startswith(f"{ALLOWED.get(skip.check, 'nowhere')}.") or len(skip.reason.split()) < 3
    ]
    assert not wrong, "\n".join(["These skips are not allowed, or do not say why:", *wrong])


def test_a_skip_belongs_to_the_resource_around_it():
    text = """
#checkov:skip=CKV_AWS_1:outside of everything
resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:one region is enough
  # checkov:skip=CKV_AWS_18
  bucket = "x"
}

data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_109: as above
}
"""
    assert list(read_skips("s3", text)) == [
        Skip("s3", "", "CKV_AWS_1", "outside of everything"),
        Skip("s3", "aws_s3_bucket.this", "CKV_AWS_144", "one region is enough"),
        Skip("s3", "aws_s3_bucket.this", "CKV_AWS_18", ""),
        Skip("s3", "data.aws_iam_policy_document.this", "CKV_AWS_109", "as above"),
    ]
