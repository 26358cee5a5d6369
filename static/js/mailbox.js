// Keeping order: selecting, filing at once with a way back, menus, dragging onto folders. Everything is a form without it.
"use strict";

window.mailbox = (() => {
  const { $, token, thread, wide, listPane, markCurrent, openThread, showList } = window.messageCenter;
  const words = $("#toast").dataset;
  const rows = () => [...document.querySelectorAll("#rows > .row:not(.row-leaving)")];
  const idOf = (row) => row.id.slice(4);
  const rowOf = (id) => document.getElementById(`row-${id}`);
  const mayFile = () => Boolean($("#filing"));
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  /* --- the toast ------------------------------------------------------------------------------------------------ */
  const toast = $("#toast");
  let timer = 0;
  let undoUrl = "";
  function say(text, { undo = "", stays = false } = {}) {
    clearTimeout(timer);
    undoUrl = undo;
    const parts = [Object.assign(document.createElement("span"), { className: "toast-text", textContent: text })];
    if (undo) parts.push(button(words.undo, undoLast));
    const close = button("×", hush);
    close.classList.add("toast-close");
    close.setAttribute("aria-label", words.close);
    parts.push(close);
    toast.replaceChildren(...parts);
    if (!stays) wait();
  }
  function button(text, act) {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: text });
    made.addEventListener("click", act);
    return made;
  }
  function wait() { clearTimeout(timer); timer = setTimeout(hush, 10000); }
  function hush() {
    if (toast.contains(document.activeElement)) (thread() ? $("#thread-heading") : $("#list-heading"))?.focus({ preventScroll: true });
    toast.replaceChildren();
    undoUrl = "";
  }
  // Who points at it or has its button in focus is not hurried.
  for (const type of ["pointerenter", "focusin"]) toast.addEventListener(type, () => clearTimeout(timer));
  for (const type of ["pointerleave", "focusout"]) toast.addEventListener(type, () => { if (toast.firstChild) wait(); });

  /* --- asking the server ---------------------------------------------------------------------------------------- */
  async function post(url, body) {
    const headers = { "X-CSRFToken": token(), Accept: "application/json" };
    let answer;
    try {
      answer = await fetch(url, { method: "POST", headers, body });
    } catch { throw new Error(navigator.onLine ? words.failed : words.offline); }
    if (answer.status === 401 || answer.redirected) throw new Error(words.signedOut);
    let said = {};
    try { said = await answer.json(); } catch { /* a page, not an answer of ours */ }
    if (!answer.ok) throw new Error(said.sentence || words.failed);
    return said;
  }
  const changed = (detail) => document.dispatchEvent(new CustomEvent("mailbox:change", { detail }));

  document.addEventListener("page:failed", () => say(navigator.onLine ? words.unreachable : words.offline));

  async function undoLast() {
    const url = undoUrl;
    if (!url) return;
    hush();
    try {
      await post(url, new URLSearchParams());
      say(words.undone);
    } catch (error) { say(error.message); }
    changed({ list: true, threads: thread() ? [thread().dataset.thread] : [] });
  }
  async function follow(url, sentence, undo) {
    try {
      const { done, total, state } = await (await fetch(url, { headers: { Accept: "application/json" } })).json();
      const goesOn = done < total && !["done", "failed", "undone"].includes(state);
      say(`${sentence} ${fill(words.progress, { done, total })}`, { undo, stays: goesOn });
      if (goesOn) setTimeout(() => follow(url, sentence, undo), 1000);
      else changed({ list: true, threads: [] });
    } catch { changed({ list: true, threads: [] }); }
  }

  /* --- filing --------------------------------------------------------------------------------------------------- */
  // Whether what is filed leaves the list that is shown; the server has the last word when the row is looked up again.
  function leaves(verb, value) {
    const { box, query } = listPane()?.dataset ?? {};
    const asked = new URLSearchParams(query);
    const folder = asked.get("folder");
    const everywhere = ["needs_reply", "starred", "sent", "received", "held", "all"].includes(box) && !folder;
    switch (verb) {
      case "archive": return folder || !(everywhere || box === "archive");
      case "trash": return folder || !["trash", "needs_reply", "held"].includes(box);
      case "inbox": return folder || ["archive", "trash"].includes(box);
      case "move": return folder ? folder !== value : ["inbox", "archive", "trash"].includes(box) && Boolean(value);
      case "read": return box === "unread";
      case "unstar": return box === "starred";
      case "no_response": return box === "needs_reply";
      case "unlabel": return asked.get("label") === value;
      default: return false;
    }
  }
  const leaving = new Set(); // being filed out of this list: gone for the eye, not yet for the server
  const GOES_AWAY = new Set(["archive", "trash", "move", "inbox"]);

  function neighbour(id) {
    const all = rows();
    const at = all.findIndex((row) => idOf(row) === id);
    return at < 0 ? null : all[at + 1] ?? all[at - 1] ?? null;
  }

  async function file(action, target) {
    const [verb] = action.split(":", 1);
    const value = action.slice(verb.length + 1);
    if (!mayFile() || (!target.all && !target.ids.length)) return;
    const open = thread()?.dataset.thread;
    const isOpen = open && (target.all || target.ids.includes(open));
    const shown = target.all ? rows() : target.ids.map(rowOf).filter(Boolean);
    const gone = leaves(verb, value) ? shown : [];
    const goneIds = gone.map(idOf);
    const hadFocus = gone.some((row) => row.contains(document.activeElement));
    const after = gone.length ? nextOf(gone) : null;
    const next = isOpen && GOES_AWAY.has(verb) ? neighbour(open) : null;
    hideTools();
    for (const row of gone) row.classList.add("row-leaving");
    for (const id of goneIds) leaving.add(id);
    if (verb === "star" || verb === "unstar") for (const row of shown) showStar(row, verb === "star");
    if (verb === "read" || verb === "unread") for (const row of shown) row.classList.toggle("row-unread", verb === "unread");
    select([]);
    if (isOpen && GOES_AWAY.has(verb)) {
      if (next && !next.classList.contains("row-leaving")) openThread(next.querySelector(".row-link").getAttribute("href"), { how: "replace", focus: true });
      else if (listPane()) showList({ push: true });
    } else if (isOpen && verb === "unread" && listPane()) showList({ push: true });
    else if (hadFocus) (after?.querySelector(".row-link") ?? $("#list-heading"))?.focus({ preventScroll: true });
    const body = new URLSearchParams({ verb, value });
    if (target.all) { body.set("all", "1"); body.set("query", listPane().dataset.query); }
    else for (const id of target.ids) body.append("thread", id);
    try {
      const { sentence, undo, progress } = await post($("#filing").getAttribute("action"), body);
      for (const id of goneIds) rowOf(id)?.remove(); // the list may have put another row in its place
      say(sentence, { undo });
      if (progress) follow(progress, sentence, undo);
      if (isOpen && !listPane() && GOES_AWAY.has(verb)) location.assign($(".thread-back").href);
    } catch (error) {
      for (const id of goneIds) rowOf(id)?.classList.remove("row-leaving");
      say(error.message);
    }
    for (const id of goneIds) leaving.delete(id);
    changed({ list: Boolean(target.all), threads: target.all ? [] : target.ids.filter((id) => !goneIds.includes(id)), gone: goneIds });
  }
  function nextOf(gone) {
    const all = rows();
    const last = all.indexOf(gone[gone.length - 1]);
    return all.slice(last + 1).find((row) => !gone.includes(row)) ?? all.slice(0, last).reverse().find((row) => !gone.includes(row));
  }
  function showStar(row, isOn) {
    const star = row.querySelector(".row-star");
    row.classList.toggle("row-starred", isOn);
    star?.setAttribute("aria-pressed", String(isOn));
    star?.setAttribute("form", isOn ? "unstar" : "star");
    const use = star?.querySelector("use");
    use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, isOn ? "#star-full" : "#star"));
  }

  /* --- whom an action is meant for ------------------------------------------------------------------------------ */
  const ticked = () => [...document.querySelectorAll("#rows .row-pick:checked")].map((box) => box.value);
  const theThread = () => (thread() ? { ids: [thread().dataset.thread] } : { ids: [] });
  function selected() { return $("#select-match")?.checked ? { all: true, ids: ticked() } : { ids: ticked() }; }
  // By keyboard: what is ticked, else the row that has the focus, else the open thread.
  function meant() {
    if (ticked().length) return selected();
    const row = document.activeElement?.closest?.("#rows > .row");
    return row ? { ids: [idOf(row)] } : theThread();
  }
  let asked = null; // whom the open menu is for
  function targetOf(element) {
    const row = element.closest("#rows > .row");
    if (row) return { ids: [idOf(row)] };
    if (element.closest("[data-picker]")) return asked ?? meant();
    if (element.closest("[data-thread-verb]")) return theThread();
    return element.closest("#selection") ? selected() : meant();
  }

  document.addEventListener("submit", (event) => {
    if (!["filing", "star", "unstar"].includes(event.target.id)) return;
    event.preventDefault();
    const by = event.submitter;
    if (!by) return;
    const action = event.target.id === "filing" ? by.value : event.target.id;
    const target = targetOf(by);
    by.closest("[popover]")?.hidePopover();
    const menu = by.closest("details.menu");
    if (menu) menu.open = false;
    file(action, target);
  });

  /* --- selecting ------------------------------------------------------------------------------------------------ */
  let isSelecting = false;
  let lastTicked = null;
  function select(ids) {
    for (const box of document.querySelectorAll("#rows .row-pick")) box.checked = ids.includes(box.value);
    isSelecting = false;
    showSelection();
  }
  function showSelection() {
    const list = listPane();
    if (!list || !$("#selection")) return;
    const count = ticked().length;
    const boxes = [...document.querySelectorAll("#rows .row-pick")];
    const isFull = count > 0 && count === boxes.length;
    list.classList.toggle("list-selecting", isSelecting || count > 0);
    $("[data-select]", list)?.setAttribute("aria-pressed", String(isSelecting));
    $("#selection-count").textContent = count === 1 ? words.selectedOne : count ? fill(words.selected, { number: count }) : "";
    const all = $("#select-all");
    all.checked = isFull;
    all.indeterminate = count > 0 && !isFull;
    const match = $(".selection-match", list);
    match.classList.toggle("selection-full", isFull && Boolean($("#more")));
    if (!isFull) $("#select-match").checked = false;
  }
  function tick(row) {
    const box = row?.querySelector(".row-pick");
    if (!box) return;
    box.checked = !box.checked;
    lastTicked = row;
    showSelection();
  }
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.(".row-pick");
    if (box) {
      const row = box.closest(".row");
      const all = rows();
      const from = all.indexOf(lastTicked);
      const to = all.indexOf(row);
      if (event.shiftKey && from >= 0) for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) one.querySelector(".row-pick").checked = box.checked;
      lastTicked = row;
      showSelection();
    } else if (event.target.closest?.("[data-select]")) {
      isSelecting = true;
      showSelection();
      $("#select-all").focus();
    } else if (event.target.closest?.("[data-select-none]")) {
      select([]);
      $("[data-select]")?.focus();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "select-all") {
      for (const box of document.querySelectorAll("#rows .row-pick")) box.checked = event.target.checked;
      showSelection();
    }
  });
  // While rows are being ticked by finger, a tap anywhere on a row ticks it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".row-link");
    if (!link || !listPane()?.classList.contains("list-selecting") || !window.matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    event.stopPropagation();
    tick(link.closest(".row"));
  }, { capture: true });
  document.addEventListener("list:open", () => { isSelecting = false; showSelection(); });

  /* --- menus ---------------------------------------------------------------------------------------------------- */
  let invoker = null;
  document.addEventListener("click", (event) => {
    const by = event.target.closest?.("[popovertarget]");
    if (!by?.getAttribute("popovertarget").startsWith("pick-")) return;
    asked = targetOf(by);
    invoker = by.closest("[data-picker]") ? invoker ?? by : by;
    // A menu opened from another one takes its place.
    const parent = by.closest("[data-picker]");
    if (parent) { event.preventDefault(); parent.hidePopover(); show($(`#${by.getAttribute("popovertarget")}`), invoker); }
  }, { capture: true });
  function show(picker, from) {
    if (!picker) return;
    invoker = from ?? null;
    picker.showPopover();
  }
  function openPicker(name, target = meant()) {
    if (!target.all && !target.ids.length) return;
    asked = target;
    const id = target.ids.length === 1 && !target.all ? target.ids[0] : "";
    show($(`#pick-${name}`), (thread()?.dataset.thread === id && $(".thread-tools")) || rowOf(id)?.querySelector(".row-meta") || $("#selection"));
  }
  function place(picker) {
    if (!wide.matches || !invoker?.getClientRects().length) { picker.classList.remove("picker-placed"); return; }
    picker.classList.add("picker-placed");
    const at = invoker.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = picker;
    const below = at.bottom + 4 + height < innerHeight;
    picker.style.insetInlineStart = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
    picker.style.insetBlockStart = `${below ? at.bottom + 4 : Math.max(8, Math.min(at.top - height - 4, innerHeight - height - 8))}px`;
  }
  document.addEventListener("toggle", (event) => {
    const picker = event.target;
    if (!picker.matches?.("[data-picker]") || event.newState !== "open") return;
    suit(picker);
    place(picker);
    const find = $("[data-picker-find]", picker);
    if (find) { find.value = ""; sift(picker, ""); }
    (find ?? choices(picker)[0])?.focus();
  }, { capture: true });
  // For one thread only what makes sense; for several, everything.
  function suit(picker) {
    const only = asked && !asked.all && asked.ids.length === 1 ? asked.ids[0] : "";
    const row = only && rowOf(only);
    const open = only && thread()?.dataset.thread === only ? $("#thread") : null;
    const has = (name) => (row ? row.classList.contains(`row-${name}`) : null);
    const hide = (verb, isHidden) => $(`[value="${verb}"]`, picker)?.toggleAttribute("hidden", isHidden);
    if (picker.id === "pick-more") {
      for (const [on, off, state] of [["unread", "read", has("unread")], ["star", "unstar", has("starred")], ["mute", "unmute", has("muted")]]) {
        hide(on, state === true);
        hide(off, state === false);
      }
      for (const one of picker.querySelectorAll("[data-also]")) one.hidden = !only && Boolean($(".list-selecting"));
    }
    if (picker.id !== "pick-label") return;
    const names = new Set([...(open ?? row ?? document.createElement("p")).querySelectorAll(".chip[class*=label-]")].map((chip) => chip.textContent.trim()));
    for (const pair of picker.querySelectorAll(".picker-pair")) {
      const item = $(".picker-item", pair);
      const isOn = only && names.has(item.textContent.trim());
      item.value = `${isOn ? "unlabel" : "label"}:${item.dataset.label}`;
      if (only) item.setAttribute("aria-pressed", String(isOn)); else item.removeAttribute("aria-pressed");
      $(".picker-off", pair).hidden = Boolean(only);
    }
  }
  const choices = (picker) => [...picker.querySelectorAll("button, input, a")].filter((one) => one.getClientRects().length);
  function sift(picker, text) {
    const wanted = text.trim().toLocaleLowerCase();
    for (const item of picker.querySelectorAll(".picker-list > *")) item.hidden = Boolean(wanted) && !item.textContent.toLocaleLowerCase().includes(wanted);
  }
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-picker-find]")) sift(event.target.closest("[data-picker]"), event.target.value);
  });
  document.addEventListener("keydown", (event) => {
    const picker = event.target.closest?.("[data-picker], .menu-panel");
    if (!picker) return;
    const all = choices(picker);
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Enter" && event.target.matches("[data-picker-find]")) { event.preventDefault(); $(".picker-list button:not([hidden])", picker)?.click(); }
    if (to === undefined || (event.target.matches("input") && ["Home", "End"].includes(event.key))) return;
    event.preventDefault();
    all[(to + all.length) % all.length]?.focus();
  });

  /* --- what can be done with the row under the pointer ---------------------------------------------------------- */
  let tools = null;
  function makeTools() {
    const bar = $("#selection");
    tools = Object.assign(document.createElement("div"), { className: "row-tools" });
    for (const wanted of ["[value=archive]", "[value=trash]", "[popovertarget=pick-more]"]) {
      const made = $(wanted, bar).cloneNode(true);
      made.tabIndex = -1; // by keyboard the same is had with its key, or by ticking the row
      tools.append(made);
    }
  }
  function hideTools() { tools?.remove(); }
  document.addEventListener("pointerover", (event) => {
    const row = event.pointerType === "mouse" && event.target.closest?.("#rows > .row");
    if (!row || !$("#selection") || row.contains(tools) || $("[data-picker]:popover-open")) return;
    if (!tools) makeTools();
    row.append(tools);
    row.draggable = true;
  });
  document.addEventListener("pointerout", (event) => {
    if (event.pointerType === "mouse" && !event.relatedTarget?.closest?.("#rows > .row, [data-picker]") && !$("[data-picker]:popover-open")) hideTools();
  });

  /* --- dragging onto a folder, a label, a view ------------------------------------------------------------------ */
  let dragged = null;
  const targets = () => document.querySelectorAll(".side [data-drop]");
  document.addEventListener("dragstart", (event) => {
    const row = event.target.closest?.("#rows > .row");
    if (!row || !mayFile()) return;
    const chosen = selected();
    dragged = chosen.ids.includes(idOf(row)) ? chosen : { ids: [idOf(row)] };
    hideTools();
    const text = dragged.ids.length > 1 ? fill(words.dragged, { number: dragged.ids.length }) : $(".row-subject", row).textContent;
    const ghost = Object.assign(document.createElement("div"), { className: "dragged", textContent: text });
    document.body.append(ghost);
    setTimeout(() => ghost.remove());
    event.dataTransfer.setData("text/plain", text);
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setDragImage(ghost, 0, 0);
    for (const one of targets()) one.classList.add("drop-ready");
  });
  function over(event) {
    const drop = dragged && event.target.closest?.(".side [data-drop]");
    for (const one of targets()) one.classList.toggle("drop-over", one === drop);
    return drop;
  }
  document.addEventListener("dragover", (event) => { if (over(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    const drop = over(event);
    if (!drop) return;
    event.preventDefault();
    file(drop.dataset.drop, dragged);
  });
  document.addEventListener("dragend", () => {
    for (const one of targets()) one.classList.remove("drop-over", "drop-ready");
    dragged = null;
  });

  /* --- the previous and the next thread ------------------------------------------------------------------------- */
  function more() {
    const link = $("#more a");
    if (!link) return Promise.resolve();
    return new Promise((resolve) => {
      document.addEventListener("htmx:after:swap", resolve, { once: true });
      setTimeout(resolve, 5000);
      link.click();
    });
  }
  async function step(by) {
    const open = thread()?.dataset.thread;
    let all = rows();
    const at = all.findIndex((row) => idOf(row) === open);
    if (by > 0 && at === all.length - 1) { await more(); all = rows(); }
    const next = at < 0 ? all[0] : all[at + by];
    if (!next) { say(by > 0 ? words.last : words.first); return; }
    await openThread(next.querySelector(".row-link").getAttribute("href"), { how: wide.matches ? "push" : "replace", focus: true });
  }
  document.addEventListener("click", (event) => {
    const by = event.target.closest?.("[data-step]");
    if (!by || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    step(Number(by.dataset.step)).then(() => $(`[data-step="${by.dataset.step}"]`)?.focus());
  });
  markCurrent();
  showSelection();
  return { file, leaving, meant, openPicker, step, tick, rows, select, showSelection, ticked, undo: undoLast, hasUndo: () => Boolean(undoUrl), isSelecting: () => isSelecting };
})();
