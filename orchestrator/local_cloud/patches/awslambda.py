"""Lambda: configuration of functions, and targets of event source mappings."""

from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction

from orchestrator.local_cloud.patches.registry import Original, around, patch


@patch(
    service="lambda",
    subject="aws_lambda_function.logging_config, .dead_letter_config",
    symptom="not returned: every plan sets them again; updates of the key, tracing and ephemeral storage are ignored",
    restores="they are stored on creation and on update, and returned; logs go to /aws/lambda/<name> as text by default",
    upstream=None,
)
def function_configuration() -> None:
    @around(LambdaFunction, "__init__")
    def init(original: Original, self: Any, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        self.logging_config, self.dead_letter_config = spec.get("LoggingConfig"), spec.get("DeadLetterConfig")
        original(self, account_id, spec, *args, **kwargs)

    @around(LambdaFunction, "get_configuration")
    def get_configuration(original: Original, self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = original(self, *args, **kwargs)
        stated = {name: value for name, value in (self.logging_config or {}).items() if value}
        answer["LoggingConfig"] = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}", **stated}
        if (self.dead_letter_config or {}).get("TargetArn"):
            answer["DeadLetterConfig"] = self.dead_letter_config
        return answer

    @around(LambdaFunction, "update_configuration")
    def update_configuration(original: Original, self: Any, config_updates: dict[str, Any]) -> Any:
        for name, attribute in _UPDATABLE.items():
            if name in config_updates:
                setattr(self, attribute, config_updates[name])
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        return original(self, config_updates)


_UPDATABLE = {
    "LoggingConfig": "logging_config",
    "DeadLetterConfig": "dead_letter_config",
    "KMSKeyArn": "kms_key_arn",
    "TracingConfig": "tracing_config",
}


@patch(
    service="lambda",
    subject="aws_lambda_event_source_mapping.function_name with an alias",
    symptom="returned with the version that the alias points to: every plan replaces it",
    restores="the mapping keeps the qualifier that it was created with",
    upstream="pull/6977",
)
def mapped_alias() -> None:
    def qualify(mapping: Any, stated: str) -> Any:
        name = stated.rpartition(":function:")[2] if ":function:" in stated else stated
        _, _, qualifier = name.partition(":")
        head, _, function = mapping.function_arn.partition(":function:")
        mapping.function_arn = f"{head}:function:{function.partition(':')[0]}" + (f":{qualifier}" if qualifier else "")
        return mapping

    @around(LambdaBackend, "create_event_source_mapping")
    def create_event_source_mapping(original: Original, self: Any, spec: dict[str, Any]) -> Any:
        return qualify(original(self, spec), spec["FunctionName"])

    @around(LambdaBackend, "update_event_source_mapping")
    def update_event_source_mapping(original: Original, self: Any, uuid: str, spec: dict[str, Any]) -> Any:
        mapping = original(self, uuid, spec)
        return qualify(mapping, spec["FunctionName"]) if mapping is not None and spec.get("FunctionName") else mapping


@patch(
    service="lambda",
    subject="aws_lambda_function_event_invoke_config (update in place)",
    symptom="a second configuration is stored behind the first, which is still returned: every plan changes it again",
    restores="PutFunctionEventInvokeConfig replaces the configuration, UpdateFunctionEventInvokeConfig changes what it names",
    upstream="pull/7078",
)
def event_invoke_config() -> None:
    @around(LambdaBackend, "put_function_event_invoke_config")
    def put(original: Original, self: Any, function_name: str, config: dict[str, Any]) -> Any:
        answer = original(self, function_name, config)
        function = self.get_function(function_name)
        function.event_invoke_config = function.event_invoke_config[-1:]
        return answer

    @around(LambdaBackend, "update_function_event_invoke_config")
    def update(original: Original, self: Any, function_name: str, config: dict[str, Any]) -> Any:
        stored = self.get_function(function_name).event_invoke_config
        return original(self, function_name, {**(stored[-1].config if stored else {}), **config})
