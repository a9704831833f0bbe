"""Definitions of lists that can be fetched: the TOML files of data/lists/."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from flows.home.settings import TOKENS
from flows.sources.definitions import Definition, load_definitions


def _token(name: str) -> str:
    if name not in TOKENS:
        raise ValueError(f"{name!r} is not one of {', '.join(TOKENS)}")
    return name


class FetchedList(Definition):
    """A list of ships at an address; its format is recognised by content, as in an import.

    Attributes
    ----------
    register_id : str
        `register`: the register of which the file is a version. A file of another one is refused.
    token : str or None
        The environment variable, without BAROMETER_, of a token that the address needs as the
        parameter `token`; None: it needs none.
    """

    register_id: str = Field(alias="register")
    token: Annotated[str, AfterValidator(_token)] | None = None

    @model_validator(mode="after")
    def _is_a_document(self) -> FetchedList:
        published = self.published
        if published is None or published.service != "documents" or len(published.parts) != 1:
            raise ValueError('a list needs a [fetch] with service = "documents" and one part')
        return self


def load_lists(home: Path | None = None) -> dict[str, FetchedList]:
    """Lists by id: the project's own, then the home's `lists/`, which may replace them.

    Raises
    ------
    BarometerError
        If a definition cannot be read or is not valid; the message names file, key and reason.
    """
    return load_definitions(FetchedList, "lists", home)
