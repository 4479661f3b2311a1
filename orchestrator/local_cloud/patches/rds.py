"""RDS: the Data API, scaling, Performance Insights, parameters."""

from collections.abc import Iterable
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.models import DBCluster, DBParameterGroup, RDSBackend
from moto.rds.responses import RDSResponse

from orchestrator.local_cloud.patches.registry import Original, add, around, patch


@patch(
    service="rds",
    subject="aws_rds_cluster.enable_http_endpoint",
    symptom="reads false unless the engine mode is serverless v1: every plan sets it again",
    restores="the Data API works with provisioned engine mode, so with Serverless v2; EnableHttpEndpoint and DisableHttpEndpoint switch it",
    upstream=None,
)
def http_endpoint() -> None:
    def store(self: Any, value: bool | None) -> None:
        self._enable_http_endpoint = bool(value)

    DBCluster.enable_http_endpoint = vars(DBCluster)["enable_http_endpoint"].setter(store)  # type: ignore[method-assign]

    def switch(name: str, *, enabled: bool) -> None:
        def operation(self: Any) -> Any:
            arn = self.params["ResourceArn"]
            self.backend.describe_db_clusters(arn.rpartition(":")[2])[0].enable_http_endpoint = enabled
            return ActionResult({"ResourceArn": arn, "HttpEndpointEnabled": enabled})

        # moto finds an operation by the name of its function.
        operation.__name__ = name
        add(RDSResponse, name)(operation)

    switch("enable_http_endpoint", enabled=True)
    switch("disable_http_endpoint", enabled=False)


@patch(
    service="rds",
    subject="aws_rds_cluster.scaling_configuration",
    symptom="a block with empty values is returned although none was set: every plan changes it",
    restores="only a serverless v1 cluster has ScalingConfigurationInfo",
    upstream=None,
)
def scaling_configuration() -> None:
    @around(DBCluster, "scaling_configuration_info")
    def scaling_configuration_info(original: Original, self: Any) -> Any:
        return original(self) if self.scaling_configuration else None


@patch(
    service="rds",
    subject="aws_rds_cluster.engine_lifecycle_support",
    symptom="not stored: every plan sets it again",
    restores="CreateDBCluster stores EngineLifecycleSupport; the default is extended support",
    upstream=None,
)
def engine_lifecycle_support() -> None:
    @around(DBCluster, "__init__")
    def create(original: Original, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.engine_lifecycle_support = kwargs.get("engine_lifecycle_support") or _EXTENDED_SUPPORT


_EXTENDED_SUPPORT = "open-source-rds-extended-support"


@patch(
    service="rds",
    subject="aws_rds_cluster_instance.performance_insights_*",
    symptom="not stored: every plan enables Performance Insights again",
    restores="CreateDBInstance and ModifyDBInstance store whether it is on, its key and its retention",
    upstream=None,
)
def performance_insights() -> None:
    def store(original: Original, self: Any) -> Any:
        answer = original(self)
        instance = answer.result["DBInstance"]
        enabled = self.params.get("EnablePerformanceInsights")
        if enabled is not None:
            instance.performance_insights_enabled = enabled
            instance.performance_insights_kms_key_id = (
                self.params.get("PerformanceInsightsKMSKeyId") if enabled else None
            )
            instance.performance_insights_retention_period = (
                self.params.get("PerformanceInsightsRetentionPeriod") or _FREE_RETENTION if enabled else None
            )
        return answer

    around(RDSResponse, "create_db_instance")(store)
    around(RDSResponse, "modify_db_instance")(store)


_FREE_RETENTION = 7


@patch(
    service="rds",
    subject="aws_db_parameter_group.parameter",
    symptom="parameters have no Source, and the provider reads only those of the user: every plan sets them again",
    restores='a parameter that was set has the source "user"',
    upstream=None,
)
def parameter_source() -> None:
    @around(DBParameterGroup, "update_parameters")
    def update_parameters(original: Original, self: Any, new_parameters: Iterable[dict[str, Any]]) -> None:
        stated = list(new_parameters)
        original(self, stated)
        for parameter in stated:
            self.parameters[parameter["ParameterName"]]["Source"] = "user"


@patch(
    service="rds",
    subject="aws_rds_cluster.engine_version",
    symptom='a major version is returned as it was given ("17"): nothing shows what AWS made of it',
    restores="a major version stands for the latest minor version; a cluster that already runs one of it stays as it is",
    upstream=None,
)
def major_engine_version() -> None:
    @around(DBCluster, "__init__")
    def create(original: Original, self: Any, *args: Any, **kwargs: Any) -> None:
        version = kwargs.get("engine_version")
        if kwargs.get("engine") == _POSTGRESQL and version in _MINOR_VERSIONS:
            kwargs["engine_version"] = _MINOR_VERSIONS[version]
        original(self, *args, **kwargs)

    @around(RDSBackend, "modify_db_cluster")
    def modify_db_cluster(original: Original, self: Any, kwargs: dict[str, Any]) -> Any:
        running = self.describe_db_clusters(kwargs["db_cluster_identifier"])[0].engine_version
        wanted = kwargs.get("engine_version")
        if wanted in _MINOR_VERSIONS:
            kwargs["engine_version"] = running if running.startswith(f"{wanted}.") else _MINOR_VERSIONS[wanted]
        return original(self, kwargs)


_POSTGRESQL = "aurora-postgresql"
# Released together in November 2025.
_MINOR_VERSIONS = {"16": "16.11", "17": "17.7"}
