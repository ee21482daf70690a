"""URLs of the public API; each works with and without a slash at its end."""

from django.urls import URLPattern, re_path

from api.errors import not_found
from api.public import atmp, catalogue, code_lists, description, numbers, releases, service, snapshots
from registry.choices import CENTRE_CODE

app_name = "api"


def url(pattern: str, view, name: str) -> URLPattern:
    """One address of the API."""
    return re_path(rf"^{pattern}/?$", view, name=name)


routes = [
    url("map", numbers.MapView.as_view(), "map"),
    url(r"map\.(?P<ending>[a-z-]+)", numbers.MapView.as_view(), "map-file"),
    url("counts", numbers.CountsView.as_view(), "counts"),
    url(r"counts\.(?P<ending>[a-z-]+)", numbers.CountsView.as_view(), "counts-file"),
    url("atmp/trials", atmp.TrialsView.as_view(), "atmp-trials"),
    url(r"atmp/trials\.(?P<ending>[a-z-]+)", atmp.TrialsView.as_view(), "atmp-trials-file"),
    url("atmp/counts", atmp.CountsView.as_view(), "atmp-counts"),
    url(r"atmp/counts\.(?P<ending>[a-z-]+)", atmp.CountsView.as_view(), "atmp-counts-file"),
    url("atmp/exemption", atmp.ExemptionView.as_view(), "atmp-exemption"),
    url(r"atmp/exemption\.(?P<ending>[a-z-]+)", atmp.ExemptionView.as_view(), "atmp-exemption-file"),
    url("atmp/manufacturing", atmp.ManufacturingView.as_view(), "atmp-manufacturing"),
    url(r"atmp/manufacturing\.(?P<ending>[a-z-]+)", atmp.ManufacturingView.as_view(), "atmp-manufacturing-file"),
    url("centres", code_lists.CentresView.as_view(), "centres"),
    url("categories", code_lists.CategoriesView.as_view(), "categories"),
    url("products", code_lists.ProductsView.as_view(), "products"),
    url("indications", code_lists.IndicationsView.as_view(), "indications"),
    url("trials", code_lists.TrialsView.as_view(), "trials"),
    url("measures", code_lists.MeasuresView.as_view(), "measures"),
    url("snapshots", snapshots.SnapshotsView.as_view(), "snapshots"),
    url(r"snapshots/(?P<number>[0-9]{1,9})", snapshots.SnapshotView.as_view(), "snapshot"),
    url(r"snapshots/(?P<number>[0-9]{1,9})/changes", snapshots.ChangesView.as_view(), "changes"),
    url("releases", releases.ReleasesView.as_view(), "releases"),
    url("releases/(?P<name>[a-z0-9-]{1,40})", releases.ReleaseView.as_view(), "release"),
    url("releases/(?P<name>[a-z0-9-]{1,40})/changes", releases.ReleaseChangesView.as_view(), "release-changes"),
    url("catalogue", catalogue.CatalogueView.as_view(), "catalogue"),
    url(r"catalogue\.(?P<ending>[a-z-]+)", catalogue.CatalogueView.as_view(), "catalogue-file"),
    url("measure-reports", catalogue.MeasureReportsView.as_view(), "measure-reports"),
    url(f"measure-reports/(?P<code>{CENTRE_CODE})", catalogue.MeasureReportView.as_view(), "measure-report"),
    url("status", service.StatusView.as_view(), "status"),
    url("api-info", service.ApiInfoBesideView.as_view(), "api-info"),
    url("config", service.ConfigView.as_view(), "config"),
    url("schema", description.SchemaView.as_view(), "schema"),
    url("docs", description.DocsView.as_view(), "docs"),
]
nothing_else = re_path(r"^.*$", not_found, name="not-found")
urlpatterns = [*routes, nothing_else]
