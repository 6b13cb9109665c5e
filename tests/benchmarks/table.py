"""The figures as Markdown, written between the markers of docs/performance.md."""

from pathlib import Path

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def write(found: dict, target: Path) -> None:
    """Replace what stands between the markers; a file without them gets both at its end."""
    text = target.read_text() if target.exists() else f"{BEGIN}\n{END}\n"
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    target.write_text(f"{before}{BEGIN}\n{rendered(found)}\n{END}{after}")


def rendered(found: dict) -> str:
    parts = [f"{found['machine']} CPU milliseconds, median of {found['said']['BENCH_ROUNDS']} rounds in turn."]
    sizes = {"PostgreSQL": found["said"]["BENCH_INVOICES"], "SQLite": found["said"]["BENCH_SQLITE"]}
    work = _work(found)
    if work:
        parts.append(_table(["work", "bare loop", "Dunlin", "ratio", "target"], work))
    for vendor, large in sizes.items():
        pages = found.get(vendor, {}).get("pages")
        if pages:
            small, large = (f"{int(number):,}" for number in (found["said"]["BENCH_SMALL"], large))
            head = [f"page on {vendor}", small, large, "ratio", "queries"]
            parts.append(_table(head, [_page(name, figures) for name, figures in pages.items()]))
    return "\n\n".join(parts)


def _work(found):
    rows = []
    for vendor in ("PostgreSQL", "SQLite"):
        for size, figures in found.get(vendor, {}).get("opening", {}).items():
            for way, words in (("single", "open one by one"), ("group", "open in groups of 20")):
                rows.append([f"{words}, {vendor}, {size} ledger", *_ratio(*figures[way]), "≤ 3"])
    for lines in ("5", "50", "500"):
        if "paper" in found:
            rows.append([f"PDF of {lines} lines", *_ratio(*found["paper"][lines]), "≤ 1.1"])
    if "paper" in found:
        first, warm = found["paper"]["first"]
        rows.append(["PDF: a warmed worker's first, against the same again", *_ratio(warm, first), "≤ 1.5"])
    if "sending" in found:
        bare, ours, building = found["sending"]["mail"]
        rows.append([f"send, PDF stored (building the message alone: {building:.1f})", *_ratio(bare, ours), ""])
    rows += _tracking(found.get("tracking"))
    return [*rows, *_batches(found.get("batches")), *_workers(found.get("workers")), *_due(found.get("scheduling"))]


def _due(found):
    if not found:
        return []
    small, large = found["sizes"]
    words = f"what is due found among {large:,} scheduled, against {small:,}"
    return [[words, *_ratio(found["small"], found["large"]), "flat"]]


def _tracking(found):
    if not found:
        return []
    bare, ours = found["webhook"]
    a_second = f"{1000 / ours:.0f}" if ours else "many"
    return [
        [f"webhook event taken in, against bare rows ({a_second} a second of CPU)", *_ratio(bare, ours), ""],
        [f"the page of a send with {found['events']:,} events, against 50", *_ratio(*found["page"]), "≤ 1.1"],
    ]


def _batches(found):
    """What an invoice costs in an operation, against the parts it is made of and against a smaller operation."""
    if not found:
        return []
    small, large, sent_small, sent_large = found["sizes"]
    parts = found["open alone"] + found["PDF alone"] + found["mail alone"]
    memory = found["memory"]
    sent = found["open and send, small"], found["open and send, large"]
    held = memory["open and send, small"], memory["open and send, large"]
    return [
        [f"batch of {small:,} opened, against groups alone", *_ratio(found["open alone"], found["open, small"]), ""],
        [f"batch of {sent_small:,} opened and sent, against its parts alone", *_ratio(parts, sent[0]), "≤ 1.3"],
        [f"{large:,} opened, against {small:,}", *_ratio(found["open, small"], found["open, large"]), "≤ 1.1"],
        [f"{sent_large:,} opened and sent, against {sent_small:,}", *_ratio(*sent), "≤ 1.1"],
        [f"memory of the worker in MB, {sent_large:,} against {sent_small:,}", *_ratio(*held), "flat"],
    ]


def _workers(found):
    if not found:
        return []
    (one_page, two_pages), (one, two) = found["renderer"], found["batch"]
    gains = one_page / two_pages, one / two
    return [
        ["gain of a second worker (wall time), against that of a second bare renderer", *_ratio(*gains), "≥ 0.9"],
        ["click to first mail handed over, idle, ms of wall time", "", f"{found['click']:.0f}", "", "≤ 500"],
    ]


def _ratio(bare, ours):
    return [f"{bare:.2f}", f"{ours:.2f}", f"{ours / bare:.2f}" if bare else ""]


def _page(name, figures):
    if figures["status"] != 200:
        return [name, "", "", "", f"answered {figures['status']}"]
    ratio = figures["large"] / figures["small"]
    shown = f"**{ratio:.2f}**" if ratio > 1.5 else f"{ratio:.2f}"
    return [name, f"{figures['small']:.1f}", f"{figures['large']:.1f}", shown, str(figures["queries"])]


def _table(head, rows) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
