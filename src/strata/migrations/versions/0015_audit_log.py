"""audit log."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Moment

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# As events/audit/sealing/guards.py had them when this was written.
SQLITE = (
    """CREATE TRIGGER facts_stay_the_same BEFORE UPDATE ON facts
WHEN (NEW.id IS OLD.id AND NEW.at IS OLD.at AND NEW.name IS OLD.name AND NEW.actor_id IS OLD.actor_id AND NEW.actor_kind IS OLD.actor_kind AND NEW.token_id IS OLD.token_id AND NEW.on_behalf_of IS OLD.on_behalf_of AND NEW.subject_id IS OLD.subject_id AND NEW.owner_id IS OLD.owner_id AND NEW.repo_id IS OLD.repo_id AND NEW.result IS OLD.result AND NEW.request_id IS OLD.request_id AND ((OLD.chain_no IS NULL AND NEW.chain_no IS NOT NULL AND NEW.target IS OLD.target AND NEW.detail IS OLD.detail AND NEW.ip IS OLD.ip AND NEW.user_agent IS OLD.user_agent AND NEW.erased = OLD.erased) OR (NEW.erased AND NOT OLD.erased AND NEW.chain_no IS OLD.chain_no AND NEW.mark IS OLD.mark AND NEW.link IS OLD.link AND NEW.salt IS NULL AND NEW.target IS NULL AND NEW.ip = '' AND NEW.user_agent = '' AND (NEW.detail = '{}' OR NEW.detail IS OLD.detail)))) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'facts are only ever added'); END""",
    """CREATE TRIGGER facts_stay BEFORE DELETE ON facts
WHEN (OLD.chain_no IS NOT NULL AND OLD.chain_no <= (SELECT max(chain_no) FROM audit_seals WHERE removed_at IS NOT NULL)) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'facts are only ever added'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION facts_stay_the_same() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
  IF (NEW.id IS NOT DISTINCT FROM OLD.id AND NEW.at IS NOT DISTINCT FROM OLD.at AND NEW.name IS NOT DISTINCT FROM OLD.name AND NEW.actor_id IS NOT DISTINCT FROM OLD.actor_id AND NEW.actor_kind IS NOT DISTINCT FROM OLD.actor_kind AND NEW.token_id IS NOT DISTINCT FROM OLD.token_id AND NEW.on_behalf_of IS NOT DISTINCT FROM OLD.on_behalf_of AND NEW.subject_id IS NOT DISTINCT FROM OLD.subject_id AND NEW.owner_id IS NOT DISTINCT FROM OLD.owner_id AND NEW.repo_id IS NOT DISTINCT FROM OLD.repo_id AND NEW.result IS NOT DISTINCT FROM OLD.result AND NEW.request_id IS NOT DISTINCT FROM OLD.request_id AND ((OLD.chain_no IS NULL AND NEW.chain_no IS NOT NULL AND NEW.target IS NOT DISTINCT FROM OLD.target AND NEW.detail IS NOT DISTINCT FROM OLD.detail AND NEW.ip IS NOT DISTINCT FROM OLD.ip AND NEW.user_agent IS NOT DISTINCT FROM OLD.user_agent AND NEW.erased = OLD.erased) OR (NEW.erased AND NOT OLD.erased AND NEW.chain_no IS NOT DISTINCT FROM OLD.chain_no AND NEW.mark IS NOT DISTINCT FROM OLD.mark AND NEW.link IS NOT DISTINCT FROM OLD.link AND NEW.salt IS NULL AND NEW.target IS NULL AND NEW.ip = '' AND NEW.user_agent = '' AND (NEW.detail = '{}'::jsonb OR NEW.detail IS NOT DISTINCT FROM OLD.detail)))) IS NOT TRUE THEN RAISE EXCEPTION 'facts are only ever added'; END IF;
  RETURN NEW;
END $guard$""",
    """CREATE FUNCTION facts_stay() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
  IF (OLD.chain_no IS NOT NULL AND OLD.chain_no <= (SELECT max(chain_no) FROM audit_seals WHERE removed_at IS NOT NULL)) IS NOT TRUE THEN RAISE EXCEPTION 'facts are only ever added'; END IF;
  RETURN OLD;
END $guard$""",
    """CREATE TRIGGER facts_stay_the_same BEFORE UPDATE ON facts
FOR EACH ROW EXECUTE FUNCTION facts_stay_the_same()""",
    """CREATE TRIGGER facts_stay BEFORE DELETE ON facts
FOR EACH ROW EXECUTE FUNCTION facts_stay()""",
)
# What is there is filed by what it says of itself.
FILED = (
    """UPDATE facts SET subject_id = actor_id,
       result = CASE WHEN name LIKE '%_failed' THEN 'failure' ELSE 'success' END,
       actor_kind = CASE WHEN name LIKE '%_failed' THEN 'nobody' WHEN token_id IS NOT NULL
       THEN 'token' WHEN actor_id IS NOT NULL THEN 'person' ELSE 'nobody' END,
       owner_id = (SELECT owner_id FROM repos WHERE repos.id = facts.repo_id)""",
    """UPDATE facts SET owner_id = (SELECT id FROM namespaces WHERE namespaces.name = facts.target)
       WHERE name LIKE 'org.%'""",
)


def upgrade() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("chain_no", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_audit_seals")),
    )
    op.add_column(
        "facts", sa.Column("actor_kind", sa.Text(), server_default="nobody", nullable=False)
    )
    op.add_column("facts", sa.Column("on_behalf_of", sa.BigInteger(), nullable=True))
    op.add_column("facts", sa.Column("subject_id", sa.BigInteger(), nullable=True))
    op.add_column("facts", sa.Column("owner_id", sa.BigInteger(), nullable=True))
    op.add_column("facts", sa.Column("result", sa.Text(), server_default="success", nullable=False))
    op.add_column(
        "facts", sa.Column("erased", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("facts", sa.Column("chain_no", sa.BigInteger(), nullable=True))
    op.add_column("facts", sa.Column("salt", sa.Text(), nullable=True))
    op.add_column("facts", sa.Column("mark", sa.Text(), nullable=True))
    op.add_column("facts", sa.Column("link", sa.Text(), nullable=True))
    for statement in FILED:
        op.execute(statement)
    op.create_index(op.f("ix_facts_owner_id_id"), "facts", ["owner_id", "id"], unique=False)
    op.create_index(op.f("ix_facts_subject_id_id"), "facts", ["subject_id", "id"], unique=False)
    op.create_index("uq_facts_chain_no", "facts", ["chain_no"], unique=True)
    op.create_index(
        "ix_facts_unsealed",
        "facts",
        ["id"],
        unique=False,
        sqlite_where=sa.text("chain_no IS NULL"),
        postgresql_where=sa.text("chain_no IS NULL"),
    )
    connection = op.get_bind()
    for guard in SQLITE if connection.dialect.name == "sqlite" else POSTGRESQL:
        connection.exec_driver_sql(guard)
