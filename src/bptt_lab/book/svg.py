"""Matplotlib figures as inline SVG that takes its colours and its type from the page.

matplotlib's own SVG is a file: it carries a global style sheet, one fixed size, fixed ids, black
ink on white paper and text in the font of the machine that drew it.  Inside a page each of these
does harm.  Here the same drawing commands become elements of the page:

* every subfigure is a panel, an ``<svg>`` of its own, so that panels stand side by side where
  there is room and below one another on a phone;
* black becomes ``currentColor`` and white becomes the colour of the page, so that the figure
  follows a dark theme;
* text stays text, in the font of the page, mathematics included;
* ids carry a prefix made from the content: the same figure gives the same bytes, and two figures on
  one page do not meddle with each other.
"""

from __future__ import annotations

import hashlib
import html
import io
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_hex
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.legend import Legend
from matplotlib.mathtext import MathTextParser
from matplotlib.patches import Patch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, BboxBase, BboxTransformFrom, Transform

__all__ = ["Drawing"]

DECIMALS = 2
"""Decimals of a coordinate, in points: 0.005 pt is a hundredth of a pixel."""

FAR = 1e5
"""Coordinates end here: so far outside a panel that what is seen of a line stays the same."""

PHONE = 328
"""Width in CSS pixels that a panel gets on a phone 360 px wide."""

SMALLEST = 9
"""Smallest size, in CSS pixels, at which text may appear on that phone."""

ID = "\ue000"  # a private-use character stands for the prefix until the content is known
_INK = {"#000000": "currentColor", "#ffffff": "var(--paper)"}
_ROW = "display:flex;flex-wrap:wrap;justify-content:center;gap:8px"
_PAPER = "--paper:var(--pst-color-background,var(--jp-layout-color0,Canvas))"
NOWHERE = "M0 0"
"""The data of a path without points: it draws nothing, and HTML wants some."""

GEOMETRY = frozenset({"d", "x", "y", "dx", "dy", "width", "height"})
"""Attributes that hold coordinates."""


class _Tree:
    """Stands in for matplotlib's XML writer: collects elements instead of printing them."""

    def __init__(self) -> None:
        self.root = Element("svg")
        self.stack = [self.root]

    def start(self, tag: str, attrib: dict[str, str] | None = None, **extra: str) -> int:
        attributes = _tidy({**(attrib or {}), **extra})
        if tag == "path":
            attributes.setdefault("d", NOWHERE)
        self.stack.append(SubElement(self.stack[-1], tag, attributes))
        return len(self.stack) - 1

    def end(self, tag: str | None = None, indent: bool = True) -> None:
        self.stack.pop()

    def data(self, text: str) -> None:
        self.stack[-1].text = (self.stack[-1].text or "") + text

    def element(
        self, tag: str, text: str | None = None, attrib: dict[str, str] | None = None, **extra: str
    ) -> None:
        self.start(tag, attrib, **extra)
        if text:
            self.data(text)
        self.end()

    def comment(self, text: str) -> None:
        """Leave comments out."""


def _tidy(attributes: dict[str, str]) -> dict[str, str]:
    """Return attributes as the page wants them: no style, rounded, in the page's colours."""
    tidy: dict[str, str] = {}
    for name, value in attributes.items():
        if name == "style":
            tidy |= dict(item.split(": ", 1) for item in value.split("; ") if item)
        elif value:
            tidy[name.removeprefix("xlink:")] = value
    tidy.pop("font-family", None)
    for name, value in tidy.items():
        if name in {"fill", "stroke"}:
            tidy[name] = _INK.get(value, value)
        elif name not in {"d", "id", "href", "clip-path", "transform"}:
            tidy[name] = _rounded(value)
    return {name: value for name, value in tidy.items() if value}


def _rounded(text: str) -> str:
    return re.sub(r"-?\d+\.\d+", lambda number: _number(float(number[0])), text)


def _number(value: float) -> str:
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


