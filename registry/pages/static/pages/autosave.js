// While someone types, the form is saved as a draft of theirs: every few seconds if it has changed, and when the page is
// hidden or left. The identity number is not sent.
"use strict";
(() => {
  const form = document.getElementById("entry"), said = document.getElementById("autosaved");
  if (!form || !said) return;
  const every = 5; // seconds
  let sending = null, sent = false;

  function read() {
    const typed = new URLSearchParams(new FormData(form));
    typed.delete("patient_id");
    return typed;
  }
  function print() {
    const typed = read();
    typed.delete("csrfmiddlewaretoken");
    return typed.toString();
  }
  // What the server has sent back with an error was typed, and is saved nowhere.
  let saved = "typed" in said.dataset ? "" : print();

  async function save() {
    const now = print();
    if (now === saved || sent || sending) return;
    sending = new AbortController();
    try {
      const response = await fetch(said.dataset.url, { method: "POST", body: read(), keepalive: true, signal: sending.signal });
      if (!response.ok) return; // signed out, or an outage: what is typed stays in the page, and is tried again
      saved = now;
      const text = await response.text();
      if (said.dataset.text !== text.replace(/value="\w+"/, "")) said.innerHTML = text;
      said.dataset.text = text.replace(/value="\w+"/, "");
    } catch { /* the connection is lost */ } finally {
      sending = null;
    }
  }
  setInterval(save, 1000 * every);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save(); });
  addEventListener("pagehide", save);
  // What is sent is stored, or comes back: a draft that was saved after it would be one too many.
  form.addEventListener("submit", () => {
    sent = true;
    sending?.abort();
    setTimeout(() => { sent = false; }, 1000 * every);
  });
})();
