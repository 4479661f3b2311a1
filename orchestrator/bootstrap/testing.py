"""The arguments of pytest for ``python3 -m orchestrator test``."""

# More workers than cores: the slow tests mostly wait for the provider. Tests of one file share what they set up, and files
# go in order, which has the slowest first.
_PARALLEL = ("-n", "6", "--dist", "loadfile", "--no-loadscope-reorder")


def pytest_arguments(arguments: list[str]) -> list[str]:
    """Add to the user's arguments what they leave open."""
    return arguments or list(_PARALLEL)
