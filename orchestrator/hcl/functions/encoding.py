"""Text in other forms: JSON and CSV, base64, character encodings, URL encoding, hashes."""

import base64
import binascii
import codecs
import gzip
import hashlib
import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NoReturn
from urllib.parse import quote_plus

from orchestrator.hcl.functions.binary import normalise
from orchestrator.hcl.functions.conversion import StillUnknownError, composed, to_string
from orchestrator.hcl.functions.declaration import anything, declare, text
from orchestrator.hcl.scope import NESTING, Function, FunctionError
from orchestrator.hcl.values import SetValue, Value

_HTML = re.compile("[<>&\u2028\u2029]")


def json_text(value: Value) -> str:
    """Return the value as JSON without white space, keys sorted; <, > and & are escaped as Go escapes them for HTML."""
    match value:
        case None:
            return "null"
        case bool() | int() | Decimal():
            return to_string(value)
        case str():
            quoted = json.dumps(value, ensure_ascii=False)
            return _HTML.sub(lambda found: f"\\u{ord(found.group()):04x}", quoted)
        case list() | SetValue():
            return "[" + ",".join(map(json_text, value)) + "]"
        case dict():
            return "{" + ",".join(f"{json_text(name)}:{json_text(value[name])}" for name in sorted(value)) + "}"
    raise StillUnknownError


def parse_json(source: str) -> Value:
    """Return the value that a JSON text writes; numbers keep every digit. Raises FunctionError."""
    try:
        parsed = json.loads(
            source, parse_float=lambda number: normalise(Decimal(number)), parse_int=_integer, parse_constant=_refuse
        )
        return _composed(parsed, 0)
    except json.JSONDecodeError as error:
        raise FunctionError(
            f"Not valid JSON: {error.msg[0].lower()}{error.msg[1:]} (line {error.lineno}, column {error.colno})."
        ) from None
    except RecursionError:
        raise FunctionError("The JSON text is nested too deeply.") from None


def _integer(digits: str) -> Value:
    return normalise(Decimal(digits))


def _refuse(name: str) -> NoReturn:
    raise FunctionError(f"Not valid JSON: {name} is not a number in JSON.")


def _composed(value: Value, depth: int) -> Value:
    if depth > NESTING:
        raise RecursionError
    match value:
        case str():
            return composed(value)
        case list():
            return [_composed(item, depth + 1) for item in value]
        case dict():
            return {composed(name): _composed(item, depth + 1) for name, item in value.items()}
    return value


_FIELD = re.compile(r'"(?P<quoted>[^"]*(?:""[^"]*)*)"(?=[,\n])|(?P<plain>(?!")[^",\n]*)(?=[,\n])')


@declare("csvdecode", text, cost=50)
def csv_decode(source: str) -> Value:
    """Return a list with an object for each row, named by the header."""
    rows = _rows(source)
    header = next(rows, None)
    if header is None:
        raise FunctionError("The header line is missing.", argument=0)
    _, names = header
    repeated = next((name for name, count in Counter(names).items() if count > 1), None)
    if repeated is not None:
        raise FunctionError(f'Duplicate column name "{repeated}".', argument=0)
    result: list[Value] = []
    for line, fields in rows:
        if len(fields) != len(names):
            raise _error(line, "wrong number of fields")
        row: dict[str, Value] = dict(zip(names, fields, strict=True))
        result.append(row)
    return result


def _rows(source: str) -> Iterator[tuple[int, list[str]]]:
    """Read the rows, each with the number of its first line; empty lines are skipped."""
    # Only a line feed ends a line; str.splitlines knows more ends than CSV does.
    text = source.replace("\r\n", "\n").removesuffix("\r").removesuffix("\n") + "\n"
    at = 0
    line = 1
    while at < len(text):
        first = line
        fields: list[str] = []
        while text[at] != "\n" or fields:
            found = _FIELD.match(text, at)
            if found is None:
                quoted = text[at] == '"'
                reason = (
                    'extraneous or missing " in a quoted field' if quoted else 'bare " in a field that is not quoted'
                )
                raise _error(line, reason)
            fields.append(found["plain"] if found["quoted"] is None else found["quoted"].replace('""', '"'))
            line += found.group().count("\n")
            at = found.end()
            if text[at] == "\n":
                break
            at += 1
        if fields:
            yield first, fields
        at += 1
        line += 1


def _error(line: int, reason: str) -> FunctionError:
    return FunctionError(f"CSV error on line {line}: {reason}.", argument=0)


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


base64_encode = declare("base64encode", text)(lambda value: base64.b64encode(value.encode()).decode())
json_decode = declare("jsondecode", text, cost=5)(parse_json)
json_encode = declare("jsonencode", anything)(json_text)
# As in a query: a space becomes a plus sign.
url_encode = declare("urlencode", text, cost=5)(quote_plus)


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


Digest = Callable[[bytes], str]


DIGESTS: dict[str, Digest] = {
    # The hash itself in base64, not its hexadecimal text.
    "base64sha256": lambda data: base64.b64encode(hashlib.sha256(data).digest()).decode(),
    "base64sha512": lambda data: base64.b64encode(hashlib.sha512(data).digest()).decode(),
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).hexdigest(),
    "sha256": lambda data: hashlib.sha256(data).hexdigest(),
    "sha512": lambda data: hashlib.sha512(data).hexdigest(),
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


@declare("rsadecrypt", text, text)
def rsa_decrypt(ciphertext: str, key: str) -> Value:
    """Decrypt what was encrypted with a public key by PKCS #1 v1.5."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - slow to import, and rarely needed
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key  # noqa: PLC0415

    try:
        data = base64.b64decode(ciphertext.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        raise FunctionError("The ciphertext is not base64.", argument=0) from None
    loads = load_ssh_private_key if "OPENSSH PRIVATE KEY" in key else load_pem_private_key
    try:
        loaded = loads(key.encode(), None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise FunctionError("The key is no private key in PEM format, or has a passphrase.", argument=1) from None
    if not isinstance(loaded, RSAPrivateKey):
        raise FunctionError("The key is not an RSA key.", argument=1)
    # OpenSSL answers a wrong padding with random text, for good reason on a network; here it is an error.
    numbers = loaded.private_numbers()
    modulus = numbers.public_numbers.n
    size = (modulus.bit_length() + 7) // 8
    number = int.from_bytes(data)
    padded = pow(number, numbers.d, modulus).to_bytes(size) if number < modulus else b""
    head, separator, plain = padded[2:].partition(b"\0")
    if not padded.startswith(b"\0\2") or not separator or len(head) < _LEAST_PADDING:
        raise FunctionError("The ciphertext cannot be decrypted with the key.", argument=0)
    return composed(plain.decode(errors="replace"))


_LEAST_PADDING = 8
"""Bytes of PKCS #1 v1.5."""
