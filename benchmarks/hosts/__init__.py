"""The run on three hosts, of which one is cut off and comes back; `.ci/hosts-check` starts it."""
