"""Statements kept as text: no value of one caller may stay in them for the next."""

import pytest
import sqlalchemy as sa

from strata.lib.db.rendered import among, listed, rendered

people = sa.table("people", sa.column("id", sa.BigInteger), sa.column("name", sa.Text))


@pytest.mark.parametrize("sqlite", [True, False])
def test_a_statement_that_holds_a_value_is_refused(*, sqlite: bool) -> None:
    named = sa.select(people.c.id).where(people.c.name == sa.bindparam("name", type_=sa.Text()))
    assert ":name" in rendered(named, sqlite=sqlite).text
    for held in (named.where(people.c.id == 7), named.where(people.c.id.in_([7])), named.limit(7)):
        with pytest.raises(ValueError, match="_1"):
            rendered(held, sqlite=sqlite)


def test_a_list_is_one_parameter_however_long_it_is() -> None:
    asked = among(people.c.id, "ids", sqlite=True)
    statement = rendered(sa.select(people.c.name).where(asked).order_by(people.c.id), sqlite=True)
    with sa.create_engine("sqlite://").connect() as db:
        db.exec_driver_sql("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)")
        db.exec_driver_sql("INSERT INTO people VALUES (1, 'ana'), (2, 'bob'), (3, 'eve')")
        for ids, names in (([], []), ([3], ["eve"]), ([1, 3, 9], ["ana", "eve"])):
            rows = statement.rows(db, {"ids": listed(ids, sqlite=True)})
            assert [row[0] for row in rows] == names
