"""Packages that are not required: if one is missing when it is needed, an error names the extra that brings it."""

from __future__ import annotations

from importlib.util import find_spec

from .errors import MissingPackageError


def missing(*packages: str) -> str | None:
    """Return the first of `packages` that is not installed, or None. Nothing is imported.

    >>> missing("numpy", "no_such_package")
    'no_such_package'
    """
    return next((name for name in packages if find_spec(name) is None), None)


def need(what: str, extra: str, *packages: str) -> None:
    """Raise MissingPackageError unless all `packages` are installed.

    Args:
        what: what they are needed for.
        extra: the extra of this project that brings them.
        packages: their names as they are imported.

    >>> need("opening a file of fog", "fog", "no_such_package")
    Traceback (most recent call last):
    pellucid.errors.MissingPackageError: opening a file of fog
      got       no package 'no_such_package' here
      expected  the package 'no_such_package'
      fix       install it: pip install "pellucid[fog]"
    """
    name = missing(*packages)
    if name is not None:
        raise MissingPackageError(
            what,
            got=f"no package {name!r} here",
            expected=f"the package {name!r}",
            fix=f'install it: pip install "pellucid[{extra}]"',
        )
