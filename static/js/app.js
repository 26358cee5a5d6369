// The page as a whole: opening threads beside the list, going back, the look, the time zone, the service worker.
"use strict";

window.messageCenter = (() => {
  const wide = window.matchMedia("(min-width: 48em) and (min-height: 30em)");
  const $ = (selector, root = document) => root.querySelector(selector);
  const thread = () => $("#thread[data-thread]");
  const threadOf = (path) => path.match(/^\/messages\/([0-9a-f-]{36})\/$/)?.[1];

  function setCookie(name, value, days) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${days * 86400}${secure}`;
  }

  const parse = (html) => new DOMParser().parseFromString(html, "text/html");

  // The token changes when somebody signs in again in another tab; any form on the page has the one it was made with.
  const token = () => $("input[name=csrfmiddlewaretoken]")?.value ?? "";

  /* --- scrolling ----------------------------------------------------------------------------------------------- */
  function scroller() {
    const pane = $(".thread-scroll");
    return pane && getComputedStyle(pane).overflowY === "auto" ? pane : document.scrollingElement;
  }
  const isAtEnd = () => {
    const box = scroller();
    return box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  };
  const goToEnd = () => { const box = scroller(); box.scrollTop = box.scrollHeight; };

  // Who reads the end keeps seeing it when the pane gets lower: a longer text, a keyboard, a status line.
  let isFollowing = false;
  const watcher = new ResizeObserver(() => { if (isFollowing) goToEnd(); });

  function showBeginning() {
    const named = location.hash.startsWith("#message-") && document.getElementById(location.hash.slice(1));
    const unread = thread()?.dataset.firstUnread;
    const first = named || $(".message-found") || (unread && document.getElementById(`message-${unread}`));
    if (first) first.scrollIntoView({ block: "center" });
    else if (!$("#messages")?.dataset.later) goToEnd();
    isFollowing = isAtEnd();
    watcher.disconnect();
    watcher.observe($(".thread-scroll"));
  }

  /* --- the list and the thread beside it ----------------------------------------------------------------------- */
  const KEPT_LIST = "list:url";
  const nothing = ($("#thread-none")?.content.firstElementChild ?? $("#thread.thread-none"))?.cloneNode(true);
  let listTop = 0; // where the list was scrolled to before a thread took its place
  const listPane = () => $("#list:not([data-list-url])");
  const listUrl = () => { const query = listPane()?.dataset.query; return `/messages/${query ? `?${query}` : ""}`; };
  function keepList() { try { sessionStorage.setItem(KEPT_LIST, listUrl()); } catch { /* the plain list, then */ } }
  function keptList() { try { return sessionStorage.getItem(KEPT_LIST); } catch { return null; } }

  function markCurrent() {
    const current = thread()?.dataset.thread;
    for (const link of document.querySelectorAll(".row-link[aria-current]")) link.removeAttribute("aria-current");
    if (!current) return;
    document.getElementById(`row-${current}`)?.querySelector(".row-link")?.setAttribute("aria-current", "true");
  }

  async function fetchList(url) {
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    const page = answer.ok && !answer.redirected && parse(await answer.text());
    const list = page && $("#list", page);
    if (!list) throw new Error("no list");
    return { page, list };
  }

  // A list loaded beside a thread is the inbox page's own list: one template, one view.
  async function loadList() {
    const waiting = $("#list[data-list-url]");
    if (!waiting || !wide.matches || waiting.dataset.loading) return;
    waiting.dataset.loading = "yes";
    waiting.setAttribute("aria-busy", "true");
    try {
      const { page, list } = await fetchList(keptList() ?? waiting.dataset.listUrl).catch(() => fetchList(waiting.dataset.listUrl));
      $(".list-heading", list)?.replaceWith(Object.assign(document.createElement("h2"), {
        className: "list-heading", id: "list-heading", textContent: $(".list-heading", list).textContent,
      }));
      putList(waiting, page, list);
      $(".row-link[aria-current]")?.closest(".row").scrollIntoView({ block: "nearest" });
    } catch {
      waiting.classList.remove("list-waiting");
      waiting.removeAttribute("aria-busy");
      delete waiting.dataset.loading;
    }
  }
  function putList(old, page, list) {
    const kept = document.adoptNode(list);
    old.replaceWith(kept);
    const filing = $("#filing", page);
    if (filing) $("#filing")?.replaceWith(document.adoptNode(filing));
    window.htmx?.process(kept);
    takeNavigation(page);
    markCurrent();
    document.dispatchEvent(new CustomEvent("list:open"));
  }
  // What the navigation of a freshly loaded page says: which view is open, and the counters.
  function takeNavigation(page) {
    const current = $(".side [data-view][aria-current]", page)?.dataset.view;
    for (const link of document.querySelectorAll(".side [data-view]")) {
      if (link.dataset.view === current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    for (const fresh of page.querySelectorAll(".side [data-counter]")) showCounter(fresh.dataset.counter, fresh.textContent.trim(), fresh.title);
    showCount();
  }
  // ``said`` tells of a number that was counted a while ago when that was; it stands beside it for screen readers.
  function showCounter(key, text, said = "") {
    const id = CSS.escape(key);
    for (const shown of document.querySelectorAll(`[data-counter="${id}"]`)) if (shown.textContent !== text) shown.textContent = text;
    for (const beside of document.querySelectorAll(`[data-counted="${id}"]`)) if (beside.textContent !== said) beside.textContent = beside.previousElementSibling.title = said;
  }

  // Another view, a filter, a sorting: the list is exchanged and the rest of the page stays.
  let latest = 0;
  async function openList(url, { push }) {
    const old = $("#list");
    const turn = ++latest;
    old.setAttribute("aria-busy", "true");
    try {
      const { page, list } = await fetchList(url);
      if (turn !== latest) return;
      putList(old, page, list);
    } catch (error) {
      if (turn !== latest) return;
      if (error instanceof TypeError) failed(old); else location.assign(url);
      return;
    }
    if (push) history.pushState({ pane: true }, "", url);
    closeThread();
    $("#menu:popover-open")?.hidePopover();
    if (!wide.matches) window.scrollTo(0, 0);
    $("#list-heading").focus({ preventScroll: true });
  }
  function closeThread() {
    const pane = $("#thread");
    if (nothing && thread()) pane.replaceWith(nothing.cloneNode(true));
    document.body.classList.replace("page-thread", "page-list");
    markCurrent();
    keepList();
    setTitle(listPane()?.dataset.title ?? "");
  }
  // Back to the list that is still in the page: nothing is loaded, and it stands where it was.
  function showList({ push } = {}) {
    const open = thread()?.dataset.thread;
    latest += 1;
    if (push) history.pushState({ pane: true }, "", listUrl());
    closeThread();
    if (!wide.matches) window.scrollTo(0, listTop);
    const link = open && document.getElementById(`row-${open}`)?.querySelector(".row-link");
    (link ?? $("#list-heading")).focus({ preventScroll: true });
  }

  // Without a connection what is shown stays, and a sentence says why nothing happened.
  function failed(pane) {
    pane.removeAttribute("aria-busy");
    document.dispatchEvent(new CustomEvent("page:failed"));
  }
  // ``how``: "push" goes on in the history, "replace" takes the place of the thread before, nothing leaves it alone.
  async function openThread(url, { how, focus }) {
    const pane = $("#thread");
    const turn = ++latest;
    if (!wide.matches && !thread()) listTop = window.scrollY;
    pane.setAttribute("aria-busy", "true");
    let fresh;
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html", "HX-Request": "true", "HX-Target": "section#thread" } });
      fresh = answer.ok && !answer.redirected && $("#thread", parse(await answer.text()));
    } catch { if (turn === latest) failed(pane); return; }
    if (turn !== latest) return; // something else was asked for meanwhile
    if (!fresh) { location.assign(url); return; }
    $("#thread").replaceWith(document.adoptNode(fresh));
    window.htmx.process(fresh);
    const wasList = document.body.classList.contains("page-list");
    if (how === "push") history.pushState({ pane: true, fromList: wasList }, "", url);
    else if (how === "replace") history.replaceState({ ...history.state, pane: true }, "", url);
    document.body.classList.replace("page-list", "page-thread");
    setTitle(thread().dataset.title);
    markCurrent();
    showBeginning();
    $(".row-link[aria-current]")?.closest(".row").scrollIntoView({ block: "nearest" });
    if (focus) $("#thread-heading").focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("thread:open"));
  }

  /* --- title and icon ------------------------------------------------------------------------------------------ */
  const plainTitle = (title) => title.replace(/^\(\d+\+?\) /, "");
  function setTitle(subject) {
    const site = plainTitle(document.title).split(" · ").pop();
    document.title = `${subject} · ${site}`;
    showCount();
  }
  function showCount() {
    const unread = $("[data-counter=unread]")?.textContent.trim();
    const title = plainTitle(document.title);
    document.title = unread ? `(${unread}) ${title}` : title;
    const icon = $("#favicon");
    const wanted = icon?.dataset[unread ? "unread" : "read"];
    if (wanted && icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
  }

  const isPlainClick = (event) => !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || !isPlainClick(event) || !window.htmx) return;
    const link = event.target.closest?.(".row-link");
    if (link && $("#thread") && listPane()) {
      event.preventDefault();
      openThread(link.getAttribute("href"), { how: "push", focus: true });
      return;
    }
    const view = event.target.closest?.("a[data-view], a[data-list]");
    if (view && $("#list") && (wide.matches || listPane())) {
      event.preventDefault();
      openList(view.getAttribute("href"), { push: true });
      return;
    }
    const back = event.target.closest?.(".thread-back");
    if (back && listPane()) {
      event.preventDefault();
      if (history.state?.fromList) history.back();
      else showList({ push: true });
    }
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "finder" || !$("#list")) return;
    event.preventDefault();
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(event.target)) if (value.trim() && !(name === "sort" && value === "newest")) asked.append(name, value.trim());
    if (asked.get("folder")) asked.delete("box");
    openList(`/messages/${asked.size ? `?${asked}` : ""}`, { push: true });
  });

  // Back and forward between what was opened in this page; every other page is loaded again.
  window.addEventListener("popstate", () => {
    if (location.hash && threadOf(location.pathname) === thread()?.dataset.thread) return;
    const url = location.pathname + location.search;
    if (threadOf(location.pathname) && (wide.matches || listPane()) && $("#list")) openThread(url, { focus: true });
    else if (location.pathname === "/messages/" && listPane()) { if (url === listUrl()) showList(); else openList(url, {}); }
    else location.reload();
  });

  // An answer that belongs to another page (signed out, gone) is shown as a page, never inside this one.
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    const raw = ctx.response?.raw;
    if (!raw || ctx.target?.id === "composer") return;
    if (raw.redirected || raw.status >= 400) {
      event.preventDefault();
      location.assign(raw.redirected ? raw.url : ctx.request.action);
    }
  });

  // "Load more": the first new line gets the focus that the link had.
  document.addEventListener("htmx:after:swap", (event) => {
    const link = event.detail.ctx.sourceElement;
    const more = link?.closest?.(".row-more");
    if (!more) return;
    const next = more.nextElementSibling?.querySelector(".row-link");
    const focused = document.activeElement === link || document.activeElement === document.body;
    more.remove();
    if (focused) next?.focus({ preventScroll: true });
    markCurrent();
  });

  /* --- look, time zone, service worker --------------------------------------------------------------------------- */
  for (const form of document.querySelectorAll("[data-theme-form]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = event.submitter?.value;
      if (chosen === "light" || chosen === "dark") {
        document.documentElement.dataset.theme = chosen;
        setCookie("theme", chosen, 365);
      } else {
        delete document.documentElement.dataset.theme;
        setCookie("theme", "", 0);
      }
      for (const button of form.querySelectorAll("button")) button.ariaPressed = String(button.value === chosen);
    });
  }

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (/^[A-Za-z0-9_+\-/]{1,64}$/.test(zone ?? "")) setCookie("time_zone", zone, 365);
  if (window.isSecureContext) navigator.serviceWorker?.register("/sw.js").catch(() => {});

  document.addEventListener("click", (event) => {
    const pill = event.target.closest?.("#pill");
    if (!pill) return;
    if ($("#messages").dataset.later) { location.assign(location.pathname); return; } // an older stretch is shown
    goToEnd();
    pill.hidden = true;
  });
  document.addEventListener("click", (event) => {
    const closes = event.target.closest?.("[data-flash-close]");
    if (!closes) return;
    closes.closest(".flash-message").remove();
    $("#main").focus({ preventScroll: true });
  });
  // The navigation of a wide window is folded to icons here; in a narrower one the same button opens it as a menu.
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-fold]") || !window.matchMedia("(min-width: 68.75em)").matches) return;
    event.preventDefault();
    const folds = document.documentElement.dataset.nav !== "narrow";
    if (folds) document.documentElement.dataset.nav = "narrow";
    else delete document.documentElement.dataset.nav;
    setCookie("nav", folds ? "narrow" : "", folds ? 365 : 0);
  });
  for (const part of document.querySelectorAll("details[data-keep]")) {
    try { if (localStorage.getItem(`open:${part.dataset.keep}`)) part.open = true; } catch { /* closed, then */ }
    part.addEventListener("toggle", () => { try { localStorage.setItem(`open:${part.dataset.keep}`, part.open ? "yes" : ""); } catch { /* not kept */ } });
  }
  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".mailboxes form, [data-sign-out]")) return;
    try { sessionStorage.removeItem(KEPT_LIST); } catch { /* nothing kept */ }
  });
  // Menus close on a click elsewhere, on Escape and after a choice.
  const openMenus = () => document.querySelectorAll("details.menu[open], details.finder-more[open], .side-account[open]");
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    for (const menu of openMenus()) {
      if (!menu.contains(document.activeElement)) continue;
      menu.open = false;
      $("summary", menu).focus();
      event.preventDefault();
    }
  });
  if (listPane() && document.body.classList.contains("page-list")) keepList();
  else if (keptList()) $(".thread-back")?.setAttribute("href", keptList());
  wide.addEventListener("change", loadList);
  document.addEventListener("scroll", (event) => {
    if (!thread() || event.target !== (scroller() === document.scrollingElement ? document : scroller())) return;
    isFollowing = isAtEnd();
    if (isFollowing && !$("#messages").dataset.later) $("#pill").hidden = true;
  }, { capture: true, passive: true });
  if (thread()) showBeginning();
  showCount();
  loadList();

  return {
    $, parse, token, thread, scroller, isAtEnd, goToEnd, markCurrent, showCount, showCounter, wide, listPane, listUrl, fetchList,
    openThread, openList, showList,
  };
})();
