"""Every frame of a timeline, by walking the project itself."""

from fractions import Fraction
from math import ceil, floor

import compose
import effects
import grids
import keyframes
import pictures
from compose import Layer, Surface
from fitting import Placed, Rect, fit
from timing import TimeMap, seconds, time


class Lie:
    """Where a timeline's canvas lies on the surface. `size` and `place`: what about it never changes."""

    def __init__(self, placed, size=True, place=True, moving=False):
        self.placed, self.size, self.place, self.moving = placed, size, place, moving


class Entry:
    """A clip with its times on one timeline."""

    leaving = entering = None


class Timelines:
    def __init__(self, library, rate):
        self.library, self.rate = library, rate
        self.known = {}

    # MARK: times

    def length(self, project):
        ends = [self.entry(clip, project, TimeMap()).end for track in project.tracks for clip in track]
        return max(ends, default=Fraction(0))

    def entry(self, clip, project, tmap):
        e, rate = Entry(), project.canvas.rate
        e.clip, e.kind = clip, clip.source[0]
        if e.kind == "grid":
            e.inner = grids.Wall(clip, project, self)
            e.length = e.inner.length
        elif e.kind == "timeline":
            e.inner = clip.source[1]
            e.length = self.length(e.inner)
        elif e.kind == "color" and not clip.effects:
            e.length = None
        else:
            e.kind, e.media = "picture", effects.media(self.library, clip, project.canvas)
            e.length = e.media.length
        e.start, e.first = seconds(clip.at, rate), seconds(clip.start, rate)
        if clip.speed < 0 and e.first == 0 and e.length is not None:
            e.first = e.length
        e.there = None
        if e.length is not None and clip.speed != 0:
            e.there = (e.length - e.first) / clip.speed if clip.speed > 0 else e.first / -clip.speed
        duration = clip.duration or ("s", e.there)
        if clip.beyond == "cut" and e.there is not None and seconds(duration, rate) > e.there:
            duration = ("s", e.there)
        e.end = e.start + seconds(duration, rate)
        if tmap.key == (0, 1) and rate == self.rate:
            first = clip.at[1] if clip.at[0] == "f" else ceil(clip.at[1] * rate)
            e.frames = (first, first + duration[1] if duration[0] == "f" else ceil(e.end * rate))
        else:
            e.frames = tmap.frames(e.start, e.end, self.rate)
        return e

    def entries(self, project, index, tmap):
        key = (id(project), index, tmap.key)
        if key in self.known:
            return self.known[key]
        found = [self.entry(clip, project, tmap) for clip in project.tracks[index]]
        found = sorted((e for e in found if e.frames[0] < e.frames[1]), key=lambda e: e.frames[0])
        for before, e in zip([None] + found, found):
            kind = e.clip.transition
            if not kind:
                continue
            end = e.start + seconds(time(kind["duration"]), project.canvas.rate)
            e.entering = tmap.frames(e.start, end, self.rate)
            if before and before.frames[1] >= e.frames[0] and e.entering[1] > e.frames[0]:
                before.frames, before.leaving = (before.frames[0], e.entering[1]), kind
        self.known[key] = found
        return found

    def played(self, e, tmap):
        """What the clip plays at a second of the output: the map from there to its source."""
        rate = e.clip.speed
        whole = tmap.into(e.start, e.first, rate)
        if e.clip.beyond != "loop" or e.there is None:
            return lambda t: whole
        turn = e.length / abs(rate)

        def piece(t):
            local = tmap.at(t) - e.start
            last = ceil((e.end - e.start - e.there) / turn)
            index = min(max(0, floor((local - e.there) / turn) + 1), max(last, 0))
            if index == 0:
                return whole
            begin = e.start + e.there + (index - 1) * turn
            return tmap.into(begin, Fraction(0) if rate > 0 else e.length, rate)

        return piece

    # MARK: drawing

    def frame_count(self, project):
        tracks = range(len(project.tracks))
        return max(e.frames[1] for i in tracks for e in self.entries(project, i, TimeMap()))

    def frame(self, project, n):
        surface = Surface(project.canvas, project.canvas.background)
        self.draw_timeline(surface, project, TimeMap(), None, n)
        return surface

    def draw_timeline(self, surface, project, tmap, lie, n):
        for index in range(len(project.tracks)):
            entries = self.entries(project, index, tmap)
            for before, e, after in zip([None] + entries, entries, entries[1:] + [None]):
                if not e.frames[0] <= n < e.frames[1]:
                    continue
                if e.leaving and after and after.entering[0] <= n < after.entering[1]:
                    continue  # Drawn with the next.
                draw = Drawing(self, project, tmap, lie, n)
                if e.entering and e.entering[0] <= n < e.entering[1]:
                    draw.transition(surface, before if before and before.leaving else None, e)
                else:
                    draw.clip(surface, e)


