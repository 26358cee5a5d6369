// Tells the person when a passkey did not work: allauth's script only writes to the console.
(() => {
  "use strict";
  const box = document.getElementById("passkey-problem");
  if (!box) return;
  const say = (text) => {
    box.textContent = text;
    box.hidden = false;
  };
  if (!window.PublicKeyCredential) say(box.dataset.missing);
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const name = event.detail && event.detail.exception ? event.detail.exception.name : "";
    if (name === "InvalidStateError") say(box.dataset.known);
    else if (name === "NotAllowedError" || name === "AbortError") say(box.dataset.cancelled);
    else say(box.dataset.failed);
  });
})();
