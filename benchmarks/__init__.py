"""`make bench`: what we measure, beside a named peer in the same run."""
