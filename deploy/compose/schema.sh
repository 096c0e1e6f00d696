#!/bin/sh
# Makes Temporal's two databases, or brings them up to this version. Each step does nothing when it is done already.
set -eu

SQL_PASSWORD="$(cat /run/secrets/postgres_password)"
export SQL_PASSWORD

sql() {
    temporal-sql-tool --plugin postgres12 --ep postgres --port 5432 --user temporal --db "$@"
}

for pair in temporal:temporal temporal_visibility:visibility; do
    database="${pair%%:*}"
    schema="/etc/temporal/schema/postgresql/v12/${pair#*:}/versioned"
    sql "$database" create
    sql "$database" setup-schema -v 0.0
    sql "$database" update-schema -d "$schema"
done
