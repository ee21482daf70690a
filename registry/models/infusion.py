"""Infusions: the rows that every number is counted from."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.choices import Category, DatePrecision, Kind, Sex, Status
from registry.course_order import Order, Step
from registry.dates import write_date
from registry.infusion_rules import OLDEST_AGE
from registry.models.batch import batch_as_compared
from registry.models.centre import Centre
from registry.models.centre_rows import CentresQuerySet
from registry.models.history import keeps_history
from registry.models.indication import Indication
from registry.models.manufacturing_site import ManufacturingSite
from registry.models.patient import Patient
from registry.models.possible_doubles import marks_changed_persons
from registry.models.product import Product
from registry.models.revision import moves_revision
from registry.models.stated_purpose import states_purpose
from registry.models.trial import Trial


class InfusionQuerySet(CentresQuerySet):
    """Infusions of the whole country; show them to someone only through `visible_to`."""

    def counted(self):
        """Submitted infusions, which every published number is counted from."""
        return self.filter(status=Status.SUBMITTED)

    def with_version(self):
        """Annotated with `version`, the number of its history rows, which grows with every change."""
        events = self.model.pgh_event_model  # type: ignore[attr-defined]  # pghistory sets it
        history = events.objects.filter(pgh_obj_id=models.OuterRef("pk")).order_by().values("pgh_obj_id")
        return self.annotate(version=models.Subquery(history.values(rows=models.Count("pgh_id"))))

    def with_codes(self):
        """Select the rows that give an infusion its values in the dimensions of counts."""
        return self.select_related("patient", "centre", "product", "indication", "manufacturing_site", "trial")

    def in_order(self) -> list["Infusion"]:
        """One person's infusions in the order of COUNTING.md, withdrawn ones among them."""
        found: Iterable[Any] = self.select_related("centre", "product")
        return order_course(found)


def order_course(infusions: Iterable[Any]) -> list["Infusion"]:
    """One person's infusions, earliest first; withdrawn ones do not affect the order of the others.

    Select centre and product with them, or each costs two queries.
    """
    course = list(infusions)
    order = Order(infusion.step for infusion in course if infusion.status == Status.SUBMITTED)
    return sorted(course, key=lambda infusion: (order.place(infusion.step), infusion.pk))


@keeps_history(
    indexes=[
        models.Index(fields=["centre", "-pgh_created_at"], name="infusion_change_by_centre"),  # start page
    ]
)
class Infusion(models.Model):
    """One administration of a product to a patient on a day at a centre."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(
        Centre,
        on_delete=models.PROTECT,
        related_name="infusions",
        verbose_name=_("centre"),
        db_index=False,  # infusion_by_centre begins with it
    )
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="infusions", verbose_name=_("patient")
    )
    category = models.CharField(_("category"), max_length=3, choices=Category.choices)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        db_index=False,  # nothing looks infusions up by a product alone
        verbose_name=_("product"),
    )
    # Nothing looks infusions up by these lists, so an index on them would only slow writing.
    indication = models.ForeignKey(
        Indication,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("indication"),
    )
    trial = models.ForeignKey(
        Trial,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("trial"),
    )
    manufacturing_site = models.ForeignKey(
        ManufacturingSite,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("manufacturing site"),
    )
    infused_on = models.DateField(_("date of infusion"))
    date_precision = models.CharField(_("precision of the date"), max_length=5, choices=DatePrecision.choices)
    sequence = models.PositiveSmallIntegerField(
        _("sequence"), default=1, help_text=_("1, unless the person has two infusions on one day.")
    )
    age_at_infusion = models.PositiveSmallIntegerField(_("age at infusion, whole years"))
    batch = models.CharField(_("batch"), max_length=60, blank=True)
    # Not Patient.sex: a clinic sees only what the number says or what it has stated itself.
    sex_stated = models.CharField(
        _("sex as stated"), max_length=7, choices=Sex.choices, default=Sex.UNKNOWN, db_default=Sex.UNKNOWN.value
    )
    status = models.CharField(_("status"), max_length=9, choices=Status.choices)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = InfusionQuerySet.as_manager()

    class Meta:
        ordering = ["-infused_on", "-sequence"]
        verbose_name = _("infusion")
        verbose_name_plural = _("infusions")
        triggers = [moves_revision(), states_purpose(), *marks_changed_persons()]
        indexes = [
            models.Index(  # lists; what it includes is counted without reading the rows
                fields=["centre", "-infused_on"],
                name="infusion_by_centre",
                include=["status", "category", "patient"],
            ),
            models.Index(fields=["centre", "-created_at", "id"], name="infusion_by_entry"),  # the latest
            models.Index(fields=["infused_on", "product"], name="infusion_by_day"),  # lists; possible doubles
            models.Index(  # courses that may be unsettled
                fields=["patient"],
                name="infusion_after_first",
                condition=Q(status=Status.SUBMITTED) & ~Q(kind=Kind.FIRST),
            ),
            models.Index(batch_as_compared(models.F("batch")), name="infusion_by_batch", condition=~Q(batch="")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "centre", "infused_on", "date_precision", "sequence"],
                condition=Q(status=Status.SUBMITTED),
                name="infusion_has_its_place_in_order",
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(status=Status.SUBMITTED, kind=Kind.FIRST),
                name="infusion_first_is_only_one",
            ),
            models.CheckConstraint(
                name="infusion_trial_by_category",
                condition=Q(category__in=[Category.ACT, Category.ICT], trial__isnull=False)
                | Q(category=Category.SOC, trial__isnull=True)
                | Q(category=Category.CUP),
            ),
            models.CheckConstraint(
                name="infusion_date_is_first_of_period",
                condition=Q(date_precision=DatePrecision.DAY)
                | Q(date_precision=DatePrecision.MONTH, infused_on__day=1)
                | Q(date_precision=DatePrecision.YEAR, infused_on__day=1, infused_on__month=1),
            ),
            models.CheckConstraint(name="infusion_sequence_is_1_to_9", condition=Q(sequence__range=(1, 9))),
            models.CheckConstraint(name="infusion_age_is_possible", condition=Q(age_at_infusion__lte=OLDEST_AGE)),
            models.CheckConstraint(name="infusion_category_is_known", condition=Q(category__in=Category.values)),
            models.CheckConstraint(name="infusion_kind_is_known", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(name="infusion_sex_stated_is_known", condition=Q(sex_stated__in=Sex.values)),
            models.CheckConstraint(name="infusion_status_is_known", condition=Q(status__in=Status.values)),
        ]

    def __str__(self) -> str:
        return f"{self.infused_on} {self.category}"

    @property
    def written_on(self) -> str:
        """The date as far as it is known: YYYY-MM-DD, YYYY-MM or YYYY."""
        return write_date(self.infused_on, self.date_precision)

    @property
    def step(self) -> Step:
        """What decides its place in the person's course. Select centre and product with it."""
        precision = DatePrecision(self.date_precision)
        return Step(
            self.infused_on, self.sequence, Kind(self.kind), self.product.name, precision, self.centre.code,
            str(self.indication_id or ""), self.product.plan,
        )  # fmt: skip
