// The line editor: Enter goes down and adds a line at the end, the arrow keys move between lines.
"use strict";
(() => {
  const rows = () => [...document.querySelectorAll("[data-line]")];
  const column = field => field.name.replace(/^lines-\d+-/, "");
  const go = (field, step) => {
    const all = rows(), to = all[all.indexOf(field.closest("[data-line]")) + step];
    const found = to && [...to.querySelectorAll("input, select")].find(each => column(each) === column(field));
    found?.focus();
    found?.select?.();
    return Boolean(found);
  };
  document.addEventListener("keydown", e => {
    const field = e.target.closest?.("[data-line] :is(input, select)");
    if (!field || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    if (e.key === "Enter") {
      e.preventDefault();
      if (!go(field, e.shiftKey ? -1 : 1) && !e.shiftKey) document.querySelector("[data-add-line]").click();
    } else if ((e.key === "ArrowDown" || e.key === "ArrowUp") && field.type === "text") {
      if (go(field, e.key === "ArrowDown" ? 1 : -1)) e.preventDefault();
    }
  });
  // A row just added is where one goes on; after one was taken away, the last that is left.
  document.addEventListener("htmx:afterSettle", e => {
    const fresh = document.querySelector("[data-line][data-fresh]");
    if (fresh) {
      fresh.removeAttribute("data-fresh");
      fresh.querySelector("input").focus();
    } else if (e.detail.target.id === "lines" && document.activeElement === document.body) {
      rows().at(-1)?.querySelector("input").focus();
    }
  });
})();