class Drawing:
    """One frame of the clips of one timeline."""

    def __init__(self, timelines, project, tmap, lie, n):
        self.timelines, self.project, self.tmap, self.lie, self.n = timelines, project, tmap, lie, n
        self.t = Fraction(n) / timelines.rate

    def transition(self, surface, old, new):
        kind = new.clip.transition
        first, end = new.entering
        progress = (self.n - first) / (end - first)
        both = [old, new] if old else [new]
        if kind["kind"] == "dissolve":
            if any(e.clip.blend != "normal" for e in both):
                covered = old is None or old.clip.blend != "normal" and self.hides(surface, new, old)
                if old:
                    self.clip(surface, old, opacity=1 if covered else 1 - progress)
                self.clip(surface, new, opacity=progress)
                return
            mixed = Surface(surface.canvas, (0.0, 0.0, 0.0, 0.0), surface.width, surface.height)
            if old:
                self.clip(mixed, old, opacity=1 - progress, plus=True)
            self.clip(mixed, new, opacity=progress, plus=True)
            colors = [p / a.clip(1e-9) for p, a in zip(mixed.planes, mixed.alpha)]
            surface.put(colors, mixed.alpha)
            return
        area = self.lie.placed.map(self.project.canvas.bounds) if self.lie else self.project.canvas.bounds
        for e in both:
            self.clip(surface, e, change=lambda layer, e=e: apply(kind, layer, progress, e is new, area))

    def hides(self, surface, new, old):
        a, b = self.layer(surface, new), self.layer(surface, old)
        solid = new.clip.blend == "normal" and a.opacity == 1 and a.rotation == 0 and b.rotation == 0
        return solid and new.kind == "picture" and not new.media.has_alpha and a.place.cut(b.place).same(b.place)

    # MARK: geometry

    def layer(self, surface, e):
        """None when nothing of it is seen."""
        clip, canvas = e.clip, self.project.canvas
        if e.kind == "color":
            size, aspect, how = (canvas.width, canvas.height), Fraction(1), "stretch"
        elif e.kind == "picture":
            size, aspect, how = (e.media.width, e.media.height), e.media.aspect, clip.fit
        else:
            size, aspect, how = (e.inner.canvas.width, e.inner.canvas.height), Fraction(1), clip.fit
        t = self.tmap.at(self.t) - e.start
        whole = Rect(Fraction(0), Fraction(0), Fraction(size[0]), Fraction(size[1]))
        place = [clip.place[0] or keyframes.ZERO, clip.place[1] or keyframes.ZERO,
                 clip.place[2] or Fraction(canvas.width), clip.place[3] or Fraction(canvas.height)]
        value = lambda number: keyframes.at(number, t)
        crop = Rect(*map(value, clip.crop)) if clip.crop else None
        changes = keyframes.moves
        values = place + (clip.crop or []) + [clip.rotate, clip.opacity]
        rotation, opacity = value(clip.rotate), min(max(value(clip.opacity), 0), 1)
        slides = e.leaving and e.leaving["kind"] == "push" or clip.transition and clip.transition["kind"] in ("slide", "push")
        lie = self.lie
        box = Rect(*map(value, place))
        moving = any(map(changes, values)) or slides or (lie and (lie.moving or rotation != 0)) or rotation != 0 and how == "none"
        if opacity == 0 or box.empty:
            return None
        if moving and crop:
            crop = crop.cut(whole)
            if crop.empty:
                return None
        placed = fit(size[0], size[1], aspect, crop, box, how)
        if not moving:
            placed = placed.rounded
            if lie:
                placed = lie.placed.hold(placed).rounded
            if rotation:
                layer = Layer(placed, opacity, rotation, clip.blend)
                layer.clip = self.bounds(surface)
            else:
                placed = placed.clipped(self.bounds(surface))
                layer = placed and Layer(placed, opacity, 0, clip.blend)
            return self.finished(layer, e)
        if rotation:
            everywhere = Rect(Fraction(-(10**7)), Fraction(-(10**7)), Fraction(2 * 10**7), Fraction(2 * 10**7))
            placed = placed.clipped(everywhere) or placed
        sizes = place[2:] + (clip.crop[2:] if clip.crop else [])
        spots = place[:2] + (clip.crop[:2] if clip.crop else [])
        size_rests = not any(map(changes, sizes)) and (not lie or lie.size)
        place_rests = size_rests and not any(map(changes, spots)) and (not lie or lie.place)
        raw = lie.placed.hold(placed) if lie else placed
        placed = raw
        if size_rests and place_rests and not rotation:
            placed = raw.rounded
        elif size_rests:
            whole_size = Rect(raw.place.x, raw.place.y, *(max(1, floor(v + Fraction(1, 2))) for v in (raw.place.w, raw.place.h)))
            placed = Placed(raw.source, whole_size, whole_size if raw.clip.same(raw.place) else raw.clip)
        layer = Layer(placed, opacity, rotation, clip.blend)
        if rotation:
            layer.clip = lie.placed.clip if lie else self.bounds(surface)
        layer.lie = Lie(raw, size_rests, place_rests, True)
        return self.finished(layer, e, layer.lie)

    def finished(self, layer, e, lie=None):
        if layer:
            layer.lie = lie or Lie(Placed(layer.source, layer.place, layer.clip))
        return layer

    def bounds(self, surface):
        return Rect(Fraction(0), Fraction(0), Fraction(surface.width), Fraction(surface.height))

    # MARK: content

    def clip(self, surface, e, opacity=1.0, plus=False, change=None):
        layer = self.layer(surface, e)
        if layer is None:
            return
        nested = e.kind in ("timeline", "grid")
        if nested and self.is_plain(surface, e, layer):
            return self.plain(surface, e, layer)
        layer.opacity *= opacity
        if change:
            change(layer)
        layer.clip = layer.clip.cut(self.bounds(surface))
        seen = layer.clip if layer.rotation else layer.place.cut(layer.clip)
        if layer.opacity <= 0 or seen.empty:
            return
        if e.kind == "color":
            tile = compose.fill(surface, e.clip.source[1])
        elif nested:
            tile = pictures.tile_of_surface(surface, layer, self.isolated(surface, e))
        else:
            local = self.timelines.played(e, self.tmap)(self.t).at(self.t)
            picture = effects.picture(e.media, e.clip, local, self.tmap.at(self.t) - e.start)
            tile = pictures.tile(surface, layer, picture)
        surface.draw(layer, tile, plus)

    def isolated(self, surface, e):
        inner = e.inner.canvas
        own = Surface(surface.canvas, inner.background, inner.width, inner.height)
        self.inside(own, e, None)
        return own

    def inside(self, surface, e, lie):
        inner_map = self.timelines.played(e, self.tmap)(self.t)
        if e.kind == "grid":
            e.inner.draw(surface, inner_map.at(self.t), lie)
        else:
            self.timelines.draw_timeline(surface, e.inner, inner_map, lie, self.n)

    def is_plain(self, surface, e, layer):
        """Whether its clips are drawn straight onto the surface."""
        clip = e.clip
        if e.entering or e.leaving or clip.opacity != 1 or clip.rotate != 0 or clip.blend != "normal" or layer.rotation:
            return False
        always, moved, distorted = needs(e.inner) if e.kind == "timeline" else (False, False, False)
        same = layer.place.same(self.bounds(surface)) and layer.place.same(layer.source) and not layer.lie.moving
        x, y = layer.place.w / layer.source.w, layer.place.h / layer.source.h
        stretched = not same and (layer.lie.moving or abs(x / y - 1) > 1e-3)
        return not (always or moved and not same or distorted and stretched)

    def plain(self, surface, e, layer):
        inner = e.inner.canvas
        if inner.background[3] > 0:
            surface.draw(layer, compose.fill(surface, inner.background))
        same = layer.place.same(self.bounds(surface)) and layer.place.same(layer.source)
        self.inside(surface, e, None if same and not layer.lie.moving else layer.lie)


