#!/bin/sh
# Makes the archive's role and database, and gives the role its present password. Safe to run again.
# The role can open its own database and neither of Temporal's.
set -eu

PGPASSWORD="$(cat /run/secrets/postgres_password)"
export PGPASSWORD

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --host=postgres --username=temporal --dbname=postgres <<'SQL'
\set secret `cat /run/secrets/archive_password`
SELECT 'CREATE ROLE vigil LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vigil') \gexec
ALTER ROLE vigil PASSWORD :'secret';
SELECT 'CREATE DATABASE vigil OWNER vigil' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'vigil') \gexec
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, postgres FROM PUBLIC;
SQL
