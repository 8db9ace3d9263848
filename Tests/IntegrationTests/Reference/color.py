"""Code values and colours: matrices, ranges, primaries."""

import numpy as np

NAMES = {
    "bt709": 1, "fcc": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "bt2020nc": 9, "bt2020": 9, "bt2020-10": 14,
    "bt2020-12": 15, "smpte2084": 16, "arib-std-b67": 18, "gbr": 0, "iec61966-2-1": 13,
}
LUMA = {4: (0.30, 0.11), 6: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593), 1: (0.2126, 0.0722)}
XY = {
    1: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
}


class Color:
    """H.273 code points (2: unknown), and where chroma samples lie: 0 left, 1 center, 2 top left."""

    def __init__(self, matrix=2, primaries=2, transfer=2, full=False, siting=0):
        self.matrix, self.primaries, self.transfer, self.full, self.siting = matrix, primaries, transfer, full, siting

    def known_matrix(self, width, height):
        """An unknown one is BT.601 for small pictures."""
        if self.matrix in (2, 3):
            return 9 if self.primaries == 9 else 1 if width >= 1280 or height > 576 else 6
        return 6 if self.matrix == 5 else self.matrix

    def known_primaries(self):
        return None if self.primaries in (2, 3) else 6 if self.primaries == 7 else self.primaries


CANVAS = {
    "bt601": Color(6, 6, 6), "bt709": Color(1, 1, 1), "bt2020": Color(9, 9, 14), "bt2020-pq": Color(9, 9, 16),
    "bt2020-hlg": Color(9, 9, 18),
}


def weights(matrix):
    kr, kb = LUMA[matrix]
    return kr, 1 - kr - kb, kb


def to_rgb(planes, matrix, full, depth):
    """Non-linear R'G'B' of code values, not limited."""
    scale, top = 2.0 ** (depth - 8), 2.0**depth - 1
    if full:
        y, u, v = planes[0] / top, (planes[1] - 128 * scale) / top, (planes[2] - 128 * scale) / top
    else:
        y = (planes[0] / scale - 16) / 219
        u, v = ((planes[i] / scale - 128) / 224 for i in (1, 2))
    kr, kg, kb = weights(matrix)
    r, b = y + 2 * (1 - kr) * v, y + 2 * (1 - kb) * u
    return [r, (y - kr * r - kb * b) / kg, b]


def from_rgb(rgb, matrix, full, depth):
    kr, kg, kb = weights(matrix)
    y = kr * rgb[0] + kg * rgb[1] + kb * rgb[2]
    u, v = (rgb[2] - y) / (2 * (1 - kb)), (rgb[0] - y) / (2 * (1 - kr))
    scale, top = 2.0 ** (depth - 8), 2.0**depth - 1
    if full:
        return [y * top, u * top + 128 * scale, v * top + 128 * scale]
    return [(16 + 219 * y) * scale, (128 + 224 * u) * scale, (128 + 224 * v) * scale]


def change_of_code(rgb, matrix, full, depth):
    """The same for differences of colours."""
    zero = from_rgb([0.0, 0.0, 0.0], matrix, full, depth)
    return [a - b for a, b in zip(from_rgb(rgb, matrix, full, depth), zero)]


def to_xyz(primaries):
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in XY[primaries]]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    return columns * np.linalg.solve(columns, white)


def change_primaries(rgb, source, target):
    """Through linear light of a display (BT.1886), which is never negative."""
    change = np.linalg.solve(to_xyz(target), to_xyz(source))
    linear = np.stack([np.maximum(p, 0) ** 2.4 for p in rgb])
    return list(np.maximum(np.tensordot(change, linear, 1), 0) ** (1 / 2.4))


def codes(rgba, canvas):
    """Whole code values of a colour."""
    values = from_rgb([np.float64(p) for p in rgba[:3]], canvas.matrix, canvas.color.full, canvas.depth)
    return [float(np.clip(np.floor(v + 0.5), 0, canvas.top)) for v in values]
