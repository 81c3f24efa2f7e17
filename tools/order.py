"""The order of the book's pages, for the extensions that need it."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx.environment import BuildEnvironment

EXERCISES = "-exercises"  # a chapter's exercises are on the page of its name and this


def below(env: BuildEnvironment, page: str) -> Iterator[str]:
    """Yield a page, and what the table of contents has beneath it."""
    yield page
    for other in env.toctree_includes.get(page, []):
        yield from below(env, other)


def reading_order(env: BuildEnvironment) -> list[str]:
    """Return all pages in the order of the table of contents, and then those that it leaves out."""
    return list(dict.fromkeys([*below(env, env.config.root_doc), *sorted(env.found_docs)]))
