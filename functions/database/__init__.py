"""Encrypted connections to the platform's PostgreSQL with a verified server, and transactions."""

from pg8000.exceptions import Error as DatabaseError  # type: ignore[import-untyped]  # it ships no types

from database.connection import Database, DatabaseAddress, Session, iam_token

__all__ = ["Database", "DatabaseAddress", "DatabaseError", "Session", "iam_token"]
