"""Who may show to everybody, in a copy, what is hidden."""

from dataclasses import replace

import pytest

from fixtures.contents import created
from fixtures.large_files import calling, person
from strata.content.making.duplicate import Place, duplicate
from strata.core.errors import ProofNeeded
from strata.core.hub import Hub


def test_what_is_hidden_is_shown_in_no_copy_without_a_fresh_proof(hub: Hub) -> None:
    ana = person(hub, "ana")
    hidden = created(hub, ana, "hidden", private=True)
    stolen = replace(ana, session_id=7, proved_until=None)
    with calling(hub, stolen) as call, pytest.raises(ProofNeeded):
        duplicate(call, hidden.repo_id, Place("ana", "shown", private=False))
    with calling(hub, stolen) as call:
        assert duplicate(call, hidden.repo_id, Place("ana", "copy")).private
    with calling(hub, replace(ana, session_id=None)) as call:  # a token is bound by its scopes
        assert not duplicate(call, hidden.repo_id, Place("ana", "shown", private=False)).private
