// Single-key shortcuts: only while nothing is being typed, explained by "?", and they can be switched off.
"use strict";

(() => {
  const { $, thread, listPane, openList, showList } = window.messageCenter;
  const mailbox = window.mailbox;
  const help = $("#keys");
  const box = $("#keys-on");
  const KEY = "keys:off";
  let first = ""; // the first key of two
  let timer = 0;

  function isOff() { try { return localStorage.getItem(KEY) === "yes"; } catch { return false; } }
  box.checked = !isOff();
  box.addEventListener("change", () => {
    try { if (box.checked) localStorage.removeItem(KEY); else localStorage.setItem(KEY, "yes"); } catch { /* for this page only */ }
  });
  function showHelp() {
    $("#menu:popover-open")?.hidePopover();
    box.checked = !isOff();
    if (!help.open) help.showModal();
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-keys-help]")) showHelp();
    else if (event.target === help) help.close();
  });

  const isTyping = (element) => element?.matches?.("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");
  function walk(by) {
    if (thread() && listPane() && !document.activeElement?.closest?.("#rows")) { mailbox.step(by); return; }
    const rows = mailbox.rows();
    const at = rows.indexOf(document.activeElement?.closest?.("#rows > .row"));
    const next = at < 0 ? rows.find((row) => row.querySelector("[aria-current]")) ?? rows[0] : rows[at + by];
    next?.querySelector(".row-link").focus();
    next?.scrollIntoView({ block: "nearest" });
  }
  function star() {
    const target = mailbox.meant();
    const [id] = target.ids;
    const row = document.getElementById(`row-${id}`);
    const isOn = row ? row.classList.contains("row-starred") : $(".thread-star")?.getAttribute("aria-pressed") === "true";
    mailbox.file(isOn ? "unstar" : "star", target);
  }
  function go(key) {
    const view = { i: "inbox", u: "unread", n: "needs_reply", s: "starred", a: "archive", t: "sent" }[key];
    const link = view && $(`.side [data-view="${view}"]`);
    if (!link) return false;
    if ($("#list")) openList(link.getAttribute("href"), { push: true });
    else location.assign(link.href);
    return true;
  }
  const actions = {
    j: () => walk(1),
    k: () => walk(-1),
    x: () => mailbox.tick(document.activeElement?.closest?.("#rows > .row") ?? $(".row:has([aria-current])")),
    e: () => mailbox.file("archive", mailbox.meant()),
    s: star,
    u: () => mailbox.file("unread", mailbox.meant()),
    "#": () => mailbox.file("trash", mailbox.meant()),
    v: () => mailbox.openPicker("move"),
    l: () => mailbox.openPicker("label"),
    ".": () => mailbox.openPicker("more"),
    r: () => $("#composer-body")?.focus(),
    "/": () => $("#find")?.focus(),
    z: () => { if (mailbox.hasUndo()) mailbox.undo(); },
    "?": showHelp,
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if ($("dialog[open]") || $("[popover]:popover-open")) return;
    if (event.key === "Escape") { leave(event); return; }
    if (isTyping(event.target) || isOff()) return;
    const before = first;
    clearTimeout(timer);
    first = "";
    if (before === "g" && go(event.key)) { event.preventDefault(); return; }
    if (event.key === "g") { first = "g"; timer = setTimeout(() => { first = ""; }, 1200); return; }
    const act = Object.hasOwn(actions, event.key) && actions[event.key];
    if (!act) return;
    event.preventDefault(); // the key is not typed into what gets the focus
    act();
  });
  // Escape: first what was ticked, then from the thread back to its list.
  function leave(event) {
    if (isTyping(event.target)) { if (event.target.id === "find") $("#list-heading")?.focus(); return; }
    if (mailbox.ticked().length || mailbox.isSelecting()) { mailbox.select([]); event.preventDefault(); return; }
    if (thread() && listPane()) { showList({ push: true }); event.preventDefault(); }
  }
})();
