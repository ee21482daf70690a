"""The figure: projection, geometry, placement of callouts, and the drawing."""

import cmath
import json
import re
import time
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise
from math import hypot, radians, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.figure import frame, geometry, rings
from registry.figure.callout_column import Callout, Column, stack_by_height
from registry.figure.draw_map import draw_map
from registry.figure.frame import locate
from registry.figure.geometry import load_shapes
from registry.figure.layout import place_callouts
from registry.figure.paths import Detail, draw_path
from registry.figure.projection import project
from registry.figure.rings import clip_ring, measure_area, simplify_ring
from registry.figure.shapes import draw_shapes
from registry.figure.texts import shorten
from tests.map_documents import CATEGORIES, empty_document, full_document, published_document, random_document

SVG = "{http://www.w3.org/2000/svg}"

# Lantmäteriet's control points for SWEREF 99 TM: latitude, longitude, north, east.
CONTROL_POINTS = [
    (55, 12.75, 6097106.672, 356083.438),
    (55, 14.25, 6095048.642, 452024.069),
    (57, 12.75, 6319636.937, 363331.554),
    (57, 19.5, 6326392.707, 773251.054),
    (59, 11.25, 6546096.724, 284626.066),
    (59, 19.5, 6548757.206, 758410.519),
    (61, 12.75, 6764877.311, 378323.440),
    (61, 18.75, 6768593.345, 702745.127),
    (63, 12, 6989134.048, 348083.148),
    (63, 19.5, 6993565.630, 727798.671),
    (65, 13.5, 7209293.753, 429270.201),
    (65, 21.75, 7225449.115, 817833.405),
    (67, 16.5, 7432168.174, 565398.458),
    (67, 24, 7459745.672, 891298.142),
    (69, 21, 7666089.698, 739639.195),
]


# The projection


def test_natural_origin_of_the_projection():
    assert project(0, 15) == (500_000, 0)


@pytest.mark.parametrize(("lat", "lon", "north", "east"), CONTROL_POINTS)
def test_projection_gives_the_published_control_points(lat, lon, north, east):
    assert project(lat, lon) == pytest.approx((east, north), abs=0.001)


def test_projection_is_symmetric_about_its_meridian():
    (east, north), (west, same_north) = project(62, 15 + 4.5), project(62, 15 - 4.5)
    assert (east - 500_000, north) == pytest.approx((500_000 - west, same_north), abs=1e-6)


def integrate_projection(lat: float, lon: float, steps: int = 400) -> tuple[float, float]:
    """Transverse Mercator without a series: the meridian arc, continued into the complex plane.

    The projection is conformal and true on its meridian, so it is the meridian arc as a function
    of isometric latitude, continued analytically: both are integrated here, by Runge and Kutta,
    first along the meridian and then along the parallel.
    """
    axis, flattening = 6_378_137.0, 1 / 298.257222101
    squared = flattening * (2 - flattening)

    def speed(phi: complex) -> tuple[complex, complex]:
        """Latitude and arc by isometric latitude."""
        bent = 1 - squared * cmath.sin(phi) ** 2
        return cmath.cos(phi) * bent / (1 - squared), axis * cmath.cos(phi) / cmath.sqrt(bent)

    arc_step, arc = radians(lat) / steps, 0.0
    for step in range(steps):  # Simpson's rule for the arc on the meridian
        for weight, place in ((1, 0.0), (4, 0.5), (1, 1.0)):
            sine = cmath.sin((step + place) * arc_step).real
            arc += weight * arc_step / 6 * axis * (1 - squared) / (1 - squared * sine**2) ** 1.5
    phi, place, turn = complex(radians(lat)), complex(arc), 1j * radians(lon - 15) / steps
    for _ in range(steps):
        a = speed(phi)
        b = speed(phi + turn / 2 * a[0])
        c = speed(phi + turn / 2 * b[0])
        d = speed(phi + turn * c[0])
        phi += turn / 6 * (a[0] + 2 * b[0] + 2 * c[0] + d[0])
        place += turn / 6 * (a[1] + 2 * b[1] + 2 * c[1] + d[1])
    return 500_000 + 0.9996 * place.imag, 0.9996 * place.real


