"""The keyword by which a case varies several things at once."""

from __future__ import annotations

from typing import Any

from robot.api import logger
from robot.utils import DotDict

from ..combinations import covering_pairs
from ..errors import UsageError
from .decorator import keyword
from .kit import Kit

FEWEST = 2
"""Factors; with fewer there is nothing to combine."""


class ChoosingKeywords:
    """Choices that the seed makes."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    @keyword(tags=("Streams",))
    def choose_combinations(self, **factors: list[Any]) -> list[dict[str, Any]]:
        """Combines values of several factors so that each pair of them occurs at least once, in as few rows as chance finds.

        | =Argument= | =Meaning=                                                                         |
        | factors    | two or more, each with the list of its values: ``behind=${POINTS}``                 |

        Returns a list of dictionaries with one value of each factor. The seed of the run decides; all rows are in the log. Fails for
        fewer than two factors, and for one without a value.

        | ${rows} =    `Choose Combinations`    behind=${POINTS}    how=${WAYS}    kind=${KINDS}
        """
        if len(factors) < FEWEST or not all(factors.values()):
            raise UsageError("give two factors or more, each with at least one value, such as behind=${POINTS}    how=${WAYS}")
        rows = covering_pairs(factors, self._kit.seed)
        logger.info(f"{len(rows)} combinations of seed {self._kit.seed}:\n" + "\n".join(map(str, rows)))
        return [DotDict(row) for row in rows]
