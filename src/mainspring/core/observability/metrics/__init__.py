"""Figures for Prometheus (R-195): counters, gauges and histograms, summed over the processes of a machine.

`SENT = counter("mails_sent_total", "Mails handed to the mail server.", ("template",))`, then `SENT.of("receipt").inc()`. An
increment costs under half a microsecond. What one process knows about itself is refreshed by a function marked
`@each_process`; what the whole installation shares (the depth of a queue) is asked by one marked `@at_scrape`.
"""

from .collecting import Reading, at_scrape, each_process, keep_metrics
from .instruments import Counter, Gauge, Histogram, counter, gauge, histogram

__all__ = [
    "Counter",
    "Gauge",
    "Histogram",
    "Reading",
    "at_scrape",
    "counter",
    "each_process",
    "gauge",
    "histogram",
    "keep_metrics",
]
