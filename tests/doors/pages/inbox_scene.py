"""Two people who talk about two repos of one of them."""

from datetime import timedelta

from doors.pages.visitors import confirmed
from fixtures.accounts import person
from fixtures.contents import created
from fixtures.hubs import FrozenClock
from fixtures.inboxes import opens, told
from fixtures.large_files import working_as
from strata.core.actor import SYSTEM, Actor
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.events.facts import record


class Scene:
    """Ana, who owns a model and a dataset, bob, and a browser of each."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.ana, self.bob = confirmed(hub, "ana"), confirmed(hub, "bob")
        self.owner, self.guest = _actor(hub, "ana"), _actor(hub, "bob")
        self.model = created(hub, self.owner, "one")
        self.dataset = created(hub, self.owner, "two", RepoType.DATASET)
        told(hub)

    def talk(self, clock: FrozenClock) -> None:
        """Give ana news of her account, a question and a mention, the newest last."""
        with working_as(self.hub, SYSTEM) as work:
            record(work, "account.new_device", target="ana", actor_id=self.owner.user_id)
        clock.advance(timedelta(minutes=1))
        opens(self.hub, self.guest, self.dataset, title="How many rows?")
        clock.advance(timedelta(minutes=1))
        opens(self.hub, self.guest, self.model, "Hello @ana, **why**?", title="Why so small?")
        clock.advance(timedelta(minutes=1))
        told(self.hub)


def _actor(hub: Hub, name: str) -> Actor:
    user = person(hub, name)
    return Actor(user_id=user.id, name=user.name, verified=True)
