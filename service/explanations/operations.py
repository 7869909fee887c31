"""What is explained of a picture and of a network, and in what words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.errors import Fault, InvalidFields, NoFilters, unknown
from service.explanations.filters import Filters
from service.explanations.graphs import Graph
from service.explanations.layers import Layer
from service.explanations.occlusion import Saliency, occlude
from service.explanations.schemas import (
    ActivationsReply,
    AnswerReply,
    ChannelReply,
    ExplanationReply,
    FiltersReply,
    LayerReply,
    LayersReply,
    ScaleReply,
)
from service.explanations.subjects import Subject
from service.images.showing import as_data_url, as_picture, as_png
from service.inference.calibration import Verdict
from service.inference.pictures import Sent

# The drawings are imported where they are used: an API process that explains nothing loads no matplotlib.
# ruff: noqa: PLC0415

BARS: Final = 5


@dataclass(frozen=True, eq=False)
class Explanation:
    """An answer, and what speaks for a class in the picture. `order`: the class indices, the most probable first."""

    subject: Subject
    probabilities: NDArray[np.float32]
    order: Sequence[int]
    class_index: int
    saliency: Saliency


def only(pictures: Sequence[Sent]) -> Sent:
    """Return the one picture of a request; raise InvalidFields for several."""
    if len(pictures) > 1:
        raise InvalidFields.of([Fault("file", f"Received {len(pictures)} pictures; one at a time is explained.")])
    return pictures[0]


def class_index(classes: Sequence[str], name: str | None) -> int | None:
    """Return the index of the class that a client asks for; raise InvalidFields for one that there is not."""
    if name is None:
        return None
    if name not in classes:
        raise InvalidFields.of([Fault("class", unknown(name, classes, "class"))])
    return classes.index(name)


def explain(subject: Subject, name: str | None) -> Explanation:
    """Ask the network, and find what speaks for the class `name`, or for its answer if that is None."""
    wanted = class_index(subject.network.classes, name)
    probabilities = np.nan_to_num(subject.network.answer(subject.image[np.newaxis])[0])
    order = np.argsort(-probabilities, kind="stable").tolist()
    chosen = order[0] if wanted is None else wanted
    saliency = occlude(subject.network.answer, subject.image, chosen)
    return Explanation(subject, probabilities, order, chosen, saliency)


def explanation(found: Explanation, top: int | None) -> ExplanationReply:
    """Return an explanation as JSON with pictures in it."""
    from service.explanations.drawing import shades

    subject, evidence = found.subject, found.saliency.evidence
    return ExplanationReply(
        prediction=_answer(found, top),
        true=subject.true,
        seen=seen(subject),
        saliency=as_data_url(as_png(shades.map_picture(evidence))),
        overlay=as_data_url(as_png(shades.overlay_picture(subject.image, evidence))),
        class_=subject.network.classes[found.class_index],
        scale=ScaleReply(
            full_colour=_rounded(shades.full_colour(evidence)),
            strongest_for=_rounded(max(float(evidence.max()), 0.0)),
            strongest_against=_rounded(max(-float(evidence.min()), 0.0)),
            patch=found.saliency.patch,
            stride=found.saliency.stride,
            passes=found.saliency.passes,
        ),
        layers=layer_names(subject.network.graph),
    )


def explanation_png(found: Explanation, top: int | None) -> bytes:
    """Return an explanation as one figure; `top` bars, 5 if that is None."""
    from service.explanations.drawing.explanation import MOST_BARS, Explained, explanation_png

    classes = found.subject.network.classes
    shown = found.order[: min(top or BARS, MOST_BARS)]
    return explanation_png(
        Explained(
            image=found.subject.image,
            evidence=found.saliency.evidence,
            explained=classes[found.class_index],
            true=found.subject.true,
            likeliest=[(classes[index], float(found.probabilities[index])) for index in shown],
        )
    )


def layers(training_id: str, graph: Graph) -> LayersReply:
    """Return all layers, also those whose activations cannot be had."""
    return LayersReply(training=training_id, layers=[_layer_reply(graph.layers, layer) for layer in graph.layers])


def layer_names(graph: Graph) -> list[str]:
    """Return the layers whose activations can be asked for."""
    return [layer.name for layer in graph.layers if layer.tensor is not None]


def choose_layer(graph: Graph, name: str | None) -> Layer:
    """Return the layer that a client asks for, the first one if `name` is None; raise InvalidFields."""
    known = {layer.name: layer for layer in graph.layers}
    names = layer_names(graph)
    if name is None and names:
        return known[names[0]]
    if name not in known:
        raise InvalidFields.of([Fault("layer", unknown(name, names or ["(none)"], "layer"))])
    if known[name].tensor is None:
        detail = f"{_folded(graph.layers, known[name])} Valid: {', '.join(names)}"
        raise InvalidFields.of([Fault("layer", detail)])
    return known[name]


def activations(subject: Subject, layer: Layer) -> ActivationsReply:
    """Return what a layer makes of an image, as JSON with pictures in it."""
    values = subject.network.graph.activations(layer, subject.image)
    by_channel = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values[np.newaxis]
    return ActivationsReply(
        layer=layer.name,
        shape=list(values.shape),
        lowest=_rounded(float(values.min())),
        highest=_rounded(float(values.max())),
        channels=[
            ChannelReply(index=index, mean=_rounded(mean), highest=_rounded(highest))
            for index, (mean, highest) in enumerate(
                zip(by_channel.mean(axis=0).tolist(), by_channel.max(axis=0).tolist(), strict=True)
            )
        ],
        seen=seen(subject),
        picture=as_data_url(activations_png(subject, layer)),
        layers=layer_names(subject.network.graph),
    )


def activations_png(subject: Subject, layer: Layer) -> bytes:
    """Return what a layer makes of an image as one picture."""
    from service.explanations.drawing.activations import activations_png

    network = subject.network
    values = network.graph.activations(layer, subject.image)
    is_answer = layer is network.graph.layers[-1] and values.shape == (len(network.classes),)
    return activations_png(values, layer.name, network.classes if is_answer else None)


def filters(training_id: str, graph: Graph) -> FiltersReply:
    """Return the first layer's filters as JSON with a picture in it; raise NoFilters."""
    found = _drawable(graph)
    return FiltersReply(
        training=training_id,
        layer=found.layer,
        count=len(found.weights),
        shape=list(found.weights.shape[1:]),
        largest=_rounded(float(np.abs(found.weights).max())),
        picture=as_data_url(filters_png(graph)),
    )


