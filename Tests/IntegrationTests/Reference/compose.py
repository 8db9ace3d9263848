"""Drawing in double precision in the planes of a canvas."""

import numpy as np

import color
import resample
from blend import blend
from resample import bicubic, coverage, doubled, halved, triangle

SHIFTS = [(0, 0), (1, 1), (1, 1)]


class Layer:
    def __init__(self, placed, opacity=1.0, rotation=0.0, mode="normal"):
        self.source, self.place, self.clip = placed.source, placed.place, placed.clip
        self.opacity, self.rotation, self.mode = float(opacity), float(rotation), mode
        self.tint, self.tint_amount = None, 0.0


class Surface:
    """Premultiplied planes, 4:2:0, and how much of each sample is covered."""

    def __init__(self, canvas, background, width=None, height=None):
        self.canvas, self.width, self.height = canvas, width or canvas.width, height or canvas.height
        shape = lambda s: (self.height >> s[1], self.width >> s[0])
        alpha = background[3]
        codes = color.codes(background, canvas)
        self.planes = [np.full(shape(s), codes[i] * alpha) for i, s in enumerate(SHIFTS)]
        self.alpha = [np.full(shape(s), float(alpha)) for s in SHIFTS]

    # What is drawn lies on the whole surface: (color, weight) for each plane, where color is not premultiplied.

    def put(self, colors, weights, plus=False):
        for i, (c, w) in enumerate(zip(colors, weights)):
            keep = 1 if plus else 1 - w
            self.planes[i] = self.planes[i] * keep + c * w
            self.alpha[i] = self.alpha[i] * keep + w

    def mix(self, mode, full, weight):
        """Blend modes: `full` are planes of full size, `weight` as well."""
        canvas = self.canvas
        grown = lambda planes: [doubled(p, 1 << s[0], 1 << s[1]) for p, s in zip(planes, SHIFTS)]
        old, alpha = grown(self.planes), grown(self.alpha)
        rgb = lambda planes: color.to_rgb(planes, canvas.matrix, canvas.color.full, canvas.depth)
        backdrop = rgb([np.where(a > 0, p / np.maximum(a, 1e-9), c) for p, a, c in zip(old, alpha, full)])
        change = blend(mode, backdrop, rgb(full))
        change = color.change_of_code(change, canvas.matrix, canvas.color.full, canvas.depth)
        for i, s in enumerate(SHIFTS):
            mean = lambda plane: halved(plane, 1 << s[0], 1 << s[1], False)
            more = weight * alpha[0] * change[i] + weight * (1 - alpha[0]) * full[i]
            self.planes[i] = np.clip(self.planes[i] + mean(more), 0, canvas.top)
            self.alpha[i] = self.alpha[i] + mean(weight * (1 - alpha[0]))

    # MARK: layers

    def covers(self, layer):
        """Weights of the samples of each plane by the shape of the layer alone."""
        return [self.cover(layer, s) for s in SHIFTS]

    def cover(self, layer, shift):
        width, height = self.width >> shift[0], self.height >> shift[1]
        cell = (1 << shift[0], 1 << shift[1])
        if layer.rotation == 0:
            seen = layer.place.cut(layer.clip)
            if seen.empty:
                return np.zeros((height, width))
            return np.outer(
                coverage(seen.y, seen.bottom, height, cell[1]), coverage(seen.x, seen.right, width, cell[0]))
        left, right, top, bottom = (float(edge) for edge in (layer.place.x, layer.place.right, layer.place.y, layer.place.bottom))
        x, y = np.meshgrid((np.arange(width) + 0.5) * cell[0], (np.arange(height) + 0.5) * cell[1])
        u, v = unturned(layer, x, y)
        # How deep a sample's middle lies within; only where the edge runs through a sample it is looked at closely.
        depth = np.minimum(np.minimum(u - left, right - u), np.minimum(v - top, bottom - v))
        inside = (depth > 0).astype(float)
        rows, columns = np.nonzero(np.abs(depth) <= max(cell))
        fine = (np.arange(16) + 0.5) / 16 - 0.5
        u, v = unturned(
            layer, x[rows, columns][:, None, None] + fine[None, None] * cell[0], y[rows, columns][:, None, None] + fine[:, None] * cell[1])
        within = (u >= left) & (u < right) & (v >= top) & (v < bottom)
        inside[rows, columns] = within.mean(axis=(1, 2))
        clip = layer.clip
        return inside * np.outer(
            coverage(clip.y, clip.bottom, height, cell[1]), coverage(clip.x, clip.right, width, cell[0]))

    def draw(self, layer, tile, plus=False):
        """`tile`: colors (not premultiplied) and weights for each plane at the surface's own samples; `full`: its planes
        at full size, with their weight, for blend modes."""
        covers = self.covers(layer)
        tint = color.codes(layer.tint, self.canvas) if layer.tint else [0, 0, 0]
        amount = layer.tint_amount
        tinted = lambda planes: [p * (1 - amount) + t * amount for p, t in zip(planes, tint)]
        if layer.mode == "normal":
            weights = [w * c * layer.opacity for w, c in zip(tile.weights, covers)]
            self.put(tinted(tile.colors), weights, plus)
        else:
            full, weight = tile.full(self)
            self.mix(layer.mode, tinted(full), weight * self.cover(layer, (0, 0)) * layer.opacity)


def unturned(layer, x, y):
    """Points of the surface, turned back around the middle of the place."""
    cx, cy = float(layer.place.x + layer.place.w / 2), float(layer.place.y + layer.place.h / 2)
    angle = np.deg2rad(layer.rotation)
    dx, dy = x - cx, y - cy
    return cx + dx * np.cos(angle) + dy * np.sin(angle), cy - dx * np.sin(angle) + dy * np.cos(angle)


