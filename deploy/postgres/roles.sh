#!/bin/bash
# On the database's first start: the owner of the tables, which migrates, and the roles that processes connect as. None
# is more than that. What each may do with a table `manage.py make_roles` says, after each migration.
set -euo pipefail
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
SET log_min_error_statement = panic;
\set password `cat /run/secrets/database_password`
CREATE ROLE swecar LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
\set password `cat /run/secrets/clinic_password`
CREATE ROLE swecar_clinic LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
\set password `cat /run/secrets/worker_password`
CREATE ROLE swecar_worker LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
\set password `cat /run/secrets/public_password`
CREATE ROLE swecar_public LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
CREATE ROLE swecar_importer NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT swecar_importer TO swecar_worker;  -- which becomes it to judge what somebody has uploaded
GRANT swecar_worker TO swecar;  -- so that a command of the owner may publish
CREATE DATABASE swecar OWNER swecar ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;
REVOKE ALL ON DATABASE swecar FROM PUBLIC;
SQL
