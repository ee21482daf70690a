"""Live counts of a centre's records, shown beside the published numbers."""

from django.db.models import Count

from registry.access import Actor, Permission
from registry.models import Infusion


def count_entered(by: Actor) -> dict[int, dict[str, dict[str, int]]]:
    """{centre key: {category or "all": {"patients": n, "infusions": n}}} where the actor may write.

    Distinct persons and counted infusions of a cell, as of now (COUNTING.md, "Measures of a cell").
    """
    counted = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).counted()
    measures = {"patients": Count("patient", distinct=True), "infusions": Count("pk")}
    entered: dict[int, dict[str, dict[str, int]]] = {}
    for row in counted.values("centre", "category").annotate(**measures):
        entered.setdefault(row["centre"], {})[row["category"]] = {name: row[name] for name in measures}
    for row in counted.values("centre").annotate(**measures):
        entered[row["centre"]]["all"] = {name: row[name] for name in measures}
    return entered
