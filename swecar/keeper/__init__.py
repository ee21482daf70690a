"""The keeper: a process of its own that holds the identity keys, digests for others and gives no key away."""
