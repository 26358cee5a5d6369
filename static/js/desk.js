// The desk by keyboard. Every key only moves the focus or follows a link; nothing is decided by one key alone.
"use strict";

(() => {
  const desk = document.querySelector("[data-desk]");
  if (!desk) return;
  const STORED = "desk-keys";
  const box = desk.querySelector("[data-desk-keys]");
  let on = true;
  try { on = localStorage.getItem(STORED) !== "off"; } catch { /* no storage: the keys stay on */ }
  if (box) {
    box.disabled = false;
    box.checked = on;
    box.addEventListener("change", () => {
      on = box.checked;
      try { localStorage.setItem(STORED, on ? "on" : "off"); } catch { /* for this page only */ }
    });
  }

  const links = () => [...desk.querySelectorAll("[data-desk-open]")];
  const move = (step) => {
    const all = links();
    if (!all.length) return;
    const line = document.activeElement.closest("[data-desk-line]");
    const at = line ? all.findIndex((link) => line.contains(link)) : -1;
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
    all[next].focus();
  };
  const focus = (selector) => {
    const found = desk.querySelector(selector);
    if (found) { found.focus(); found.scrollIntoView({ block: "center" }); }
    return Boolean(found);
  };
  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    a: () => focus("[data-desk-approve]"),
    r: () => focus("[data-desk-reject]"),
    u: () => desk.querySelector("[data-desk-back]")?.click(),
    x: () => {
      const line = document.activeElement.closest("[data-desk-line]");
      const tick = line?.querySelector("input[type=checkbox]");
      if (tick) tick.checked = !tick.checked;
    },
  };

  document.addEventListener("keydown", (event) => {
    if (!on || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    // A page may name the key of any of its elements itself.
    const named = /^[a-z/]$/.test(event.key) && focus(`[data-desk-key="${event.key}"]`);
    if (named) { event.preventDefault(); return; }
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
