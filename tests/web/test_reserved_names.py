"""No account can have a name that is the beginning of one of our own addresses."""

from strata.accounts.naming import names
from strata.core.settings.tree import Settings
from strata.web.routes import ROUTES


def test_the_first_segment_of_every_route_is_reserved() -> None:
    firsts = {route.template.split("/")[1] for route in ROUTES}
    fixed = {first for first in firsts if first and "{" not in first}

    assert "settings" in fixed
    reached = {first for first in fixed if not names.faults(first, Settings(), operator=True)}
    assert reached == set()
