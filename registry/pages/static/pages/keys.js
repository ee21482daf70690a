// Keys that lead to the pages of the menu, and the list of them under "?". All of it works without this file. Who speaks
// to the browser, or presses keys by mistake, turns them off in the list (WCAG 2.1.4).
"use strict";
(() => {
  const OFF = "keys-off";
  const dialog = document.getElementById("keys"), opener = document.getElementById("show-keys");
  if (!dialog || !opener) return;
  const links = [...document.querySelectorAll("nav a[data-key]")], use = document.getElementById("use-keys");
  const list = document.getElementById("keys-list");

  for (const link of links) {
    const term = document.createElement("dt"), key = document.createElement("kbd"), meaning = document.createElement("dd");
    key.textContent = link.dataset.key;
    meaning.textContent = [...link.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data.trim()).join("");
    term.append(key);
    list.append(term, meaning);
  }
  let off = false;
  try { off = localStorage.getItem(OFF) === "1"; } catch { /* a browser that keeps nothing */ }
  use.checked = !off;
  use.addEventListener("change", () => {
    off = !use.checked;
    try { localStorage.setItem(OFF, off ? "1" : "0"); } catch { /* holds until the next page */ }
  });
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());

  document.addEventListener("keydown", (event) => {
    const types = event.target.closest?.("input, select, textarea, [contenteditable]");
    if (off || types || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || dialog.open) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "?") dialog.showModal();
    else if (event.key === "/") {
      const answer = document.querySelector("main li textarea"); // of the first question, before the filter of the list
      (answer ?? document.querySelector("main input:not([type=hidden]), main select, main textarea"))?.focus();
    }
    else {
      const link = links.find((one) => one.dataset.key === event.key);
      if (!link) return;
      link.click();
    }
    event.preventDefault();
  });
})();
