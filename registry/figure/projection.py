"""WGS 84 to SWEREF 99 TM (EPSG:3006) by Lantmäteriet's Gauss conformal projection.

Source: Lantmäteriet, "Gauss Conformal Projection (Transverse Mercator), Krüger's formulas",
on the ellipsoid GRS 80. WGS 84 and SWEREF 99 differ by less than a metre, which a map of a
country does not show, so their coordinates are taken as equal.
"""

from math import atan2, atanh, cos, cosh, radians, sin, sinh

SEMI_MAJOR_AXIS = 6_378_137.0  # metres, GRS 80
FLATTENING = 1 / 298.257222101
CENTRAL_MERIDIAN = 15.0  # degrees east
SCALE = 0.9996
FALSE_EASTING = 500_000.0  # metres; the false northing is 0

_E2 = FLATTENING * (2 - FLATTENING)
_N = FLATTENING / (2 - FLATTENING)
_RADIUS = SCALE * SEMI_MAJOR_AXIS / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)

# Geodetic to conformal latitude, powers of sin²: A, B, C, D of the source.
_CONFORMAL = (
    _E2,
    (5 * _E2**2 - _E2**3) / 6,
    (104 * _E2**3 - 45 * _E2**4) / 120,
    1237 * _E2**4 / 1260,
)
# Sphere to plane, multiples of 2ξ': β1 to β4 of the source.
_BETA = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16 + 41 * _N**4 / 180,
    13 * _N**2 / 48 - 3 * _N**3 / 5 + 557 * _N**4 / 1440,
    61 * _N**3 / 240 - 103 * _N**4 / 140,
    49561 * _N**4 / 161280,
)


def project(lat: float, lon: float) -> tuple[float, float]:
    """Return (east, north) in metres of a point given in degrees.

    Accurate to a millimetre in Sweden, and to well under a metre in the neighbouring countries drawn.
    """
    latitude, difference = radians(lat), radians(lon - CENTRAL_MERIDIAN)
    sine = sin(latitude)
    series = sum(term * sine ** (2 * power) for power, term in enumerate(_CONFORMAL))
    conformal = latitude - sine * cos(latitude) * series
    xi = atan2(sin(conformal), cos(conformal) * cos(difference))
    eta = atanh(cos(conformal) * sin(difference))
    north, east = xi, eta
    for order, beta in enumerate(_BETA, start=1):
        north += beta * sin(2 * order * xi) * cosh(2 * order * eta)
        east += beta * cos(2 * order * xi) * sinh(2 * order * eta)
    return FALSE_EASTING + _RADIUS * east, _RADIUS * north
