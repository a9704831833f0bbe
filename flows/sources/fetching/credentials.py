"""Tokens of publishers: from the environment or a Prefect block, nowhere else."""

from __future__ import annotations

import re

import httpx

from flows.home.settings import PREFIX, BarometerError, variable
from flows.home.text import safe_text

LONGEST_TOKEN = 8192
"""Tokens of GFW are JSON Web Tokens of some 700 signs; more than ten times that is none."""

WHERE = "https://globalfishingwatch.org/our-apis/tokens"
"""Where a person gets a token, free of charge for non-commercial use."""


def gfw_token(address: str) -> str:
    """The token, from BAROMETER_GFW_TOKEN or the Prefect block that BAROMETER_GFW_BLOCK names.

    Parameters
    ----------
    address : str
        Where it will be sent.

    Raises
    ------
    BarometerError
        If there is none, it cannot be one, or the address would send it unencrypted over a
        network. The message does not repeat it.
    """
    token, block = variable("GFW_TOKEN"), variable("GFW_BLOCK")
    if token and block:
        raise BarometerError(
            "BAROMETER_GFW_TOKEN and BAROMETER_GFW_BLOCK are both set, and each is a token. Unset "
            "one of them."
        )
    token = (_from_block(block) if block else token or "").strip()
    if not token:
        raise BarometerError(
            f"BAROMETER_GFW_TOKEN is not set. Create a token at {WHERE} (free of charge for "
            "non-commercial use) and set it in the environment, or the name of a Prefect block of "
            "type Secret in BAROMETER_GFW_BLOCK; not in a file of the project."
        )
    return _checked("BAROMETER_GFW_TOKEN", token, address)


def list_token(name: str, address: str, where: str) -> str:
    """The token that the address of a list needs, from the environment.

    Parameters
    ----------
    name : str
        The variable, without its prefix.
    address : str
        Where it will be sent.
    where : str
        The page that gives one.

    Raises
    ------
    BarometerError
        As `gfw_token`.
    """
    token = (variable(name) or "").strip()
    if not token:
        raise BarometerError(
            f"{PREFIX}{name} is not set. Get a token at {where} and set it in the environment, not "
            "in a file of the project."
        )
    return _checked(f"{PREFIX}{name}", token, address)


def _checked(name: str, token: str, address: str) -> str:
    if not re.fullmatch(rf"[!-~]{{1,{LONGEST_TOKEN}}}", token):
        raise BarometerError(
            f"{name}: not a valid token (spaces or non-ASCII characters). Copy it again."
        )
    url = httpx.URL(address)
    if url.scheme != "https" and url.host not in ("localhost", "127.0.0.1", "::1"):
        raise BarometerError(
            f"{address}: would send the token unencrypted. Use an address with https:// in [fetch]."
        )
    return token


def _from_block(name: str) -> str:
    from prefect.blocks.system import Secret  # noqa: PLC0415 takes seconds

    try:
        return str(Secret.load(name, _sync=True).get())  # type: ignore[union-attr, call-arg]
    except Exception as error:
        # The error's text may quote the block's value, so it is left out.
        raise BarometerError(
            f"BAROMETER_GFW_BLOCK: the block {safe_text(name)} of type Secret cannot be loaded "
            f"({type(error).__name__}). Is PREFECT_API_URL the server that has it? `prefect block "
            "ls` lists its blocks."
        ) from None
