"""Figures as inline SVG: what is drawn, where, in which colours, and under which names."""

import itertools
import os
import re
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from bptt_lab.book.plots import COLOURS, STYLE, panels
from bptt_lab.book.svg import Drawing, Picture
from sample_explorer import ROUNDING, expected, numbers


def soup(figure, alt="A figure."):
    return BeautifulSoup(Drawing(figure, alt)._repr_html_(), "html.parser")


def line_figure(**look):
    figure, axes = panels()
    axes.plot([0, 1, 2], [0, 1, 4], **look)
    return figure


# -- the drawing ------------------------------------------------------------------------------


@pytest.mark.parametrize("alt", ["", "  \n", None])
def test_a_drawing_needs_a_text_alternative(alt):
    with pytest.raises(ValueError, match="alt is empty"):
        Drawing(line_figure(), alt)


def test_text_alternative_is_escaped_and_plain():
    page = soup(line_figure(), 'Norms "a" < b & c')
    (image,) = page.find_all(role="img")
    assert image["aria-label"] == 'Norms "a" < b & c'
    assert repr(Drawing(line_figure(), " Two words ")) == "Two words"


def test_every_subfigure_is_a_panel_with_its_part_of_the_canvas():
    figure, axes = panels(3)
    for ax in axes:
        ax.set_title("title of a panel")
    boxes = [[float(v) for v in svg["viewbox"].split()] for svg in soup(figure).find_all("svg")]
    assert len(boxes) == 3
    for box, part in zip(boxes, figure.subfigs, strict=True):
        wanted = [part.bbox.x0, 0, part.bbox.width, figure.bbox.height]
        np.testing.assert_allclose(box, wanted, atol=0.01)
    assert [svg.find(string="title of a panel") for svg in soup(figure).find_all("svg")]


def test_a_figure_with_more_than_subfigures_is_one_panel():
    figure, _ = panels(2)
    figure.suptitle("over both", fontsize=18)
    for part in figure.subfigs:
        part.axes[0].tick_params(labelsize=18)
    page = soup(figure)
    assert len(page.find_all("svg")) == 1
    assert page.find(string="over both")


def test_a_figure_without_subfigures_is_one_panel():
    figure = Figure(figsize=(4, 3))
    figure.subplots().plot([1, 2])
    assert len(soup(figure).find_all("svg")) == 1


def test_nothing_global_is_left():
    html = Drawing(line_figure(), "A figure.")._repr_html_()
    assert "<style" not in html and "<metadata" not in html and "<!--" not in html
    assert "xmlns" not in html and "font-family" not in html and "xlink" not in html


def test_a_line_is_drawn_where_matplotlib_puts_it():
    figure = line_figure(color="#123456")
    path = soup(figure).find("path", stroke="#123456")
    np.testing.assert_allclose(numbers(path["d"]), expected(figure.axes[0].lines[0]), atol=ROUNDING)


def test_markers_are_one_path_with_a_marker_at_each_point():
    figure = line_figure(marker="s", ls="", color="#123456")
    page = soup(figure)
    path = page.find("path", attrs={"marker-mid": True})
    np.testing.assert_allclose(numbers(path["d"]), expected(figure.axes[0].lines[0]), atol=ROUNDING)
    (marker,) = page.find_all("marker")
    assert path["marker-start"] == path["marker-end"] == f"url(#{marker['id']})"
    assert marker.path["fill"] == "#123456"


def test_nan_breaks_a_line_and_infinity_does_too():
    figure, axes = panels(ylim=(0, 5))
    axes.plot([0, 1, 2, 3, 4, 5], [1, 2, np.nan, 3, np.inf, 4], color="#123456")
    path = soup(figure).find("path", stroke="#123456")
    assert re.sub(r"[^ML]", "", path["d"]) == "MLMM"


# -- colours ----------------------------------------------------------------------------------


def test_black_follows_the_text_and_white_the_page():
    figure, axes = panels()
    axes.plot([0, 1], color="black", marker="o", mfc="white")
    axes.text(0.5, 0.5, "words", bbox={"facecolor": "white"})
    html = Drawing(figure, "A figure.")._repr_html_()
    assert "#000000" not in html and "#ffffff" not in html
    page = BeautifulSoup(html, "html.parser")
    assert page.marker.path["fill"] == "var(--paper)"
    assert page.marker.path["stroke"] == "currentColor"
    assert page.find(string="words").parent["fill"] == "currentColor"
    assert all("--paper:" in svg["style"] for svg in page.find_all("svg"))


def test_the_sheets_of_figure_and_axes_are_left_out_and_put_back():
    figure = line_figure()
    page = soup(figure)
    assert not page.find(fill="var(--paper)")
    assert figure.axes[0].patch.get_visible() and figure.subfigs[0].patch.get_visible()


