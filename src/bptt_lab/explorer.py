"""One matplotlib figure to explore, with a kernel and without.

matplotlib draws and a function moves the artists.  In Jupyter the controls are widgets and the
function runs in the kernel.  In a page of HTML there is no kernel, so every setting is drawn
beforehand, once, and the page keeps only what differs between the settings:

* a *slot* is one attribute (or the text) of one element of the figure that is not always the same;
* each distinct content of a slot is a *state*, stored once, and slots whose states change together
  share one list that says which state belongs to which setting;
* states that differ in their numbers only are stored as a table of integers, differenced along the
  curve and along the states as often as makes them small, in the text format of encoded polylines:
  zigzag, base 32, offset 63.

`book/assets/explorer.js` is the other half: it undoes this when a control moves.
"""

from __future__ import annotations

import html
import inspect
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .svg import DECIMALS, GEOMETRY, Picture, name_ids, plain

__all__ = ["Control", "Explorer"]

ROWS = 12
"""At most this many points of a line are listed in the table of numbers."""

Integers = npt.NDArray[np.int64]
Setting = dict[str, Any]


@dataclass(frozen=True)
class Control:
    """A control with a readable label and a default.

    Parameters
    ----------
    label : str
        What the reader sees.
    values : sequence
        Numbers in increasing order make a slider; strings or booleans make radio buttons.
    start : optional
        The value shown first, one of `values`; the first one if left out.
    format : str or callable, optional
        How a value is written: a format string such as ``"{:.2f}"``, or a function of the value.

    Examples
    --------
    >>> Control("spectral radius", [0.5, 1.0, 1.5], start=1.0, format="{:.1f}").label
    'spectral radius'
    """

    label: str
    values: Sequence[Any] | npt.NDArray[Any]
    start: Any = None
    format: str | Callable[[Any], str] | None = None


@dataclass(frozen=True)
class _Parameter:
    """A control after its values were checked."""

    name: str
    label: str
    values: list[Any]
    texts: list[str]
    start: int
    write: Callable[[Any], str]

    @property
    def numeric(self) -> bool:
        return not isinstance(self.values[0], str | bool)


def _parameter(name: str, given: Control | Iterable[Any]) -> _Parameter:
    control = given if isinstance(given, Control) else Control(name, list(given))
    values = [v.item() if isinstance(v, np.generic) else v for v in control.values]
    if not values:
        raise ValueError(f"{name} has no values: give it at least one")
    _check_kind(name, values)
    write = _writer(control.format)
    texts = [write(value) for value in values]
    for what, items in (("value", values), ("text", texts)):
        twice = [item for i, item in enumerate(items) if item in items[:i]]
        if twice:
            hint = "leave it out" if what == "value" else "use a finer format"
            raise ValueError(f"{name} has the {what} {twice[0]!r} twice: {hint}")
    if control.start is not None and control.start not in values:
        raise ValueError(f"{name} cannot start at {control.start!r}: it is not among {values}")
    start = 0 if control.start is None else values.index(control.start)
    return _Parameter(name, control.label, values, texts, start, write)


def _check_kind(name: str, values: list[Any]) -> None:
    if all(isinstance(v, str) for v in values) or all(isinstance(v, bool) for v in values):
        return
    numbers = all(isinstance(v, Real) and not isinstance(v, bool) for v in values)
    if not numbers or not all(math.isfinite(v) for v in values):
        raise ValueError(
            f"the values of {name} must be finite numbers, or strings, or booleans, "
            f"all of one kind, got {values}"
        )
    if any(b < a for a, b in itertools.pairwise(values)):
        raise ValueError(f"the values of {name} must increase, got {values}")


def _writer(format: str | Callable[[Any], str] | None) -> Callable[[Any], str]:
    if callable(format):
        return format
    if format is not None:
        return format.format
    return lambda value: (
        {True: "yes", False: "no"}[value]
        if isinstance(value, bool)
        else (value if isinstance(value, str) else f"{value:g}")
    )


