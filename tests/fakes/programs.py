"""Programs of a repository that answer as they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.config import Completed


@dataclass
class FakePrograms:
    """Prints a text for each command line, and notes what was run, and where.

    ``answers``: by command line; anything else is not found.
    """

    answers: Mapping[str, str | Completed] = field(default_factory=dict)
    ran: list[tuple[str, Path]] = field(default_factory=list)
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Completed:
        line = " ".join(arguments)
        self.ran.append((line, folder))
        self.environment = environment
        if line not in self.answers:
            raise FileNotFoundError(arguments[0])
        answer = self.answers[line]
        return answer if isinstance(answer, Completed) else Completed(code=0, output=answer, errors="")