def filters_png(graph: Graph) -> bytes:
    """Return the first layer's filters as one picture; raise NoFilters."""
    from service.explanations.drawing.weights import filters_png

    found = _drawable(graph)
    return filters_png(found.weights, found.layer, whole=found.is_dense)


def seen(subject: Subject) -> str:
    """Return what the network saw as a data URL."""
    return as_data_url(as_png(as_picture(subject.image)))


def _drawable(graph: Graph) -> Filters:
    found = graph.filters
    if found is not None and found.weights.shape[-1] in {1, 3}:
        return found
    if found is None:
        detail = "The first layer with weights is no convolution, and its units do not see a whole picture."
    else:
        detail = f"The filters of {found.layer} have {found.weights.shape[-1]} channels; 1 or 3 can be drawn."
    raise NoFilters(f"{detail} What its layers answer can be seen: …/activations/test/0.png?layer=NAME")


def _layer_reply(all_layers: Sequence[Layer], layer: Layer) -> LayerReply:
    return LayerReply(
        name=layer.name,
        layer=layer.kind,
        shape=list(layer.shape),
        available=layer.tensor is not None,
        note=None if layer.tensor is not None else _folded(all_layers, layer),
    )


def _folded(all_layers: Sequence[Layer], layer: Layer) -> str:
    place = all_layers.index(layer)
    following = next((other.name for other in all_layers[place + 1 :] if other.tensor is not None), None)
    into = f": it was folded into the layers after it. The next that has some is {following}." if following else "."
    return f"The exported network has no activations of {layer.name}{into}"


def _answer(found: Explanation, top: int | None) -> AnswerReply:
    network = found.subject.network
    label = network.classes[found.order[0]]
    return AnswerReply(
        digit=int(label) if network.handwriting and label.isdigit() else None,
        label=label,
        confidence=_rounded(float(found.probabilities[found.order[0]]), 6),
        probabilities={
            network.classes[index]: _rounded(float(found.probabilities[index]), 6) for index in found.order[:top]
        },
        verdict=_verdict(found.subject),
        model=network.model,
    )


def _verdict(subject: Subject) -> Verdict | None:
    """Return what the model's answer is worth, as for `POST /predict`."""
    engine = subject.network.engine
    if engine is None:
        return None
    answers = engine.answers(subject.image[np.newaxis])
    likeness = None if answers.likeness is None else float(answers.likeness[0])
    return engine.verdict(float(answers.probabilities.max()), likeness)


def _rounded(value: float, digits: int = 4) -> float:
    return round(value, digits)
