// The page works without this file; here is what makes it quicker to use.
"use strict";
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (type, act, capture) => document.addEventListener(type, act, capture);
const dialog = () => $("#dialog");
const isPost = form => form.matches("form") && (form.method === "post" || form.hasAttribute("hx-post"));

// Dialogs: whatever HTMX puts into #dialog opens; nothing in it closes it.
const dirty = root => $("form[data-guard]:is([data-dirty], :has([data-errors])):not([data-sent])", root);
const close = (box, sure) => box?.open && (sure || !dirty(box) || confirm(document.body.dataset.leave)) && box.close();
on("closeDialog", () => setTimeout(() => close(dialog(), true))); // after the swap, which would open it again
let opener = null;
on("close", e => {
  if (e.target !== dialog()) return;
  dialog().replaceChildren();
  const menu = opener?.closest("[popover]")?.id; // hidden by now, so its button gets the focus back
  if (document.activeElement === document.body) (menu ? $(`[popovertarget="${menu}"]`) : opener)?.focus();
}, true);
on("cancel", e => { if (e.target === dialog() && dirty(dialog()) && !confirm(document.body.dataset.leave)) e.preventDefault(); }, true);
const suggestions = () => $("#found:popover-open");
on("htmx:afterSwap", e => {
  const box = dialog(), { target, requestConfig } = e.detail, looked = requestConfig?.elt;
  if (looked?.id && looked.matches("[hx-trigger^=load]") && !$(`#${looked.id}[hx-trigger^=load]`)) htmx.trigger(document.body, "settled"); // no more to wait for
  if (target.id === "found") target.togglePopover(Boolean(target.firstElementChild));
  if (e.detail.target === box) {
    if (!box.firstElementChild) close(box, true);
    else if (!box.open) { opener = e.detail.requestConfig?.elt; box.showModal(); }
    $("[data-errors]", box)?.focus();
  }
  if (e.detail.target.matches?.("[data-refusal]")) $("[role=alert]", e.detail.target)?.focus();
  ready(document);
});

// Answers that are not the fragment asked for: a redirect (signed out, say) is followed by the whole window, a failure is said.
on("htmx:beforeSwap", e => {
  const { xhr, pathInfo, boosted } = e.detail;
  if (boosted || xhr.status >= 400 || !/^\s*<!doctype/i.test(xhr.responseText)) return;
  if (new URL(xhr.responseURL).pathname === new URL(pathInfo.requestPath, location.href).pathname) return;
  e.detail.shouldSwap = false;
  location.assign(xhr.responseURL);
});
const noAnswer = () => {
  $("[data-refusal]").replaceChildren($("#no-answer").content.cloneNode(true));
  $("[data-refusal] [role=alert]").focus();
};
on("htmx:sendError", noAnswer);
on("htmx:responseError", noAnswer);
// What is typed into a search is asked for as it is typed; leaving the box asks nothing more and closes no menu.
on("change", e => { if (e.target.matches(".filters [type=search]")) e.stopPropagation(); }, true);
on("htmx:configRequest", e => {
  if (!e.detail.elt.matches(".filters")) return;
  for (const [name, value] of [...e.detail.formData]) if (value === "") e.detail.formData.delete(name);
});

// A form is sent once. The buttons come back when the answer is here, or the page is shown again.
const hold = (form, sent) => {
  form.toggleAttribute("data-sent", sent);
  const buttons = [...form.elements].filter(each => each.type === "submit");
  for (const each of [form, ...buttons]) each[sent ? "setAttribute" : "removeAttribute"](each === form ? "aria-busy" : "aria-disabled", "true");
};
on("submit", e => { if (e.target.hasAttribute("data-sent")) { e.preventDefault(); e.stopImmediatePropagation(); } }, true);
on("submit", e => { if (isPost(e.target) && !e.defaultPrevented && e.submitter?.formMethod !== "dialog") hold(e.target, true); });
on("htmx:beforeRequest", e => { if (isPost(e.detail.elt)) hold(e.detail.elt, true); });
on("htmx:afterRequest", e => {
  if (!isPost(e.detail.elt)) return;
  hold(e.detail.elt, false);
  if (e.detail.successful) delete e.detail.elt.dataset.dirty;
});
addEventListener("pageshow", () => $$("form[data-sent]").forEach(form => hold(form, false)));

on("input", e => { const form = e.target.closest("form[data-guard]"); if (form) form.dataset.dirty = ""; });
addEventListener("beforeunload", e => { if (dirty(document)) e.preventDefault(); });

on("click", e => {
  const at = selector => e.target.closest(selector);
  if (e.target.matches("dialog.dialog")) close(e.target);
  else if (at("dialog [data-close]")) { e.preventDefault(); close(at("dialog")); }
  else if (at("[data-dismiss]")) at(".toast, [data-notice]").remove();
  else if (at("[data-print]")) print();
  else if (at("[data-shortcuts]")) $("#shortcuts").showModal();
  else if (at("[data-copy]")) navigator.clipboard?.writeText(at("[data-copy]").dataset.copy).then(() => at("[data-copy]").classList.add("done"));
});

