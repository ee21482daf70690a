// The values of a figure where the pointer, the finger or the focus is, and the buttons that copy. The tables
// have the same numbers, and the links beside the buttons the same addresses, without this file.
"use strict";
(() => {
  const PART = ".chart [data-value], a.place";
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "status");
  document.body.append(tip);
  let pointed = null;

  function hide() {
    pointed?.classList.remove("pointed");
    pointed = null;
    tip.textContent = "";
  }
  function show(part, text) {
    if (part === pointed && tip.textContent) return;
    hide();
    pointed = part;
    part.classList.add("pointed");
    tip.textContent = text;
    const box = part.getBoundingClientRect(), { offsetWidth: width, offsetHeight: height } = tip;
    const left = Math.min(box.left + box.width / 2 - width / 2, document.documentElement.clientWidth - width - 8);
    const top = box.top - height - 6 < 0 ? Math.min(box.bottom + 6, innerHeight - height) : box.top - height - 6;
    tip.style.left = `${Math.max(8, left) + scrollX}px`;
    tip.style.top = `${top + scrollY}px`;
  }
  // A mark and its callout are one centre, and the callout has the words.
  function read(part) {
    if (part.dataset.value) return part.dataset.value;
    const href = CSS.escape(part.getAttribute("href"));
    return part.closest("svg").querySelector(`a.place[data-value][href="${href}"]`)?.dataset.value ?? "";
  }
  const point = (part) => show(part, read(part));

  // What scrolls below a pointer that lies still is not pointed at, while the keyboard has the word.
  let place = "";
  const placeOf = (event) => `${event.clientX},${event.clientY}`;
  document.addEventListener("pointermove", (event) => { place = placeOf(event); });
  document.addEventListener("pointerover", (event) => {
    if (placeOf(event) === place && pointed?.closest(":focus-visible")) return;
    place = placeOf(event);
    const part = event.target.closest?.(PART);
    if (part) point(part);
    else if (pointed && !tip.contains(event.target) && !pointed.closest(":focus-visible")) hide();
  });
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches("a.place[data-value]")) point(target);
    else if (target.matches(".chart") && target.matches(":focus-visible")) point([...target.querySelectorAll(PART)].at(-1));
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    if (!event.target.matches?.(".chart")) return;
    const parts = [...event.target.querySelectorAll(PART)], at = parts.indexOf(pointed);
    const steps = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: parts.length - 1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    point(parts[Math.max(0, Math.min(parts.length - 1, steps[event.key]))]);
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    show(button, button.dataset.done);
  });

  function prepare() {
    if (pointed && !pointed.isConnected) hide();
    for (const chart of document.querySelectorAll(".chart"))
      if (chart.querySelector(PART)) chart.setAttribute("tabindex", "0");
    for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
  }
  document.addEventListener("shown", prepare); // parts of the page are others (map.js)
  prepare();
})();
