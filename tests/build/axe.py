"""What axe-core finds wrong for people who read with other means than eyes and a mouse."""

from __future__ import annotations

from typing import Any

SETTLED = """
() => Promise.allSettled(
    document.getAnimations()
        .filter(each => each.playState === 'running')
        .filter(each => each.effect.getComputedTiming().endTime < Infinity)
        .map(each => each.finished)
)
"""
"""Waits for transitions to end: a colour on its way to another is not one that a reader sees."""


def violations(page: Any) -> list[str]:
    """The rules that an open page breaks, each with the element at fault; best practice included.

    Parameters
    ----------
    page : playwright's Page
        As it stands: window, colours and medium are those of its context.
    """
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(SETTLED)
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in Axe().run(page).response["violations"]
        for node in rule["nodes"]
    ]
