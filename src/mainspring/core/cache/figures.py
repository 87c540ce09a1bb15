"""What the cache counts, by the name of what is cached (R-195)."""

from functools import lru_cache

from ..observability.metrics import counter, gauge, histogram

HITS = counter("mainspring_cache_hits_total", "Answers that were kept, in memory or in Redis.", ("cache", "place"))
MISSES = counter("mainspring_cache_misses_total", "Questions for which nothing good was kept.", ("cache",))
LOADS = counter("mainspring_cache_loads_total", "Answers that were loaded, one for all who asked at once.", ("cache",))
ERRORS = counter(
    "mainspring_cache_errors_total",
    "Loads that failed (load), answers that could not be kept or read (value), and calls that Redis did not answer (redis).",
    ("cache", "kind"),
)
LOAD_SECONDS = histogram("mainspring_cache_load_seconds", "How long a load took.", ("cache",))
ENTRIES = gauge("mainspring_cache_entries", "Answers in the memory of the processes.")
BYTES = gauge("mainspring_cache_bytes", "Bytes of answers in the memory of the processes.")


class Figures:
    """The series of one name."""

    __slots__ = ("in_memory", "in_redis", "loads", "misses", "name", "seconds")

    def __init__(self, name: str) -> None:
        self.name = name
        self.in_memory, self.in_redis = HITS.of(name, "memory"), HITS.of(name, "redis")
        self.misses, self.loads, self.seconds = MISSES.of(name), LOADS.of(name), LOAD_SECONDS.of(name)

    def failed(self, kind: str) -> None:
        """Count an error."""
        ERRORS.of(self.name, kind).inc()


@lru_cache(maxsize=2048)
def figures_of(name: str) -> Figures:
    """The series of a name."""
    return Figures(name)
