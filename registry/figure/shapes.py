"""The shapes that every map of a page refers to."""

from registry.figure.frame import HEIGHT, WIDTH
from registry.figure.geometry import load_shapes

NAMESPACE = "http://www.w3.org/2000/svg"


def draw_shapes() -> str:
    """Return a hidden SVG with the country and its neighbours."""
    return (
        f'<svg xmlns="{NAMESPACE}" class="shapes" width="0" height="0" aria-hidden="true">{define_shapes()}</svg>'
    )


def define_shapes() -> str:
    """Return the country and its neighbours as `<defs>`."""
    shapes = load_shapes()
    counties = "".join(f'<path d="{path}"/>' for path in shapes.counties.values())
    frame = f'width="{WIDTH:g}" height="{HEIGHT:g}"'
    return (
        '<defs><linearGradient id="fade-across"><stop offset="0" stop-color="#000"/>'
        '<stop offset=".2" stop-color="#fff"/><stop offset=".8" stop-color="#fff"/>'
        '<stop offset="1" stop-color="#000"/></linearGradient>'
        '<linearGradient id="fade-down" x2="0" y2="1"><stop offset="0" stop-color="#000"/>'
        '<stop offset=".06" stop-color="#000" stop-opacity="0"/>'
        '<stop offset=".94" stop-color="#000" stop-opacity="0"/>'
        '<stop offset="1" stop-color="#000"/></linearGradient>'
        f'<mask id="fade" maskUnits="userSpaceOnUse" {frame}>'
        f'<rect {frame} fill="url(#fade-across)"/><rect {frame} fill="url(#fade-down)"/></mask>'
        f'<symbol id="country" viewBox="0 0 {WIDTH:g} {HEIGHT:g}">'
        f'<g mask="url(#fade)"><path class="abroad" d="{shapes.neighbours}"/></g>'
        f'<g class="counties">{counties}</g></symbol></defs>'
    )
