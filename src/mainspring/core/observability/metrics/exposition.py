"""`GET /metrics` in the text format of Prometheus, or OpenMetrics when the scraper asks for it (R-195)."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fastapi import Request
from starlette.responses import Response

from ...http.dependencies import App
from ...http.routing import Router
from ...jobs import figures as job_figures
from ...security.guard import public
from ...workflows import figures as workflow_figures
from . import process
from .cells import Key
from .collecting import Reading, ask, look
from .reading import FOLDER, Figures, figures

if TYPE_CHECKING:
    from prometheus_client import Metric

router = Router(root=True, include_in_schema=False)
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
LOOKS = (process, job_figures, workflow_figures)  # imported, so that their figures are there


@router.get("/metrics", dependencies=[public])
async def metrics(application: App, request: Request) -> Response:
    """The figures of every process of this machine."""
    look(application)
    shared = await ask(application)
    content, kind = rendered(figures(application.settings.data_dir / FOLDER), shared, request.headers.get("accept", ""))
    return Response(content, headers={"content-type": kind, "cache-control": "no-store"})


def rendered(own: Figures, shared: Iterable[Reading], accept: str) -> tuple[bytes, str]:
    """The text, and its content type."""
    from prometheus_client import exposition
    from prometheus_client.openmetrics import exposition as openmetrics  # takes 30 ms, which the start need not pay

    collected: Any = _Figures([*_families(own), *_families_of(shared)])  # Any: the library asks for its own registry
    is_open = "application/openmetrics-text" in accept
    encode: Callable[[Any], bytes] = openmetrics.generate_latest if is_open else exposition.generate_latest
    return encode(collected), OPENMETRICS if is_open else PLAIN


class _Figures:
    """What the library calls a registry: something that can be collected."""

    def __init__(self, families: "list[Metric]") -> None:
        self.families = families

    def collect(self) -> "list[Metric]":
        return self.families


def _families(own: Figures) -> "Iterator[Metric]":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
    from prometheus_client.utils import floatToGoString

    by_name: dict[str, list[tuple[Key, list[float]]]] = {}
    for key, values in own.items():
        by_name.setdefault(key.name, []).append((key, values))
    for name, series in sorted(by_name.items()):
        first = series[0][0]
        labels = [label for label, _ in first.labels]
        kinds: dict[str, Any] = {  # Any: the families share no constructor
            "counter": CounterMetricFamily,
            "gauge": GaugeMetricFamily,
            "histogram": HistogramMetricFamily,
        }
        family = kinds[first.kind](name, first.text, labels=labels)
        for key, values in series:
            named = [value for _, value in key.labels]
            if key.kind == "histogram":
                family.add_metric(named, _cumulative(key.bounds, values[1:], floatToGoString), values[0])
            else:
                family.add_metric(named, values[0])
        yield family


def _cumulative(bounds: tuple[float, ...], counts: list[float], text: Any) -> list[tuple[str, float]]:
    total, buckets = 0.0, []
    for bound, count in zip((*bounds, float("inf")), counts, strict=True):
        total += count
        buckets.append((text(bound), total))
    return buckets


def _families_of(shared: Iterable[Reading]) -> "Iterator[Metric]":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    by_name: dict[str, list[Reading]] = {}
    for reading in shared:
        by_name.setdefault(reading.name, []).append(reading)
    for name, readings in sorted(by_name.items()):
        first = readings[0]
        labels = list(first.labels)
        kind: Any = CounterMetricFamily if first.kind == "counter" else GaugeMetricFamily  # Any: see _families
        family = kind(name, first.text, labels=labels)
        for reading in readings:
            family.add_metric([reading.labels[label] for label in labels], reading.value)
        yield family
