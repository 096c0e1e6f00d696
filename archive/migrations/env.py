"""How Alembic runs the migrations: on the connection, and in the transaction, that `archive.database` gives it."""

from alembic import context

from archive.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
