"""What a stack needs from outside: whether any unit uses AWS, and which remote states it has."""

import re
from collections.abc import Iterator

from orchestrator.config.composition import compose, text_of, walk
from orchestrator.config.generated import EvaluatedUnit, RemoteState
from orchestrator.config.source import LocalSource
from orchestrator.config.stack import Stack
from orchestrator.diagnostics import ConfigurationError
from orchestrator.errors import PlatformctlError

# A resource or data source, a provider block or a provider's source; a comment that says so costs an idle local cloud.
_AWS = re.compile(r'"aws_|\baws\s*=|provider\s+"aws"|backend\s+"s3"')
_CALLS = re.compile(r'^\s*module\s+"', re.MULTILINE)


def uses_aws(stack: Stack) -> bool:
    """Tell whether a unit keeps its state in S3 or uses the AWS provider; True for modules that could not be fetched."""
    return any(_uses_aws(unit, stack.units[unit.name].located()) for unit in _evaluated(stack))


def remote_states(stack: Stack) -> tuple[RemoteState, ...]:
    """Return the ``remote_state`` settings of the units that have some."""
    return tuple(unit.remote_state for unit in _evaluated(stack) if unit.remote_state is not None)


def _evaluated(stack: Stack) -> Iterator[EvaluatedUnit]:
    for unit in stack.units.values():
        try:
            yield unit.evaluate({})
        except ConfigurationError:
            # The check of the stack has reported it.
            continue


def _uses_aws(unit: EvaluatedUnit, module: LocalSource | None) -> bool:
    if unit.remote_state is not None and unit.remote_state.backend == "s3":
        return True
    if module is None:
        return True
    try:
        composition = compose(unit, root=module.root, subdirectory=module.subdirectory)
    except PlatformctlError:
        return True
    texts = [text_of(entry) for name, entry in composition.files.items() if name.endswith((".tf", ".tf.json"))]
    if any(_CALLS.search(text) for text in texts):
        # The modules that it calls lie in the same root, as far as they are on this machine.
        texts = [text_of(entry) for name, entry in walk(composition.tree) if name.endswith((".tf", ".tf.json"))]
    return any(_AWS.search(text) for text in texts)