@pytest.mark.parametrize("lat", [45.0, 55.34, 59.3522, 63.8175, 69.06])
@pytest.mark.parametrize("lon", [15.0, 11.9583, 18.0322, 24.17, 8.1])
def test_projection_agrees_with_numerical_integration(lat, lon):
    assert project(lat, lon) == pytest.approx(integrate_projection(lat, lon), abs=0.01)


# The geometry


def county_rings() -> list[list[tuple[float, float]]]:
    """The counties' rings as they are in the file, east and north in metres."""
    features = json.loads((geometry.DATA / "sweden-counties.geojson").read_text())["features"]
    polygons = [polygon for feature in features for polygon in feature["geometry"]["coordinates"]]
    return [[project(lat, lon) for lon, lat in ring] for polygon in polygons for ring in polygon]


def test_country_fills_the_frame_its_source_states():
    easts, norths = zip(*(place for ring in county_rings() for place in ring), strict=True)
    found = min(easts), max(easts), min(norths), max(norths)
    # The file's coordinates are rounded to 0.0001 degrees, which is up to 6 m.
    assert found == pytest.approx((277_247, 917_271, 6_133_891, 7_669_870), abs=6)


def polygons(path: str) -> list[list[tuple[float, float]]]:
    """Parse path data: a point, then steps, for each ring."""
    rings = []
    for part in path.split("M")[1:]:
        numbers = [float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", part)]
        (x, y), steps = numbers[:2], numbers[2:]
        ring = [(x, y)]
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x, y))
        rings.append(ring)
    return rings


def holds(path: str, x: float, y: float) -> bool:
    """Whether a point is inside a path, by the even-odd rule."""
    inside = False
    for ring in polygons(path):
        for (x0, y0), (x1, y1) in zip(ring[-1:] + ring[:-1], ring, strict=True):
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
                inside = not inside
    return inside


def test_each_hospital_lies_in_its_own_county():
    counties = {"UME": "24", "UPP": "03", "STO": "01", "ORE": "18", "LIN": "05", "GOT": "14", "LUN": "12"}
    shapes = load_shapes()
    for centre in published_document()["centres"]:
        x, y = locate(**centre["location"])
        found = [code for code, path in shapes.counties.items() if holds(path, x, y)]
        assert found == [counties[centre["code"]]], centre["city"]


def test_shapes_are_small_whole_and_inside_the_frame():
    shapes = load_shapes()
    paths = [*shapes.counties.values(), shapes.neighbours]
    assert len(shapes.counties) == 21
    assert sum(map(len, paths)) < 50_000
    for x, y in (place for path in paths for ring in polygons(path) for place in ring):
        assert -0.1 <= x <= frame.WIDTH + 0.1
        assert -0.1 <= y <= frame.HEIGHT + 0.1


def test_simplified_counties_keep_their_area():
    whole = sum(measure_area(ring) for ring in county_rings()) / 1e6
    drawn = sum(measure_area(ring) for path in load_shapes().counties.values() for ring in polygons(path))
    assert drawn == pytest.approx(whole, rel=0.005)


def test_shapes_load_quickly_and_once():
    load_shapes.cache_clear()
    begun = time.process_time()
    load_shapes()
    assert time.process_time() - begun < 1.5  # about 0.15 s on an idle machine
    assert load_shapes() is load_shapes()


def test_clipping_cuts_at_the_frame():
    width, height = frame.WIDTH, frame.HEIGHT
    around = [(-50.0, -50.0), (width + 50, -50.0), (width + 50, height + 50), (-50.0, height + 50)]
    assert measure_area(clip_ring(around, width, height)) == pytest.approx(width * height)
    assert clip_ring([(-9.0, -9.0), (-5.0, -9.0), (-5.0, -5.0)], width, height) == []


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=3, max_size=60, unique=True))
def test_simplifying_stays_within_its_tolerance(ring):
    kept = simplify_ring(ring, tolerance=3)
    assert set(kept) <= set(ring)
    sides = list(zip(kept, kept[1:] + kept[:1], strict=True))
    for point in ring:
        assert min(rings._distance(point, start, end) for start, end in sides) <= 3 + 1e-9


