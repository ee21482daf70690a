"""The areas that have a population, and the counties that make a healthcare region."""

from collections.abc import Mapping

from registry.choices import County, HealthcareRegion

NATION = "00"  # Statistics Sweden's code of the whole country; its codes are those of the areas below too
FALKENBERG, HALMSTAD, HYLTE, KUNGSBACKA, LAHOLM, VARBERG = "1382", "1380", "1315", "1384", "1381", "1383"
# Halland's municipalities lie in two regions.
MUNICIPALITIES = {
    HYLTE: "Hylte",
    HALMSTAD: "Halmstad",
    LAHOLM: "Laholm",
    FALKENBERG: "Falkenberg",
    VARBERG: "Varberg",
    KUNGSBACKA: "Kungsbacka",
}
AREAS = [
    (NATION, "Sverige"),
    *County.choices,
    *((code, f"{name} (Halland)") for code, name in MUNICIPALITIES.items()),
]
# Hälso- och sjukvårdsförordningen (2017:80), chapter 3, section 1.
REGION_PARTS: Mapping[HealthcareRegion, tuple[str, ...]] = {
    HealthcareRegion.NORTHERN: (
        County.VASTERNORRLAND, County.JAMTLAND, County.VASTERBOTTEN, County.NORRBOTTEN,
    ),
    HealthcareRegion.CENTRAL: (
        County.UPPSALA, County.SODERMANLAND, County.VARMLAND, County.OREBRO, County.VASTMANLAND,
        County.DALARNA, County.GAVLEBORG,
    ),
    HealthcareRegion.STOCKHOLM_GOTLAND: (County.STOCKHOLM, County.GOTLAND),
    HealthcareRegion.WESTERN: (County.VASTRA_GOTALAND, FALKENBERG, KUNGSBACKA, VARBERG),
    HealthcareRegion.SOUTH_EASTERN: (County.OSTERGOTLAND, County.JONKOPING, County.KALMAR),
    HealthcareRegion.SOUTHERN: (County.KRONOBERG, County.BLEKINGE, County.SKANE, HALMSTAD, HYLTE, LAHOLM),
}  # fmt: skip
# Areas whose parts have to add up to them.
SUMS: Mapping[str, tuple[str, ...]] = {NATION: tuple(County.values), County.HALLAND: tuple(MUNICIPALITIES)}