// A click beside everything that can be clicked opens the row; text that is being selected stays selected.
on("click", e => {
  const link = $("th a", e.target.closest?.("[data-rows] tbody tr") ?? document.createElement("i"));
  if (!link || e.defaultPrevented || getSelection().toString() || e.target.closest("a, button, input, select, label, summary, [popover], .tick")) return;
  e.ctrlKey || e.metaKey || e.shiftKey ? open(link.href, "_blank", "noopener") : link.click();
});
on("focusin", e => { if (!e.target.closest("#found, .suggest")) suggestions()?.hidePopover(); });

// The arrow keys walk through an open menu, and from the search box through what it suggests.
on("keydown", e => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key], menu = step && $(".menu:popover-open");
  if (!menu) return;
  const stops = $$("a, button", menu).filter(each => each.checkVisibility());
  if (menu === suggestions()) stops.unshift($(".suggest input"));
  const at = stops.indexOf(document.activeElement);
  stops.at(at < 0 ? Math.min(step, 0) || 0 : (at + step) % stops.length)?.focus();
  e.preventDefault();
});

let going = 0; // when "g" was pressed: the next key says where to
on("keydown", e => {
  if (e.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]")) return;
  if (e.ctrlKey || e.metaKey || e.altKey || $("dialog[open], .menu:popover-open")) return;
  const place = Date.now() - going < 1500 && $(`[data-go="${CSS.escape(e.key)}"]`);
  going = e.key === "g" ? Date.now() : 0;
  if (place) { e.preventDefault(); place.click(); return; }
  const rows = $$("[data-rows] tbody tr:has(th a)"), row = document.activeElement.closest("[data-rows] tbody tr");
  const go = step => $("th a", rows[row ? Math.min(Math.max(rows.indexOf(row) + step, 0), rows.length - 1) : 0])?.focus();
  const act = {
    "/": () => { const side = $("#side"); if (!side.checkVisibility()) side.showPopover(); $("input[type=search]", side).select(); },
    "?": () => $("#shortcuts")?.showModal(),
    j: () => rows.length && go(1), k: () => rows.length && go(-1),
    x: () => row && $(".tick input", row)?.click(), e: () => $("[data-edit]", row ?? $(".head") ?? document)?.click(),
    o: () => row && $("th a", row).click(), Escape: () => document.activeElement.blur(),
  }[e.key];
  if (act) { e.preventDefault(); act(); }
});

// A plain field of addresses between commas becomes chips; the field itself, now hidden, is what is sent.
const pick = field => {
  const box = Object.assign(document.createElement("div"), { className: "pick" }), entry = field.cloneNode();
  const split = text => text.split(/[\s,;]+/).filter(Boolean);
  const save = list => { field.value = [...new Set(list)].join(", "); draw(); field.dispatchEvent(new Event("input", { bubbles: true })); };
  const draw = () => {
    $$(".chip", box).forEach(chip => chip.remove());
    entry.before(...split(field.value).map(address => {
      const chip = $("#chip").content.firstElementChild.cloneNode(true), button = $("button", chip);
      $("span", chip).textContent = address;
      chip.classList.toggle("bad", !/^[^@]+@[^@]+\.[^@]+$/.test(address));
      button.setAttribute("aria-label", `${button.ariaLabel} ${address}`);
      button.addEventListener("click", () => { save(split(field.value).filter(other => other !== address)); entry.focus(); });
      return chip;
    }));
  };
  const take = () => { if (split(entry.value).length) { save([...split(field.value), ...split(entry.value)]); entry.value = ""; } };
  entry.removeAttribute("name"); entry.removeAttribute("data-pick"); entry.removeAttribute("required"); entry.value = "";
  field.type = "hidden"; field.removeAttribute("id"); field.dataset.pick = "done";
  box.toggleAttribute("data-invalid", field.getAttribute("aria-invalid") === "true");
  field.after(box); box.append(entry); draw();
  entry.addEventListener("blur", take);
  entry.addEventListener("input", e => { if (/[,;\s]$/.test(entry.value) || e.inputType === "insertReplacementText") take(); });
  entry.addEventListener("keydown", e => {
    if (e.key === "Enter" && entry.value.trim()) { e.preventDefault(); take(); }
    if (e.key === "Backspace" && !entry.value) save(split(field.value).slice(0, -1));
  });
};

const ready = root => {
  $$("input[data-pick]:not([data-pick=done], [disabled])", root).forEach(pick);
  $$(".toast:not(.bad, .warn, [data-timed])", root).forEach(toast => { toast.dataset.timed = ""; setTimeout(() => toast.remove(), 8000); });
};
ready(document);

// What Back brings again is the form that was sent, also where the browser asked for the page anew.
const once = $("main input[name=once]");
if (once && history.state?.once) once.value = history.state.once;
else if (once) history.replaceState({ ...history.state, once: once.value }, "");
