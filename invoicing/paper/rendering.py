"""The renderer: HTML of our own templates to PDF, shut off from the network and from every file but the fonts."""

import io
import logging
import re
import threading
from contextlib import contextmanager

from django.utils.translation import gettext as _

from config.common.errors import DomainError

from . import fonts

_ONE_AT_A_TIME = threading.Lock()
SECONDS = 60  # the longest a page may take; 500 lines need about ten
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


class RenderFailure(DomainError):
    """The page could not be made; the text says why, for the people of the back office."""


def render(html: str) -> tuple[bytes, list[str]]:
    """PDF bytes, and what the renderer complained of on the way (its own English, for the log, not for customers).

    `html` is made by our templates with every value escaped. Raises RenderFailure where no page came of it.
    """
    # Loaded here: half of what the whole program loads, and no command or page but this needs it.
    from xhtml2pdf import pisa
    from xhtml2pdf.config.resources import RenderLimitError, ResourceAccessPolicy

    target = io.BytesIO()
    policy = ResourceAccessPolicy.server(
        base_dir=None, allow_remote=False, extra_roots=fonts.roots(), max_render_seconds=SECONDS
    )
    with _complaints() as complaints:
        try:
            status = pisa.CreatePDF(_UNPRINTABLE.sub("", html), dest=target, encoding="utf-8", resource_policy=policy)
        except RenderLimitError as error:
            raise RenderFailure(
                _("The page is too large, or took longer than %(seconds)s seconds.") % {"seconds": SECONDS}
            ) from error
        except Exception as error:  # a renderer has many ways to fail; all of them mean: no page
            raise RenderFailure(
                _("The page could not be made: %(error)s.") % {"error": type(error).__name__}
            ) from error
    if status.err or not target.tell():
        raise RenderFailure(_("The page could not be made."))
    return target.getvalue(), complaints


@contextmanager
def _complaints():
    """What the renderer warns of, kept out of the log because it quotes the page. One page at a time, as it works."""
    logger, listener = logging.getLogger("xhtml2pdf"), _Listener(logging.WARNING)
    with _ONE_AT_A_TIME:
        propagated, logger.propagate = logger.propagate, False
        logger.addHandler(listener)
        try:
            yield listener.heard
        finally:
            logger.removeHandler(listener)
            logger.propagate = propagated


class _Listener(logging.Handler):
    def __init__(self, level):
        super().__init__(level)
        self.heard: list[str] = []

    def emit(self, record):
        self.heard.append(record.getMessage().splitlines()[0])
