"""Shared providers without processes."""

from dataclasses import replace

from orchestrator.adapters.terraform.command import Invocation


class FakeProviders:
    """Stands in for ``SharedProviders``; notes the configurations that units were attached for."""

    def __init__(self) -> None:
        self.configurations: list[str] = []

    def attach(self, invocation: Invocation, configuration: str) -> Invocation:
        self.configurations.append(configuration)
        return replace(invocation, environment={**invocation.environment, "TF_REATTACH_PROVIDERS": "{}"})
