"""The function runtime: runs the Lambda functions that are deployed in the local cloud, without Docker.

``FunctionRuntime`` is what the server builds; ``bootstrap`` is the program of its child processes and imports nothing of this project.
"""
