"""Resampling of one plane: separable kernels, widened where a picture shrinks, edges mirrored."""

from functools import lru_cache

import numpy as np


def bicubic(x, b=0.0, c=0.6):
    x = np.abs(x)
    near = ((12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + (6 - 2 * b)) / 6
    far = ((-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + (8 * b + 24 * c)) / 6
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def triangle(x):
    return np.maximum(0, 1 - np.abs(x))


REACH = {bicubic: 2, triangle: 1}


@lru_cache(512)
def taps(centers, scale, low, high, kernel):
    """Rows of (indices, weights), one of each for every target. `centers`: their middles in samples, as bytes; `scale`: samples for
    a target. Only the samples low ..< high exist."""
    centers = np.frombuffer(centers)
    width = max(scale, 1.0)
    centers = np.where(np.abs(centers * 2 - np.round(centers * 2)) < 1e-7, np.round(centers * 2) / 2, centers)
    reach = int(np.ceil(REACH[kernel] * width)) + 1
    first = np.floor(centers - 0.5).astype(int)
    rows, total = [], 0
    for tap in range(-reach, reach + 2):
        index = first + tap
        weight = kernel((index + 0.5 - centers) / width)
        weight = np.where(np.abs(weight) < 1e-12, 0, weight)
        if not weight.any():
            continue
        index = np.where(index < low, 2 * low - 1 - index, index)
        index = np.where(index >= high, 2 * high - 1 - index, index)
        rows.append((np.clip(index, low, high - 1), weight))
        total = total + weight
    return [(index, (weight / total)[:, None]) for index, weight in rows]


def along(plane, axis, kernel):
    """Down the columns. axis: (centers, scale, low, high)."""
    centers, scale, low, high = axis
    rows = taps(np.asarray(centers, float).tobytes(), float(scale), low, high, kernel)
    if len(rows) == 1:
        return plane[rows[0][0]]
    return sum(plane[index] * weight for index, weight in rows)


def scale(plane, x, y, kernel):
    """x, y: (centers, scale, low, high) of each axis."""
    return np.ascontiguousarray(along(np.ascontiguousarray(along(plane, y, kernel).T), x, kernel).T)


def sample(plane, x, y, kernel):
    """The plane at points (arrays of one shape, in samples), edges repeated."""
    reach = REACH[kernel]
    fx, fy = np.floor(x - 0.5).astype(int), np.floor(y - 0.5).astype(int)
    out, total = np.zeros(x.shape), np.zeros(x.shape)
    for j in range(1 - reach, reach + 1):
        wy = kernel(fy + j + 0.5 - y)
        row = np.clip(fy + j, 0, plane.shape[0] - 1)
        for i in range(1 - reach, reach + 1):
            w = wy * kernel(fx + i + 0.5 - x)
            out += w * plane[row, np.clip(fx + i, 0, plane.shape[1] - 1)]
            total += w
    return out / total


def coverage(low, high, count, cell):
    """How much of each of `count` cells of `cell` pixels lies in low ..< high."""
    edges = np.arange(count + 1) * cell
    low, high = (round(float(edge), 7) for edge in (low, high))
    return np.maximum(0, np.minimum(edges[1:], high) - np.maximum(edges[:-1], low)) / cell


def doubled(plane, times_x, times_y):
    """Every sample for all the pixels that it stands for."""
    return np.repeat(np.repeat(plane, times_y, axis=0), times_x, axis=1)


def halved(plane, cell_x, cell_y, left, low_x=0, high_x=None, low_y=0, high_y=None):
    """Means over cells; sited left with the taps 1-2-1. Samples beyond low ..< high repeat those at the edge."""
    high_x, high_y = high_x or plane.shape[1], high_y or plane.shape[0]
    rows = np.clip(np.arange(plane.shape[0]), low_y, high_y - 1)
    plane = plane[rows]
    if cell_y > 1:
        plane = plane.reshape(-1, cell_y, plane.shape[1]).mean(axis=1)
    columns = np.arange(plane.shape[1])
    take = lambda shift: plane[:, np.clip(columns + shift, low_x, high_x - 1)]
    if cell_x == 1:
        return take(0)
    if left:
        return ((take(-1) + 2 * take(0) + take(1)) / 4)[:, ::2]
    return ((take(0) + take(1)) / 2)[:, ::2]
