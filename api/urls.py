"""URLs of the whole API: what the public reads, and the records."""

from api.public.urls import nothing_else, routes, url
from api.records import imports, infusions, me, questions, referrals

app_name = "api"

urlpatterns = [
    *routes,
    url("infusions", infusions.InfusionsView.as_view(), "infusions"),
    url("infusions/(?P<infusion_id>[^/]+)", infusions.InfusionView.as_view(), "infusion"),
    url("infusions/(?P<infusion_id>[^/]+)/history", infusions.HistoryView.as_view(), "infusion-history"),
    url("imports", imports.ImportsView.as_view(), "imports"),
    url("imports/(?P<job_id>[^/]+)", imports.ImportView.as_view(), "import"),
    url("referrals", referrals.ReferralsView.as_view(), "referrals"),
    url("referrals/(?P<referral_id>[^/]+)", referrals.ReferralView.as_view(), "referral"),
    url("questions", questions.QuestionsView.as_view(), "questions"),
    url("questions/(?P<question_id>[^/\x00]+)", questions.QuestionView.as_view(), "question"),
    url("questions/(?P<question_id>[^/\x00]+)/messages", questions.MessagesView.as_view(), "question-messages"),
    url("questions/(?P<question_id>[^/\x00]+)/close", questions.CloseView.as_view(), "question-close"),
    url("me", me.MeView.as_view(), "me"),
    nothing_else,
]