def test_lines_of_a_geometry_are_not_drawn():
    line = {"type": "LineString", "coordinates": [[15, 60], [16, 61]]}
    assert draw_path({"type": "GeometryCollection", "geometries": [line]}, Detail(1, 1)) == ""


# The placing of callouts


callouts = st.lists(
    st.builds(
        Callout,
        key=st.uuids().map(str),
        x=st.floats(300, 800),
        y=st.floats(0, 900),
        height=st.floats(10, 120),
        port=st.floats(0, 10),
    ),
    max_size=60,
)


def assert_apart(placed, gap):
    """In each column a callout ends a gap before the next begins."""
    for column in {place.column for place in placed}:
        tops = sorted((p.top, p.callout.height) for p in placed if p.column == column)
        for (top, height), (next_top, _) in pairwise(tops):
            assert top + height + gap <= next_top + 1e-6
        assert tops[0][0] >= column.top - 1e-6
        assert tops[-1][0] + tops[-1][1] <= column.bottom + 1e-6


@given(callouts, st.floats(0, 20))
def test_placed_callouts_never_overlap_nor_leave_their_column(wanted, gap):
    left, right = Column(250, 100, 2400, gap), Column(850, 50, 2400, gap)
    placed = place_callouts(wanted, left, right)
    if placed is None:
        assert sum(callout.height + gap for callout in wanted) > 2400
        return
    assert sorted(place.callout.key for place in placed) == sorted(callout.key for callout in wanted)
    assert_apart(placed, gap)
    west = [p.callout.x for p in placed if p.column == left]
    east = [p.callout.x for p in placed if p.column == right]
    assert not west or not east or max(west) <= min(east)


@given(callouts.filter(lambda wanted: 0 < len(wanted) < 12), st.integers(0, 11), st.floats(-30, 30))
def test_no_callout_could_be_nearer_to_its_mark(wanted, which, shift):
    """The stack has the least squares: moving any part of it up or down does not reduce them."""
    column = Column(250, 0, 3000, 5)
    placed = stack_by_height(wanted, column)

    def strain(tops):
        return sum((top + p.callout.port - p.callout.y) ** 2 for top, p in zip(tops, placed, strict=True))

    tops = [p.top for p in placed]
    first = which % len(tops)
    for last in range(first + 1, len(tops) + 1):
        moved = [top + shift * (first <= i < last) for i, top in enumerate(tops)]
        ends = [top + p.callout.height + 5 for top, p in zip(moved, placed, strict=True)]
        apart = all(end <= top for end, top in zip(ends, moved[1:], strict=False))
        if apart and moved[0] >= 0 and ends[-1] <= 3005:
            assert strain(moved) >= strain(tops) - 1e-6


def test_leaders_of_the_published_figure_do_not_cross():
    drawing = read_map(published_document())
    lines = [
        [float(n) for n in re.findall(r"-?[\d.]+", path.get("d"))[:4]]
        for path in drawing.findall(f"{SVG}path[@class='leader']")
    ]
    assert len(lines) == 7
    for (ax, ay, bx, by), (cx, cy, dx, dy) in combinations(lines, 2):
        assert not cross((ax, ay), (bx, by), (cx, cy), (dx, dy))


def cross(a, b, c, d) -> bool:
    """Whether two segments cross: the ends of each are on both sides of the other."""

    def side(start, end, point):
        return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


# The drawing


def parse(drawing: str) -> ET.Element:
    return ET.fromstring(drawing)  # noqa: S314 (it is our own)


def read_map(document, language="sv", variant="wide") -> ET.Element:
    return parse(draw_map(document, language=language, variant=variant))


def circle_areas(document) -> list[float]:
    """The areas of the centres' marks divided by pi, smallest first."""
    drawing = read_map(document)
    halos = drawing.findall(f"{SVG}circle[@class='halo']")
    return sorted((float(halo.get("r")) - 1.5) ** 2 for halo in halos)


