"""A network's summary: as JSON, and as a table like Keras' own."""

from collections.abc import Sequence

from service.networks.arithmetic import Shape
from service.networks.checking import size_bytes
from service.networks.layers.describing import Layers
from service.networks.measuring import Measured, Row, measure
from service.networks.naming import IMAGES
from service.networks.schemas import Summary, SummaryRow


def summarise(name: str | None, layers: Layers, input_shape: Shape) -> Summary:
    """Return the summary of a network that fits together."""
    measured = measure(layers, input_shape)
    return Summary(
        name=name,
        input_shape=list(input_shape),
        output_shape=list(measured.output or ()),
        parameters=measured.parameters,
        flops=measured.flops,
        size_bytes=size_bytes(measured),
        layers=rows(measured),
    )


def rows(measured: Measured) -> list[SummaryRow]:
    """Return a row for each layer."""
    return [_row(row) for row in measured.rows]


def _row(row: Row) -> SummaryRow:
    return SummaryRow(
        index=row.index,
        name=row.name,
        layer=row.layer,
        inputs=list(row.inputs),
        output_shape=list(row.output_shape),
        parameters=row.parameters,
        flops=row.flops,
    )


def text(summary: Summary) -> str:
    """Return the summary as a table for people, shapes written as Keras does: `(None, 13, 13, 32)`, None for the batch.

    A graph has a column more: what each layer is connected to.
    """
    table = [["Layer (type)", "Output shape", "Parameters", "MFLOP", "Connected to"]]
    table.append([f"{IMAGES} (Input)", shape_text(summary.input_shape), "0", "", ""])
    table += [
        [
            *(f"{row.name} ({row.layer})", shape_text(row.output_shape), f"{row.parameters:,}", _mflop(row.flops)),
            ", ".join(row.inputs),
        ]
        for row in summary.layers
    ]
    before = [IMAGES, *(row.name for row in summary.layers)]
    is_chain = all(row.inputs == [name] for name, row in zip(before, summary.layers, strict=False))
    columns = range(4 if is_chain else 5)
    widths = [max(len(line[column]) for line in table) for column in columns]
    lines = [
        "  ".join(
            line[column].rjust(widths[column]) if column in {2, 3} else line[column].ljust(widths[column])
            for column in columns
        )
        for line in table
    ]
    rule = "─" * len(lines[0])
    title = f"Network: {summary.name or 'of its own layers'}"
    total = (
        f"{summary.parameters:,} parameters ({_size(summary.size_bytes)}), {_mflop(summary.flops) or 0} MFLOP an image"
    )
    return "\n".join((title, rule, lines[0], rule, *(line.rstrip() for line in lines[1:]), rule, total, ""))


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape as Keras writes it."""
    return f"(None, {', '.join(str(side) for side in shape)})"


def _mflop(flops: int) -> str:
    return f"{flops / 1e6:,.3f}" if flops else ""


def _size(count: int) -> str:
    return f"{count / 2**20:,.2f} MiB" if count >= 2**20 else f"{count / 2**10:,.1f} KiB"
