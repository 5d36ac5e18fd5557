"""Makes Structs of JSON values that may have any shape, where msgspec's decoder refuses them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Mapping, NamedTuple, TypeVar, Union, get_type_hints

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


def coerced(kind: type[S], raw: Mapping[str, Any]) -> S:
    """The object as such a Struct: what has the right shape is kept, all else is left out."""
    fields = {name: raw.get(name) for name in kind.__struct_fields__}
    for name, inner in _inner(kind).items():
        value = fields[name]
        if not inner.is_list:
            fields[name] = coerced(inner.kind, value) if isinstance(value, dict) else None
        else:
            values = value if isinstance(value, list) else ()
            fields[name] = [coerced(inner.kind, one) for one in values if isinstance(one, dict)]
    return kind(**fields)


class _Inner(NamedTuple):
    kind: type[msgspec.Struct]
    is_list: bool


@lru_cache(maxsize=None)
def _inner(kind: type[msgspec.Struct]) -> Mapping[str, _Inner]:
    """The fields that hold Structs: ``Optional[Author]``, ``Union[Author, str, None]``, ``Optional[List[Embed]]``."""
    found = {}
    for name, hint in get_type_hints(kind).items():
        for choice in _choices(hint):
            for inside in _choices(*getattr(choice, "__args__", ())) or (choice,):
                if isinstance(inside, type) and issubclass(inside, msgspec.Struct):
                    found[name] = _Inner(inside, inside is not choice)
    return found


def _choices(*hints: Any) -> tuple[Any, ...]:
    """The types that a Union offers; any other type itself."""
    return tuple(
        choice
        for hint in hints
        for choice in (hint.__args__ if getattr(hint, "__origin__", None) is Union else (hint,))
    )
