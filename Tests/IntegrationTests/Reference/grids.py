"""Grids: where each tile is at a time, without any tracks."""

from fractions import Fraction
from math import ceil, floor, sqrt

import compose
import pictures
from compose import Layer
from fitting import Placed, Rect, fit
from project import rgba
from timing import number, seconds, time


def standing(length, count, gap, padding):
    """Origin, size and pitch of tiles that fill a side, in even sizes."""
    room = length - gap * (count - 1) - 2 * padding
    size = room // count // 2 * 2
    return padding + (room - size * count) // 4 * 2, size, size + gap


def rolling(length, visible, gap):
    size = -(-length // visible) - gap
    size += size % 2
    return 0, size, size + gap


class Wall:
    def __init__(self, clip, project, timelines):
        grid = clip.source[1]
        self.timelines, self.beyond = timelines, grid.get("beyond", "loop")
        self.canvas = type(project.canvas)()
        self.canvas.__dict__.update(project.canvas.__dict__)
        width, height = self.canvas.width, self.canvas.height = (
            grid.get("width", project.canvas.width), grid.get("height", project.canvas.height))
        self.canvas.background = rgba(grid.get("background", "#00000000"))
        self.tiles = [project.sources[name] for name in grid["sources"]]
        self.media = [None if s[0] == "color" else timelines.library.media(s) for s in self.tiles]
        self.fit, self.order = grid.get("fit", "contain"), grid.get("order", "rows")
        assert self.order in ("rows", "columns") and not grid.get("labels") and not grid.get("reveal")
        gap, padding, count = grid.get("gap", 0), grid.get("padding", 0), len(self.tiles)
        self.scroll = grid.get("scroll")
        lanes = min(grid.get("columns", ceil(sqrt(count))), count)
        stations = -(-count // lanes)
        self.sideways = bool(self.scroll) and self.scroll["direction"] in ("left", "right")
        if not self.scroll:
            self.x = standing(width, lanes, gap, padding)
            self.y = standing(height, stations, gap, padding)
        else:
            # Tiles of about the canvas's shape along the way.
            sides = (height, width) if self.sideways else (width, height)
            across = standing(sides[0], lanes, gap, padding)
            about = max(across[1], 2) * sides[1] // sides[0] + gap
            visible = grid.get("visible") or max(1, (2 * sides[1] + about) // (2 * about))
            along = rolling(sides[1], visible, gap)
            self.x, self.y = (along, across) if self.sideways else (across, along)
        self.columns, self.rows = (stations, lanes) if self.sideways else (lanes, stations)
        lengths = [m.length for m in self.media if m and m.length is not None]
        # It has no end of its own: it lasts as long as the clip plays it.
        start = seconds(clip.start, project.canvas.rate)
        self.length = max(lengths, default=None)
        if clip.duration:
            played = seconds(clip.duration, project.canvas.rate) * (abs(clip.speed) or 1)
            self.length = start + played

    def source(self, column, row):
        """Index of the source of a tile of the wall; None: that place is empty."""
        turn = column * self.rows + row if self.order == "columns" else row * self.columns + column
        return turn % len(self.tiles) if turn < len(self.tiles) or self.scroll else None

    def places(self, t):
        """(source, x, y) of all tiles at a second."""
        width, height = self.canvas.width, self.canvas.height
        if not self.scroll:
            every = [(c, r) for r in range(self.rows) for c in range(self.columns)]
            return [
                (self.source(c, r), Fraction(self.x[0] + c * self.x[2]), Fraction(self.y[0] + r * self.y[2])) for c, r in every
            ]
        way = number(self.scroll["speed"]) * t * (1 if self.scroll["direction"] in ("down", "right") else -1)
        pitch, size, view = (self.x[2], self.x[1], width) if self.sideways else (self.y[2], self.y[1], height)
        out = []
        for step in range(floor((-way - size) / pitch), ceil((view - way) / pitch) + 1):
            position = step * pitch + way
            for lane in range(self.rows if self.sideways else self.columns):
                if self.sideways:
                    out.append((self.source(step % self.columns, lane), position, Fraction(self.y[0] + lane * self.y[2])))
                else:
                    out.append((self.source(lane, step % self.rows), Fraction(self.x[0] + lane * self.x[2]), position))
        return out

    def draw(self, surface, t, lie):
        bounds = Rect(Fraction(0), Fraction(0), Fraction(surface.width), Fraction(surface.height))
        for index, x, y in self.places(t) if 0 <= t < self.length else []:
            if index is None:
                continue
            box = Rect(x, y, Fraction(self.x[1]), Fraction(self.y[1]))
            media = self.media[index]
            moves = bool(self.scroll) or lie and lie.moving
            if media is None:
                placed = fit(1, 1, 1, None, box, "stretch")
            else:
                placed = fit(media.width, media.height, media.aspect, None, box, self.fit)
            if not moves:
                placed = placed.rounded
            if lie:
                placed = lie.placed.hold(placed)
            if not moves:
                placed = placed.rounded
            elif not lie or lie.size:
                half = Fraction(1, 2)
                whole = Rect(placed.place.x, placed.place.y, floor(placed.place.w + half), floor(placed.place.h + half))
                placed = Placed(placed.source, whole, whole if placed.clip.same(placed.place) else placed.clip)
            placed.clip = placed.clip.cut(bounds)
            if placed.place.cut(placed.clip).empty:
                continue
            layer = Layer(placed)
            if media is None:
                surface.draw(layer, compose.fill(surface, self.tiles[index][1]))
                continue
            local = t
            if media.length is not None and t >= media.length:
                if self.beyond == "cut":
                    continue
                local = t % media.length if self.beyond == "loop" else media.length
            surface.draw(layer, pictures.tile(surface, layer, media.picture(local)))
