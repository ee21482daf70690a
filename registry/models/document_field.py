"""A JSON document stored as text, byte for byte."""

import json

from django.db import models


class DocumentField(models.TextField):
    """A JSON document in a text column, since jsonb would reorder its keys and change its hash."""

    def from_db_value(self, value, expression, connection):
        """Decode; None where an outer join found no row."""
        return None if value is None else json.loads(value)

    def to_python(self, value):
        """Decode the text of a fixture."""
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value):
        return json.dumps(value, ensure_ascii=False)