def test_a_coloured_sheet_stays():
    figure = line_figure()
    figure.axes[0].set_facecolor("#aabbcc")
    assert soup(figure).find(fill="#aabbcc")


def luminance(colour):
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [*COLOURS, STYLE["axes.edgecolor"], STYLE["xtick.color"]])
@pytest.mark.parametrize("page", ["white", "#121212"])
def test_colours_can_be_told_from_the_page_by_day_and_by_night(colour, page):
    assert contrast(colour, page) >= 3


def test_lines_differ_by_more_than_colour():
    _, axes = panels()
    lines = [axes.plot([0, 1])[0] for _ in COLOURS]
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == len(COLOURS)
    assert [line.get_color() for line in lines] == list(COLOURS)


# -- text -------------------------------------------------------------------------------------


def test_text_stays_text_hung_by_its_anchor():
    figure, axes = panels(xlim=(0, 1), ylim=(0, 1))
    axes.text(0.5, 0.25, "right & <below>", ha="right")
    text = soup(figure).find(string="right & <below>").parent
    x, y = axes.transData.transform((0.5, 0.25))
    assert text["text-anchor"] == "end"
    assert float(text["x"]) == pytest.approx(x, abs=0.01)
    assert float(text["y"]) == pytest.approx(figure.bbox.height - y, abs=4)


def test_a_label_along_the_axis_is_turned_about_its_anchor():
    figure, axes = panels(ylabel="norm")
    text = soup(figure).find(string="norm").parent
    assert re.fullmatch(r"rotate\(-90 .*\)", text["transform"])
    assert text["text-anchor"] == "middle"


def test_labels_of_a_logarithmic_axis_are_text_with_a_superscript():
    figure, axes = panels(yscale="log", ylim=(1e-6, 1))
    (label,) = [t for t in soup(figure).find_all("text") if t.get_text() == "10−4"]
    base, power = label.find_all("tspan")
    assert base.get_text() == "10" and power.get_text() == "−4"
    assert float(power["dy"]) < 0 and float(power["font-size"]) < float(label["font-size"])


def test_formulas_are_runs_that_return_to_the_line():
    figure, axes = panels(title=r"$W_{hh} h$")
    (title,) = [t for t in soup(figure).find_all("text") if "W" in t.get_text()]
    runs = title.find_all("tspan")
    assert [run.get_text() for run in runs] == ["W", "hh", "h"]
    assert all(run["font-style"] == "italic" for run in runs)
    assert sum(float(run.get("dy", 0)) for run in runs[1:]) == pytest.approx(0, abs=0.02)


def test_fractions_are_drawn_as_outlines():
    figure, axes = panels(title=r"$\frac{1}{2}$")
    assert not [t for t in soup(figure).find_all("text") if "1" in t.get_text() and t.tspan]
    plain, _ = panels(title=" ")
    assert len(soup(figure).find_all("path")) == len(soup(plain).find_all("path")) + 1


def test_text_too_small_for_a_phone_is_refused():
    figure, axes = panels()
    axes.text(0, 0, "fine print", fontsize=7)
    with pytest.raises(ValueError, match=r"'fine print' \(7 pt\) is too small.*at least 7\.9 pt"):
        Drawing(figure, "A figure.")


@pytest.mark.parametrize("width", [2.5, 4, 5, 7])
def test_a_panel_of_any_width_has_type_for_a_phone(width):
    figure, axes = panels(size=(width, 3), title="title", xlabel="x", yscale="log")
    Drawing(figure, "A figure.")


# -- names ------------------------------------------------------------------------------------


def ids(html):
    return re.findall(r'\bid="([^"]+)"', html)


def test_ids_are_unique_and_every_reference_leads_to_one():
    figure, axes = panels(2)
    for ax in axes:
        ax.scatter([1, 2, 3], [1, 2, 3], hatch="//", s=[10, 20, 30])
        ax.plot([1, 2, 3], "o-", clip_on=True)
    html = Drawing(figure, "A figure.")._repr_html_()
    assert ids(html) and len(ids(html)) == len(set(ids(html)))
    references = set(re.findall(r"url\(#([^)]+)\)", html)) | set(
        re.findall(r'href="#([^"]+)"', html)
    )
    assert references and references <= set(ids(html))


def test_two_drawings_share_no_id_and_the_same_drawing_is_the_same_bytes():
    one, same, other = (Drawing(line_figure(marker="o"), alt)._repr_html_() for alt in "aab")
    assert one == same
    assert not set(ids(one)) & set(ids(other))


def test_another_process_writes_the_same_bytes():
    script = (
        "from bptt_lab.book.plots import panels; from bptt_lab.book.svg import Drawing\n"
        "figure, axes = panels(); axes.plot([0, 1, 4], 'o-', label='a'); axes.legend()\n"
        "print(Drawing(figure, 'a')._repr_html_())"
    )
    prints = [
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        for seed in "12"
    ]
    assert prints[0] and prints[0] == prints[1]


