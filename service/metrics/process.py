"""What one process of the API measures of itself: requests, predictions, and waits for the database.

Every label is bounded, whatever clients send: a series that a client could invent would grow without end.
"""

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.registry import Collector

from service.metrics.sharing import shared_or
from service.waits import CONNECTION, WRITE_LOCK

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER: Final = "(other)"  # brackets: no model, method or route is called so
MOST_MODELS: Final = 100

REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
PREDICTION_BUCKETS: Final = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BATCH_BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
WAIT_BUCKETS: Final = (0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 30)


class ProcessMetrics:
    """The histograms of this process. Each method is cheap: some microseconds, and safe in every thread."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a series more for each histogram, that nobody asks for
        registry = CollectorRegistry()
        self._requests = Histogram(
            "cyfra_requests_seconds",
            "Time until the answer to a request began.",
            ("method", "route", "status"),
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self._predictions = Histogram(
            "cyfra_prediction_seconds",
            "Time from the pictures of a request to its answers: decoding, normalising, waiting for the network, and its run.",
            ("model",),
            buckets=PREDICTION_BUCKETS,
            registry=registry,
        )
        self._batches = Histogram(
            "cyfra_prediction_batch_size",
            "Pictures that a network took at once.",
            buckets=BATCH_BUCKETS,
            registry=registry,
        )
        waits = Histogram(
            "cyfra_database_wait_seconds",
            "Time waited for a connection, and on SQLite for the write lock.",
            ("what",),
            buckets=WAIT_BUCKETS,
            registry=registry,
        )
        self._viewers = Gauge(
            "cyfra_viewers", "Open streams of events.", multiprocess_mode="livesum", registry=registry
        )
        events = Counter("cyfra_events_sent", "Events sent to all viewers.", ("event",), registry=registry)
        self._events_by = {name: events.labels(name) for name in ("state", "epoch", "progress")}
        # The same again by their labels: finding a child in a dictionary takes half the time of asking for it.
        self._requests_by: dict[tuple[str, str, int], Histogram] = {}
        self._predictions_by: dict[str, Histogram] = {}
        self._waits_by = {what: waits.labels(what) for what in (CONNECTION, WRITE_LOCK)}
        self.collector: Collector = shared_or(registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request: `route` is a template of ours, `seconds` the time until its answer began."""
        key = (method, route, status // 100)
        known = self._requests_by.get(key)
        if known is None:
            method = method if method in METHODS else OTHER
            key = (method, route, status // 100)
            known = self._requests_by[key] = self._requests.labels(method, route, f"{status // 100}xx")
        known.observe(seconds)

    def batched(self, pictures: int) -> None:
        """Count a batch that a network took."""
        self._batches.observe(pictures)

    def predicted(self, model: str, seconds: float) -> None:
        """Count a prediction request that was answered, by a model that exists.

        Names of models are given by users. The first hundred that answer get a series of their own, all others share one.
        """
        known = self._predictions_by.get(model)
        if known is None:
            model = model if len(self._predictions_by) < MOST_MODELS else OTHER
            known = self._predictions_by[model] = self._predictions.labels(model)
        known.observe(seconds)

    def waited(self, what: str, seconds: float) -> None:
        """Count a wait for the database: see `service.waits`."""
        self._waits_by[what].observe(seconds)

    def viewers(self, more: int) -> None:
        """Count viewers that came, or went."""
        self._viewers.inc(more)

    def told(self, events: Mapping[str, int]) -> None:
        """Count events that are sent to a viewer, by their kind: state, epoch or progress."""
        for name, count in events.items():
            self._events_by[name].inc(count)
