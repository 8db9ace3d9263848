"""The blend functions of the W3C's Compositing and Blending Level 1, backdrop first; add stops at white."""

import numpy as np


def overlay(b, s):
    return np.where(b <= 0.5, 2 * b * s, 1 - 2 * (1 - b) * (1 - s))


FUNCTIONS = {
    "add": lambda b, s: np.minimum(1, b + s),
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: b + s - b * s,
    "overlay": overlay,
    "darken": np.minimum,
    "lighten": np.maximum,
    "difference": lambda b, s: np.abs(b - s),
}


def blend(mode, backdrop, source):
    """What the backdrop changes by where the source covers it: B(cb, cs) - cb of non-linear R'G'B'."""
    out = []
    for b, s in zip(backdrop, source):
        b, s = np.clip(b, 0, 1), np.clip(s, 0, 1)
        out.append(FUNCTIONS[mode](b, s) - b)
    return out
