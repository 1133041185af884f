"""What can be wrong with a webhook: a key for the pages, a sentence for the API."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strata.core.errors import InvalidFields
from strata.events.webhooks.sending import LONGEST_SECRET

MOST_WATCHED: Final = 100

SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "webhook.url_missing": "Give the address that is to be called.",
        "webhook.url_malformed": "This is not the address of a web server.",
        "webhook.url_scheme": "The address must begin with https://.",
        "webhook.url_credentials": "The address must not hold a user name or password.",
        "webhook.url_inside": "This address is inside the network of this server.",
        "webhook.watch_nothing": "Choose at least one user, organization or repository to watch.",
        "webhook.watch_too_many": f"One webhook watches at most {MOST_WATCHED} things.",
        "webhook.unknown_user": "There is no user named %(name)s.",
        "webhook.unknown_org": "There is no organization named %(name)s.",
        "webhook.unknown_name": "There is no user or organization named %(name)s.",
        "webhook.unknown_repo": "There is no repository named %(name)s that you may see.",
        "webhook.no_domain": "Choose what to be told of: repo, discussion or both.",
        "webhook.secret_bad": "A secret has at most "
        f"{LONGEST_SECRET} visible ASCII characters and no spaces.",
        "webhook.too_many": "You have %(has)s of %(total)s webhooks. Delete one, or ask for "
        "more under Settings, Plan & quota.",
    }
)


class BadWebhook(InvalidFields):
    """One field of a webhook breaks a rule; nothing was changed."""

    def __init__(self, field: str, key: str, **values: str) -> None:
        super().__init__({field: (key,)}, **values)
        self.message = f'"{field}": {SENTENCES[key] % values}'