class Explorer:
    """A figure whose parameters the reader sets, in static HTML as well as in Jupyter.

    Every setting of the grid is drawn when the object is made, so that a mistake stops the
    notebook there and then.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Every subfigure becomes a panel.  Axis limits are to be fixed beforehand: what is not in
        `moving` stands still.
    update : callable
        ``update(**setting)`` moves the artists and returns one sentence that says what is seen.
        The first line of its docstring names the figure.
    moving : sequence of matplotlib.artist.Artist
        The artists that `update` moves.
    **grid : sequence or Control
        The values of each argument of `update`.

    Raises
    ------
    ValueError
        If the grid is unusable, an artist does not belong to the figure, `update` returns no
        sentence, or something moves that was not announced.
    RuntimeError
        If `update` raises, with the setting at which it did.

    Examples
    --------
    >>> from bptt_lab.plots import panels
    >>> figure, axes = panels(ylim=(0, 4))
    >>> line, = axes.plot([0, 1], [0, 1])
    >>> def update(slope):
    ...     "A straight line"
    ...     line.set_ydata([0, slope])
    ...     return f"The line rises by {slope}."
    >>> Explorer(figure, update, moving=[line], slope=[1, 2, 3])
    The line rises by 1.
    """

    def __init__(
        self,
        figure: Figure,
        update: Callable[..., str],
        /,
        moving: Sequence[Artist] = (),
        **grid: Control | Iterable[Any],
    ) -> None:
        if not grid:
            raise ValueError("the grid is empty: name at least one argument of update")
        self.figure, self.update, self.moving = figure, update, list(moving)
        self._parameters = [_parameter(name, given) for name, given in grid.items()]
        self.name = _first_line(update)
        for artist in self.moving:
            _check_artist(artist, figure)
        self.sentence = self._say(self._start)
        self._picture = Picture(figure, self.moving)
        self._widget: Any = None
        self._html = _Page(self).html()
        self._say(self._start)

    @property
    def _start(self) -> Setting:
        return {p.name: p.values[p.start] for p in self._parameters}

    def _say(self, setting: Setting) -> str:
        """Move the artists to a setting and return the sentence."""
        try:
            sentence = self.update(**setting)
        except Exception as error:
            kind = type(error).__name__
            raise RuntimeError(f"{_call(setting)} raised {kind}: {error}") from error
        if not isinstance(sentence, str) or not sentence.strip():
            raise ValueError(
                f"{_call(setting)} returned {sentence!r}: it must return a sentence that says "
                "what is seen"
            )
        return sentence.strip()

    def __repr__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        return self._html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        faces: dict[str, Any] = dict(self.widget()._repr_mimebundle_())
        return faces | {"text/html": self._html, "text/plain": self.sentence}

    def widget(self) -> Any:
        """Return the live face, an ``ipywidgets.VBox``: always the same one."""
        if self._widget is None:
            self._widget = _widget(self)
        return self._widget


def _call(setting: Setting) -> str:
    return f"update({', '.join(f'{name}={value!r}' for name, value in setting.items())})"


def _first_line(update: Callable[..., str]) -> str:
    lines = (inspect.getdoc(update) or "").strip().splitlines()
    if not lines:
        raise ValueError("update has no docstring: its first line names the figure")
    return lines[0].rstrip(".")


def _check_artist(artist: Artist, figure: Figure) -> None:
    if not isinstance(artist, Artist):
        hint = "; unpack what plot returns" if isinstance(artist, list) else ""
        raise ValueError(f"moving must hold matplotlib artists, got {artist!r}{hint}")
    if artist.get_figure(root=True) is not figure:
        raise ValueError(f"{_describe(artist)} is in moving, but not in this figure")


def _describe(artist: Artist) -> str:
    label = str(artist.get_label() or "")
    kind = type(artist).__name__
    return kind + (f" {label!r}" if label and not label.startswith("_") else f" ({artist})")


@dataclass
class _Slot:
    """What varies in one place: attribute `name` of `element`, one text for each setting."""

    element: Element
    name: str
    values: list[str]


