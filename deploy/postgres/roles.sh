#!/bin/bash
# On the database's first start: the role that the service connects as. It owns its database and is nothing more.
set -euo pipefail
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
SET log_min_error_statement = panic;
\set password `cat /run/secrets/database_password`
CREATE ROLE swecar LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE swecar OWNER swecar ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
REVOKE ALL ON DATABASE swecar FROM PUBLIC;
SQL
