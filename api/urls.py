"""URLs of the API; each works with and without a slash at its end."""

from django.urls import URLPattern, re_path

from api.errors import not_found
from api.public import catalogue, code_lists, description, numbers, releases, service, snapshots
from api.records import imports, infusions, me, questions, referrals
from registry.models.centre import CODE

app_name = "api"


def _url(pattern: str, view, name: str) -> URLPattern:
    return re_path(rf"^{pattern}/?$", view, name=name)


urlpatterns = [
    _url("map", numbers.MapView.as_view(), "map"),
    _url(r"map\.(?P<ending>[a-z-]+)", numbers.MapView.as_view(), "map-file"),
    _url("counts", numbers.CountsView.as_view(), "counts"),
    _url(r"counts\.(?P<ending>[a-z-]+)", numbers.CountsView.as_view(), "counts-file"),
    _url("centres", code_lists.CentresView.as_view(), "centres"),
    _url("categories", code_lists.CategoriesView.as_view(), "categories"),
    _url("products", code_lists.ProductsView.as_view(), "products"),
    _url("indications", code_lists.IndicationsView.as_view(), "indications"),
    _url("trials", code_lists.TrialsView.as_view(), "trials"),
    _url("measures", code_lists.MeasuresView.as_view(), "measures"),
    _url("snapshots", snapshots.SnapshotsView.as_view(), "snapshots"),
    _url(r"snapshots/(?P<number>[0-9]{1,9})", snapshots.SnapshotView.as_view(), "snapshot"),
    _url(r"snapshots/(?P<number>[0-9]{1,9})/changes", snapshots.ChangesView.as_view(), "changes"),
    _url("releases", releases.ReleasesView.as_view(), "releases"),
    _url("releases/(?P<name>[a-z0-9-]{1,40})", releases.ReleaseView.as_view(), "release"),
    _url("releases/(?P<name>[a-z0-9-]{1,40})/changes", releases.ReleaseChangesView.as_view(), "release-changes"),
    _url("catalogue", catalogue.CatalogueView.as_view(), "catalogue"),
    _url(r"catalogue\.(?P<ending>[a-z-]+)", catalogue.CatalogueView.as_view(), "catalogue-file"),
    _url("measure-reports", catalogue.MeasureReportsView.as_view(), "measure-reports"),
    _url(f"measure-reports/(?P<code>{CODE})", catalogue.MeasureReportView.as_view(), "measure-report"),
    _url("status", service.StatusView.as_view(), "status"),
    _url("api-info", service.ApiInfoBesideView.as_view(), "api-info"),
    _url("config", service.ConfigView.as_view(), "config"),
    _url("infusions", infusions.InfusionsView.as_view(), "infusions"),
    _url("infusions/(?P<infusion_id>[^/]+)", infusions.InfusionView.as_view(), "infusion"),
    _url("infusions/(?P<infusion_id>[^/]+)/history", infusions.HistoryView.as_view(), "infusion-history"),
    _url("imports", imports.ImportsView.as_view(), "imports"),
    _url("imports/(?P<job_id>[^/]+)", imports.ImportView.as_view(), "import"),
    _url("referrals", referrals.ReferralsView.as_view(), "referrals"),
    _url("referrals/(?P<referral_id>[^/]+)", referrals.ReferralView.as_view(), "referral"),
    _url("questions", questions.QuestionsView.as_view(), "questions"),
    _url("questions/(?P<question_id>[^/\x00]+)", questions.QuestionView.as_view(), "question"),
    _url("questions/(?P<question_id>[^/\x00]+)/messages", questions.MessagesView.as_view(), "question-messages"),
    _url("questions/(?P<question_id>[^/\x00]+)/close", questions.CloseView.as_view(), "question-close"),
    _url("me", me.MeView.as_view(), "me"),
    _url("schema", description.SchemaView.as_view(), "schema"),
    _url("docs", description.DocsView.as_view(), "docs"),
    re_path(r"^.*$", not_found, name="not-found"),
]
