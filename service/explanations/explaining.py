"""What explaining needs as long as the process lives."""

from dataclasses import dataclass, field
from typing import Final

from service.edge.turns import Turns
from service.explanations.graphs import Graphs
from service.explanations.keeping import Kept

AT_A_TIME: Final = 2
MOST_WAITING: Final = 30


@dataclass(frozen=True)
class Explaining:
    """Networks that are open, pictures that are kept, and whose turn it is."""

    graphs: Graphs = field(default_factory=Graphs)
    kept: Kept = field(default_factory=Kept)
    turns: Turns = field(default_factory=lambda: Turns("explanations", AT_A_TIME, MOST_WAITING))
