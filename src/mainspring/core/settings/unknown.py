"""Names that look like settings and are none."""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from .gathering import ENVIRONMENT, Given

READ_BY_A_LIBRARY = "OTEL_"  # the SDK of OpenTelemetry reads more names than are settings of ours


def refuse_unknown(
    given: Mapping[str, Given],
    known: Collection[str],
    sections: Mapping[str, Collection[str]],
    problems: list[str],
    warnings: list[str],
) -> None:
    """Sort out every name that is neither in `known` nor a field of one of the `sections` (prefix to names).

    Refused: an unknown name of a known section, any unknown name in an `.env` file of ours, and a name of the process environment
    that is nearly one of ours. Only warned about: the section of a module that is not installed, because removing a module
    never blocks the boot.
    """
    for name, value in given.items():
        prefix, is_sectioned, _ = name.partition("__")
        if name in known:
            continue
        if is_sectioned and prefix in sections:
            if name not in sections[prefix]:
                problems.append(f"{name} is not a setting.{_hint(name, sections[prefix])}")
        elif is_sectioned and prefix and prefix.isupper():
            if value.source != ENVIRONMENT or _hint(prefix, sections):
                warnings.append(f"{name} has no effect: there is no module {prefix.lower()}.{_hint(prefix, sections)}")
        elif name.startswith(READ_BY_A_LIBRARY) and value.source == ENVIRONMENT:
            continue
        elif value.source != ENVIRONMENT:
            problems.append(f"{name} in {value.source} is not a setting.{_hint(name, known)}")
        elif len(name) >= 8 and "_" in name and _hint(name, known):
            problems.append(f"{name} is not a setting.{_hint(name, known)}")


def _hint(name: str, names: Iterable[str]) -> str:
    close = get_close_matches(name, list(names), n=1, cutoff=0.88)
    return f" Did you mean {close[0]}?" if close else ""
