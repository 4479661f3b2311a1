"""Unit, Graph, Schedule and Status: pure data, without threads and without a clock."""
