"""The counts of all processes (swecar/counts.py) as counters and a histogram of Prometheus."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from swecar.counts import BUCKETS, COUNTERS, SECONDS, SECONDS_MEANING

Counts = Mapping[tuple[str, ...], float]


class Counters(Collector):
    """Tells counts that were read; but for proofs, one that has not happened yet has no sample."""

    def __init__(self, counts: Counts):
        # An alert sees a count rise only where its series was there before.
        self.counts = {("proofs", "agreed"): 0.0, ("proofs", "differed"): 0.0} | dict(counts)

    def collect(self) -> Iterator[Metric]:
        """Each counter, then the seconds."""
        for name, (meaning, labels) in COUNTERS.items():
            family = CounterMetricFamily(f"swecar_{name}", meaning, labels=labels)
            for (of, *values), value in self.counts.items():
                if of == name and len(values) == len(labels):
                    family.add_metric(values, value)
            yield family
        yield _read_seconds(self.counts)


def _read_seconds(counts: Counts) -> HistogramMetricFamily:
    """The histogram; each bucket of Prometheus holds the ones before it too."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for key, value in counts.items():
        if key[0] == SECONDS:
            found[key[1]][key[2]] = value
    family = HistogramMetricFamily(f"swecar_{SECONDS}", SECONDS_MEANING, labels=["part"])
    for part, told in found.items():
        below, buckets = 0.0, []
        for bound in BUCKETS:
            below += told.get(bound, 0)
            buckets.append((bound, below))
        family.add_metric([part], buckets, told.get("sum", 0))
    return family
