"""How much the keeper digests within an hour."""

from collections import OrderedDict

HOUR = 3600.0
FEW = 10  # values of one question: an entry's; more are a file's, which leaves half of the hour to entries
DAY = 24 * HOUR


class Limit:
    """Different values within an hour, which slides; what was asked within the hour is free.

    Times are in seconds of any clock that only goes forward. Beyond the hour an operator may allow a number of
    values for a day.
    """

    def __init__(self, per_hour: int):
        self.per_hour = per_hour
        # When a value was first asked for, the oldest first; a dict is slow to take the first ones from.
        self.counted: OrderedDict[bytes, float] = OrderedDict()
        self.free: OrderedDict[bytes, float] = OrderedDict()  # as allowed by an operator
        self.allowed, self.allowed_until = 0, 0.0

    def take(self, values: set[bytes], now: float) -> int:
        """Count values by a mark each; 0, or the seconds until there is room for all, and then none is counted."""
        self._forget(now)
        new = values - self.counted.keys() - self.free.keys()
        limit = self.per_hour if len(new) <= FEW else self.per_hour // 2
        beyond = max(0, len(new) - max(0, limit - len(self.counted)))
        if beyond > self.left_of_allowance(now):
            return self._wait(beyond, limit, len(new), now)
        self.allowed -= beyond
        for place, value in enumerate(new):
            (self.free if place < beyond else self.counted)[value] = now
        return 0

    def allow(self, values: int, now: float) -> None:
        """Allow so many values beyond the hour's, for a day."""
        self.allowed, self.allowed_until = values, now + DAY

    def left(self, now: float) -> int:
        """How many different values may still be asked for now, a few at a time."""
        self._forget(now)
        return max(0, self.per_hour - len(self.counted)) + self.left_of_allowance(now)

    def left_of_allowance(self, now: float) -> int:
        """What is left of what an operator has allowed."""
        return self.allowed if now < self.allowed_until else 0

    def _forget(self, now: float) -> None:
        for asked in (self.counted, self.free):
            while asked and next(iter(asked.values())) <= now - HOUR:
                asked.popitem(last=False)

    def _wait(self, beyond: int, limit: int, new: int, now: float) -> int:
        """The seconds until so many have left the hour; an hour for more than there ever is room for."""
        if new > limit or beyond > len(self.counted):
            return int(HOUR)
        asked = list(self.counted.values())[beyond - 1]
        return max(1, int(asked + HOUR - now) + 1)
