"""Pictures of sources and of surfaces, brought to the samples and the colour of a canvas."""

import numpy as np

import color
from compose import SHIFTS, Mapper, Tile
from resample import bicubic, doubled, halved, triangle


def same_color(picture, canvas):
    """Whether only depth, sampling and size differ."""
    if picture.family == "rgb" or picture.color.full != canvas.color.full:
        return False
    if picture.family == "gray":
        return True
    theirs, ours = picture.color.known_primaries(), canvas.color.known_primaries()
    same = theirs is None or ours is None or theirs == ours
    return same and picture.color.known_matrix(picture.width, picture.height) == canvas.matrix


def converted(planes, picture, canvas):
    """Planes of full size in the canvas's code values."""
    if picture.family == "rgb":
        rgb = [p / (2**picture.depth - 1) for p in planes]
    else:
        matrix = canvas.matrix if picture.family == "gray" else picture.color.known_matrix(picture.width, picture.height)
        rgb = color.to_rgb(planes, matrix, picture.color.full, picture.depth)
    theirs, ours = picture.color.known_primaries(), canvas.color.known_primaries()
    if theirs is not None and ours is not None and theirs != ours:
        rgb = color.change_primaries(rgb, theirs, ours)
    out = color.from_rgb(rgb, canvas.matrix, canvas.color.full, canvas.depth)
    return [np.clip(p, 0, canvas.top) for p in out]


def colors(picture):
    """Three planes also of a gray one."""
    if picture.family != "gray":
        return picture.planes, [(0, 0), picture.shift, picture.shift]
    gray = np.full(picture.planes[0].shape, 2.0 ** (picture.depth - 1))
    return [picture.planes[0], gray, gray], [(0, 0)] * 3


def cell_range(layer, width, height):
    """The pixels that the layer touches."""
    if layer.rotation != 0:
        return 0, width, 0, height
    seen = layer.place.cut(layer.clip)
    low = lambda value: max(0, int(np.floor(float(value) + 1e-7)))
    high = lambda value, most: min(most, int(np.ceil(float(value) - 1e-7)))
    return low(seen.x), high(seen.right, width), low(seen.y), high(seen.bottom, height)


def tile(surface, layer, picture):
    if picture.alpha is not None:
        return tile_with_alpha(surface, layer, picture)
    canvas = surface.canvas
    planes, shifts = colors(picture)
    mapper = Mapper(surface, layer, (picture.width, picture.height), picture.origin, bicubic)
    ones = [np.float64(1)] * 3
    left = picture.color.siting != 1
    if same_color(picture, canvas):
        scale = 2.0 ** (canvas.depth - picture.depth)
        if canvas.color.full:
            scale = canvas.top / (2**picture.depth - 1)
        # Planes sited alike are scaled each by itself.
        alike = picture.shift == (1, 1) and picture.color.siting == 0 or picture.family == "gray"
        out = []
        for plane, source, target in zip(planes, shifts, SHIFTS):
            sited = source != (0, 0) or target != (0, 0)
            out.append(mapper.plane(plane * scale, source, target, sited and left and not alike, sited and not alike))
        return Tile([np.clip(p, 0, canvas.top) for p in out], ones)
    full = [mapper.plane(p, s, (0, 0), s != (0, 0) and left, False) for p, s in zip(planes, shifts)]
    full = converted([np.clip(p, 0, 2**picture.depth - 1) for p in full], picture, canvas)
    return Tile([full[0]] + [shrunk(p) for p in full[1:]], ones)


def shrunk(plane):
    """Chroma of a canvas from full size, with the scaler's kernel, sited left."""
    from resample import scale

    height, width = plane.shape
    across = np.arange(width // 2) * 2 + 0.5
    down = np.arange(height // 2) * 2 + 1.0
    return scale(plane, (across, 2, 0, width), (down, 2, 0, height), bicubic)


def tile_with_alpha(surface, layer, picture):
    """Color and alpha at full size, scaled together; the chroma of the canvas is the mean weighted by alpha."""
    canvas = surface.canvas
    planes, shifts = colors(picture)
    full, left = [], picture.color.siting != 1
    for plane, shift in zip(planes, shifts):
        full.append(plane if shift == (0, 0) else at_full_size(plane, shift, picture.alpha.shape, left))
    kernel = triangle
    mapper = Mapper(surface, layer, (picture.width, picture.height), picture.origin, kernel)
    flat = lambda plane: mapper.plane(plane, (0, 0), (0, 0))
    alpha = np.clip(flat(picture.alpha), 0, 1)
    straight = [np.where(alpha > 1e-9, flat(p * picture.alpha) / np.maximum(alpha, 1e-9), 0) for p in full]
    if same_color(picture, canvas):
        straight = [p * 2.0 ** (canvas.depth - picture.depth) for p in straight]
    else:
        straight = converted(straight, picture, canvas)
    x0, x1, y0, y1 = cell_range(layer, surface.width, surface.height)
    mean = lambda plane: halved(plane, 2, 2, True, x0, x1, y0, y1)
    weights = [alpha] + [mean(alpha)] * 2
    chroma = [np.where(weights[1] > 1e-9, mean(p * alpha) / np.maximum(weights[1], 1e-9), 0) for p in straight[1:]]
    return Tile([straight[0]] + chroma, weights, (straight, alpha))


def at_full_size(plane, shift, shape, left):
    from resample import scale

    axes = []
    for axis in (0, 1):
        cell = 1 << shift[axis]
        at = np.arange(shape[1 - axis]) + 0.5 + ((cell - 1) / 2 if left and axis == 0 else 0)
        axes.append((at / cell, 1 / cell, 0, plane.shape[1 - axis]))
    return scale(plane, *axes, triangle)


def tile_of_surface(surface, layer, inner):
    """What was drawn on another surface: each plane with its own weights."""
    opaque = all((alpha == 1).all() for alpha in inner.alpha)
    mapper = Mapper(surface, layer, (inner.width, inner.height), (0, 0), bicubic if opaque else triangle)
    colors_, weights = [], []
    for plane, alpha, shift in zip(inner.planes, inner.alpha, SHIFTS):
        weight = np.clip(mapper.plane(alpha, shift, shift), 0, 1)
        value = mapper.plane(plane, shift, shift)
        colors_.append(np.clip(np.where(weight > 1e-9, value / np.maximum(weight, 1e-9), 0), 0, surface.canvas.top))
        weights.append(weight)
    return Tile(colors_, weights)
