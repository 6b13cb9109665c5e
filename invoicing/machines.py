"""Was it a person? Rules that tell machines by what they say of themselves and by when they come. Pure, no table.

Each rule stands with its source in docs/tracking.md. A visit that fits one is counted apart, and nothing hangs on it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TOO_SOON = timedelta(seconds=10)  # after the mail server took it: nobody has read a mail by then

# Parts of the user agents of those that fetch for somebody else: proxies, scanners, previews, programs.
PROXIES = ("googleimageproxy", "ggpht.com", "yahoomailproxy", "duckduckgo-privacy", "cloudflare", "amazon cloudfront")
SCANNERS = (
    *("barracuda", "proofpoint", "mimecast", "safelinks", "bingpreview", "google-safety", "symantec", "messagelabs"),
    *("mcafee", "trendmicro", "trend micro", "sophos", "ironport", "fireeye", "forcepoint", "fortiguard", "zscaler"),
    *("checkpoint", "mailscanner", "spamexperts", "spamassassin", "cloudmark", "urlscan", "virustotal", "netcraft"),
)
PREVIEWS = (
    "facebookexternalhit",
    "whatsapp",
    "telegrambot",
    "slackbot",
    "skypeuripreview",
    "discordbot",
    "linkedinbot",
)
PROGRAMS = (
    *("curl/", "wget/", "python", "java/", "go-http-client", "okhttp", "libwww", "apache-httpclient", "axios/", "ahc/"),
    *("node-fetch", "undici", "headlesschrome", "phantomjs", "puppeteer", "playwright", "office existence discovery"),
    "office protocol discovery",
)
_ROBOT = re.compile(r"bot\b|crawl|spider|scanner|preview|fetcher|monitor|checker|link.?check|prefetch")
_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_AHEAD = ("prefetch", "prerender", "preview")


@dataclass(frozen=True)
class Visit:
    """One request for our link or pixel, or one open or click as a provider tells of it.

    `headers` with names in lower case; `age` of the mail since it was taken, None where that is not known;
    `told` is the provider's own account of it.
    """

    method: str = "GET"
    user_agent: str | None = ""  # None: not told
    headers: Mapping[str, str] = field(default_factory=dict)
    age: timedelta | None = None
    is_staff: bool = False
    told: Mapping = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """`key` is what an event keeps, `words` what people read."""

    key: str
    words: Promise
    fits: Callable[[Visit], bool]


def _said_by_provider(visit) -> bool:
    """Mailgun names the bot, SendGrid and SparkPost mark the prefetch, Brevo has words of its own for it."""
    told = visit.told
    data = told.get("event-data") or told
    client = data.get("client-info") if isinstance(data, Mapping) else None
    bot = client.get("bot") if isinstance(client, Mapping) else None
    marks = [told.get("sg_machine_open"), *_deep(told, "is_prefetched"), *_deep(told, "is_bot")]
    return bool(bot) or "proxy_open" in str(told.get("event", "")) or any(str(mark).lower() == "true" for mark in marks)


def _deep(told, name) -> list:
    """What stands under a name, at the top or inside of what is wrapped around it (SparkPost: msys, track_event)."""
    found, level = [], [told]
    for _depth in range(4):
        found += [each[name] for each in level if name in each]
        level = [value for each in level for value in each.values() if isinstance(value, Mapping)]
    return found


def _is_nameless(visit) -> bool:
    return visit.user_agent is not None and not visit.user_agent.strip()


def _says_no_more_than_mozilla(visit) -> bool:
    return (visit.user_agent or "").strip() == "Mozilla/5.0"


def _names(*lists) -> Callable[[Visit], bool]:
    return lambda visit: any(name in (visit.user_agent or "").lower() for names in lists for name in names)


RULES = (
    Rule("staff", _("our own people"), lambda visit: visit.is_staff),
    Rule("head", _("asked for the headers alone"), lambda visit: visit.method.upper() == "HEAD"),
    Rule(
        "prefetch",
        _("fetched ahead of a reader"),
        lambda visit: any(word in visit.headers.get(name, "").lower() for name in _PURPOSES for word in _AHEAD),
    ),
    Rule("provider", _("the provider says so"), _said_by_provider),
    Rule("nameless", _("does not say what it is"), _is_nameless),
    Rule("apple", _("a mail program that loads pictures ahead"), _says_no_more_than_mozilla),
    Rule("proxy", _("a proxy for pictures"), _names(PROXIES)),
    Rule("scanner", _("a scanner of links"), _names(SCANNERS)),
    Rule("preview", _("a preview of a link"), _names(PREVIEWS)),
    Rule("program", _("a program"), _names(PROGRAMS)),
    Rule("robot", _("calls itself a robot"), lambda visit: bool(_ROBOT.search((visit.user_agent or "").lower()))),
    Rule("too_soon", _("too soon for a reader"), lambda visit: visit.age is not None and visit.age < TOO_SOON),
)  # fmt: skip
WORDS = {rule.key: rule.words for rule in RULES}


def judge(visit: Visit) -> str:
    """The key of the first rule that fits; "" for a person."""
    return next((rule.key for rule in RULES if rule.fits(visit)), "")
