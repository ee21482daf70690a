"""From records to published snapshots and releases."""
