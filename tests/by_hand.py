"""Statements by hand, past all the code that guards the tables."""

from django.db import connection


def run_sql(statement: str, *parameters) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
