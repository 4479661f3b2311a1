"""What a killed run has left, as lines."""

from collections.abc import Iterator, Sequence

from orchestrator.commands.operators import Findings


def describe_findings(found: Findings) -> Iterator[str]:
    """Describe what was found: a heading and a line for each."""
    sections: tuple[tuple[str, Sequence[object]], ...] = (
        (
            "Terraform processes that go on without their platformctl; they finish by themselves",
            [f'unit "{child.unit}": process {child.pid}, {child.command}' for child in found.working],
        ),
        ("Locks of processes that have ended", found.left_behind),
        ("Locks whose holder may be alive", found.foreign),
        ("In the cloud, and in no state", found.unrecorded),
    )
    for heading, items in sections:
        if items:
            yield f"{heading}: {len(items)}"
            yield from (f"  {item}" for item in items)
