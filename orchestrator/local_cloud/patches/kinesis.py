"""Kinesis: tags of a new stream."""

from typing import Any

from moto.kinesis.responses import KinesisResponse

from orchestrator.local_cloud.patches.registry import Original, around, patch


@patch(
    service="kinesis",
    subject="aws_kinesis_stream.tags",
    symptom="tags given on creation are ignored: every plan adds them again",
    restores="CreateStream stores Tags",
    upstream=None,
)
def creation_tags() -> None:
    @around(KinesisResponse, "create_stream")
    def create_stream(original: Original, self: Any) -> Any:
        answer = original(self)
        name = self._get_param("StreamName")
        self.kinesis_backend.streams[name].tags.update(self._get_param("Tags") or {})
        return answer
