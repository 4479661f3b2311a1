"""AWS Config: the quota of rules, the recorder's frequency, conformance packs and remediation."""

import json
from typing import Any
from uuid import uuid4

from moto.config.models import ConfigBackend, ConfigRule, Scope
from moto.config.responses import ConfigResponse
from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time

from orchestrator.local_cloud.patches.registry import Original, add, around, patch

_RULES_PER_REGION = 1000


@patch(
    service="config",
    subject="aws_config_config_rule",
    symptom="the 151st rule of an account is refused, too few for two deployments",
    restores="an account may have 1,000 rules per region, the quota of AWS",
    upstream=None,
)
def rule_quota() -> None:
    ConfigRule.MAX_RULES = _RULES_PER_REGION


@patch(
    service="config",
    subject="aws_config_config_rule.scope",
    symptom="a scope by tag is not returned: every plan sets it again",
    restores="DescribeConfigRules returns TagKey and TagValue of the scope",
    upstream=None,
)
def rule_scope() -> None:
    @around(Scope, "__init__")
    def init(original: Original, self: Any, *arguments: Any, **stated: Any) -> None:
        original(self, *arguments, **stated)
        for key, value in (self.tags or {}).items():
            self.tag_key, self.tag_value = key, value
        # Part of no answer of AWS.
        self.tags = None


@patch(
    service="config",
    subject="aws_config_configuration_recorder.recording_mode",
    symptom="not stored: every plan sets it again",
    restores="PutConfigurationRecorder stores the mode, by default CONTINUOUS; DescribeConfigurationRecorders returns it",
    upstream=None,
)
def recording_mode() -> None:
    @around(ConfigBackend, "put_configuration_recorder")
    def put_configuration_recorder(original: Original, self: Any, config_recorder: dict[str, Any]) -> Any:
        original(self, config_recorder)
        modes = vars(self).setdefault("recording_modes", {})
        modes[config_recorder["name"]] = config_recorder.get("recordingMode") or {"recordingFrequency": "CONTINUOUS"}

    @around(ConfigBackend, "describe_configuration_recorders")
    def describe_configuration_recorders(original: Original, self: Any, recorder_names: list[str] | None) -> Any:
        modes = vars(self).get("recording_modes", {})
        return [{**item, "recordingMode": modes[item["name"]]} for item in original(self, recorder_names)]


@patch(
    service="config",
    subject="aws_config_conformance_pack",
    symptom="PutConformancePack is not implemented",
    restores="a pack is stored, described as complete and deleted; its rules are not created",
    upstream=None,
)
def conformance_packs() -> None:
    def selected(self: Any) -> list[dict[str, Any]]:
        packs = _stored(self, "conformance_packs")
        names = self._get_param("ConformancePackNames") or sorted(packs)
        for name in names:
            if name not in packs:
                raise JsonRESTError("NoSuchConformancePackException", f"There is no conformance pack {name}.")
        return [packs[name] for name in names]

    @add(ConfigResponse, "put_conformance_pack")
    def put_conformance_pack(self: Any) -> str:
        name = self._get_param("ConformancePackName")
        backend = self.config_backend
        identifier = f"conformance-pack-{uuid4().hex[:9]}"
        known = _stored(self, "conformance_packs").get(name, {})
        arn = f"arn:aws:config:{backend.region_name}:{backend.account_id}:conformance-pack/{name}/{identifier}"
        pack = {
            "ConformancePackName": name,
            "ConformancePackArn": known.get("ConformancePackArn", arn),
            "ConformancePackId": known.get("ConformancePackId", identifier),
            "DeliveryS3Bucket": self._get_param("DeliveryS3Bucket") or "",
            "DeliveryS3KeyPrefix": self._get_param("DeliveryS3KeyPrefix") or "",
            "ConformancePackInputParameters": self._get_param("ConformancePackInputParameters") or [],
            "LastUpdateRequestedTime": unix_time(),
        }
        _stored(self, "conformance_packs")[name] = pack
        return json.dumps({"ConformancePackArn": pack["ConformancePackArn"]})

    @add(ConfigResponse, "describe_conformance_packs")
    def describe_conformance_packs(self: Any) -> str:
        return json.dumps({"ConformancePackDetails": selected(self)})

    @add(ConfigResponse, "describe_conformance_pack_status")
    def describe_conformance_pack_status(self: Any) -> str:
        kept = ("ConformancePackName", "ConformancePackId", "ConformancePackArn", "LastUpdateRequestedTime")
        details = [
            {
                **{field: pack[field] for field in kept},
                "ConformancePackState": "CREATE_COMPLETE",
                "StackArn": pack["ConformancePackArn"],
            }
            # Unlike DescribeConformancePacks, this one ignores a pack that is gone; the provider waits for that.
            for name, pack in sorted(_stored(self, "conformance_packs").items())
            if name in (self._get_param("ConformancePackNames") or [name])
        ]
        return json.dumps({"ConformancePackStatusDetails": details})

    @add(ConfigResponse, "delete_conformance_pack")
    def delete_conformance_pack(self: Any) -> str:
        name = self._get_param("ConformancePackName")
        if _stored(self, "conformance_packs").pop(name, None) is None:
            raise JsonRESTError("NoSuchConformancePackException", f"There is no conformance pack {name}.")
        return ""


@patch(
    service="config",
    subject="aws_config_remediation_configuration",
    symptom="PutRemediationConfigurations is not implemented",
    restores="one remediation per rule is stored, described and deleted; it is never carried out",
    upstream=None,
)
def remediation() -> None:
    @add(ConfigResponse, "put_remediation_configurations")
    def put_remediation_configurations(self: Any) -> str:
        backend = self.config_backend
        for stated in self._get_param("RemediationConfigurations"):
            rule = stated["ConfigRuleName"]
            arn = (
                f"arn:aws:config:{backend.region_name}:{backend.account_id}:remediation-configuration/{rule}/{uuid4()}"
            )
            _stored(self, "remediations")[rule] = {**stated, "Arn": arn}
        return json.dumps({"FailedBatches": []})

    @add(ConfigResponse, "describe_remediation_configurations")
    def describe_remediation_configurations(self: Any) -> str:
        kept = _stored(self, "remediations")
        found = [kept[name] for name in self._get_param("ConfigRuleNames") if name in kept]
        return json.dumps({"RemediationConfigurations": found})

    @add(ConfigResponse, "delete_remediation_configuration")
    def delete_remediation_configuration(self: Any) -> str:
        rule = self._get_param("ConfigRuleName")
        if _stored(self, "remediations").pop(rule, None) is None:
            raise JsonRESTError("NoSuchRemediationConfigurationException", f"The rule {rule} has no remediation.")
        return ""


def _stored(response: Any, kind: str) -> dict[str, dict[str, Any]]:
    """Return what is stored on moto's backend object."""
    kept: dict[str, dict[str, Any]] = vars(response.config_backend).setdefault(kind, {})
    return kept