def test_areas_of_marks_are_in_proportion_to_infusions():
    document = published_document()
    areas = circle_areas(document)
    infusions = sorted(centre["infusions"] for centre in document["centres"] if centre["infusions"])
    assert len(areas) == len(infusions)
    for area, count in zip(areas, infusions, strict=True):
        assert sqrt(area) == pytest.approx(sqrt(areas[-1] * count / infusions[-1]), abs=0.1)


def test_marks_of_the_published_figure_do_not_touch():
    for variant in ("wide", "narrow"):
        drawing = read_map(published_document(), variant=variant)
        marks = [
            [float(halo.get(name)) for name in ("cx", "cy", "r")]
            for halo in drawing.findall(f"{SVG}circle[@class='halo']")
        ]
        for (x, y, radius), (other_x, other_y, other) in combinations(marks, 2):
            assert hypot(x - other_x, y - other_y) >= radius + other - 0.3


def test_slices_of_a_mark_are_its_categories():
    classes = [path.get("class").split() for path in read_map(published_document()).iter(f"{SVG}path")]
    slices = [names[1] for names in classes if names[0] == "mark"]
    assert sorted(slices) == sorted(["act", "soc", "ict"] + ["soc", "ict"] * 3 + ["soc", "ict", "cup"])


def callout_texts(document, language="sv", variant="wide") -> dict[str, str]:
    drawing = read_map(document, language, variant)
    return {
        group.get("data-centre"): " | ".join("".join(text.itertext()) for text in group.iter(f"{SVG}text"))
        for group in drawing.iter(f"{SVG}g")
        if group.get("class") == "callout"
    }


def test_callouts_have_the_lines_of_the_published_figure():
    swedish, english = callout_texts(published_document()), callout_texts(published_document("en"), "en")
    assert swedish["STO"] == (
        "Stockholm | 91 infusioner | Karolinska universitetssjukhuset | ICT sedan augusti 2019 | 17 patienter"
        " | SOC sedan november 2019 | 69 patienter, 5 RI | Vecura tillverkning | till 46 infusioner"
    )
    assert english["UPP"] == (
        "Uppsala | 86 infusions | Akademiska sjukhuset | ACT since 2014 | 45 patients, 1 further dose"
        " | SOC since November 2020 | 38 patients | ICT since June 2023 | 2 patients"
    )
    assert swedish["ORE"] == "Örebro | kommande centrum | Universitetssjukhuset Örebro"
    assert english["GOT"].startswith("Gothenburg | 33 infusions")


def test_labels_of_the_narrow_map_have_the_infusions():
    labels = callout_texts(published_document(), variant="narrow")
    assert labels["STO"] == "Stockholm | 91"
    assert labels["ORE"] == "Örebro | kommande"


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("variant", ["wide", "narrow"])
def test_no_name_of_the_published_figure_is_cut(variant, language):
    assert "…" not in "".join(callout_texts(published_document(language), language, variant).values())


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_a_centre_that_rests_keeps_its_lines_and_says_so(status):
    document = published_document()
    document["centres"][0]["status"] = status
    word = {"paused": "pausat för närvarande", "closed": "stängt"}[status]
    assert callout_texts(document)["UME"] == (
        f"Umeå | 9 infusioner | Norrlands universitetssjukhus | {word} | SOC sedan december 2023 | 9 patienter"
    )


def test_a_person_in_two_categories_is_explained_at_the_centre():
    document = published_document()
    document["centres"][4] |= {"patients": 19, "reinfusions": 1, "patients_summed": 20}
    assert "sammanlagt 19 patienter" in callout_texts(document)["LIN"]


def test_a_registry_without_infusions_has_open_marks_and_no_sizes():
    drawing = draw_map(empty_document(), language="sv")
    assert drawing.count('class="mark open"') == 6
    assert drawing.count('class="mark open awaited"') == 2  # Örebro, and the sign in the key
    assert 'class="example"' not in drawing
    assert callout_texts(empty_document())["UME"].startswith("Umeå | inga infusioner ännu")


