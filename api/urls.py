"""Addresses of the interface; each is good with and without a slash at its end."""

from django.urls import URLPattern, re_path

from api.errors import not_found
from api.public import catalogue, description, releases, views
from api.records import imports, infusions, me, referrals, threads
from registry.models.centre import CODE

app_name = "api"


def _address(pattern: str, view, name: str) -> URLPattern:
    return re_path(rf"^{pattern}/?$", view, name=name)


urlpatterns = [
    _address("map", views.MapView.as_view(), "map"),
    _address(r"map\.(?P<ending>[a-z-]+)", views.MapView.as_view(), "map-file"),
    _address("counts", views.CountsView.as_view(), "counts"),
    _address(r"counts\.(?P<ending>[a-z-]+)", views.CountsView.as_view(), "counts-file"),
    *(
        _address(name, views.code_list_view(name).as_view(), name)
        for name in ("centres", "categories", "products", "indications", "trials")
    ),
    _address("measures", views.MeasuresView.as_view(), "measures"),
    _address("snapshots", views.SnapshotsView.as_view(), "snapshots"),
    _address(r"snapshots/(?P<number>[0-9]{1,9})", views.SnapshotView.as_view(), "snapshot"),
    _address(r"snapshots/(?P<number>[0-9]{1,9})/changes", views.ChangesView.as_view(), "changes"),
    _address("releases", releases.ReleasesView.as_view(), "releases"),
    _address("releases/(?P<name>[a-z0-9-]{1,40})", releases.ReleaseView.as_view(), "release"),
    _address(
        "releases/(?P<name>[a-z0-9-]{1,40})/changes", releases.ReleaseChangesView.as_view(), "release-changes"
    ),
    _address("catalogue", catalogue.CatalogueView.as_view(), "catalogue"),
    _address(r"catalogue\.(?P<ending>[a-z-]+)", catalogue.CatalogueView.as_view(), "catalogue-file"),
    _address("measure-reports", catalogue.MeasureReportsView.as_view(), "measure-reports"),
    _address(f"measure-reports/(?P<code>{CODE})", catalogue.MeasureReportView.as_view(), "measure-report"),
    _address("status", views.StatusView.as_view(), "status"),
    _address("config", views.ConfigView.as_view(), "config"),
    _address("infusions", infusions.InfusionsView.as_view(), "infusions"),
    _address("infusions/(?P<infusion_id>[^/]+)", infusions.InfusionView.as_view(), "infusion"),
    _address("infusions/(?P<infusion_id>[^/]+)/history", infusions.HistoryView.as_view(), "infusion-history"),
    _address("imports", imports.ImportsView.as_view(), "imports"),
    _address("imports/(?P<job_id>[^/]+)", imports.ImportView.as_view(), "import"),
    _address("referrals", referrals.ReferralsView.as_view(), "referrals"),
    _address("referrals/(?P<referral_id>[^/]+)", referrals.ReferralView.as_view(), "referral"),
    _address("questions", threads.QuestionsView.as_view(), "questions"),
    _address("questions/(?P<question_id>[^/\x00]+)", threads.QuestionView.as_view(), "question"),
    _address("questions/(?P<question_id>[^/\x00]+)/messages", threads.MessagesView.as_view(), "question-messages"),
    _address("questions/(?P<question_id>[^/\x00]+)/close", threads.CloseView.as_view(), "question-close"),
    _address("me", me.MeView.as_view(), "me"),
    _address("schema", description.SchemaView.as_view(), "schema"),
    _address("docs", description.DocsView.as_view(), "docs"),
    re_path(r"^.*$", not_found, name="not-found"),
]