class Tile:
    """A picture at the samples of a surface."""

    def __init__(self, colors, weights, full=None):
        self.colors, self.weights, self.whole = colors, weights, full

    def full(self, surface):
        if self.whole:
            return self.whole
        grown = [doubled(c * np.ones(p.shape), 1 << s[0], 1 << s[1]) for c, p, s in zip(self.colors, surface.planes, SHIFTS)]
        weight = doubled(self.weights[0] * np.ones(surface.planes[0].shape), 1, 1)
        return grown, weight


def fill(surface, rgb):
    codes = color.codes(rgb, surface.canvas)
    return Tile([np.float64(c) for c in codes], [np.float64(rgb[3])] * 3)


class Mapper:
    """Brings planes of a picture to a surface under one layer."""

    def __init__(self, surface, layer, size, origin=(0, 0), kernel=bicubic):
        self.surface, self.layer, self.kernel = surface, layer, kernel
        self.origin = origin
        source, place = layer.source, layer.place
        # The samples that the source rectangle touches.
        self.window = (
            int(np.floor(float(source.x) + 1e-7)), int(np.floor(float(source.y) + 1e-7)),
            min(int(np.ceil(float(source.x + source.w) - 1e-7)), size[0]),
            min(int(np.ceil(float(source.y + source.h) - 1e-7)), size[1]),
        )
        self.ratio = (float(source.w) / float(place.w), float(source.h) / float(place.h))
        # The pixels of the surface that are worked out: what the layer may touch, and some around it.
        if layer.rotation == 0:
            x, y = [float(place.x), float(place.right)], [float(place.y), float(place.bottom)]
        else:
            reach = float(place.w + place.h) / 2
            middle = (float(place.x + place.w / 2), float(place.y + place.h / 2))
            x, y = ([m - reach, m + reach] for m in middle)
        clip = layer.clip
        limits = [(x, clip.x, clip.right, surface.width), (y, clip.y, clip.bottom, surface.height)]
        self.range = []
        for (low, high), first, last, most in limits:
            low = max(0, int(max(low, float(first))) // 8 * 8 - 8)
            high = min(most, int(min(high, float(last))) // 8 * 8 + 16)
            self.range.append((low, max(low, high)))

    def plane(self, plane, from_shift, to_shift, from_left=False, to_left=False):
        """`left`: the samples lie at their cell's first pixel, not in its middle."""
        spans = [(low >> shift, high >> shift) for (low, high), shift in zip(self.range, to_shift)]
        out = np.zeros((self.surface.height >> to_shift[1], self.surface.width >> to_shift[0]))
        if all(low < high for low, high in spans):
            within = (slice(*spans[1]), slice(*spans[0]))
            out[within] = self.part(plane, from_shift, to_shift, from_left, to_left, spans)
        return out

    def part(self, plane, from_shift, to_shift, from_left, to_left, spans):
        axes, layer = [], self.layer
        source, place = (layer.source.x, layer.source.y), (layer.place.x, layer.place.y)
        for axis in (0, 1):
            left = axis == 0
            cell, other = 1 << to_shift[axis], 1 << from_shift[axis]
            at = (np.arange(*spans[axis]) + 0.5) * cell - ((cell - 1) / 2 if to_left and left else 0)
            at = float(source[axis]) + (at - float(place[axis])) * self.ratio[axis] + self.origin[axis]
            at = (at + ((other - 1) / 2 if from_left and left else 0)) / other
            low = (self.window[axis] + self.origin[axis]) >> from_shift[axis]
            high = (self.window[axis + 2] + self.origin[axis] + other - 1) >> from_shift[axis]
            axes.append((at, self.ratio[axis] * cell / other, low, min(high, plane.shape[1 - axis])))
        if layer.rotation == 0:
            return resample.scale(plane, *axes, self.kernel)
        return self.turned(plane, from_shift, to_shift, from_left, to_left, spans)

    def turned(self, plane, from_shift, to_shift, from_left, to_left, spans):
        """Scaled upright first, where it shrinks, so that nothing aliases; then one interpolation."""
        source, place = self.layer.source, self.layer.place
        shrink = [max(1.0, self.ratio[0]), max(1.0, self.ratio[1])]
        axes = []
        for axis in (0, 1):
            other = 1 << from_shift[axis]
            low = (self.window[axis] + self.origin[axis]) >> from_shift[axis]
            high = min((self.window[axis + 2] + self.origin[axis] + other - 1) >> from_shift[axis], plane.shape[1 - axis])
            count = max(1, int(np.ceil((high - low) / shrink[axis])))
            axes.append((low + (np.arange(count) + 0.5) * shrink[axis], shrink[axis], low, high))
        small = resample.scale(plane, *axes, self.kernel)
        x, y = ((np.arange(*span) + 0.5) * (1 << shift) for span, shift in zip(spans, to_shift))
        if to_left and to_shift[0]:
            x = x - 0.5
        x, y = unturned(self.layer, *np.meshgrid(x, y))
        x = float(source.x) + (x - float(place.x)) * self.ratio[0] + self.origin[0]
        y = float(source.y) + (y - float(place.y)) * self.ratio[1] + self.origin[1]
        if from_left and from_shift[0]:
            x = x + 0.5
        x = (x / (1 << from_shift[0]) - axes[0][2]) / shrink[0]
        y = (y / (1 << from_shift[1]) - axes[1][2]) / shrink[1]
        return resample.sample(small, x, y, self.kernel)
