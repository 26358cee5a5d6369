// What changes while the page is open: one stream for all tabs, polling when it cannot be had, ids only.
"use strict";

(() => {
  const { $, parse, token, thread, scroller, isAtEnd, goToEnd, markCurrent, showCount } = window.messageCenter;
  const line = document.getElementById("line");
  const POLL_SECONDS = 15;
  const KEY = "live:last";
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("live") : null;
  let last = sessionStorage.getItem(KEY) ?? "";
  let failures = 0;
  let signedOut = false;

  function say(kind) {
    const text = kind ? line.dataset[kind] : "";
    if (line.textContent !== text) line.textContent = text;
  }
  function remember(id) {
    last = String(id);
    try { sessionStorage.setItem(KEY, last); } catch { /* only this page forgets */ }
  }

  /* --- what is shown again ---------------------------------------------------------------------------------------- */
  const get = (url) => fetch(url, { headers: { Accept: "text/html", "HX-Request": "true" }, redirect: "error" });

  async function refreshCounters() {
    const answer = await get("/messages/counters/");
    if (!answer.ok) return;
    const counters = parse(await answer.text());
    for (const value of counters.querySelectorAll("[data-value]")) {
      for (const shown of document.querySelectorAll(`[data-counter="${value.dataset.value}"]`)) shown.textContent = value.textContent.trim();
    }
    showCount();
  }

  async function refreshRow(id, kinds) {
    const rows = $("#rows");
    if (!rows) return;
    const list = $("#list").dataset;
    const answer = await get(`/messages/${id}/row/?box=${encodeURIComponent(list.box ?? "inbox")}`);
    const old = document.getElementById(`row-${id}`);
    const isGone = answer.status === 204 || answer.status === 404;
    const row = answer.ok && !isGone ? parse(`<ul>${await answer.text()}</ul>`).querySelector(".row") : null;
    if (isGone) { if (old?.contains(document.activeElement)) $("#list-heading")?.focus(); old?.remove(); return; }
    if (!row || (list.filtered && !old)) return;
    const fresh = document.adoptNode(row);
    const hadFocus = old?.contains(document.activeElement);
    const moves = !old || (kinds.has("message") && list.box !== "sent" && old !== rows.firstElementChild);
    if (moves) {
      if (kinds.has("message")) fresh.classList.add("row-new");
      old?.remove();
      rows.prepend(fresh);
    } else old.replaceWith(fresh);
    if (hadFocus) fresh.querySelector(".row-link").focus({ preventScroll: true });
    markCurrent();
  }

  async function refreshThread() {
    const open = thread();
    const messages = $("#messages");
    if (!open || !messages) return;
    const pill = $("#pill");
    if (messages.dataset.later) { pill.hidden = false; return; } // an older stretch: its end is another page
    const newest = [...messages.querySelectorAll(".message")].pop();
    const answer = await get(`/messages/${open.dataset.thread}/since/?after=${newest ? newest.id.slice(8) : ""}`);
    if (!answer.ok || thread() !== open) return;
    const wasAtEnd = isAtEnd();
    let arrived = 0;
    let foreign = 0;
    for (const item of [...parse(`<ol>${await answer.text()}</ol>`).querySelectorAll("li")]) {
      if (document.getElementById(item.id)) continue;
      item.classList.add("message-new");
      messages.append(document.adoptNode(item));
      arrived += 1;
      if (item.matches(".message:not(.message-mine)")) foreign += 1;
    }
    if (!arrived) return;
    if (wasAtEnd) goToEnd(); else pill.hidden = false;
    if (foreign) await markSeen(open);
  }
  // Read means: on the screen. A hidden tab marks its thread when somebody looks at it again.
  async function markSeen(open) {
    if (document.visibilityState !== "visible") { open.dataset.unseen = "yes"; return; }
    delete open.dataset.unseen;
    const newest = [...document.querySelectorAll("#messages .message")].pop();
    if (!newest) return;
    const body = new URLSearchParams({ up_to: newest.id.slice(8) });
    await fetch(`/messages/${open.dataset.thread}/seen/`, { method: "POST", headers: { "X-CSRFToken": token() }, body, redirect: "error" });
  }
  // Closed, reopened, answered by a colleague: the head of the thread is taken from its own page.
  async function refreshState() {
    const open = thread();
    if (!open) return;
    const answer = await fetch(`/messages/${open.dataset.thread}/?peek=1`, { headers: { "HX-Request": "true", "HX-Target": "section#thread" } });
    if (!answer.ok || thread() !== open) return;
    const page = parse(await answer.text());
    const state = page.querySelector("#thread-state");
    if (state) $("#thread-state").replaceWith(document.adoptNode(state));
    if (refreshMessages(page)) await markSeen(open);
    refreshFiles(page);
    const wasShut = Boolean($(".composer-shut"));
    const foot = page.querySelector(".thread-foot");
    if (foot && wasShut !== Boolean(foot.querySelector(".composer-shut"))) {
      $(".thread-foot").replaceWith(document.adoptNode(foot));
      window.htmx?.process($(".thread-foot"));
      document.dispatchEvent(new CustomEvent("thread:open"));
    }
  }

  // Messages whose state changed, and those let through later: they stand where they were written, and nothing that is
  // being read moves. Returns whether some of the other side came.
  function refreshMessages(page) {
    const messages = $("#messages");
    const box = scroller();
    const wasAtEnd = isAtEnd();
    const top = Math.max(0, box.getBoundingClientRect().top);
    const read = [...messages.children].find((item) => item.getBoundingClientRect().bottom > top);
    const place = read?.getBoundingClientRect().top;
    const dayOf = (item) => (item?.previousElementSibling?.matches(".day") ? item.previousElementSibling : null);
    const changed = [...page.querySelectorAll("#messages > .message")].map((item) => ({ item, day: dayOf(item), old: document.getElementById(item.id) }))
      .filter(({ item, old }) => (old ? old.dataset.state !== item.dataset.state : !messages.dataset.later));
    let foreign = 0;
    for (const { item, day, old } of changed) {
      if (old) {
        const focused = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
        old.replaceWith(document.adoptNode(item));
        if (focused) (item.querySelector(`a[href="${CSS.escape(focused)}"]`) ?? $(".thread-scroll")).focus({ preventScroll: true });
        continue;
      }
      const shown = [...messages.querySelectorAll(":scope > .message")];
      const next = shown.find((one) => one.id > item.id); // ids grow with the time of writing
      if (next && next === shown[0] && $(".earlier:not(.later)")) continue; // it belongs to an earlier page
      const nextDay = dayOf(next);
      messages.insertBefore(document.adoptNode(item), nextDay && nextDay.textContent !== day?.textContent ? nextDay : next ?? null);
      let above = item.previousElementSibling;
      while (above && !above.matches(".day")) above = above.previousElementSibling;
      if (day && above?.textContent !== day.textContent) item.before(document.adoptNode(day));
      item.classList.add("message-new");
      if (!item.matches(".message-mine")) foreign += 1;
    }
    if (!changed.length) return false;
    const still = read && document.getElementById(read.id);
    if (wasAtEnd) goToEnd();
    else if (still) box.scrollTop += still.getBoundingClientRect().top - place;
    if (foreign && !wasAtEnd) $("#pill").hidden = false;
    return foreign > 0;
  }

  // Files whose check ended after the message was sent: shown where they were waited for, without moving anything else.
  function refreshFiles(page) {
    const wasAtEnd = isAtEnd();
    const head = page.querySelector("#thread-files");
    if (head && $("#thread-files")?.innerHTML.trim() !== head.innerHTML.trim()) $("#thread-files").replaceWith(document.adoptNode(head));
    for (const fresh of page.querySelectorAll(".message-files")) {
      const old = document.getElementById(fresh.closest(".message").id)?.querySelector(".message-files");
      if (!old || old.outerHTML === fresh.outerHTML) continue;
      const focused = old.contains(document.activeElement) && document.activeElement.closest("[data-file]")?.dataset.file;
      old.replaceWith(document.adoptNode(fresh));
      if (focused) fresh.querySelector(`[data-file="${focused}"] a`)?.focus({ preventScroll: true });
    }
    if (wasAtEnd) goToEnd();
  }

  // A tab's first place in the stream: what happened between loading the page and now is looked up once.
  function startFrom(id) {
    const isFirst = !last;
    remember(id);
    if (isFirst) lookOnce().catch(() => {});
  }
  async function lookOnce() {
    await refreshThread();
    await refreshState();
    await refreshCounters();
    if (!$("#rows") || $("#list").dataset.filtered) return;
    const headers = { "HX-Request": "true", "HX-Target": "ul#rows" };
    const answer = await fetch(`/messages/?box=${encodeURIComponent($("#list").dataset.box ?? "inbox")}`, { headers, redirect: "error" });
    if (!answer.ok) return;
    for (const row of [...parse(`<ul>${await answer.text()}</ul>`).querySelectorAll(".row")].reverse()) {
      const old = document.getElementById(row.id);
      if (old?.textContent.trim() !== row.textContent.trim()) await refreshRow(row.id.slice(4), new Set(["message"]));
    }
  }

  /* --- events, gathered for a moment so that a burst costs one look --------------------------------------------- */
  let waiting = new Map();
  let timer = 0;
  function hear(event) {
    if (event.kind === "hello") { startFrom(event.id); return; }
    if (event.kind === "crowded_out") { stop(); poll(); return; }
    if (event.id) remember(event.id);
    if (event.kind === "reload") { lookAgain(); return; }
    if (!event.thread) return;
    waiting.set(event.thread, (waiting.get(event.thread) ?? new Set()).add(event.kind));
    timer ||= setTimeout(refresh, 120 + Math.random() * 120);
  }
  async function refresh() {
    const threads = waiting;
    waiting = new Map();
    timer = 0;
    try {
      const open = thread()?.dataset.thread;
      const kinds = open && threads.get(open);
      if (kinds?.has("message")) await refreshThread();
      if (kinds && (kinds.has("thread") || kinds.has("message") || kinds.has("files"))) await refreshState();
      await refreshCounters();
      if (threads.size > 20) lookAgain();
      else for (const [id, about] of threads) await refreshRow(id, about);
    } catch { /* no connection: the stream says so and catches up */ }
  }
  function lookAgain() {
    const writing = $("form[data-draft] textarea")?.value;
    if (writing || thread()) { refreshThread().then(refreshState).catch(() => {}); refreshCounters().catch(() => {}); } else location.reload();
  }

  /* --- one tab listens for all ------------------------------------------------------------------------------------- */
  let source = null;
  let polling = 0;
  let retry = 0;
  function stop() { source?.close(); source = null; }
  function tell(message) { channel?.postMessage(message); take(message); }
  function take({ event, state }) {
    if (event) hear(event);
    if (state !== undefined) say(navigator.onLine ? state : "offline");
  }
  channel?.addEventListener("message", (message) => take(message.data));

  function listen() {
    if (signedOut) return;
    if (!("EventSource" in window)) { poll(); return; }
    stop();
    source = new EventSource(`/live/stream/${last ? `?after=${last}` : ""}`);
    source.onopen = () => { failures = 0; clearInterval(polling); polling = 0; tell({ state: "" }); };
    source.onmessage = (message) => {
      try { tell({ event: JSON.parse(message.data) }); } catch { /* not ours */ }
      if (message.lastEventId) remember(message.lastEventId);
    };
    source.onerror = () => {
      failures += 1;
      if (failures >= 2 && !polling) tell({ state: "away" });
      if (failures >= 3 || source?.readyState === EventSource.CLOSED) {
        stop();
        poll();
        clearTimeout(retry);
        retry = setTimeout(listen, Math.min(120000, 5000 * failures));
      }
    };
  }
  function poll() {
    if (polling || signedOut) return;
    const ask = async () => {
      try {
        const answer = await fetch(`/live/changes/?after=${last}`, { headers: { Accept: "application/json" } });
        if (answer.status === 401) { signedOut = true; clearInterval(polling); clearTimeout(retry); tell({ state: "signedOut" }); return; }
        if (!answer.ok) throw new Error(String(answer.status));
        const { last: newest, events } = await answer.json();
        for (const event of events) tell({ event });
        startFrom(newest);
        tell({ state: "" });
      } catch { tell({ state: "away" }); }
    };
    polling = setInterval(ask, (Number(line.dataset.pollSeconds) || POLL_SECONDS) * 1000);
    ask();
  }

  window.addEventListener("offline", () => say("offline"));
  window.addEventListener("online", () => { say(""); failures = 0; if (source || polling) listen(); });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && thread()?.dataset.unseen) markSeen(thread()).then(refreshState).catch(() => {});
  });
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  if (navigator.locks && channel) navigator.locks.request("live", () => { listen(); return new Promise(() => {}); });
  else listen();
  if (!navigator.onLine) say("offline");
})();
