"""Base64, character encodings and URL encoding."""

import base64
import binascii
import codecs
import gzip
from urllib.parse import quote_plus

from orchestrator.hcl.function import FunctionError
from orchestrator.hcl.functions.conversion import composed
from orchestrator.hcl.functions.declaration import declare, text
from orchestrator.hcl.values import Value

_BOM_BIG_ENDIAN = b"\xfe\xff"

_CODECS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "utf-16be": "utf-16-be",
    "utf-16le": "utf-16-le",
    "us-ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)},
    **{f"windows-{page}": f"cp{page}" for page in (874, *range(1250, 1259))},
    "big5": "big5",
    "euc-jp": "euc-jp",
    "euc-kr": "euc-kr",
    "gb18030": "gb18030",
    "gbk": "gbk",
    "iso-2022-jp": "iso2022-jp",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "macintosh": "mac-roman",
    **{f"ibm{page}": f"cp{page}" for page in ("037", 437, 850, 852, 855, 860, 862, 863, 865, 866)},
    "shift_jis": "shift-jis",
}
"""Python's codec for each IANA name (in small letters) that is supported."""


@declare("base64encode", text)
def base64_encode(value: str) -> Value:
    return base64.b64encode(value.encode()).decode()


@declare("base64decode", text)
def base64_decode(value: str) -> Value:
    data = _from_base64(value, f'Failed to decode base64 data "{_shortened(value)}".')
    try:
        return composed(data.decode())
    except UnicodeDecodeError:
        raise FunctionError("The result of decoding the given string is not valid UTF-8.", argument=0) from None


@declare("base64gzip", text)
def base64_gzip(value: str) -> Value:
    """Compress at zlib's default level with an empty header; Go's compressor writes other bytes for the same text."""
    compressed = bytearray(gzip.compress(value.encode(), compresslevel=6, mtime=0))
    # The header's last field: the operating system. 255 is "unknown", and the same everywhere.
    compressed[9] = 0xFF
    return base64.b64encode(bytes(compressed)).decode()


@declare("textencodebase64", text, text)
def text_encode_base64(value: str, encoding: str) -> Value:
    codec = _codec(encoding)
    try:
        data = _BOM_BIG_ENDIAN + value.encode("utf-16-be") if codec == "utf-16" else value.encode(codec)
    except UnicodeEncodeError:
        message = f"The given string contains characters that cannot be represented in {encoding}."
        raise FunctionError(message, argument=0) from None
    return base64.b64encode(data).decode()


@declare("textdecodebase64", text, text)
def text_decode_base64(value: str, encoding: str) -> Value:
    codec = _codec(encoding)
    data = _from_base64(value, "The given value has an invalid base64 symbol.")
    if codec == "utf-16" and not data.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        codec = "utf-16-be"
    try:
        return composed(data.decode(codec))
    except UnicodeDecodeError:
        raise FunctionError(
            f"The given string contains symbols that are not defined for {encoding}.", argument=0
        ) from None


@declare("urlencode", text)
def url_encode(value: str) -> Value:
    """Escape as in a query: a space becomes a plus sign."""
    return quote_plus(value)


def _codec(encoding: str) -> str:
    codec = _CODECS.get(encoding.lower())
    if codec is None:
        raise FunctionError(f'"{encoding}" is not a supported IANA encoding name.', argument=1)
    return codec


def _from_base64(value: str, message: str) -> bytes:
    try:
        return base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        raise FunctionError(message, argument=0) from None


def _shortened(value: str) -> str:
    return value if len(value) <= 16 else value[:16] + "..."  # noqa: PLR2004 - the text may be a secret, and is long
