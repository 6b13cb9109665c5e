"""Log lines with the request's id; JSON, UTC in production."""

import json
import logging
import re
from datetime import UTC, datetime

from .context_vars import request_id


class RequestIdFilter(logging.Filter):
    def filter(self, record):
        record.request_id = request_id.get() or "-"
        return True


class TokenFilter(logging.Filter):
    """Takes the secret part of mailed links out of what is logged: whoever has it gets in."""

    SECRET = re.compile(r"""(/i/|/invitation/|/reset/key/)[^\s/?#"']{20,}""")

    def filter(self, record):
        text = record.getMessage()
        if self.SECRET.search(text):
            record.msg, record.args = self.SECRET.sub(r"\1…", text), ()
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record):
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
