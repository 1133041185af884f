"""Getting in: how often it may fail, and how many mails it may take."""

from __future__ import annotations

from dataclasses import dataclass

from strata.core.settings.groups.setting import setting


@dataclass(frozen=True, slots=True)
class EnteringSettings:
    """Each is counted over the time that ends now."""

    pair_failures: int = setting(
        5,
        "Failed log-ins under one name from one address in `entering.pair_minutes`; then that address waits before it tries this name again.",
    )
    pair_minutes: int = setting(5, "How long these failures count; at most 1440.", unit="minutes")
    pair_wait_minutes: tuple[int, ...] = setting(
        (1, 2, 4, 8, 15),
        "How long that address waits at first, and each time it fails again within an hour after a wait; the last one is repeated. Each is longer than the one before; at most 1440.",
        unit="minutes",
    )
    name_failures: int = setting(
        20,
        "Failed log-ins under one name from anywhere in `entering.name_minutes`; then its password alone opens nothing in browsers in which the account was never entered: they need a link by mail as well.",
    )
    name_minutes: int = setting(60, "How long these failures count; at most 1440.", unit="minutes")
    name_guard_minutes: int = setting(
        60, "How long such browsers need the link by mail; at most 1440.", unit="minutes"
    )
    address_failures: int = setting(
        30,
        "Failed log-ins from one address in `entering.address_minutes`, by password and by passkey each; then it waits, or works for each attempt (`accounts.log_in_work_bits`).",
    )
    address_minutes: int = setting(
        10, "How long these failures count; at most 1440.", unit="minutes"
    )
    spraying_names: int = setting(
        10,
        "Names under which log-ins from one address failed in `entering.spraying_minutes`; then it waits, and admins are told. At least 2.",
    )
    spraying_minutes: int = setting(
        10, "How long these failures count; at most 1440.", unit="minutes"
    )
    spraying_wait_minutes: int = setting(
        60, "How long that address waits; at most 1440.", unit="minutes"
    )
    factor_tries_per_5_minutes: int = setting(
        5,
        "Wrong codes and passkeys of one account, at a log-in or as a proof, in five minutes; then a log-in begins with the password again.",
    )
    factor_tries_per_hour: int = setting(20, "The same in an hour.")
    factor_tries_per_day: int = setting(50, "The same in a day.")
    proof_tries: int = setting(
        5,
        "Wrong passwords of somebody who is logged in and proves who they are, or chooses another one, in `entering.proof_minutes`.",
    )
    proof_minutes: int = setting(5, "How long these count; at most 1440.", unit="minutes")
    device_tries: int = setting(
        10,
        "Wrong codes of programs that log in without a browser (`/device`), from one address, and by one person, in `entering.device_minutes`.",
    )
    device_minutes: int = setting(15, "How long these count; at most 1440.", unit="minutes")
    reset_mails_per_day: int = setting(
        5, "Mails about a forgotten password to one account in a day."
    )
    reset_requests_per_hour: int = setting(
        10, "Times that one address may ask for such a mail in an hour."
    )
    log_in_mails_per_hour: int = setting(
        5, "Mails with a link that a log-in waits for, to one account in an hour."
    )
    proof_mails_per_hour: int = setting(
        5, "Mails with a code that proves who sits there, to one account in an hour."
    )
    verify_pause_s: int = setting(
        60,
        "Least time between two mails that confirm the address of a new account; at most an hour (3600).",
        unit="seconds",
    )
    verify_mails_per_6_hours: int = setting(
        3, "Further such mails that one account may ask for in six hours."
    )
    verify_mails_per_day: int = setting(10, "The same in a day.")
    verify_mails_to_one_per_day: int = setting(
        20, "Such mails to one address in a day, however many accounts name it."
    )
    verify_changes_per_day: int = setting(
        3, "Other addresses that one account may give in a day before one is confirmed."
    )
