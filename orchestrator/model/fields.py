"""Field types with bounds, for documents that are validated when they are read and described by a JSON Schema."""

from typing import Annotated, TypeAlias

from msgspec import Meta

Name: TypeAlias = Annotated[str, Meta(min_length=1)]
Count: TypeAlias = Annotated[int, Meta(ge=0)]
TargetName: TypeAlias = Annotated[str, Meta(pattern="^(local|aws)$")]
Seconds: TypeAlias = Annotated[float, Meta(ge=0)]
