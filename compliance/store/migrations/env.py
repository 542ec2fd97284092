"""What Alembic runs: the steps, on the connection that `upgrade` hands over, in one transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], **context.config.attributes["options"])
with context.begin_transaction():
    context.run_migrations()
