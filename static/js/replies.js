// Saved replies beside the text box: a list that is searched while typing and used by keyboard, and the gaps they leave.
"use strict";

(() => {
  const { $ } = window.messageCenter;
  const MOST_SHOWN = 50;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  let open = null; // the link, its form, the replies and the one chosen, while the panel is there

  /* --- the panel -------------------------------------------------------------------------------------------------- */
  const search = make("input", { type: "search", id: "replies-search", autocomplete: "off", role: "combobox" });
  const label = make("label", { htmlFor: "replies-search", className: "hidden" });
  const list = make("ul", { className: "replies-list", id: "replies-list", role: "listbox" });
  const said = make("p", { className: "composer-language" });
  said.setAttribute("role", "status");
  const panel = make("div", { className: "replies-panel", id: "replies-panel", popover: "auto" }, label, search, said, list);
  panel.setAttribute("role", "dialog");
  search.setAttribute("aria-controls", "replies-list");
  search.setAttribute("aria-expanded", "true");
  search.setAttribute("aria-autocomplete", "list");
  document.body.append(panel);

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = open.replies.filter((one) => words.every((word) => `${one.name}\n${one.language_name}\n${one.text}`.toLowerCase().includes(word)));
    list.replaceChildren(...found.slice(0, MOST_SHOWN).map((one, place) => {
      const about = [one.language_name, one.missing ? open.link.dataset.gaps : ""].filter(Boolean).join(" · ");
      const start = one.text.length > 120 ? `${one.text.slice(0, 120)}…` : one.text;
      const option = make("li", { className: "replies-option", id: `replies-option-${place}`, role: "option" }, make("b", { textContent: one.name }), make("small", { textContent: about }), make("small", { textContent: start, lang: one.language, dir: "auto" }));
      option.addEventListener("click", () => use(one));
      return option;
    }));
    open.found = found;
    said.textContent = found.length ? "" : open.replies.length ? open.link.dataset.countNone : open.link.dataset.empty;
    choose(0);
  }
  function choose(place) {
    const options = [...list.children];
    open.place = Math.max(0, Math.min(place, options.length - 1));
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === open.place)));
    const chosen = options[open.place];
    if (chosen) { search.setAttribute("aria-activedescendant", chosen.id); chosen.scrollIntoView({ block: "nearest" }); }
    else search.removeAttribute("aria-activedescendant");
  }
  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (!open || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 }[event.key];
    if (step) { event.preventDefault(); choose(open.place + step); }
    if (event.key === "Enter") { event.preventDefault(); if (open.found[open.place]) use(open.found[open.place]); }
  });
  // Closed without a choice, the browser gives the focus back to the link.
  panel.addEventListener("toggle", (event) => { if (event.newState !== "open") open = null; });

  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[data-replies]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !panel.showPopover) return;
    event.preventDefault();
    let replies = null;
    try {
      const answer = await fetch(link.href, { headers: { Accept: "application/json" }, redirect: "error" });
      if (answer.ok) ({ replies } = await answer.json());
    } catch { /* no connection: said below */ }
    if (!link.isConnected) return;
    open = { link, form: link.closest("form"), replies: replies ?? [], found: [], place: 0 };
    label.textContent = search.placeholder = link.dataset.search;
    for (const named of [panel, list]) named.setAttribute("aria-label", link.textContent.trim());
    search.value = "";
    // Above the line with the link, as wide as the form.
    const { left, width } = open.form.getBoundingClientRect();
    panel.style.insetBlockEnd = `${Math.max(8, innerHeight - link.getBoundingClientRect().top + 4)}px`;
    panel.style.left = `${left}px`;
    panel.style.right = "auto";
    panel.style.maxInlineSize = `${width}px`;
    panel.showPopover();
    show();
    if (!replies) said.textContent = link.dataset.failed;
    search.focus();
  });

  /* --- into the text ---------------------------------------------------------------------------------------------- */
  function use(reply) {
    const { form, link } = open;
    const area = form.elements.body;
    panel.hidePopover();
    const signature = form.elements.signature?.value.trim() ?? "";
    const isOnlySignature = Boolean(signature) && area.value.trim() === signature;
    const start = isOnlySignature ? 0 : area.selectionStart;
    const end = isOnlySignature ? area.value.length : area.selectionEnd;
    area.setRangeText(isOnlySignature ? `${reply.text}\n\n${signature}` : reply.text, start, end, "end");
    if (isOnlySignature) area.setSelectionRange(reply.text.length, reply.text.length);
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
    goToGap(area, start);
    const line = $(".composer-left", form);
    if (line) line.textContent = fill(reply.missing ? link.dataset.gap : link.dataset.used, { name: reply.name });
  }
  // A gap is selected as a whole, so that the next key replaces it.
  function goToGap(area, from) {
    const start = area.value.indexOf("⟦", from);
    const end = area.value.indexOf("⟧", start);
    if (start >= 0 && end > start) area.setSelectionRange(start, end + 1);
  }
  // Who begins to write begins above the signature.
  document.addEventListener("focusin", (event) => {
    const area = event.target;
    if (!area.matches?.("form[data-draft] textarea[name=body]") || area.dataset.begun) return;
    area.dataset.begun = "yes";
    const signature = area.form.elements.signature?.value.trim();
    if (signature && area.value.trim() === signature) area.setSelectionRange(0, 0);
    else goToGap(area, 0);
  });
})();
