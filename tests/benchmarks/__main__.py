"""`make bench`: makes its databases, measures every part in turn, writes docs/performance.md, drops its databases.

Environment (defaults): BENCH_INVOICES=1000000 on PostgreSQL, BENCH_SQLITE=100000, BENCH_SMALL=10000 on both,
BENCH_POSTGRES=postgres://postgres@127.0.0.1:5432 (empty: SQLite only), BENCH_ROUNDS=3, BENCH_REQUESTS=5 a page and
round, BENCH_SINGLES, BENCH_GROUPS, BENCH_MAILS, BENCH_BATCH and BENCH_BATCH_LARGE invoices opened in a batch,
BENCH_SENT and BENCH_SENT_LARGE opened and sent, BENCH_EVENTS of a mail, BENCH_SCHEDULED_SMALL=1000 and
BENCH_SCHEDULED=100000 emails scheduled,
BENCH_PARTS=opening,paper,sending,tracking,pages,batches,workers,scheduling.
BENCH_READY_SMALL and BENCH_READY_LARGE name PostgreSQL databases that are loaded already; these are kept.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from .machine import described
from .table import write

HOUSE = Path(__file__).parents[2]
DEFAULTS = {
    "BENCH_INVOICES": "1000000", "BENCH_SQLITE": "100000", "BENCH_SMALL": "10000", "BENCH_ROUNDS": "3",
    "BENCH_REQUESTS": "5", "BENCH_SINGLES": "40", "BENCH_GROUPS": "5", "BENCH_MAILS": "20",
    "BENCH_POSTGRES": "postgres://postgres@127.0.0.1:5432",
    "BENCH_PARTS": "opening,paper,sending,tracking,pages,batches,workers,scheduling", "BENCH_EVENTS": "1000",
    "BENCH_BATCH": "1000", "BENCH_BATCH_LARGE": "10000", "BENCH_SENT": "200", "BENCH_SENT_LARGE": "1000",
    "BENCH_SCHEDULED_SMALL": "1000", "BENCH_SCHEDULED": "100000",
}  # fmt: skip


class Bench:
    def __init__(self, room: Path):
        self.room, self.said = room, {**DEFAULTS, **{k: v for k, v in os.environ.items() if k.startswith("BENCH_")}}
        self.made: list[str] = []
        self.parts = self.said["BENCH_PARTS"].split(",")
        self.rounds = int(self.said["BENCH_ROUNDS"])

    def run(self) -> dict:
        """{part: figures}; databases are called small and large of each vendor."""
        begun = described()
        bases = self._bases()
        found: dict = {"machine": begun, "said": self.said}
        for name, urls in bases.items():
            figures = found[name] = {}
            if "opening" in self.parts:
                figures["opening"] = {size: self._ask("opening", url) for size, url in urls.items()}
            if "pages" in self.parts:
                figures["pages"] = self._pages(urls)
        first = next(iter(bases.values()))["small"]
        for part in ("paper", "sending", "tracking", "batches", "workers", "scheduling"):
            if part in self.parts:
                found[part] = self._ask(part, first)
        found["machine"] += f" Load average (1, 5, 15 min) at the end: {os.getloadavg()}"
        return found

    def _bases(self) -> dict[str, dict[str, str]]:
        """{vendor: {"small": url, "large": url}}, loaded."""
        small, found = self.said["BENCH_SMALL"], {}
        if server := self.said["BENCH_POSTGRES"]:
            sizes = {"small": small, "large": self.said["BENCH_INVOICES"]}
            found["PostgreSQL"] = {
                size: self.said.get(f"BENCH_READY_{size.upper()}") or self._postgres(server, count)
                for size, count in sizes.items()
            }
        if int(self.said["BENCH_SQLITE"]):
            sizes = {"small": small, "large": self.said["BENCH_SQLITE"]}
            found["SQLite"] = {
                size: self._loaded(f"sqlite:///{self.room}/{size}.sqlite3", count) for size, count in sizes.items()
            }
        return found

    def _postgres(self, server, count) -> str:
        import psycopg

        name = f"dunlin_bench_{os.getpid()}_{count}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        self.made.append(name)
        return self._loaded(f"{server}/{name}", count)

    def _loaded(self, url, count) -> str:
        self._manage(url, "migrate", "-v0")
        self._manage(url, "make_load", "--invoices", count, "-v0")
        return url

    def drop(self):
        import psycopg

        for name in self.made:
            with psycopg.connect(f"{self.said['BENCH_POSTGRES']}/postgres", autocommit=True) as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _pages(self, urls) -> dict:
        """{page: {"small": ms, "large": ms, "queries": n}}: small, large, small, large; the median of the rounds."""
        rounds = [{size: self._ask("pages", url) for size, url in urls.items()} for _ in range(self.rounds)]
        sizes = list(urls)
        pages = rounds[0][sizes[0]]
        return {
            page: {
                **{size: median(each[size][page][0] for each in rounds) for size in sizes},
                "queries": rounds[0][sizes[-1]][page][1],
                "status": rounds[0][sizes[-1]][page][2],
            }
            for page in pages
        }

    def _ask(self, part, url) -> dict:
        return json.loads(self._python(url, "-m", f"tests.benchmarks.{part}"))

    def _manage(self, url, *words):
        self._python(url, "manage.py", *words)

    def _python(self, url, *words) -> str:
        environment = {
            **os.environ,
            **self.said,
            "DUNLIN_ENV_FILE": os.devnull,
            "DUNLIN_MODE": "demo",
            "SECRET_KEY": "benchmarks-only-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789",
            "DUNLIN_VAR": str(self.room),
            "DUNLIN_MEDIA": str(self.room / "media"),
            "DATABASE_URL": url,
            "DEBUG": "",
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
        }
        done = subprocess.run(
            [sys.executable, *words], cwd=HOUSE, env=environment, stdout=subprocess.PIPE, check=True, text=True
        )
        return done.stdout


def main():
    with tempfile.TemporaryDirectory(prefix="dunlin-bench-") as room:
        bench = Bench(Path(room))
        try:
            found = bench.run()
        finally:
            bench.drop()
    target = Path(os.environ.get("BENCH_REPORT", HOUSE / "docs" / "performance.md"))
    write(found, target)
    sys.stdout.write(f"The table stands in {target}.\n")


if __name__ == "__main__":
    main()
