"""The rows of the matrix, one function each, grouped by what goes wrong."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Registers every row."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
