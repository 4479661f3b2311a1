"""The identity of the local cloud: its account, its region, and the key pair of its sessions.

The access key id has the 20 characters that SigV4 parsers expect and no prefix that AWS gives out, so it can neither be mistaken for a real key
nor be used as one.
"""

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"
ACCESS_KEY_ID = "LOCALPLATFORMCTLFAKE"
SECRET_ACCESS_KEY = "opens-nothing-but-the-local-cloud"  # noqa: S105 - it is public, and useless on AWS

CONTROL_PREFIX = "/_platformctl"
"""Paths below it belong to the server itself and never reach moto."""

ROLE_VARIABLE = "PLATFORMCTL_LOCAL_ROLE"
"""Names the role, by ARN, as which a local session acts; without it, nothing limits the session."""

RECORD_VARIABLE = "PLATFORMCTL_LOCAL_RECORD"
"""Set when the server starts, it makes the server write every decision about a caller to authorizations.jsonl beside its log."""