class _Page:
    """The HTML of an explorer: the figure at its default, and what changes."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer, self.picture = explorer, explorer._picture
        self.parameters = explorer._parameters
        grid = itertools.product(*(p.values for p in self.parameters))
        names = [p.name for p in self.parameters]
        self.settings: list[Setting] = [dict(zip(names, point, strict=True)) for point in grid]
        self.start = self.settings.index(explorer._start)
        self.slots: list[_Slot] = []
        self._record()

    def _record(self) -> None:
        """Draw every setting, and find what varies."""
        lines = [a for a in self.picture.moving if isinstance(a, Line2D)]
        still = self.picture.still()
        sentences, groups, points = [], [], []
        for setting in self.settings:
            sentences.append(self.explorer._say(setting))
            groups.append(self.picture.redraw())
            points.append([_columns(line) for line in lines])
        self._check_still(still)
        for number, artist in enumerate(self.picture.moving):
            self._compare(number, artist, [frame[number] for frame in groups])
        self.caption = Element("figcaption")
        self._vary(self.caption, "#", sentences)
        self.tables = [
            table
            for i, line in enumerate(lines)
            if (table := self._table(line, i, [frame[i] for frame in points])) is not None
        ]

    def _check_still(self, before: str) -> None:
        if self.picture.still() == before:
            return
        last = self.settings[-1]
        raise ValueError(
            f"{_call(last)} changes something that is not in moving{self._culprit(last)}: "
            "add it to moving, or leave it as it is (axis limits cannot move)"
        )

    def _culprit(self, setting: Setting) -> str:
        """Name the artist, if it is one that can be drawn by itself."""
        looks = []
        for point in (self.settings[self.start], setting):
            self.explorer._say(point)
            looks.append(self.picture.looks())
        changed = [a for a, look in looks[0].items() if looks[1].get(a, look) != look]
        return f", {_describe(changed[0])}" if changed else ""

    def _compare(self, number: int, artist: Artist, groups: list[Element]) -> None:
        """Find what varies in an artist; its group in the picture becomes the default."""
        drawn = [len(group) > 0 for group in groups]
        if self.picture.groups[number] is None or not any(drawn):
            raise ValueError(f"{_describe(artist)} is in moving, but it is never drawn")
        first = self.start if drawn[self.start] else drawn.index(True)
        last = groups[first]
        for k, group in enumerate(groups):  # while an artist is hidden, the rest of it may wait
            groups[k] = last = group if drawn[k] else last
        frames = [list(group.iter())[1:] for group in groups]
        tags = [element.tag for element in frames[first]]
        for k, frame in enumerate(frames):
            if [element.tag for element in frame] != tags:
                raise ValueError(
                    f"{_describe(artist)} is made of other elements at {_call(self.settings[k])} "
                    f"than at {_call(self.settings[first])}: an artist may change its numbers, "
                    "colours and words, but not its parts (formulas in a text that moves are best "
                    "written in plain characters)"
                )
        home = self.picture.groups[number]
        assert home is not None
        home[:] = list(groups[first])
        self._vary(home, "display", ["" if seen else "none" for seen in drawn])
        for element, *versions in zip(frames[first], *frames, strict=True):
            for name in dict.fromkeys(itertools.chain(*(v.attrib for v in versions))):
                self._vary(element, name, [v.get(name, "") for v in versions])
            self._vary(element, "#", [v.text or "" for v in versions])

    def _vary(self, element: Element, name: str, values: list[str]) -> None:
        """Give an element its default, and a slot if the value is not always the same."""
        default = values[self.start]
        if name == "#":
            element.text = default
        elif default:
            element.set(name, default)
        else:
            element.attrib.pop(name, None)
        if any(value != default for value in values):
            self.slots.append(_Slot(element, name, values))

    def _table(self, line: Line2D, number: int, frames: list[_Columns]) -> Element | None:
        """Make the table of a line, whose columns are slots too."""
        if not frames[0]:
            return None
        table, label = Element("table"), str(line.get_label())
        _add(table, "caption", plain(label) if label[:1] != "_" else f"line {number + 1}")
        head = _add(_add(table, "thead"), "tr")
        body = _add(table, "tbody")
        rows = max(len(column) for frame in frames for column in frame.values())
        cells = [_add(body, "tr") for _ in range(rows)]
        for place, header in enumerate(frames[0]):
            _add(head, "th", header, scope="col")
            texts = [[*frame[header], *[""] * (rows - len(frame[header]))] for frame in frames]
            for row, text in zip(cells, texts[self.start], strict=True):
                _add(row, "td", text)
            values = ["\t".join(column) for column in texts]
            if len(set(values)) > 1:
                self.slots.append(_Slot(body, f"#{place}", values))
        return table

    def html(self) -> str:
        """Return the whole explorer."""
        data = json.dumps(self._data(), separators=(",", ":"), ensure_ascii=False)
        data = data.replace("<", "\\u003c")  # no text may end the script element
        name = html.escape(self.explorer.name)
        sentence = self.explorer.sentence
        return name_ids(
            f'<figure class="explorer" data-name="{name}" '
            f'data-setting="{html.escape(self._setting())}">'
            f'<form class="controls" autocomplete="off">{"".join(map(_control, self.parameters))}'
            "<noscript><p>The controls need JavaScript. The figure shows one setting.</p>"
            f"</noscript></form>{self.picture.markup(f'{self.explorer.name}. {sentence}')}"
            f"{self._numbers()}"
            '<p class="status" role="status"></p>'
            f'<script type="application/json">{data}</script>'
            f"{_html(self.caption)}</figure>"
        )

    def _setting(self) -> str:
        return json.dumps({p.name: p.texts[p.start] for p in self.parameters}, ensure_ascii=False)

    def _numbers(self) -> str:
        if not self.tables:
            return ""
        tables = "".join(map(_html, self.tables))
        return f"<details><summary>The numbers</summary><div>{tables}</div></details>"

    def _data(self) -> dict[str, Any]:
        """Put the slots into the form that the script reads."""
        groups: dict[tuple[int, ...], int] = {}
        slots = []
        for number, slot in enumerate(self.slots):
            states, index = _states(slot.values)
            group = groups.setdefault(index, len(groups))
            slot.element.attrib.setdefault("data-i", f"{number}")
            where = int(slot.element.attrib["data-i"])
            slots.append([group, where, slot.name, _pack(states, slot.name)])
        return {
            "names": [p.name for p in self.parameters],
            "texts": [p.texts for p in self.parameters],
            "start": self.start,
            "scale": 10**DECIMALS,
            "groups": [_integers(np.diff(np.array(index), prepend=0)) for index in groups],
            "slots": slots,
        }


def _html(element: Element) -> str:
    from xml.etree.ElementTree import tostring

    return tostring(element, encoding="unicode", method="html")


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    child = Element(tag, attributes)
    child.text = text
    parent.append(child)
    return child


def _control(parameter: _Parameter) -> str:
    return (_slider if parameter.numeric else _radio_buttons)(parameter)


def _slider(p: _Parameter) -> str:
    text = html.escape(p.texts[p.start])
    return (
        f'<div class="control"><label><span>{html.escape(p.label)}</span> '
        f'<input type="range" name="{p.name}" min="0" max="{len(p.values) - 1}" '
        f'value="{p.start}" aria-valuetext="{text}" disabled></label> '
        f'<output aria-live="off">{text}</output></div>'
    )


def _radio_buttons(p: _Parameter) -> str:
    buttons = "".join(
        f'<label><input type="radio" name="{p.name}" value="{i}"'
        f"{' checked' if i == p.start else ''} disabled> <span>{html.escape(text)}</span></label>"
        for i, text in enumerate(p.texts)
    )
    return (
        f'<fieldset class="control"><legend>{html.escape(p.label)}</legend>'
        f"<div>{buttons}</div></fieldset>"
    )


# -- the numbers of a line --------------------------------------------------------------------

_Columns = dict[str, list[str]]


def _columns(line: Line2D) -> _Columns:
    """List the points of a line, thinned, in data units: header -> texts."""
    axes = line.axes
    assert isinstance(axes, Axes)
    in_data = line.get_transform().contains_branch_seperately(axes.transData)
    points = [np.asarray(values, dtype=float) for values in line.get_data(orig=False)]
    headers = (plain(axes.get_xlabel()) or "x", plain(axes.get_ylabel()) or "y")
    if headers[0] == headers[1]:
        headers = (f"{headers[0]} (across)", f"{headers[1]} (up)")
    rows = np.unique(np.linspace(0, max(len(points[0]) - 1, 0), ROWS).round().astype(int))
    columns = {
        header: [_digits(value) for value in values[rows[: len(values)]]]
        for header, values, ours in zip(headers, points, in_data, strict=True)
        if ours
    }
    if len(columns) == 1:  # a line right across the axes, such as axhline, is one number
        columns = {header: list(dict.fromkeys(texts)) for header, texts in columns.items()}
    return columns


def _digits(value: float) -> str:
    """Three significant digits."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.3g}"
    text = re.sub(r"e([+-])0?", lambda e: "e" + e[1].replace("+", ""), text)
    return text.replace("-", "−")


