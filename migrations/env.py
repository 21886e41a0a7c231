"""Runs migrations; the only place outside `archive_store` that knows the tables' metadata."""

from alembic import context

from archive_store.database import make_engine
from archive_store.models import Base

url = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
given = context.config.attributes.get("connection")


def run(connection) -> None:  # noqa: ANN001
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if given is not None:
    run(given)
else:
    engine = make_engine(url)
    with engine.connect() as connection:
        run(connection)
        connection.commit()
    engine.dispose()
