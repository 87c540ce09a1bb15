"""What the audit trail tells Prometheus: that somebody changed it."""

from ..observability.metrics import counter

ALTERED = counter("mainspring_audit_alterations_total", "Places where the audit trail was found to be changed.")
ALTERED.of()  # there from the start: an alert sees the first one