# -- packing ----------------------------------------------------------------------------------

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def _states(values: Sequence[str]) -> tuple[list[str], tuple[int, ...]]:
    """Distinct values in order of appearance, and which of them each setting has.

    >>> _states(["a", "b", "a"])
    (['a', 'b'], (0, 1, 0))
    """
    number = {value: i for i, value in enumerate(dict.fromkeys(values))}
    return list(number), tuple(number[value] for value in values)


def _pack(states: list[str], name: str) -> list[str] | Mapping[str, Any]:
    """Pack states as a table of integers where they differ in numbers only."""
    if name not in GEOMETRY or len({_NUMBER.sub("0", state) for state in states}) > 1:
        return states
    scale = 10**DECIMALS
    table = np.array([[round(float(t) * scale) for t in _NUMBER.findall(s)] for s in states])
    where = np.flatnonzero((table != table[0]).any(axis=0))
    where = np.concatenate([where[where % 2 == 0], where[where % 2 == 1]])  # all x, then all y
    orders, differences = _differences(table[:, where])
    return {"at": _integers(np.diff(where, prepend=0)), "by": orders, "is": differences}


def _differences(table: Integers) -> tuple[list[int], str]:
    """Difference a table along both axes, as often as makes its text shortest."""
    best: tuple[float, list[int], Integers] | None = None
    for down, across in itertools.product(range(3), repeat=2):
        small = table
        for axis, times in ((0, down), (1, across)):
            for _ in range(times):
                small = np.diff(small, axis=axis, prepend=0)
        bits = float(np.log2(1 + np.abs(small)).sum())
        if best is None or bits < best[0]:
            best = bits, [down, across], small
    assert best is not None
    return best[1], _integers(best[2].ravel())


