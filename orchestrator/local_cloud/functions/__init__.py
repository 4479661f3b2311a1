"""The function runtime: runs the Lambda functions that are deployed in the local cloud, without Docker.

The server builds a ``FunctionRuntime``; ``bootstrap`` is the program of its child processes and imports nothing of ours.
"""
