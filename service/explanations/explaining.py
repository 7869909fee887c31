"""What explaining needs as long as the process lives."""

from dataclasses import dataclass, field

from service.explanations.graphs import Graphs
from service.explanations.keeping import Kept
from service.explanations.turns import Turns


@dataclass(frozen=True)
class Explaining:
    """Networks that are open, pictures that are kept, and whose turn it is."""

    graphs: Graphs = field(default_factory=Graphs)
    kept: Kept = field(default_factory=Kept)
    turns: Turns = field(default_factory=Turns)
