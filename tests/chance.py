"""Texts by chance, the same ones at every run."""

import random
import string


class Chance(random.Random):
    """A seeded source of digits and letters."""

    def digits(self, count: int) -> str:
        return "".join(self.choice(string.digits) for _ in range(count))

    def letters(self, count: int) -> str:
        return "".join(self.choice(string.ascii_uppercase) for _ in range(count))
