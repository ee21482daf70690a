// What makes the clinic's pages safe to type in while htmx changes parts of them. All of it works
// without this file.
"use strict";
(() => {
  // What is pressed may not move away before it is let go: the browser then sees no click, and a form
  // is not sent. An answer that comes meanwhile waits, unless a newer one is asked for.
  let pressed = false, waiting = null, later = [];

  document.addEventListener("pointerdown", () => { pressed = true; }, true);
  function letGo() {
    pressed = false;
    // The click comes first, and a finger's comes a little later than the finger is gone.
    setTimeout(() => {
      if (pressed) return;
      for (const change of later.splice(0)) change();
      if (!waiting) return;
      const { target, serverResponse } = waiting;
      waiting = null;
      htmx.swap(target, serverResponse, { swapStyle: "outerHTML" });
    }, 50);
  }
  for (const name of ["pointerup", "pointercancel", "keydown"]) document.addEventListener(name, letGo, true);
  // A list of choices that opens swallows the end of the press.
  document.addEventListener("pointermove", (event) => { if (pressed && !event.buttons) letGo(); }, true);
  document.addEventListener("htmx:beforeRequest", () => {
    waiting = null;
    document.getElementById("signed-out").replaceChildren();
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!pressed || !detail.shouldSwap) return;
    detail.shouldSwap = false;
    waiting = detail;
  });

  // What was wrong goes once it is answered, beside its field and in the summary.
  function takeBack(field) {
    field.classList.remove("wrong");
    for (const error of field.querySelectorAll("p.error")) error.remove();
    for (const input of field.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  }
  // What the summary says of a field that is no longer wrong goes; what it says of an infusion as a whole goes with
  // any change of it, since it is judged anew when it is sent.
  function shortenSummary(whole) {
    const summary = document.getElementById("errors");
    if (!summary) return;
    for (const item of summary.querySelectorAll("li")) {
      const link = item.querySelector("a");
      const field = link && document.getElementById(link.hash.slice(1))?.closest(".field");
      if (link ? field && !field.classList.contains("wrong") : whole) item.remove();
    }
    if (!summary.querySelector("li")) summary.remove();
  }
  function answered(target) {
    const field = target.closest(".field.wrong"), form = target.closest("form.entry");
    if (field) takeBack(field);
    // Where the server says nothing while someone types, the steward is offered for the kind that was refused.
    if (form && !form.hasAttribute("hx-post") && target.name === "kind") document.getElementById("refer")?.replaceChildren();
    shortenSummary(Boolean(form));
  }
  document.addEventListener("change", ({ target }) => {
    if (pressed) later.push(() => answered(target));
    else answered(target);
  });
  document.addEventListener("htmx:afterSettle", () => shortenSummary(false));

  // Where the part of the page that one types in comes anew with other fields, the first of them has the focus.
  let typedIn = "";
  document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    if (detail.target.contains(document.activeElement)) typedIn = detail.target.id;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (typedIn && document.activeElement === document.body) document.getElementById(typedIn)?.querySelector("input, select")?.focus();
    typedIn = "";
  });

  // Trials and products are those of the chosen category; one that is chosen already stays, and is judged
  // when the form is sent.
  const entry = document.querySelector("form.entry");
  function narrow() {
    const category = entry.querySelector("[name=category]:checked")?.value;
    for (const option of entry.querySelectorAll("option[data-for]")) {
      const fits = !category || option.selected || option.dataset.for.split(" ").includes(category);
      option.hidden = option.disabled = !fits;
    }
    for (const group of entry.querySelectorAll("optgroup")) group.hidden = !group.querySelector("option:not([hidden])");
  }
  if (entry) {
    entry.addEventListener("change", narrow);
    narrow();
    // What was typed before the scripts had come, on a slow line, has told nobody that it changed.
    addEventListener("DOMContentLoaded", () => {
      const typed = [...entry.elements].find((field) => field.type === "text" && field.value !== field.defaultValue);
      if (typed && typed !== document.activeElement) typed.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // One mark chooses all rows of a list's page.
  const chooser = document.getElementById("choose-all");
  if (chooser) {
    const all = document.createElement("input"), rows = [...document.querySelectorAll("[name=row][type=checkbox]")];
    const count = () => rows.filter((row) => row.checked).length;
    function show() {
      all.checked = count() === rows.length;
      all.indeterminate = !all.checked && count() > 0;
    }
    all.type = "checkbox";
    all.setAttribute("aria-label", chooser.dataset.label);
    all.addEventListener("change", () => { for (const row of rows) row.checked = all.checked; });
    for (const row of rows) row.addEventListener("change", show);
    chooser.append(all);
    show(); // a browser that goes back has kept the rows that were chosen
  }

  // A browser gives no focus by itself where the address names a part of the page.
  if (location.hash) addEventListener("load", () => setTimeout(() => document.querySelector("[autofocus]")?.focus()));

  // A date is written back as it was understood, unless someone is in its field again.
  document.addEventListener("understood", ({ target, detail }) => {
    if (target !== document.activeElement) target.value = detail.written;
  });

  // A form that is pressed twice is sent once; after a while it may be sent anew, where no page has come.
  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    if (sent.has(event.target)) event.preventDefault();
    sent.add(event.target);
    setTimeout(() => sent.delete(event.target), 3000);
  });

  // Whoever has signed in anew in another tab goes on here: the form takes the token of the new session. As long as
  // the session is the same the form keeps its own, by which the server knows it again if it is sent twice: the token
  // behind a mask that is drawn for each page (django.middleware.csrf).
  const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  function unmask(token) {
    const half = token.length / 2, count = LETTERS.length;
    const place = (index) => LETTERS.indexOf(token[index]);
    return Array.from({ length: half }, (_, index) => LETTERS[(place(half + index) - place(index) + count) % count]).join("");
  }
  function renewTokens() {
    const token = document.cookie.match(/(?:^|; )csrftoken=(\w+)/)?.[1];
    if (!token) return;
    for (const field of document.getElementsByName("csrfmiddlewaretoken")) {
      if (unmask(field.value) !== token) field.value = token;
    }
  }
  for (const name of ["change", "submit"]) document.addEventListener(name, renewTokens, true);
})();
