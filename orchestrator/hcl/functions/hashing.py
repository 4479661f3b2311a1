"""Hashes of strings, and name-based identifiers."""

import base64
import hashlib
import uuid
from collections.abc import Callable

from orchestrator.hcl.function import Function, FunctionError
from orchestrator.hcl.functions.declaration import declare, text
from orchestrator.hcl.values import Value

Digest = Callable[[bytes], str]


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sha512(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()


def base64_sha256(data: bytes) -> str:
    """Encode the hash itself in base64, not its hexadecimal text."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def base64_sha512(data: bytes) -> str:
    """Encode the hash itself in base64, not its hexadecimal text."""
    return base64.b64encode(hashlib.sha512(data).digest()).decode()


DIGESTS: dict[str, Digest] = {
    "base64sha256": base64_sha256,
    "base64sha512": base64_sha512,
    "md5": md5,
    "sha1": sha1,
    "sha256": sha256,
    "sha512": sha512,
}
"""The hash of each name; ``file`` before the name makes the function that hashes a file."""

_NAMESPACES = {
    "dns": uuid.NAMESPACE_DNS,
    "oid": uuid.NAMESPACE_OID,
    "url": uuid.NAMESPACE_URL,
    "x500": uuid.NAMESPACE_X500,
}


def _of_text(name: str, digest: Digest) -> Function:
    @declare(name, text)
    def function(value: str) -> Value:
        return digest(value.encode())

    return function


@declare("uuidv5", text, text)
def uuid_v5(namespace: str, name: str) -> Value:
    space = _NAMESPACES.get(namespace)
    if space is None:
        try:
            space = uuid.UUID(namespace)
        except ValueError:
            known = ", ".join(f'"{known}"' for known in _NAMESPACES)
            message = f'Unknown namespace "{namespace}": it must be one of {known}, or a UUID.'
            raise FunctionError(message, argument=0) from None
    return str(uuid.uuid5(space, name))


HASHES: tuple[Function, ...] = tuple(_of_text(name, digest) for name, digest in DIGESTS.items())
