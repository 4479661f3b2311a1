"""Which web pages may read the answers of a function. API Gateway answers the preflights (modules/apigw)."""

from collections.abc import Mapping

from aws_lambda_powertools.event_handler import CORSConfig

_EXPOSED = ["ETag", "x-correlation-id"]


def cors_of(environment: Mapping[str, str]) -> CORSConfig | None:
    """Read the origins from the function's environment variables; None where no page may read an answer."""
    first, *others = environment.get("CORS_ALLOWED_ORIGINS", "").split() or [""]
    return CORSConfig(allow_origin=first, extra_origins=others, expose_headers=_EXPOSED) if first else None