def needs(project):
    """When a timeline must be drawn by itself: always; where its canvas is not the outer one; where that is distorted."""
    always = moved = distorted = False
    for clip in (clip for track in project.tracks for clip in track):
        always |= clip.blend != "normal"
        distorted |= clip.rotate != 0
        moved |= bool(clip.transition) and clip.transition["kind"] in ("wipe", "slide", "push")
        if clip.source[0] == "timeline":
            inner = needs(clip.source[1])
            always, moved, distorted = always | inner[0], moved | inner[1], distorted | inner[2]
    return always, moved, distorted


WAYS = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}


def apply(kind, layer, progress, entering, area):
    """What a transition makes of a layer."""
    from project import rgba

    name, way = kind["kind"], kind.get("direction", "right")
    if name == "fade":
        amount = 2 - 2 * progress if entering else 2 * progress
        if (progress < 0.5) == entering:
            layer.opacity = 0
        layer.tint, layer.tint_amount = rgba(kind.get("color", "#000000")), min(max(amount, 0), 1)
    elif name == "wipe":
        w, h = float(area.w), float(area.h)
        across, down = floor(w * progress / 2 + 0.5) * 2, floor(h * progress / 2 + 0.5) * 2
        parts = {
            "right": (Rect(area.x, area.y, across, area.h), Rect(area.x + across, area.y, area.w - across, area.h)),
            "left": (Rect(area.right - across, area.y, across, area.h), Rect(area.x, area.y, area.w - across, area.h)),
            "down": (Rect(area.x, area.y, area.w, down), Rect(area.x, area.y + down, area.w, area.h - down)),
            "up": (Rect(area.x, area.bottom - down, area.w, down), Rect(area.x, area.y, area.w, area.h - down)),
        }
        layer.clip = layer.clip.cut(parts[way][0 if entering else 1])
    elif entering or name == "push":
        part = progress - 1 if entering else progress
        x, y = (float(area.w) * part * WAYS[way][0], float(area.h) * part * WAYS[way][1])
        layer.place, layer.clip = layer.place.moved(x, y), layer.clip.moved(x, y)