_RendererSVG: Any = RendererSVG  # it carries no types


class _Renderer(_RendererSVG):  # type: ignore[misc]
    """matplotlib's SVG renderer, writing elements, and never leaving out what is out of sight."""

    def __init__(self, width: float, height: float, name: str) -> None:
        super().__init__(width, height, io.StringIO(), image_dpi=144)
        self.writer: Any = _Tree()
        self.scope, self.static = name, name
        self.counts: Counter[str] = Counter()

    @contextmanager
    def group(self, scope: str) -> Iterator[Element]:
        """Put what is drawn inside into one ``<g>``, with ids that depend on nothing else."""
        self.scope, self.counts, kept = scope, Counter(), (self.scope, self.counts)
        self._markers: dict[Any, str] = {}
        self._path_collection_id = 0
        self.writer.start("g")
        try:
            yield self.writer.stack[-1]
        finally:
            self.writer.end()
            self.scope, self.counts = kept

    def finish(self) -> Element:
        """Write the definitions that matplotlib keeps to the end, and return the root."""
        self._write_clips()
        self._write_hatches()
        root: Element = self.writer.root
        return root

    def open_group(self, s: str, gid: str | None = None) -> None:
        """Make no group: it would only carry an id that a page has no use for."""

    def close_group(self, s: str) -> None:
        """See `open_group`."""

    def _make_id(self, type: str, content: object) -> str:
        name = self.scope + (type or "c")
        self.counts[name] += 1
        return f"{ID}{name}{self.counts[name]}"

    def _convert_path(
        self,
        path: Path,
        transform: Transform | None = None,
        clip: object = None,
        simplify: bool | None = None,
        sketch: object = None,
    ) -> str:
        """Path data.  In a moving artist every vertex counts, seen or not: none is dropped."""
        if self.scope != self.static:
            clip = simplify = None
        if transform is not None:
            path = transform.transform_path(path)
        vertices = np.asarray(path.vertices, dtype=float)
        vertices = np.where(np.isfinite(vertices), vertices.clip(-FAR, FAR), np.nan)
        path = Path(vertices, path.codes)
        data = super()._convert_path(path, None, clip, simplify or False, sketch)
        return re.sub(r"\s*([MLQCz])\s*", r"\1", _rounded(data)).strip()

    def draw_markers(
        self,
        gc: Any,
        marker_path: Path,
        marker_trans: Transform,
        path: Path,
        trans: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Draw the markers of a line as one path, so that moving them is one change."""
        points = self._make_flip_transform(trans).transform_path(path)
        ends = np.array([vertices[-2:] for vertices, _ in points.iter_segments(simplify=False)])
        shape, look = marker_trans + Affine2D().scale(1, -1), self._get_style(gc, rgbFace)
        clip = self._get_clip_attrs(gc)
        if len(ends) == 1 and self.scope == self.static:  # such as the tick of an axis
            data = self._convert_path(marker_path, shape + Affine2D().translate(*ends[0]))
            self.writer.element("path", d=data, style=look, attrib=clip)
            return
        uses = self._define_marker(self._convert_path(marker_path, shape), look, len(ends))
        data = self._convert_path(Path(ends)) if len(ends) else ""
        data += "z" if len(ends) == 1 else ""  # a path that is one point has no markers
        self.writer.element("path", d=data, attrib={**clip, **uses, "fill": "none"})

    def _define_marker(self, shape: str, look: str, count: int) -> dict[str, str]:
        """Define a marker, and return what puts it at each of `count` points of a path, once."""
        name = self._make_id("m", shape)
        self.writer.start("defs")
        self.writer.start("marker", id=name, overflow="visible", markerUnits="userSpaceOnUse")
        self.writer.element("path", d=shape, style=look)
        self.writer.end()
        self.writer.end()
        where = ("start", "mid", "end") if count > 1 else ("start",)
        return {f"marker-{place}": f"url(#{name})" for place in where}

    def draw_quad_mesh(self, *arguments: Any, **options: Any) -> None:
        """Draw a mesh without the seams that smoothing leaves between its cells."""
        self.writer.start("g", attrib={"shape-rendering": "crispEdges"})
        super().draw_quad_mesh(*arguments, **options)
        self.writer.end()

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: Any,
        angle: float,
        ismath: Any = False,
        mtext: Text | None = None,
    ) -> None:
        """Draw text as text: the page's font decides its width, so it is hung by its anchor."""
        runs = self._math_runs(s, prop) if ismath else [_Run(s)]
        clip = self._get_clip_attrs(gc)
        if clip:  # not on the text itself, whose transform would turn the clip too
            self.writer.start("g", attrib=clip)
        if runs is None:
            self._draw_glyphs(gc, x, y, s, prop, angle)
        else:
            self._draw_runs(gc, x, y, runs, prop, angle, mtext)
        if clip:
            self.writer.end()

    def _draw_runs(
        self, gc: Any, x: float, y: float, runs: list[_Run], prop: Any, angle: float, mtext: Any
    ) -> None:
        attributes = _type(prop) | _ink(gc)
        if mtext is not None and (angle == 0 or mtext.get_rotation_mode() == "anchor"):
            attributes |= _ANCHOR[mtext.get_horizontalalignment()]
            x, y = self._anchor(x, y, angle, mtext)
        attributes |= {"x": _number(x), "y": _number(y)}
        if angle:
            attributes["transform"] = f"rotate({_number(-angle)} {_number(x)} {_number(y)})"
        if len(runs) == 1 and not runs[0].style:
            self.writer.element("text", runs[0].text, attrib=attributes)
            return
        self.writer.start("text", attrib=attributes)
        for run in runs:
            self.writer.element("tspan", run.text, attrib=run.style)
        self.writer.end()

    def _anchor(self, x: float, y: float, angle: float, text: Text) -> tuple[float, float]:
        """Where the anchor of a text lies on its baseline."""
        at = np.array(text.get_transform().transform(text.get_unitless_position()))
        at[1] = self.height - at[1]
        up = np.array([np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
        ax, ay = at + up * (up @ (np.array([x, y]) - at))
        return float(ax), float(ay)

    def _math_runs(self, s: str, prop: Any) -> list[_Run] | None:
        """Mathematics as runs of characters, or None if it needs more than characters."""
        parsed = self._text2path.mathtext_parser.parse(s, 72, prop)
        if parsed.rects or any(glyph[0].family_name != "DejaVu Sans" for glyph in parsed.glyphs):
            return None
        return _runs(parsed.glyphs, prop.get_size_in_points())

    def _draw_glyphs(self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float) -> None:
        """Draw a fraction, a root or a large operator as outlines: no font of a page has them."""
        vertices, codes = self._text2path.get_text_path(prop, s, ismath=True)
        scale = prop.get_size_in_points() / self._text2path.FONT_SCALE
        place = Affine2D().scale(scale, -scale).rotate_deg(-angle).translate(x, y)
        data = self._convert_path(Path(vertices, codes), place)
        self.writer.element("path", d=data, attrib=_ink(gc))


_ANCHOR = {"left": {}, "center": {"text-anchor": "middle"}, "right": {"text-anchor": "end"}}


def _type(prop: Any) -> dict[str, str]:
    """Size, slant and weight; the family is the page's."""
    look = {"font-size": _number(prop.get_size_in_points())}
    if prop.get_style() != "normal":
        look["font-style"] = prop.get_style()
    if prop.get_weight() not in ("normal", "regular", 400):
        look["font-weight"] = str(prop.get_weight())
    return look


def _ink(gc: Any) -> dict[str, str]:
    alpha = gc.get_alpha() if gc.get_forced_alpha() else gc.get_rgb()[3]
    ink = {"fill": to_hex(gc.get_rgb()[:3])}
    return ink if alpha == 1 else ink | {"opacity": _number(alpha)}


class _Run:
    """Characters in a row that share size, height and slant."""

    def __init__(self, text: str, **style: str) -> None:
        self.text, self.style = text, style


def _runs(glyphs: Sequence[tuple[Any, ...]], size: float) -> list[_Run]:
    """Join glyphs placed by mathtext into runs that a browser can flow in another font.

    Where mathtext leaves a gap (around a relation) or steps back (a subscript below a superscript),
    the next run starts with that step.
    """
    runs: list[_Run] = []
    end = height = 0.0
    for font, points, code, *_, x, y in sorted(glyphs, key=lambda glyph: float(glyph[-2])):
        style = {}
        gap = (x - end) / size
        if runs and abs(gap) > 0.08:
            style["dx"] = _number(x - end)
        if abs(y - height) > 0.01:
            style["dy"] = _number(height - y)
        if abs(points - size) > 0.01:
            style["font-size"] = _number(points)
        if font.style_name.lower() in ("oblique", "italic"):
            style["font-style"] = "italic"
        same = runs and not {"dx", "dy"} & style.keys() and _look(runs[-1].style) == _look(style)
        character = chr(code) if code != 32 else "\xa0"
        if same:
            runs[-1].text += character
        else:
            runs.append(_Run(character, **style))
        end, height = x + _advance(font, points, code), y
    return runs


def _look(style: dict[str, str]) -> tuple[str | None, str | None]:
    return style.get("font-size"), style.get("font-style")


def _advance(font: FT2Font, points: float, code: int) -> float:
    font.set_size(points, 72)
    return float(font.load_char(code).linearHoriAdvance) / 65536


def write_label(element: Element, label: str) -> None:
    r"""Write a label of a figure into an element of HTML, formulas included.

    >>> cell = Element("th")
    >>> write_label(cell, r"norm $\rho^t$")
    >>> tostring(cell, encoding="unicode")
    '<th><span>norm </span><i>ρ</i><sup>t</sup></th>'
    """
    if "$" not in label:
        element.text = label
        return
    for part in filter(None, re.split(r"(\$[^$]+\$)", label)):
        if part.startswith("$"):
            _write_formula(element, part)
        else:
            SubElement(element, "span").text = part


def _write_formula(element: Element, formula: str) -> None:
    size = FontProperties().get_size_in_points()
    runs = _runs(MathTextParser("path").parse(formula).glyphs, size)
    below = -float(runs[0].style.get("dy", 0)) if runs else 0.0
    for run in runs:
        below += float(run.style.get("dy", 0))
        flat = "i" if run.style.get("font-style") else "span"
        tag = flat if abs(below) < 0.05 else "sub" if below > 0 else "sup"
        space = "\u2009" if float(run.style.get("dx", 0)) > 0 else ""
        SubElement(element, tag).text = space + run.text


class Picture:
    """A figure as elements: what stands still, and a group for each artist that moves.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Its layout is carried out once and then kept.
    moving : sequence of matplotlib.artist.Artist
        The artists that `redraw` draws again.

    Raises
    ------
    ValueError
        If an artist is none, not of this figure, not drawn by it, or part of another one; or if a
        text is too small to be read on a phone.
    """

    def __init__(self, figure: Figure, moving: Sequence[Artist] = ()) -> None:
        self.figure, self.moving = figure, list(dict.fromkeys(_artists(moving, figure)))
        figure.dpi = 72
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        for legend in figure.findobj(Legend):
            _keep_place(legend)
        self.parts = _parts(figure)
        drawn: dict[Artist, tuple[_Renderer, Element]] = {}
        self.panels = [self._panel(part, f"p{n}", drawn) for n, part in enumerate(self.parts)]
        self._check_drawn(drawn)
        self.renderers = [drawn[artist][0] for artist in self.moving]
        self.groups = [drawn[artist][1] for artist in self.moving]

    def _panel(
        self, part: Figure | SubFigure, name: str, drawn: dict[Artist, tuple[_Renderer, Element]]
    ) -> Element:
        """Draw a panel, in which every moving artist leaves a group where it stands."""
        renderer = self._renderer(name)

        def draw_apart(number: int, artist: Artist) -> Callable[[Any], None]:
            draw = artist.draw

            def draw_in_group(renderer: _Renderer) -> None:
                with renderer.group(f"a{number}") as group:
                    drawn[artist] = renderer, group
                    draw(renderer)

            return draw_in_group

        apart = {artist: draw_apart(n, artist) for n, artist in enumerate(self.moving)}
        with _drawn_by(apart), _transparent(part):
            part.draw(renderer)
        panel = renderer.finish()
        _frame(panel, part.bbox, self.figure.bbox.height)
        return panel

    def _renderer(self, name: str) -> _Renderer:
        return _Renderer(self.figure.bbox.width, self.figure.bbox.height, name)

    def _check_drawn(self, drawn: dict[Artist, tuple[_Renderer, Element]]) -> None:
        for artist in self.moving:
            if artist not in drawn:
                raise ValueError(
                    f"{describe(artist)} is in moving, but the figure does not draw it"
                )
        groups = [group for _, group in drawn.values()]
        for artist, (_, group) in drawn.items():
            if any(child in groups for child in list(group.iter())[1:]):
                raise ValueError(
                    f"{describe(artist)} and a part of it are both in moving: name one"
                )

    def redraw(self) -> list[Element]:
        """Draw each moving artist as it is now, each into a group of its own."""
        groups = []
        for number, (artist, renderer) in enumerate(zip(self.moving, self.renderers, strict=True)):
            renderer.writer = _Tree()
            with renderer.group(f"a{number}") as group:
                artist.draw(renderer)
            groups.append(group)
        return groups

    def draw_static(self) -> str:
        """Draw what should stand still, to see whether it does."""
        renderers = [self._renderer("static") for _ in self.parts]
        with _drawn_by({artist: lambda renderer: None for artist in self.moving}):
            for part, renderer in zip(self.parts, renderers, strict=True):
                part.draw(renderer)
        return "".join(tostring(renderer.finish(), "unicode") for renderer in renderers)

    def draw_each_static(self) -> dict[Artist, str]:
        """Draw each artist that should stand still by itself."""
        drawn = {}
        for artist in itertools.chain(*(axes.get_children() for axes in self.figure.axes)):
            if artist not in self.moving:
                renderer = self._renderer("look")
                artist.draw(renderer)
                drawn[artist] = tostring(renderer.finish(), encoding="unicode")
        return drawn

    def now(self, alt: str) -> str:
        """Return the panels with the moving artists as they are now."""
        for home, group in zip(self.groups, self.redraw(), strict=True):
            home[:] = list(group)
            home.attrib.clear()
        return self.markup(alt)

    def markup(self, alt: str) -> str:
        """Return the panels, as one image with one text alternative."""
        panels = "".join(tostring(panel, encoding="unicode") for panel in self.panels)
        label = html.escape(alt)
        return f'<div class="panels" role="img" aria-label="{label}" style="{_ROW}">{panels}</div>'


def _artists(moving: Sequence[Artist], figure: Figure) -> Sequence[Artist]:
    for artist in moving:
        if not isinstance(artist, Artist):
            hint = ": name its items" if isinstance(artist, list | tuple) else ""
            raise ValueError(f"moving must hold matplotlib artists, got {artist!r}{hint}")
        if artist.get_figure(root=True) is not figure:
            raise ValueError(f"{describe(artist)} is in moving, but not in this figure")
    return moving


def describe(artist: Artist) -> str:
    """Name an artist in a message."""
    label = artist.get_text() if isinstance(artist, Text) else artist.get_label()
    return f"{type(artist).__name__} {str(label)!r}" if label else type(artist).__name__


@contextmanager
def _drawn_by(functions: dict[Artist, Callable[[Any], None]]) -> Iterator[None]:
    """Let functions draw artists, in place of their own methods."""
    for artist, function in functions.items():
        artist.draw = function  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        for artist in functions:
            del artist.draw


def _keep_place(legend: Legend) -> None:
    """Fix a legend where ``loc="best"`` has put it: it must not jump when a line moves."""
    axes = legend.axes
    if axes is not None and getattr(legend, "_loc", None) == 0:
        corner = legend.get_window_extent().min
        x, y = BboxTransformFrom(legend.get_bbox_to_anchor()).transform(corner)
        legend.set_loc((float(x), float(y)))


def _frame(panel: Element, box: BboxBase, height: float) -> None:
    """Give a panel its part of the canvas, and its share of the page's width."""
    panel.attrib |= {
        "viewBox": " ".join(map(_number, (box.x0, height - box.y1, box.width, box.height))),
        "fill": "currentColor",
        "stroke-linejoin": "round",
        "aria-hidden": "true",
        "style": f"flex:{box.width:.0f} 1 {box.width:.0f}px;min-width:0;"
        f"max-width:{1.6 * box.width:.0f}px;{_PAPER}",
    }
    _check_legible(panel, box.width)


def _parts(figure: Figure) -> list[Figure | SubFigure]:
    """Subfigures, each a panel; or the whole figure, if it holds anything besides."""
    own = [a for a in figure.get_children() if a is not figure.patch]
    if own and all(isinstance(artist, SubFigure) for artist in own):
        return list(figure.subfigs)
    return [figure]


@contextmanager
def _transparent(part: Figure | SubFigure) -> Iterator[None]:
    """Draw without the white sheets behind figure and axes: the page is the paper."""
    patches = [child.patch for child in part.findobj() if isinstance(child, Axes | SubFigure)]
    sheets = [patch for patch in (part.patch, *patches) if _white(patch)]
    for sheet in sheets:
        sheet.set_visible(False)
    try:
        yield
    finally:
        for sheet in sheets:
            sheet.set_visible(True)


def _white(patch: Patch) -> bool:
    return bool(patch.get_visible()) and to_hex(patch.get_facecolor()) == "#ffffff"


def _check_legible(panel: Element, width: float) -> None:
    least = SMALLEST * width / PHONE
    for text in panel.iter("text"):
        size = float(text.get("font-size", "inf"))
        if size < least - 0.05:
            words = "".join(text.itertext())
            raise ValueError(
                f"the text {words!r} ({size:g} pt) is too small for a panel {width / 72:.3g} "
                f"inches wide: on a phone it would be {size * PHONE / width:.1f} px. Make it at "
                f"least {least:.1f} pt, or the panel narrower"
            )


def prefix_ids(markup: str) -> str:
    """Give every id in `markup` a prefix made from the markup itself."""
    digest = hashlib.sha256(markup.encode()).hexdigest()[:8]
    return markup.replace(ID, f"f{digest}-")


class Drawing:
    """A matplotlib figure that stands still, as inline SVG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Every subfigure becomes a panel: side by side on a wide page, below one another on a phone.
    alt : str
        What a reader who cannot see the figure should know of it.

    Raises
    ------
    ValueError
        If `alt` is empty, or a text is too small to be read on a phone.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels()
    >>> line, = axes.plot([0, 1, 2], [0, 1, 4])
    >>> Drawing(figure, "A parabola through the origin.")
    A parabola through the origin.
    """

    def __init__(self, figure: Figure, alt: str) -> None:
        if not isinstance(alt, str) or not alt.strip():
            raise ValueError("alt is empty: say in a sentence what the figure shows")
        self.figure, self.alt = figure, alt.strip()
        markup = Picture(figure).markup(self.alt)
        self._html = prefix_ids(f'<div class="drawing">{markup}</div>')

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        return self._html
