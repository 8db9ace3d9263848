"""Numbers that change over time."""

from fractions import Fraction

from timing import number, seconds, time

EASES = {"ease-in": (0.42, 0, 1, 1), "ease-out": (0, 0, 0.58, 1), "ease-in-out": (0.42, 0, 0.58, 1)}


def read(value, rate):
    """A Fraction, or a list of (time, value, ease)."""
    if not isinstance(value, dict):
        return number(value)
    return [
        (seconds(time(key["t"]), rate), number(key["v"]), key.get("ease", "linear")) for key in value["keys"]
    ]


def moves(value):
    return isinstance(value, list)


def bezier(x1, y1, x2, y2, x):
    """CSS cubic-bezier: the curve's y where its x is `x`, by Newton's method, kept between bounds."""
    low, high, s = 0.0, 1.0, x
    for _ in range(200):
        error = 3 * (1 - s) ** 2 * s * x1 + 3 * (1 - s) * s * s * x2 + s**3 - x
        if abs(error) < 1e-15:
            break
        low, high = (s, high) if error < 0 else (low, s)
        slope = 3 * (1 - s) ** 2 * x1 + 6 * (1 - s) * s * (x2 - x1) + 3 * s * s * (1 - x2)
        s = s - error / slope if slope > 1e-9 and low < s - error / slope < high else (low + high) / 2
    return 3 * (1 - s) ** 2 * s * y1 + 3 * (1 - s) * s * s * y2 + s**3


def at(value, t):
    """The value at second t of the clip."""
    if not moves(value):
        return value
    if t <= value[0][0]:
        return value[0][1]
    for (t0, v0, _), (t1, v1, ease) in zip(value, value[1:]):
        if t < t1:
            x = (t - t0) / (t1 - t0)
            if ease == "hold":
                return v0
            if ease == "linear":
                return v0 + (v1 - v0) * x
            return float(v0) + float(v1 - v0) * bezier(*(EASES[ease] if isinstance(ease, str) else ease), float(x))
    return value[-1][1]


ZERO, ONE = Fraction(0), Fraction(1)
