"""The order of the book's pages, for the extensions that need it."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx.environment import BuildEnvironment


def exercises_of(env: BuildEnvironment, chapter: str) -> str | None:
    """Return the page with the exercises of a chapter; a chapter is a page with a number."""
    page = f"{chapter}-exercises"
    return page if page in env.found_docs and env.toc_secnumbers.get(page) else None


def below(env: BuildEnvironment, page: str) -> Iterator[str]:
    """Yield a page, and what the table of contents has beneath it."""
    yield page
    for other in env.toctree_includes.get(page, []):
        yield from below(env, other)


def reading_order(env: BuildEnvironment) -> list[str]:
    """Return all pages in the order of the table of contents, and then those that it leaves out."""
    return list(dict.fromkeys([*below(env, env.config.root_doc), *sorted(env.found_docs)]))
