"""What six mail providers post when something happens to a mail, in the shapes that anymail documents.

`POSTS[provider](kind, delivery, at)` gives the path, the body as JSON and further headers; kinds: delivered, hard,
soft, complained, opened, clicked.
"""

import hashlib
import hmac
import json

READER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
SIGNING_KEY = "mailgun-signing-key"


def _ours(delivery) -> dict:
    return {"delivery": str(delivery.public_id)}


def postmark(kind, delivery, at):
    moment = at.isoformat().replace("+00:00", "Z")
    common = {"MessageID": delivery.provider_id or "883953f4", "Metadata": _ours(delivery), "MessageStream": "outbound"}
    bounce = {
        **common,
        "RecordType": "Bounce",
        "ID": int(at.timestamp()),
        "Email": delivery.recipient,
        "BouncedAt": moment,
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "smtp;550 5.1.1 no such user",
        "DumpAvailable": True,
    }
    seen = {**common, "Recipient": delivery.recipient, "ReceivedAt": moment, "UserAgent": READER, "Platform": "Desktop"}
    bodies = {
        "delivered": {**common, "RecordType": "Delivery", "Recipient": delivery.recipient, "DeliveredAt": moment},
        "hard": {**bounce, "Type": "HardBounce", "TypeCode": 1},
        "soft": {**bounce, "Type": "SoftBounce", "TypeCode": 4096},
        "complained": {**bounce, "RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 512},
        "opened": {**seen, "RecordType": "Open", "FirstOpen": True, "Geo": {"IP": "198.51.100.7", "City": "Hamburg"}},
        "clicked": {**seen, "RecordType": "Click", "ClickLocation": "HTML", "OriginalLink": "https://dunlin.example/"},
    }
    return "postmark", bodies[kind], {}


def mailgun(kind, delivery, at):
    stamp = f"{at.timestamp():.0f}"
    token = hashlib.sha256(f"{kind}{delivery.pk}{stamp}".encode()).hexdigest()[:50]
    signature = hmac.new(SIGNING_KEY.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    client = {"client-info": {"user-agent": READER, "client-type": "browser", "bot": ""}, "ip": "198.51.100.7"}
    refused = {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "delivery-status": {"code": 550, "message": "5.1.1 no such user", "description": ""},
    }
    words = {
        "delivered": {"event": "delivered", "delivery-status": {"code": 250, "message": "OK", "description": ""}},
        "hard": refused,
        "soft": {**refused, "severity": "temporary"},
        "complained": {"event": "complained"},
        "opened": {"event": "opened", **client},
        "clicked": {"event": "clicked", "url": "https://dunlin.example/", **client},
    }
    data = {
        "id": token[:20],
        "timestamp": at.timestamp(),
        "recipient": delivery.recipient,
        "message": {"headers": {"message-id": delivery.message_id.strip("<>"), "to": delivery.recipient}},
        "user-variables": _ours(delivery),
        **words[kind],
    }
    return (
        "mailgun",
        {"signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": data},
        {},
    )


def brevo(kind, delivery, at):
    names = {"hard": "hard_bounce", "soft": "soft_bounce", "complained": "spam", "clicked": "click"}
    body = {
        "event": names.get(kind, kind),
        "email": delivery.recipient,
        "id": 26224,
        "date": at.strftime("%Y-%m-%d %H:%M:%S"),
        "ts_epoch": int(at.timestamp() * 1000),
        "message-id": delivery.provider_id or "<202611250000.1@smtp-relay.mailin.fr>",
        "X-Mailin-custom": json.dumps(_ours(delivery)),
        "sending_ip": "198.51.100.8",
        "subject": "Invoice",
    }
    if kind in ("hard", "soft"):
        body["reason"] = "550 5.1.1 no such user"
    return "brevo", body, {}


def mailjet(kind, delivery, at):
    words = {
        "delivered": {"event": "sent", "smtp_reply": "sent (250 2.0.0 OK)"},
        "hard": {"event": "bounce", "hard_bounce": True, "blocked": False, "error": "user unknown"},
        "soft": {"event": "bounce", "hard_bounce": False, "blocked": False, "error": "mailbox full"},
        "complained": {"event": "spam", "source": "JMRPP"},
        "opened": {"event": "open", "ip": "198.51.100.7", "geo": "DE", "agent": READER},
        "clicked": {"event": "click", "url": "https://dunlin.example/", "ip": "198.51.100.7", "agent": READER},
    }
    body = {
        **words[kind],
        "time": int(at.timestamp()),
        "MessageID": int(delivery.provider_id or 12345678901234567),
        "email": delivery.recipient,
        "mj_campaign_id": 0,
        "CustomID": "",
        "Payload": json.dumps(_ours(delivery)),
    }
    return "mailjet", [body], {}


def resend(kind, delivery, at):
    names = {"hard": "bounced", "soft": "bounced"}
    data = {
        "created_at": "2026-11-20T08:00:00.000Z",
        "email_id": delivery.provider_id or "56761188-7520-42d8-8898-ff6fc54ce618",
        "from": "Kelpworks <invoices@kelpworks.example>",
        "to": [delivery.recipient],
        "subject": "Invoice",
        "headers": [{"name": "X-Metadata", "value": json.dumps(_ours(delivery))}],
    }
    if kind in ("hard", "soft"):
        lasting = kind == "hard"
        data["bounce"] = {
            "type": "Permanent" if lasting else "Transient",
            "message": "The recipient's email provider sent a hard bounce message."
            if lasting
            else "The inbox was full.",
        }
    if kind == "clicked":
        data["click"] = {"ipAddress": "198.51.100.7", "link": "https://dunlin.example/", "userAgent": READER}
    body = {"type": f"email.{names.get(kind, kind)}", "created_at": at.isoformat(), "data": data}
    return "resend", body, {"svix-id": hashlib.sha256(f"{kind}{delivery.pk}{at}".encode()).hexdigest()[:24]}


def sparkpost(kind, delivery, at):
    seen = {"user_agent": READER, "ip_address": "198.51.100.7", "geo_ip": {"country": "DE", "city": "Hamburg"}}
    refused = {
        "type": "bounce",
        "raw_reason": "550 5.1.1 no such user",
        "reason": "550 no such user",
        "error_code": "550",
    }
    wrapped = {
        "delivered": ("message_event", {"type": "delivery"}),
        "hard": ("message_event", {**refused, "bounce_class": "10"}),
        "soft": ("message_event", {**refused, "bounce_class": "22"}),
        "complained": ("message_event", {"type": "spam_complaint", "fbtype": "abuse"}),
        "opened": ("track_event", {"type": "open", "is_prefetched": False, **seen}),
        "clicked": ("track_event", {"type": "click", "target_link_url": "https://dunlin.example/", **seen}),
    }
    name, event = wrapped[kind]
    event |= {
        "event_id": hashlib.sha256(f"{kind}{delivery.pk}{at}".encode()).hexdigest()[:20],
        "timestamp": f"{at.timestamp():.0f}",
        "transmission_id": delivery.provider_id or "65832150921904138",
        "raw_rcpt_to": delivery.recipient,
        "rcpt_meta": _ours(delivery),
    }
    return "sparkpost", [{"msys": {name: event}}], {}


POSTS = {each.__name__: each for each in (postmark, mailgun, brevo, mailjet, resend, sparkpost)}
