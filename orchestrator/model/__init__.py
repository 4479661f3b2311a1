"""Unit, Graph, Schedule, Status and Action: pure data, without threads and without a clock."""
