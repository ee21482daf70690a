"""What a centre has entered so far, beside what is published: two measures, counted from the records."""

from collections.abc import Iterable

from django.db.models import Count

from registry.models import Infusion


def count_entered(centres: Iterable[int]) -> dict[int, dict[str, dict[str, int]]]:
    """patients and infusions of each centre by category, and as "all", up to this moment.

    Distinct persons and counted infusions of a cell (COUNTING.md, "Measures of a cell"). Only for
    people of these centres: the records are read.
    """
    counted = Infusion.objects.counted().filter(centre__in=list(centres)).order_by()  # within these centres alone
    measures = {"patients": Count("patient", distinct=True), "infusions": Count("pk")}
    entered: dict[int, dict[str, dict[str, int]]] = {}
    for row in counted.values("centre", "category").annotate(**measures):
        entered.setdefault(row["centre"], {})[row["category"]] = {name: row[name] for name in measures}
    for row in counted.values("centre").annotate(**measures):
        entered[row["centre"]]["all"] = {name: row[name] for name in measures}
    return entered
