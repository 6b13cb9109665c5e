"""Which fonts paper is set in, and what they can draw. The packaged one comes first, then settings.PDF_FONTS."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import font_roboto
from django.conf import settings
from django.core.checks import Warning as CheckWarning
from django.core.checks import register
from django.core.signals import setting_changed

_PACKAGED = Path(font_roboto.__file__).parent / "files"
_FAMILY = "Paper"
_FACES = (  # (file, weight, style)
    ("Roboto-Regular.ttf", "normal", "normal"),
    ("Roboto-Medium.ttf", "bold", "normal"),
    ("Roboto-Italic.ttf", "normal", "italic"),
    ("Roboto-MediumItalic.ttf", "bold", "italic"),
)
_PLAIN_PATH = re.compile(r"[\w./ +@-]+")  # what stands in url("…") without any quoting


def font_css() -> str:
    """@font-face rules and the font-family list; only file names of ours and of the settings, never a user's text."""
    rules = [_face(_FAMILY, _PACKAGED / file, weight, style) for file, weight, style in _FACES]
    families = [_FAMILY]
    for place, path in enumerate(_further(), start=1):
        family = f"{_FAMILY}{place}"
        families.append(family)
        rules += [_face(family, path, weight, "normal") for weight in ("normal", "bold")]
    return "\n".join([*rules, f"body {{ font-family: {', '.join(families)}; }}"])


def roots() -> tuple[Path, ...]:
    """The directories the renderer may read: those of the fonts, nothing else."""
    return tuple(dict.fromkeys([_PACKAGED, *(path.parent for path in _further())]))


def undrawable(texts: Iterable[str]) -> list[str]:
    """Characters that no font of ours has, sorted. Spaces and invisible marks count as drawable."""
    wanted = {character for text in texts for character in text}
    covered = set().union(*(_coverage(path) for path in (_PACKAGED / _FACES[0][0], *_further())))
    return sorted(
        character
        for character in wanted
        if ord(character) not in covered
        and not character.isspace()
        and unicodedata.category(character) not in ("Cc", "Cf", "Mn")
    )


def problems() -> list[str]:
    """What is wrong with settings.PDF_FONTS, one sentence a file."""
    found = []
    for entry in settings.PDF_FONTS:
        path = Path(entry)
        if not path.is_absolute() or not path.is_file():
            found.append(f"PDF_FONTS names {entry}: an absolute path to an existing file is needed.")
        elif not _PLAIN_PATH.fullmatch(entry):
            found.append(f"PDF_FONTS names {entry}: use a path without quotes, brackets and other special signs.")
        elif not _coverage(path):
            found.append(f"PDF_FONTS names {entry}: this is not a TrueType font that can be embedded.")
    return found


@register()
def fonts_usable(app_configs, **kwargs):
    """A font that cannot be used is left out of every page: said at the start."""
    return [CheckWarning(problem, id="dunlin.W010") for problem in problems()]


@cache
def _further() -> tuple[Path, ...]:
    """The usable fonts of the settings; an unusable one is left to the system check and hinders no invoice."""
    return tuple(
        Path(entry)
        for entry in settings.PDF_FONTS
        if Path(entry).is_absolute() and _PLAIN_PATH.fullmatch(entry) and _coverage(Path(entry))
    )


@cache
def _coverage(path: Path) -> frozenset[int]:
    from reportlab.pdfbase.ttfonts import TTFError, TTFontFile  # as late as the renderer

    try:
        return frozenset(TTFontFile(str(path)).charToGlyph)
    except (TTFError, OSError):
        return frozenset()


def _face(family: str, path: Path, weight: str, style: str) -> str:
    return f'@font-face {{ font-family: {family}; src: url("{path}"); font-weight: {weight}; font-style: {style}; }}'


def _forget(*, setting, **kwargs):
    if setting == "PDF_FONTS":
        _further.cache_clear()


setting_changed.connect(_forget)
