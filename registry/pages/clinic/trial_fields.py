"""Forms of the trials' pages."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.choices import AtmpClass, ManufacturedClass, Phase, Sponsor, TrialStatus
from registry.dates import understand_date
from registry.entry.trials.joining import StatedTrial
from registry.entry.trials.rules import read_identifiers
from registry.entry.trials.site_trials import SiteStatus
from registry.entry.trials.statements import Origin
from registry.errors import Problem
from registry.free_text import refuse_identity_number
from registry.models import Centre, ManufacturingSite, TrialArea
from registry.models.statement import EARLIEST, LATEST
from registry.pages.clinic.centre_field import CentreField
from registry.pages.clinic.choice_fields import ChoiceField
from registry.pages.clinic.date_field import DateText, DayField
from registry.published.statements import MEASURES

LABELS = {
    "batches": gettext_lazy("Batches"), "dose_preparations": gettext_lazy("Dose preparations"),
    "products": gettext_lazy("Kinds of product"), "patients": gettext_lazy("Patients"),
    "patients_with_imports": gettext_lazy("Patients with imports"), "imports": gettext_lazy("Imports"),
    "countries": gettext_lazy("Receiving countries"),
}  # fmt: skip
MOST = 2_000_000_000


class Words(forms.CharField):
    """A short text, which holds no identity number."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.validators = [*self.validators, refuse_identity_number]


class Number(forms.IntegerField):
    """A whole number from 0, or none."""

    def __init__(self, **options: Any):
        super().__init__(**{"required": False, "min_value": 0, "max_value": MOST} | options)
        self.widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})


class OfProblems(forms.Form):
    """A form that shows the problems of what it states."""

    NAMES: dict[str, str] = {}

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Show each beside the field that it is about."""
        for problem in problems:
            name = self.NAMES.get(problem.field, problem.field)
            beside = name if name in self.fields else None
            self.add_error(beside, forms.ValidationError(problem.sentence, code=problem.code))


class TrialStatusForm(OfProblems):
    """A status from a day on."""

    status = ChoiceField(label=gettext_lazy("Status"), choices=TrialStatus.choices)
    since = forms.CharField(
        label=gettext_lazy("Since"),
        widget=DateText("none"),
        help_text=gettext_lazy("The day on which it began, or the month or the year where less is known."),
    )
    explanation = Words(
        label=gettext_lazy("Explanation"), required=False, max_length=200,
        help_text=gettext_lazy("Needed where a closed trial recruits again."),
    )  # fmt: skip

    def clean_since(self) -> tuple:
        """The first day of the period, and its precision."""
        try:
            return understand_date(self.cleaned_data["since"])
        except ValueError as error:
            raise forms.ValidationError(str(error), code="date_invalid") from None

    def read_status(self) -> SiteStatus:
        """The status as stated."""
        since, precision = self.cleaned_data["since"]
        return SiteStatus(self.cleaned_data["status"], since, precision, self.cleaned_data["explanation"])


class NewTrialForm(TrialStatusForm):
    """A trial at a hospital with its first status."""

    NAMES = {"class": "atmp_class"}

    centre = CentreField(label=gettext_lazy("Centre"))
    identifier = Words(
        label=gettext_lazy("EU CT, EudraCT or NCT number"), max_length=120,
        help_text=gettext_lazy("All numbers of the trial that you know, with commas between."),
    )  # fmt: skip
    name = Words(label=gettext_lazy("Name"), required=False, max_length=120)
    phase = ChoiceField(label=gettext_lazy("Phase"), choices=Phase.choices, initial=Phase.UNKNOWN)
    sponsor = ChoiceField(label=gettext_lazy("Sponsor"), choices=Sponsor.choices, initial=Sponsor.UNKNOWN)
    sponsor_name = Words(label=gettext_lazy("Name of the sponsor"), required=False, max_length=80)
    atmp_class = ChoiceField(label=gettext_lazy("Class"), choices=AtmpClass.choices, initial=AtmpClass.UNKNOWN)
    area = ChoiceField(label=gettext_lazy("Therapeutic area"), required=False)
    is_car_t = ChoiceField(
        label=gettext_lazy("CAR-T or TCR-T"), required=False,
        choices=[("", gettext_lazy("Unknown")), ("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))],
    )  # fmt: skip
    unit = Words(label=gettext_lazy("Unit of the principal investigator"), required=False, max_length=120)
    field_order = (
        "centre", "identifier", "name", "phase", "sponsor", "sponsor_name", "atmp_class", "area", "is_car_t",
        "unit", "status", "since", "explanation",
    )  # fmt: skip

    def __init__(self, *args, centres: Sequence[Centre], **kwargs):
        super().__init__(*args, **kwargs)
        self.centres = {centre.code: centre for centre in centres}
        self.fields["centre"].offer(centres)  # type: ignore[attr-defined]
        self.areas = {area.key: area for area in TrialArea.objects.all()}
        listed = [(key, str(area)) for key, area in self.areas.items()]
        self.fields["area"].choices = [("", _("Unknown")), *listed]  # type: ignore[attr-defined]

    def clean_identifier(self) -> list[str]:
        """The numbers."""
        numbers, wrong = read_identifiers(self.cleaned_data["identifier"])
        if wrong:
            raise forms.ValidationError(wrong[0].sentence, code=wrong[0].code)
        return numbers

    def read_trial(self) -> StatedTrial:
        """The trial as stated."""
        stated = self.cleaned_data
        return StatedTrial(
            stated["identifier"], name=stated["name"], sponsor=stated["sponsor"], phase=stated["phase"],
            sponsor_name=stated["sponsor_name"], atmp_class=stated["atmp_class"],
            area=self.areas.get(stated["area"]), is_car_t={"yes": True, "no": False}.get(stated["is_car_t"]),
        )  # fmt: skip


class OfOrigin(OfProblems):
    """Who states numbers, and from what."""

    about = forms.BooleanField(label=gettext_lazy("The numbers are approximate"), required=False)
    stated_by = Words(label=gettext_lazy("Stated by"), max_length=120)
    source = Words(label=gettext_lazy("Source"), max_length=200)

    def read_origin(self) -> Origin:
        """The origin as stated."""
        stated = self.cleaned_data
        return Origin(stated["stated_by"], stated["source"], stated["about"])


class NewExemptionForm(OfOrigin):
    """A product's patients and deliveries in a year under the hospital exemption."""

    centre = CentreField(label=gettext_lazy("Centre"))
    product = Words(label=gettext_lazy("Product"), max_length=80)
    atmp_class = ChoiceField(label=gettext_lazy("Class"), choices=AtmpClass.choices, initial=AtmpClass.UNKNOWN)
    year = Number(label=gettext_lazy("Year"), required=True, min_value=EARLIEST, max_value=LATEST)
    first_year = Number(
        label=gettext_lazy("First year"), min_value=EARLIEST, max_value=LATEST,
        help_text=gettext_lazy("Only where the number is of several years, which are not stated one by one."),
    )  # fmt: skip
    through = DayField(
        label=gettext_lazy("Through"), required=False, day_of="last",
        help_text=gettext_lazy("The last day of what is counted: 31 December unless the year runs."),
    )  # fmt: skip
    patients = Number(label=gettext_lazy("Patients"))
    deliveries = Number(label=gettext_lazy("Deliveries"))
    field_order = (
        "centre", "product", "atmp_class", "year", "first_year", "through", "patients", "deliveries",
    )  # fmt: skip

    def __init__(self, *args, centres: Sequence[Centre], **kwargs):
        super().__init__(*args, **kwargs)
        self.centres = {centre.code: centre for centre in centres}
        self.fields["centre"].offer(centres)  # type: ignore[attr-defined]