def _integers(values: Integers) -> str:
    """Write integers as text: zigzag, base 32 with the lowest digits first, offset 63.

    >>> _integers(np.array([0, -1, 1, 16]))
    '?@A_@'
    """
    return "".join(map(_integer, np.where(values < 0, ~(2 * values), 2 * values).tolist()))


def _integer(value: int) -> str:
    text = ""
    while value >= 32:
        text += chr(63 + 32 + value % 32)
        value //= 32
    return text + chr(63 + value)


# -- the live face ----------------------------------------------------------------------------


def _widget(explorer: Explorer) -> Any:
    import ipywidgets

    controls = {p.name: _live_control(p) for p in explorer._parameters}
    picture = ipywidgets.HTML()

    def show(_: Any = None) -> None:
        setting = {name: control.value for name, control in controls.items()}
        try:
            picture.value = _live(explorer, setting)
        except Exception as error:  # said where the reader looks, not in a log
            picture.value = f'<p role="alert">{html.escape(str(error))}</p>'

    for control in controls.values():
        control.observe(show, names="value")
    show()
    return ipywidgets.VBox([*controls.values(), picture])


def _live(explorer: Explorer, setting: Setting) -> str:
    sentence = explorer._say(setting)
    markup = explorer._picture.now(f"{explorer.name}. {sentence}")
    style = "<style>.panels{display:flex;flex-wrap:wrap}</style>"
    return name_ids(f"{style}{markup}<p>{html.escape(sentence)}</p>")


def _live_control(p: _Parameter) -> Any:
    import ipywidgets

    look = {"description": p.label, "style": {"description_width": "initial"}}
    start = p.values[p.start]
    if not p.numeric:
        options = list(zip(p.texts, p.values, strict=True))
        return ipywidgets.ToggleButtons(options=options, value=start, **look)
    ends = {"min": p.values[0], "max": p.values[-1], "value": start}
    if all(isinstance(v, Integral) for v in p.values):
        return ipywidgets.IntSlider(**ends, **look)
    step = min(np.diff(p.values), default=1.0)
    return ipywidgets.FloatSlider(**ends, step=float(step), **look)
