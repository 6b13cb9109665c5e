"""What the figures were measured on."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def described() -> str:
    cpu = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or "unknown processor",
    )
    memory = next((int(line.split()[1]) // 2**20 for line in _lines("/proc/meminfo") if "MemTotal" in line), 0)
    return (
        f"{datetime.now(UTC):%d %b %Y}, {cpu}, {os.cpu_count()} cores, {memory} GB, "
        f"Python {platform.python_version()}, "
        f"{platform.system()} {platform.release()}. Load average when it began: {os.getloadavg()}."
    )


def _lines(path):
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
