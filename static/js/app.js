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
  function markCurrent() {
    const current = thread()?.dataset.thread;
    for (const link of document.querySelectorAll(".row-link[aria-current]")) link.removeAttribute("aria-current");
    if (!current) return;
    document.getElementById(`row-${current}`)?.querySelector(".row-link")?.setAttribute("aria-current", "true");
  }

  // A list loaded beside a thread is the inbox page's own list: one template, one view.
  async function loadList() {
    const waiting = $("#list[data-list-url]");
    if (!waiting || !wide.matches || waiting.dataset.loading) return;
    waiting.dataset.loading = "yes";
    try {
      const answer = await fetch(waiting.dataset.listUrl, { headers: { Accept: "text/html" } });
      const list = answer.ok && $("#list", parse(await answer.text()));
      if (!list) throw new Error("no list");
      $(".list-heading", list)?.replaceWith(Object.assign(document.createElement("h2"), {
        className: "list-heading", id: "list-heading", textContent: $(".list-heading", list).textContent,
      }));
      const kept = document.adoptNode(list);
      waiting.replaceWith(kept);
      window.htmx?.process(kept);
      markCurrent();
    } catch {
      waiting.classList.remove("list-waiting");
      delete waiting.dataset.loading;
    }
  }

  async function openThread(url, { push, focus }) {
    const pane = $("#thread");
    pane.setAttribute("aria-busy", "true");
    try {
      await window.htmx.ajax("GET", url, { source: pane, target: pane, swap: "outerHTML" });
    } catch { location.assign(url); return; }
    if (threadOf(new URL(url, location.href).pathname) !== thread()?.dataset.thread) { location.assign(url); return; }
    if (push) history.pushState({ pane: true }, "", url);
    document.body.classList.replace("page-list", "page-thread");
    setTitle(thread().dataset.title);
    markCurrent();
    showBeginning();
    if (focus) $("#thread-heading").focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("thread:open"));
  }

  /* --- title ----------------------------------------------------------------------------------------------------- */
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
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".row-link");
    if (!link || !window.htmx || !wide.matches || !$("#thread")) return;
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    openThread(link.getAttribute("href"), { push: true, focus: true });
  });

  // Back and forward between threads opened beside the list; every other page is loaded again.
  window.addEventListener("popstate", () => {
    if (location.hash && threadOf(location.pathname) === thread()?.dataset.thread) return;
    if (threadOf(location.pathname) && wide.matches && $("#list")) openThread(location.pathname, { focus: true });
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
  wide.addEventListener("change", loadList);
  document.addEventListener("scroll", (event) => {
    if (!thread() || event.target !== (scroller() === document.scrollingElement ? document : scroller())) return;
    isFollowing = isAtEnd();
    if (isFollowing && !$("#messages").dataset.later) $("#pill").hidden = true;
  }, { capture: true, passive: true });
  if (thread()) showBeginning();
  showCount();
  loadList();

  return { $, parse, token, thread, scroller, isAtEnd, goToEnd, markCurrent, showCount };
})();