@pytest.mark.parametrize("variant", ["wide", "narrow"])
@pytest.mark.parametrize(
    "document", [published_document(), empty_document(), random_document(60, 1), random_document(0, 1)]
)
def test_the_drawing_is_well_formed_and_styled_only_by_class(document, variant):
    drawing = draw_map(document, language="sv", variant=variant)
    root = read_map(document, variant=variant)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text
    assert "Tabellen nedanför" in root.find(f"{SVG}desc").text
    assert " style=" not in drawing
    assert "<style" not in drawing
    assert parse(draw_shapes()).find(f".//{SVG}symbol").get("id") == "country"


def test_names_are_escaped():
    document = published_document()
    document["centres"][0]["city"] = "<script>&\"'"
    drawing = draw_map(document, language="sv")
    assert "<script" not in drawing
    assert "&lt;script&gt;&amp;" in drawing


@pytest.mark.parametrize("seed", range(5))
def test_sixty_centres_at_random_places_all_have_callouts(seed):
    document = random_document(60, seed)
    for variant in ("wide", "narrow"):
        texts = callout_texts(document, variant=variant)
        assert sorted(texts) == sorted(centre["code"] for centre in document["centres"])
        assert draw_map(document, language="sv", variant=variant) == draw_map(
            document, language="sv", variant=variant
        )


# A registry that has grown


def boxes(drawing: ET.Element) -> dict[str, tuple[float, float, float, float]]:
    """Left, top, right and bottom of each callout, in the drawing."""
    found = {}
    for group in drawing.iter(f"{SVG}g"):
        if group.get("class") == "callout":
            left, top = map(float, re.findall(r"[-\d.]+", group.get("transform")))
            area = group.find(f"{SVG}rect")
            found[group.get("data-centre")] = (
                left,
                top,
                left + float(area.get("width")) - 8,
                top + float(area.get("height")),
            )
    return found


def size_of(drawing: ET.Element) -> tuple[float, float]:
    _x, _y, width, height = map(float, drawing.get("viewBox").split())
    return width, height


@pytest.mark.parametrize("language", ["sv", "en"])
def test_seven_centres_with_all_categories_fit_in_full(language):
    document = full_document(language)
    texts = callout_texts(document, language)
    for centre in document["centres"]:
        said = texts[centre["code"]]
        assert centre["name"] in said
        assert [said.count(f"| {code} ") for code in CATEGORIES] == [1, 1, 1, 1]
        assert (said.count("128 "), said.count("14 RI"), said.count("13 ")) == (4, 4, 4)
    assert "…" not in "".join(texts.values())
    assert "left-out" not in draw_map(document, language=language)


@pytest.mark.parametrize("document", [full_document(), *(random_document(count, 3) for count in (12, 25, 40, 60))])
def test_no_callout_lies_on_another_or_outside_the_drawing(document):
    drawing = read_map(document)
    width, height = size_of(drawing)
    found = boxes(drawing)
    for left, top, right, bottom in found.values():
        assert -0.1 <= left < right <= width + 0.1
        assert -0.1 <= top < bottom <= height + 0.1
    for one, other in combinations(found.values(), 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] + 0.1 or other[3] <= one[1] + 0.1


@pytest.mark.parametrize("count", [10, 15, 25, 40])
def test_lines_are_given_up_one_by_one_and_it_is_said(count):
    """First hospitals' names, then categories, of the centres with the fewest infusions."""
    document = random_document(count, 5)
    texts, infusions = callout_texts(document), {one["code"]: one["infusions"] for one in document["centres"]}
    names = {one["code"]: shorten(one["name"], 372, 12) for one in document["centres"]}
    lines = {one["code"] for one in document["centres"] if one["categories"]}
    kept = {code for code in lines if re.search(r"\| (SOC|ACT|ICT|CUP) ", texts[code])}
    named = {code for code in texts if names[code] in texts[code]}
    assert kept, "some keep their categories, however many there are"
    assert not named or kept == lines, "names are given up before any category"
    for some in filter(None, (kept, named)):
        least = min(infusions[code] for code in some)
        assert all(infusions[code] <= least for code in lines - some)
    said = [text.text for text in read_map(document).iter(f"{SVG}text") if "left-out" in text.get("class")]
    assert len(said) == (len(named) < len(texts))
    if lines - kept:
        assert str(len(lines - kept)) in said[0]
    assert all(text in read_map(document).find(f"{SVG}desc").text for text in said)
