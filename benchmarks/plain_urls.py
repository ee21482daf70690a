"""A serializer of a model and nothing else: no caller, no person looked up, no course, no history."""

from django.db import models
from django.urls import path
from rest_framework.generics import CreateAPIView
from rest_framework.serializers import ModelSerializer

from registry.models import Infusion

TABLE = "bench_infusion"
# The columns, defaults, checks and indexes of infusions, and the references to other tables, without its triggers.
MAKE_TABLE = f"""
DROP TABLE IF EXISTS {TABLE};
CREATE TABLE {TABLE} (LIKE registry_infusion INCLUDING ALL,
    FOREIGN KEY (patient_id) REFERENCES registry_patient, FOREIGN KEY (centre_id) REFERENCES registry_centre,
    FOREIGN KEY (product_id) REFERENCES registry_product,
    FOREIGN KEY (indication_id) REFERENCES registry_indication)
"""


def _copy(field: models.Field) -> models.Field:
    """The same field without a name for the way back, of which there can be one."""
    copy = field.clone()
    if isinstance(copy, models.ForeignKey):
        copy.remote_field.related_name = "+"
    return copy


PlainInfusion = type(
    "PlainInfusion",
    (models.Model,),
    {
        "__module__": __name__,
        "Meta": type("Meta", (), {"app_label": "registry", "managed": False, "db_table": TABLE}),
        **{field.name: _copy(field) for field in Infusion._meta.concrete_fields},
    },
)


class PlainSerializer(ModelSerializer):
    """Every column, with the checks that REST framework derives."""

    class Meta:
        model = PlainInfusion
        fields = "__all__"


class PlainView(CreateAPIView):
    """Stores a row."""

    queryset = PlainInfusion._default_manager.all()
    serializer_class = PlainSerializer


urlpatterns = [path("plain", PlainView.as_view())]
