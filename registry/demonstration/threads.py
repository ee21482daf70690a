"""A thread under way between the steward and a clinic, so that a newcomer sees both sides of one."""

from registry.entry.questions.questions import answer, ask, write
from registry.models import Infusion, Question, User

CLINIC, STEWARD = "upp", "steward"
ASKED = "Produkten är ovanlig för den här indikationen. Stämmer den?"
ANSWERED = "Vi har jämfört med journalen: produkten är rätt."
ASKED_AGAIN = "Tack. Kan ni också lägga till batchnumret, om det finns?"
OPEN = "Stämmer dagen? I er månadsrapport finns en annan."


def store_threads() -> None:
    """Ask about two infusions of Uppsala, and answer one question; nothing where it was asked already."""
    steward, clinic = (User.objects.get(username=name) for name in (STEWARD, CLINIC))
    if Question.objects.filter(asked_by=STEWARD, text=ASKED).exists():
        return
    given = Infusion.objects.filter(centre__code=CLINIC.upper(), status="submitted").order_by("-infused_on", "pk")
    latest, before = given[:2]
    thread = ask(infusion_id=latest.pk, text=ASKED, by=steward)
    answer(question_id=thread.pk, text=ANSWERED, by=clinic)
    write(question_id=thread.pk, text=ASKED_AGAIN, by=steward)
    ask(infusion_id=before.pk, text=OPEN, by=steward)
