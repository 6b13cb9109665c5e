// Ticks, Select All, and the bar that counts them and adds them up, each currency for itself. After app.js.
"use strict";
(() => {
  const boxes = form => $$("tbody .tick input:not(:disabled)", form);
  const figure = (minor, digits) => {
    const text = String(minor < 0n ? -minor : minor).padStart(digits + 1, "0"), cut = text.length - digits;
    return (minor < 0n ? "\u2212" : "") + new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: digits })
      .format(digits ? `${text.slice(0, cut)}.${text.slice(cut)}` : text);
  };
  const money = ([code, { minor, digits }]) => {
    const span = Object.assign(document.createElement("span"), { className: "money" });
    span.append(Object.assign(document.createElement("span"), { className: "cur", textContent: code }), `\u00a0${figure(minor, digits)}`);
    return span;
  };
  const kept = new WeakMap(); // what is ticked in a form, for a row that is drawn anew
  const recount = form => {
    const all = boxes(form), ticked = all.filter(box => box.checked), whole = ticked.length > 0 && ticked.length === all.length;
    const every = $("[data-every]", form), sums = new Map();
    if (every && !whole) every.checked = false; // all that match are meant only while all that are seen are ticked
    for (const { dataset: d } of ticked) if (d.minor)
      sums.set(d.currency, { minor: (sums.get(d.currency)?.minor ?? 0n) + BigInt(d.minor), digits: Number(d.digits) });
    for (const head of $$("[data-all]", form)) { head.checked = whole; head.indeterminate = ticked.length > 0 && !whole; }
    $$("[data-count]", form).forEach(place => { place.textContent = new Intl.NumberFormat(document.documentElement.lang).format(ticked.length); });
    $$("[data-sums]", form).forEach(place => place.replaceChildren(...[...sums].flatMap(each => [money(each), " "])));
    $$("[data-offer]", form).forEach(place => { place.hidden = !whole; });
    $$("[data-ticked]", form).forEach(place => { place.hidden = Boolean(every?.checked); });
    $$("[data-matching]", form).forEach(place => { place.hidden = !every?.checked; });
    kept.set(form, new Set(ticked.map(box => box.value)));
  };
  const tick = (form, sure) => { boxes(form).forEach(box => { box.checked = sure; }); recount(form); };

  on("change", e => {
    const form = e.target.closest("form[data-bulk]");
    if (!form) return;
    if (e.target.matches("[data-all]")) tick(form, e.target.checked);
    else recount(form);
    if (e.target.matches("[data-every]:checked")) htmx.trigger(e.target, "chosen");
  });
  on("click", e => {
    const clear = e.target.closest("[data-clear]");
    if (clear) { e.preventDefault(); tick(clear.closest("form"), false); }
  });
  const redraw = () => $$("form[data-bulk]").forEach(form => {
    boxes(form).forEach(box => { if (kept.get(form)?.has(box.value)) box.checked = true; });
    recount(form);
  });
  on("htmx:afterSwap", redraw);
  on("htmx:oobAfterSwap", redraw);
  redraw();
})();