class NewManufacturingForm(OfOrigin):
    """What a site has made since its start."""

    NAMES = {"receiving_countries": "named"}

    site = ChoiceField(label=gettext_lazy("Site"))
    as_of = DayField(label=gettext_lazy("As of"), day_of="last")
    named = Words(
        label=gettext_lazy("Names of the countries"), required=False, max_length=200,
        help_text=gettext_lazy("By their two letters, with spaces between: NO DK."),
    )  # fmt: skip

    def __init__(self, *args, sites: Sequence[ManufacturingSite], **kwargs):
        super().__init__(*args, **kwargs)
        self.sites = {site.code: site for site in sites}
        self.fields["site"].choices = [(site.code, site.name) for site in sites]  # type: ignore[attr-defined]
        self.fields |= {name: Number(label=LABELS[name]) for name in MEASURES}
        said = _("Kinds of product: %(class)s")
        self.fields |= {
            f"class_{one.value}": Number(label=said % {"class": str(one.label).lower()})
            for one in ManufacturedClass
        }
        classes = (f"class_{value}" for value in ManufacturedClass.values)
        self.order_fields(["site", "as_of", *MEASURES, "named", *classes])

    def read_counts(self) -> dict[str, int | None]:
        """The counts as stated."""
        return {name: self.cleaned_data[name] for name in MEASURES}

    def read_classes(self) -> dict[str, int]:
        """Kinds of product of the classes that are stated."""
        found = {value: self.cleaned_data[f"class_{value}"] for value in ManufacturedClass.values}
        return {value: number for value, number in found.items() if number is not None}

    def read_countries(self) -> list[str]:
        """The countries that are named."""
        return self.cleaned_data["named"].upper().replace(",", " ").split()


class TrialFileForm(forms.Form):
    """A file of trials; text: the rows that were previewed, to be stored."""

    file = forms.FileField(
        label=gettext_lazy("File"), required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
    )  # fmt: skip
    text = forms.CharField(required=False, widget=forms.HiddenInput)
