"""The position of a file in the tree, on which the results of Terragrunt's path functions depend."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The point of view of one file.

    Attributes:
        home: the folder of the unit, or of the file read by ``read_terragrunt_config``; in an included file it is
            that of the file that includes it.
        original: the folder of the unit that everything was read for.
        included: the folder of this file if it is an included one.
        includes: the folders of the files that this file includes, by label.

    """

    home: Path
    original: Path
    included: Path | None = None
    includes: Mapping[str, Path] = field(default_factory=dict)
