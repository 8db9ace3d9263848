"""Where a picture lies: boxes, fits, and whole pixels."""

from fractions import Fraction
from math import floor


class Rect:
    def __init__(self, x, y, w, h):
        self.x, self.y, self.w, self.h = x, y, w, h

    @property
    def right(self):
        return self.x + self.w

    @property
    def bottom(self):
        return self.y + self.h

    @property
    def empty(self):
        return not (self.w > 0 and self.h > 0)

    def cut(self, other):
        x, y = max(self.x, other.x), max(self.y, other.y)
        return Rect(x, y, min(self.right, other.right) - x, min(self.bottom, other.bottom) - y)

    def moved(self, x, y):
        return Rect(self.x + x, self.y + y, self.w, self.h)

    def centered(self, w, h):
        return Rect(self.x + (self.w - w) / 2, self.y + (self.h - h) / 2, w, h)

    @property
    def rounded(self):
        """Its edges on the nearest whole pixels, halves upwards."""
        half = Fraction(1, 2)
        x, y = floor(self.x + half), floor(self.y + half)
        return Rect(x, y, floor(self.right + half) - x, floor(self.bottom + half) - y)

    def same(self, other):
        return (self.x, self.y, self.w, self.h) == (other.x, other.y, other.w, other.h)

    def __repr__(self):
        return "%g,%g %gx%g" % (self.x, self.y, self.w, self.h)


class Placed:
    """`source` of a picture lies over `place`, and shows inside `clip`."""

    def __init__(self, source, place, clip):
        self.source, self.place, self.clip = source, place, clip

    @property
    def rounded(self):
        return Placed(self.source, self.place.rounded, self.clip.rounded)

    def map(self, rect):
        """A place on the canvas that this shows, on the canvas where this lies."""
        sx, sy = self.place.w / self.source.w, self.place.h / self.source.h
        return Rect(
            self.place.x + (rect.x - self.source.x) * sx, self.place.y + (rect.y - self.source.y) * sy, rect.w * sx, rect.h * sy
        )

    def hold(self, inner):
        return Placed(inner.source, self.map(inner.place), self.map(inner.clip).cut(self.clip).cut(self.place))

    def clipped(self, bounds):
        """The part inside; None where there is none."""
        seen = self.place.cut(self.clip).cut(bounds)
        if seen.empty or self.source.empty:
            return None
        if seen.same(self.place):
            return Placed(self.source, seen, seen)
        sx, sy = Fraction(self.source.w) / Fraction(self.place.w), Fraction(self.source.h) / Fraction(self.place.h)
        source = Rect(
            self.source.x + (seen.x - self.place.x) * sx, self.source.y + (seen.y - self.place.y) * sy, seen.w * sx, seen.h * sy
        )
        return Placed(source, seen, seen)


def fit(width, height, aspect, crop, box, how):
    """A picture of width x height pixels, each `aspect` times as wide as a pixel of the canvas."""
    part = crop if crop else Rect(Fraction(0), Fraction(0), Fraction(width), Fraction(height))
    w, h = part.w * aspect, part.h
    if how == "stretch":
        return Placed(part, box, box)
    if how == "none":
        return Placed(part, box.centered(w, h), box)
    scales = (box.w / w, box.h / h)
    if how == "contain":
        place = box.centered(w * min(scales), h * min(scales))
        return Placed(part, place, place)
    scale = max(scales)
    return Placed(part.centered(box.w / scale / aspect, box.h / scale).cut(part), box, box)
