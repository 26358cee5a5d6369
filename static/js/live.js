// What changes while the page is open: one stream for all tabs, polling when it cannot be had, ids only.
"use strict";

(() => {
  const { $, parse, token, thread, scroller, isAtEnd, goToEnd, markCurrent, showCount, showCounter, listPane, listUrl, fetchList } = window.messageCenter;
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
  // A way to the sign-in page is no answer. It is not followed, which the browser would complain about to the console.
  async function get(url) {
    const answer = await fetch(url, { headers: { Accept: "text/html", "HX-Request": "true" }, redirect: "manual" });
    if (answer.type === "opaqueredirect") throw new TypeError("signed out");
    return answer;
  }

  async function refreshCounters() {
    const answer = await get("/messages/counters/");
    if (!answer.ok) return;
    const counters = parse(await answer.text());
    for (const value of counters.querySelectorAll("[data-value]")) showCounter(value.dataset.value, value.textContent.trim(), value.title);
    showCount();
  }

  // Answers may overtake each other: what was asked for earlier never replaces what was asked for later.
  let asked = 0;
  let listShown = 0;
  const rowsShown = new Map();

  async function refreshRow(id, kinds) {
    const rows = $("#rows");
    if (!rows || !listPane()) return;
    const list = listPane().dataset;
    if (list.filtered && !document.getElementById(`row-${id}`)) return; // what was found by its words is not looked for again
    const turn = ++asked;
    const answer = await get(`/messages/${id}/row/?${list.query}`);
    const html = answer.ok && answer.status !== 204 ? await answer.text() : "";
    if (listPane()?.dataset !== list || turn < Math.max(listShown, rowsShown.get(id) ?? 0)) return;
    rowsShown.set(id, turn);
    const old = document.getElementById(`row-${id}`);
    const isGone = answer.status === 204 || answer.status === 404;
    const row = html ? parse(`<ul>${html}</ul>`).querySelector(".row") : null;
    if (isGone) { if (!list.filtered || answer.status === 404) takeAway(old); return; }
    if (!row || old?.classList.contains("row-leaving")) return;
    const fresh = document.adoptNode(row);
    const moves = list.sort === "newest" && (!old || kinds.has("message"));
    if (!old && !moves) return; // its place in another order is not known here
    if (old && sameRow(old, fresh)) return;
    const focus = old?.contains(document.activeElement) && document.activeElement.className;
    const isTicked = old?.querySelector(".row-pick")?.checked;
    if (moves) {
      const moment = (one) => one.querySelector("time")?.dateTime ?? "";
      const next = [...rows.querySelectorAll(":scope > .row")].find((one) => one !== old && moment(one) <= moment(fresh)) ?? $("#more");
      if (!old && next?.id === "more") return; // it belongs to a page that is not loaded yet
      if (kinds.has("message")) fresh.classList.add("row-new");
      old?.remove();
      rows.insertBefore(fresh, next);
    } else old.replaceWith(fresh);
    if (isTicked) fresh.querySelector(".row-pick").checked = true;
    if (focus) (fresh.querySelector(`.${focus.split(" ")[0]}`) ?? fresh.querySelector(".row-link")).focus({ preventScroll: true });
    markCurrent();
    window.mailbox?.showSelection();
  }
  function sameRow(old, fresh) {
    const plain = (row) => { const copy = row.cloneNode(true); copy.querySelector(".row-tools")?.remove(); copy.querySelector("[aria-current]")?.removeAttribute("aria-current"); copy.removeAttribute("draggable"); copy.classList.remove("row-new"); return copy.outerHTML; };
    return plain(old) === plain(fresh);
  }
  function takeAway(row) {
    if (row?.contains(document.activeElement)) ((row.nextElementSibling ?? row.previousElementSibling)?.querySelector(".row-link") ?? $("#list-heading"))?.focus({ preventScroll: true });
    row?.remove();
  }
  // The list as it is now, as far as it was loaded: rows that stay keep their place, their tick and the focus.
  async function refreshList() {
    const list = listPane();
    if (!list) return;
    const rows = $("#rows");
    const turn = ++asked;
    const many = rows.querySelectorAll(".row").length;
    const wanted = [];
    let next = listUrl();
    let last = null;
    while (next && wanted.length < Math.max(many, 1)) {
      const { list: page } = await fetchList(next);
      wanted.push(...page.querySelectorAll("#rows > .row"));
      last = page.querySelector("#more");
      next = last?.querySelector("a")?.getAttribute("href");
    }
    if (listPane() !== list || turn < listShown) return;
    if (Math.max(0, ...rowsShown.values()) > turn) { await refreshList(); return; } // a row has gone on meanwhile
    listShown = turn;
    rowsShown.clear();
    const ids = new Set(wanted.map((row) => row.id));
    for (const old of rows.querySelectorAll(".row")) if (!ids.has(old.id)) takeAway(old);
    let place = null;
    for (const row of wanted) {
      const old = document.getElementById(row.id);
      const one = old && sameRow(old, row) ? old : document.adoptNode(row);
      one.classList.toggle("row-leaving", Boolean(window.mailbox?.leaving.has(row.id.slice(4))));
      if (old && one !== old) {
        if (old.querySelector(".row-pick")?.checked) one.querySelector(".row-pick").checked = true;
        const hadFocus = old.contains(document.activeElement);
        old.replaceWith(one);
        if (hadFocus) one.querySelector(".row-link").focus({ preventScroll: true });
      }
      const follows = place ? place.nextElementSibling : rows.firstElementChild;
      if (follows !== one) { if (place) place.after(one); else rows.prepend(one); }
      place = one;
    }
    $("#more")?.remove();
    if (last) { rows.append(document.adoptNode(last)); window.htmx?.process(rows.lastElementChild); }
    markCurrent();
    window.mailbox?.showSelection();
  }
  // What was filed here is looked up again at once, whether or not the stream tells of it.
  document.addEventListener("mailbox:change", async ({ detail: { list, threads, gone = [] } }) => {
    for (const id of gone) rowsShown.set(id, ++asked); // a list asked for before it was filed still has it
    try {
      await refreshCounters();
      if (list || threads.length > 20) await refreshList();
      else for (const id of threads) await refreshRow(id, new Set());
      if (threads.includes(thread()?.dataset.thread)) await refreshState();
    } catch { /* no connection: the stream says so and catches up */ }
  });

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
    if (wasAtEnd) goToEnd(); else if (foreign) pill.hidden = false; // one's own message is no news
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
    const answer = await fetch(`${open.dataset.page ?? `/messages/${open.dataset.thread}/`}?peek=1`, { headers: { "HX-Request": "true", "HX-Target": "section#thread" } });
    if (!answer.ok || thread() !== open) return;
    const page = parse(await answer.text());
    refreshHead(page);
    refreshBeside(page);
    if (refreshMessages(page)) await markSeen(open);
    refreshFiles(page);
    const wasShut = Boolean($(".composer-shut"));
    const foot = page.querySelector(".thread-foot");
    // What is being written stays: sending it says why that is not possible any more, and gives it back.
    const isWriting = !wasShut && isBegun($("#composer"));
    if (foot && !isWriting && wasShut !== Boolean(foot.querySelector(".composer-shut"))) {
      $(".thread-foot").replaceWith(document.adoptNode(foot));
      window.htmx?.process($(".thread-foot"));
      document.dispatchEvent(new CustomEvent("thread:open"));
    }
  }

  function isBegun(form) {
    const { composer, files } = window.messageCenter;
    return Boolean(form) && (composer.isWritten(form) || files.keptIds(form.dataset.draft).length > 0);
  }

  // What stands beside the thread, such as a case's card, unless somebody is at work in it.
  function refreshBeside(page) {
    for (const fresh of page.querySelectorAll("[data-live]")) {
      const old = document.getElementById(fresh.id);
      const plain = (part) => part.innerHTML.replace(/csrfmiddlewaretoken" value="[^"]*"/g, "");
      const isUsed = [...old?.querySelectorAll("details[open], textarea, input") ?? []].some((one) => one.open || one.contains(document.activeElement) || one.checked !== one.defaultChecked || (one.value ?? "") !== (one.defaultValue ?? ""));
      if (!old || isUsed || plain(old) === plain(fresh)) continue;
      const hadFocus = old.contains(document.activeElement);
      old.replaceWith(document.adoptNode(fresh));
      if (hadFocus) fresh.focus({ preventScroll: true });
    }
  }

  // The head, unless one of its menus is open; who had the focus there keeps it.
  function refreshHead(page) {
    const old = $(".thread-head");
    const fresh = page.querySelector(".thread-head");
    const plain = (head) => head.outerHTML.replace(/csrfmiddlewaretoken" value="[^"]*"/g, "");
    if (!fresh || old.querySelector("details[open]") || plain(old) === plain(fresh)) return;
    const controls = (head) => [...head.querySelectorAll("a, button, summary, [tabindex]")];
    const at = controls(old).indexOf(document.activeElement);
    old.replaceWith(document.adoptNode(fresh));
    if (at >= 0) (controls(fresh)[at] ?? $("#thread-heading")).focus({ preventScroll: true });
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
    if (isFirst) lookOnce().catch(lookLater);
  }
  // What was told while nothing could be fetched is not told again: all of it is looked up until that succeeds.
  let missed = 0;
  let tries = 0;
  function lookLater() {
    clearTimeout(missed);
    if (signedOut) return;
    tries += 1;
    missed = setTimeout(() => lookOnce().catch(lookLater), Math.min(60000, 3000 * tries) + Math.random() * 2000);
  }
  async function lookOnce() {
    await refreshThread();
    await refreshState();
    await refreshCounters();
    await refreshList();
    clearTimeout(missed);
    missed = tries = 0;
  }

  /* --- events, gathered for a moment so that a burst costs one look --------------------------------------------- */
  let waiting = new Map();
  let timer = 0;
  let listTimer = 0;
  function hear(event) {
    if (event.kind === "hello") { startFrom(event.id); return; }
    if (event.kind === "crowded_out") { stop(); poll(); return; }
    if (event.id) remember(event.id);
    if (event.kind === "reload") { lookAgain(); return; }
    if (event.kind === "list") { listTimer ||= setTimeout(() => { listTimer = 0; Promise.all([refreshCounters(), refreshList()]).catch(() => {}); }, 400); return; }
    if (event.kind === "counters") { refreshCounters().catch(() => {}); return; }
    if (!event.thread) return;
    // What stands beside a thread changes neither its row nor a counter: a team's own, and who is in a live chat.
    if (event.kind === "note" || event.kind === "presence" || event.kind === "chat") { document.dispatchEvent(new CustomEvent(`live:${event.kind}`, { detail: event.thread })); return; }
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
      if (kinds && ["thread", "message", "files", "seen"].some((kind) => kinds.has(kind))) await refreshState();
      await refreshCounters();
      if (threads.size > 20) await refreshList();
      else for (const [id, about] of threads) await refreshRow(id, about);
    } catch { lookLater(); }
  }
  function lookAgain() {
    if (thread() || listPane()) lookOnce().catch(lookLater);
    else if (!$("form[data-draft] textarea")?.value) location.reload();
  }

  /* --- one tab listens for all ------------------------------------------------------------------------------------- */
  let source = null;
  let polling = 0;
  let retry = 0;
  function stop() { source?.close(); source = null; }
  function tell(message) { channel?.postMessage(message); take(message); }
  function take({ event, state }) {
    if (state === "signedOut") signedOut = true; // another tab was told: nobody asks in vain any more
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
  window.addEventListener("online", () => {
    say("");
    failures = 0;
    if (source || polling) listen();
    if (missed) lookOnce().catch(lookLater);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && thread()?.dataset.unseen) markSeen(thread()).then(refreshState).catch(() => {});
  });
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  if (navigator.locks && channel) navigator.locks.request("live", () => { listen(); return new Promise(() => {}); });
  else listen();
  if (!navigator.onLine) say("offline");
})();
