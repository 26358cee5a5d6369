// Pictures of a conversation, large: a native dialog with keys, swiping and a way to download.
"use strict";

(() => {
  const { $ } = window.messageCenter;
  const words = document.getElementById("file-words").dataset;
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const SWIPE_PIXELS = 48;
  let links = [];
  let place = 0;
  let opener = null;
  let dialog = null;

  const button = (icon, label, className) => `<button class="button button-icon ${className}" type="button" aria-label="${label}"><svg class="icon" aria-hidden="true"><use href="${words.icons}#${icon}"></use></svg></button>`;

  function build() {
    dialog = document.createElement("dialog");
    dialog.className = "lightbox";
    dialog.setAttribute("aria-labelledby", "lightbox-name");
    // Only our own words and icons: what people named their files is set as text below.
    dialog.innerHTML = `<div class="lightbox-stage"><img alt=""><p class="lightbox-unseen" hidden></p></div>
      ${button("chevron-left", words.earlier, "lightbox-earlier")}${button("chevron-right", words.later, "lightbox-later")}
      <div class="lightbox-bar"><p class="lightbox-caption" role="status"><b id="lightbox-name"></b> <span class="lightbox-facts"></span></p>
      <a class="button button-icon lightbox-download" aria-label="${words.download}"><svg class="icon" aria-hidden="true"><use href="${words.icons}#download"></use></svg></a>${button("x", words.close, "lightbox-close")}</div>`;
    $(".lightbox-unseen", dialog).textContent = words.unseen;
    document.body.append(dialog);
    $(".lightbox-close", dialog).addEventListener("click", () => dialog.close());
    $(".lightbox-earlier", dialog).addEventListener("click", () => show(place - 1));
    $(".lightbox-later", dialog).addEventListener("click", () => show(place + 1));
    $("img", dialog).addEventListener("error", unseen);
    $("img", dialog).addEventListener("load", () => dialog.removeAttribute("aria-busy"));
    dialog.addEventListener("keydown", press);
    dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target.matches(".lightbox-stage")) dialog.close(); });
    dialog.addEventListener("close", () => {
      $("img", dialog).removeAttribute("src");
      // The conversation may have been shown again meanwhile: the same file's link is then another element.
      const back = opener?.isConnected ? opener : document.querySelector(`[data-file="${links[place]?.closest("[data-file]")?.dataset.file}"] a`);
      back?.focus({ preventScroll: true });
    });
    swipe($(".lightbox-stage", dialog));
  }

  function press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const forwards = getComputedStyle(dialog).direction === "rtl" ? -1 : 1;
    const to = { ArrowRight: place + forwards, ArrowLeft: place - forwards, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
  }

  // One finger to the side turns over; a zoomed picture is moved instead.
  function swipe(stage) {
    let from = null;
    stage.addEventListener("touchstart", (event) => {
      from = event.touches.length === 1 && (window.visualViewport?.scale ?? 1) < 1.05 ? event.touches[0] : null;
    }, { passive: true });
    stage.addEventListener("touchmove", (event) => { if (event.touches.length > 1) from = null; }, { passive: true });
    stage.addEventListener("touchend", (event) => {
      if (!from) return;
      const [x, y] = [event.changedTouches[0].clientX - from.clientX, event.changedTouches[0].clientY - from.clientY];
      from = null;
      if (Math.abs(x) < SWIPE_PIXELS || Math.abs(x) < Math.abs(y) * 1.5) return;
      const forwards = getComputedStyle(dialog).direction === "rtl" ? -1 : 1;
      show(place - Math.sign(x) * forwards);
    });
  }

  const sourceOf = (link) => (isCalm.matches ? link.dataset.still : link.dataset.large) || link.dataset.still || $("img", link).src;
  function unseen() {
    const picture = $("img", dialog);
    const still = links[place]?.dataset.still;
    if (!dialog.open) return;
    if (still && picture.getAttribute("src") !== still) { picture.src = still; return; }
    picture.hidden = true;
    dialog.removeAttribute("aria-busy");
    $(".lightbox-unseen", dialog).hidden = false;
  }
  function show(to) {
    if (to < 0 || to >= links.length) return;
    place = to;
    const link = links[place];
    const thumb = $("img", link);
    const picture = $("img", dialog);
    dialog.setAttribute("aria-busy", "true");
    $(".lightbox-unseen", dialog).hidden = true;
    picture.hidden = false;
    for (const side of ["width", "height"]) {
      if (thumb.hasAttribute(side)) picture.setAttribute(side, thumb.getAttribute(side)); else picture.removeAttribute(side);
    }
    picture.alt = thumb.alt;
    picture.src = sourceOf(link);
    $("#lightbox-name", dialog).textContent = link.dataset.name;
    const count = words.place.replace("{number}", place + 1).replace("{count}", links.length);
    $(".lightbox-facts", dialog).textContent = links.length > 1 ? `${link.dataset.size} · ${count}` : link.dataset.size;
    const download = $(".lightbox-download", dialog);
    download.href = link.href;
    download.download = link.dataset.name;
    turn(".lightbox-earlier", place === 0);
    turn(".lightbox-later", place === links.length - 1);
    for (const near of [links[place + 1], links[place - 1]]) if (near) new Image().src = near.dataset.still || sourceOf(near);
  }
  // A button that ends its way keeps the focus: it is dimmed, not taken away from under the fingers.
  function turn(selector, isEnd) {
    const one = $(selector, dialog);
    one.hidden = links.length < 2;
    one.setAttribute("aria-disabled", String(isEnd));
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-lightbox]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!dialog) build();
    opener = link;
    links = [...(link.closest("#messages, #gallery") ?? document).querySelectorAll("a[data-lightbox]")];
    dialog.showModal();
    show(links.indexOf(link));
    $(".lightbox-close", dialog).focus();
  });
})();