# -- everything else that matplotlib draws ----------------------------------------------------


@pytest.mark.parametrize(
    ("draw", "tag"),
    [
        (lambda ax: ax.imshow(np.eye(3)), "image"),
        (lambda ax: ax.pcolormesh(np.eye(3)), "path"),
        (lambda ax: ax.bar([0, 1], [1, 2]), "path"),
        (lambda ax: ax.fill_between([0, 1], [0, 1]), "path"),
        (lambda ax: ax.annotate("a", (0, 0), (0.5, 0.5), arrowprops={"arrowstyle": "->"}), "path"),
        (lambda ax: ax.errorbar([0, 1], [1, 2], yerr=0.1), "path"),
        (lambda ax: ax.axvspan(0.2, 0.4), "path"),
    ],
)
def test_other_artists_are_drawn(draw, tag):
    empty, _ = panels(xlim=(0, 1), ylim=(0, 1))
    figure, axes = panels(xlim=(0, 1), ylim=(0, 1))
    draw(axes)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    assert len(soup(figure).find_all(tag)) > len(soup(empty).find_all(tag))


def test_an_image_comes_along():
    figure, axes = panels()
    axes.imshow(np.eye(3))
    assert soup(figure).image["href"].startswith("data:image/png;base64,")


# -- the picture with moving artists ----------------------------------------------------------


def test_a_moving_artist_keeps_its_place_among_the_others():
    figure, axes = panels()
    lines = [axes.plot([0, n], color=f"#00000{n + 1}")[0] for n in range(3)]
    picture = Picture(figure, [lines[1]])
    order = [p.get("stroke") for p in picture.panels[0].iter("path")]
    assert [c for c in order if c in {"#000001", "#000002", "#000003"}] == [
        "#000001",
        "#000002",
        "#000003",
    ]
    assert picture.groups[0].find("path").get("stroke") == "#000002"


def test_every_point_of_a_moving_line_is_kept():
    figure, axes = panels(xlim=(0, 1), ylim=(0, 1))
    (line,) = axes.plot(np.linspace(-2, 3, 900), np.full(900, 0.5))
    picture = Picture(figure, [line])
    for drawn in (picture.groups[0], picture.redraw()[0]):
        assert len(numbers(drawn.find("path").get("d"))) == 900


def test_points_far_away_are_brought_nearer_without_bending_what_is_seen():
    figure, axes = panels(xlim=(0, 2), ylim=(0, 1))
    (line,) = axes.plot([0, 1, 2], [0, 1e200, 1e305])
    points = numbers(Picture(figure, [line]).groups[0].find("path").get("d"))
    assert abs(points).max() <= 1e5
    start, wanted = points[0], expected(line)[0]
    np.testing.assert_allclose(start, wanted, atol=ROUNDING)
    # Where it leaves the panel, the line is within a hundredth of an inch of the true one.
    share = figure.bbox.height / abs(points[1] - points[0])[1]
    assert share * abs(points[1] - points[0])[0] < 0.72


def test_a_legend_stays_where_it_was_best():
    figure, axes = panels(xlim=(0, 1), ylim=(0, 1))
    (line,) = axes.plot([0, 1], [0, 0.1], label="a line")
    legend = axes.legend()
    picture = Picture(figure, [line])
    before = legend.get_window_extent().bounds
    static = picture.draw_static()
    line.set_ydata([0.95, 0.95])
    assert picture.draw_static() == static
    np.testing.assert_allclose(legend.get_window_extent().bounds, before, atol=1e-6)


def test_drawing_leaves_the_artists_as_they_were():
    figure, axes = panels()
    (line,) = axes.plot([0, 1])
    Picture(figure, [line]).draw_static()
    assert "draw" not in vars(line)


# -- panels -----------------------------------------------------------------------------------


def test_panels_returns_axes_to_unpack():
    figure, axes = panels(1, xlabel="t")
    assert axes.get_xlabel() == "t" and axes.figure is figure.subfigs[0]
    figure, several = panels(3, size=(3, 2))
    assert isinstance(several, tuple) and len(several) == len(figure.subfigs) == 3
    np.testing.assert_allclose(figure.get_size_inches(), (9, 2))


def test_panels_leaves_the_settings_of_matplotlib_alone():
    before = dict(mpl.rcParams)
    panels(2, size=(7, 3))
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("n", [0, -1, 1.5, "2"])
def test_panels_refuses_what_is_no_number_of_panels(n):
    with pytest.raises(ValueError, match="n must be a positive number of panels"):
        panels(n)


def test_wide_panels_have_larger_type():
    sizes = [panels(size=(w, 3))[1].xaxis.label.get_size() for w in (3, 4, 6, 8)]
    assert sizes[0] == sizes[1]
    assert all(a < b for a, b in itertools.pairwise(sizes[1:]))
