// Merge fields are put where one types, by a click or after a "{"; the email preview's frame gets its page. After app.js.
"use strict";
(() => {
  let last = null; // where somebody typed last
  on("focusin", e => {
    if (!e.target.matches("input, textarea")) return;
    last = e.target;
    const shown = last.lang && $("#mail-language"); // who writes in another language sees that one
    if (!shown || shown.value === last.lang) return;
    shown.value = last.lang;
    shown.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // The list is to be read; with this file each of its fields is a button.
  const offer = list => $$("dt > code", list).forEach(code => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn small" });
    button.setAttribute("aria-label", `${list.dataset.verb} ${code.textContent}`);
    button.dataset.insert = code.textContent;
    code.replaceWith(button);
    button.append(code);
  });
  // The texts a list is for: those of the same panel before those of the form or dialog, and these before any on the page.
  const texts = list => {
    for (const root of [list.closest("form .panel"), list.closest("form, dialog"), $("main")]) {
      const found = root ? $$(list.dataset.fields, root) : [];
      if (found.length) return found;
    }
    return [];
  };
  const insert = (field, text) => {
    if (document.execCommand("insertText", false, text)) return; // can be undone, and tells the page by itself
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  on("click", e => {
    const button = e.target.closest("[data-insert]"), found = button ? texts(button.closest("[data-fields]")) : [];
    if (!found.length) return;
    const known = found.includes(last), field = known ? last : found.at(-1);
    field.focus();
    if (!known) field.setSelectionRange(field.value.length, field.value.length);
    insert(field, button.dataset.insert);
  });

  // After a "{" the fields that begin so stand below the text: arrows choose, Enter or Tab takes, Escape goes on typing.
  let box = null, typing = null;
  const close = () => {
    box?.remove();
    for (const name of ["aria-controls", "aria-activedescendant"]) typing?.removeAttribute(name);
    box = typing = null;
  };
  const begun = field => field.selectionStart === field.selectionEnd
    ? /(?:^|[^{])(?:\{\{)*(\{(\w*))$/.exec(field.value.slice(0, field.selectionStart)) : null;
  const mark = option => {
    $$("[role=option]", box).forEach(each => each.setAttribute("aria-selected", String(each === option)));
    typing.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };
  const suggest = field => {
    close();
    const list = $$("[data-fields]").find(each => texts(each).includes(field)), found = list && begun(field);
    const fitting = found ? $$("[data-insert]", list).filter(each => each.dataset.insert.startsWith(found[1])) : [];
    if (!fitting.length) return;
    typing = field;
    box = Object.assign(document.createElement("div"), { className: "field-box", id: "field-box", role: "listbox", popover: "manual" });
    box.setAttribute("aria-label", list.dataset.verb);
    box.append(...fitting.map((each, place) => {
      const option = Object.assign(document.createElement("div"), { role: "option", id: `field-box-${place}` });
      option.dataset.take = each.dataset.insert;
      option.append(each.firstChild.cloneNode(true), ` ${each.closest("dt").nextElementSibling.textContent}`);
      return option;
    }));
    (field.closest("dialog, main") ?? document.body).append(box);
    box.showPopover();
    // Below the text, or where that is the end of the window above it: never over what is being typed.
    const place = field.getBoundingClientRect(), room = innerHeight - place.bottom - 8, below = room > Math.min(box.offsetHeight, 120);
    if (below) box.style.maxBlockSize = `${Math.min(room, box.offsetHeight)}px`;
    box.style.left = `${Math.max(4, Math.min(place.left, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${below ? place.bottom + 4 : Math.max(4, place.top - box.offsetHeight - 4)}px`;
    field.setAttribute("aria-controls", box.id);
    mark(box.firstChild);
  };
  const take = option => {
    const field = typing, text = option.dataset.take, end = field.selectionStart;
    field.setSelectionRange(end - begun(field)[1].length, end + Number(field.value[end] === "}"));
    close();
    insert(field, text);
  };
  on("input", e => { if (e.target.matches("input, textarea")) suggest(e.target); });
  on("focusout", close);
  on("scroll", e => { if (box && e.target !== box && e.target !== typing) close(); }, true);
  on("mousedown", e => { if (box?.contains(e.target)) e.preventDefault(); }, true); // the text keeps the focus
  on("click", e => {
    const option = e.target.closest("#field-box [data-take]");
    if (option) take(option);
  });
  on("keydown", e => {
    if (!box || e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return;
    const options = [...box.children], at = options.findIndex(each => each.ariaSelected === "true");
    const act = {
      ArrowDown: () => mark(options[(at + 1) % options.length]), ArrowUp: () => mark(options.at(at - 1)),
      Enter: () => take(options[at]), Tab: () => take(options[at]), Escape: close,
    }[e.key];
    if (!act) return;
    e.preventDefault();
    e.stopPropagation(); // nobody else moves, sends or closes anything by it
    act();
  }, true);

  const ready = () => {
    $$("[data-fields]").forEach(offer);
    // A frame just made is sent its page, which leaves no step for Back.
    $$("form[data-into]").forEach(form => { form.removeAttribute("data-into"); form.submit(); });
  };
  on("htmx:afterSwap", ready);
  ready();
})();
