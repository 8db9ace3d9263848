"""Times as exact fractions: what a project file may write, and which output frames a stretch of time has."""

import re
from fractions import Fraction
from math import ceil, floor


def number(value):
    """A number of a project file: exact, as its decimals say, or a fraction in a string."""
    return Fraction(str(value))


def time(value):
    """('s', seconds) or ('f', frames)."""
    text = str(value)
    if text.endswith("f"):
        return ("f", int(text[:-1]))
    if ":" in text:
        seconds = Fraction(0)
        for part in text.lstrip("-").split(":"):
            seconds = seconds * 60 + Fraction(part)
        return ("s", -seconds if text.startswith("-") else seconds)
    exact = Fraction(text)
    return ("s", exact.limit_denominator(10**9) if not re.search("/", text) else exact)


def seconds(value, rate):
    return value[1] / rate if value[0] == "f" else value[1]


class TimeMap:
    """Seconds of a timeline or a source at output second T: offset + speed * T."""

    def __init__(self, offset=Fraction(0), speed=Fraction(1)):
        self.offset, self.speed = Fraction(offset), Fraction(speed)
        self.key = (self.offset, self.speed)

    def at(self, t):
        return self.offset + self.speed * t

    def into(self, at, start, rate):
        """What is played at `rate` from its second `start` on, from second `at` of this timeline."""
        return TimeMap(start + rate * (self.offset - at), rate * self.speed)

    def frames(self, start, end, rate):
        """The output frames in which this timeline is at start <= time < end."""
        if start >= end:
            return (0, 0)
        if self.speed == 0:
            return (-(10**12), 10**12) if start <= self.offset < end else (0, 0)
        a, b = ((edge - self.offset) / self.speed * rate for edge in (start, end))
        if self.speed > 0:
            return (ceil(a), max(ceil(a), ceil(b)))
        return (floor(b) + 1, max(floor(b), floor(a)) + 1)
