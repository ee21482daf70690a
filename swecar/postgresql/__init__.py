"""Django's backend of PostgreSQL, so that a pooler such as PgBouncer can stand before the database."""
