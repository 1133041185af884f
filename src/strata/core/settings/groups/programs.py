"""What acts for people: applications, jobs of CI services, webhooks, and tokens that leaked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from strata.core.settings.groups.setting import setting


@dataclass(frozen=True, slots=True)
class OauthSettings:
    """Applications that people log in to with their account here."""

    client_documents: bool = setting(
        default=False,
        doc="Take the https address of a client metadata document as client_id: the hub then fetches addresses that strangers chose, for people who are logged in.",
    )
    pkce_always: bool = setting(
        default=False,
        doc="Demand PKCE of applications with a secret too; huggingface_hub's and gradio's log-in do not send it.",
    )


@dataclass(frozen=True, slots=True)
class PublishersSettings:
    """Jobs of CI services that come with a statement instead of a token."""

    issuers: tuple[str, ...] = setting(
        ("https://token.actions.githubusercontent.com", "https://gitlab.com"),
        "Issuers of ID tokens that people may name as trusted publishers.",
    )
    reusable: tuple[str, ...] = setting(
        ("https://gitlab.com",),
        "Of these, the ones that give a job one ID token for all of its steps, so that it may be exchanged more than once.",
    )


@dataclass(frozen=True, slots=True)
class WebhooksSettings:
    """How the hub calls the addresses that people give it."""

    allow: tuple[str, ...] = setting(
        (),
        "Hosts (`hooks.example.com`, `*.example.com`) and networks (`10.0.0.0/8`) that may be called although they are inside this server's network.",
    )
    allow_http: bool = setting(
        default=False,
        doc="Let targets begin with http://, where everybody on the way can read along.",
    )
    proxy: str = setting(
        "",
        "Proxy that calls go through, such as http://proxy:3128; empty: HTTPS_PROXY of the environment, if any.",
        secret=True,
    )
    no_proxy: tuple[str, ...] = setting(
        (),
        "Hosts and domains that are called without the proxy; empty: NO_PROXY of the environment.",
    )
    timeout_s: int = setting(
        10, "A target that has not answered after this is hung up on.", unit="seconds"
    )
    concurrent: int = setting(4, "Webhooks that one worker calls at once.")
    per_user: int = setting(20, "Webhooks one account may have that has no plan; 0: no limit.")
    triggers_per_day: int = setting(
        1000, "Deliveries of one webhook in 24 hours, without a plan; 0: no limit."
    )
    log_days: int = setting(
        30, "Deliveries are kept this long for their owner to read.", unit="days"
    )


@dataclass(frozen=True, slots=True)
class LeaksSettings:
    """Access tokens that others found."""

    scanner_keys: Path = setting(
        Path(),
        "JSON file with the public keys of secret scanners that may report tokens, as GitHub publishes its own (docs/operating.md); empty: none may.",
    )
