// What makes the public page quick: links and the form change the parts that differ, without loading
// the page anew. All of it works without this file, by the same addresses.
"use strict";
(() => {
  const slider = document.getElementById("month");
  const output = document.querySelector("#when output");
  const form = document.getElementById("when");
  const year = form.querySelector("[name=year]"), month = form.querySelector("[name=month]");
  const language = document.documentElement.lang;
  const [firstYear, firstMonth] = slider.dataset.from.split("-").map(Number);
  let slid = false; // the last entry of the history is of the slider, as long as that is held
  let asked = null, shown = location.pathname + location.search;

  async function show(address, { push = true } = {}) {
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(address, { signal: asked.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.redirected) address = answer.url; // a date typed in another way, as it is written
      if (!page.getElementById("when")) throw new Error(answer.status);
      const open = [...document.querySelectorAll("[data-part] details[open]")].map((one) => one.id);
      for (const part of document.querySelectorAll("[data-part]")) {
        const other = page.getElementById(part.id);
        if (other) part.replaceWith(other);
      }
      for (const id of open) document.getElementById(id)?.setAttribute("open", "");
      const problem = document.getElementById("problem"), said = page.getElementById("problem");
      problem.textContent = said.textContent;
      problem.hidden = said.hidden;
      for (const hidden of form.querySelectorAll("input[type=hidden]")) hidden.remove();
      form.prepend(...page.querySelectorAll("#when input[type=hidden]"));
      document.title = page.title;
      shown = new URL(address, location.href);
      shown = shown.pathname + shown.search;
      const link = document.querySelector("nav a[hreflang]"), turned = page.querySelector("nav a[hreflang]");
      if (link && turned) link.href = turned.href;
      if (push === "slide" && slid) history.replaceState(null, "", address);
      else if (push) history.pushState(null, "", address);
      slid = push === "slide";
      document.dispatchEvent(new Event("shown"));
    } catch (error) {
      if (error.name !== "AbortError") location.assign(address);
      return false;
    }
    return address;
  }

  // Months are counted from the first one; the last is all that is known.
  const monthOf = (text) => {
    const [year, month] = text.split("-").map(Number);
    return 12 * (year - firstYear) + month - firstMonth;
  };
  const dayOf = (place) => new Date(Date.UTC(firstYear, firstMonth + place, 0));
  function say() {
    const place = Number(slider.value), { complete, open } = slider.dataset;
    const name = dayOf(place).toLocaleDateString(language, { year: "numeric", month: "long", timeZone: "UTC" });
    const text = place > Number(complete) ? `${name}, ${open}` : name;
    output.textContent = text;
    slider.setAttribute("aria-valuetext", text);
  }
  function list(chosen) {
    const [ofYear, ofMonth] = chosen ? chosen.split("-").map(Number) : ["", ""];
    year.value = ofYear;
    if (month) month.value = ofMonth;
  }
  function follow(address) {
    const chosen = new URL(address, location.href).searchParams.get("as_of");
    list(chosen);
    slider.value = chosen ? monthOf(chosen) : slider.max;
    say();
  }

  slider.closest("p").hidden = false;
  say();
  slider.addEventListener("input", () => {
    const address = new URL(location.href);
    address.hash = "";
    if (slider.value === slider.max) address.searchParams.delete("as_of");
    else address.searchParams.set("as_of", dayOf(Number(slider.value)).toISOString().slice(0, 10));
    list(address.searchParams.get("as_of"));
    say();
    show(address.href, { push: "slide" });
  });
  slider.addEventListener("blur", () => { slid = false; });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    if (!fields.get("year")) for (const name of ["year", "month"]) fields.delete(name);
    const query = new URLSearchParams(fields).toString();
    const address = form.action.split(/[?#]/)[0] + (query ? `?${query}` : "");
    show(address).then((shown) => shown && follow(shown));
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-live]");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    // An SVG link's href is an object.
    const address = new URL(link.getAttribute("href"), location.href);
    const before = link.getAttribute("href"), part = address.hash.slice(1);
    show(address.href).then((done) => {
      if (!done) return;
      follow(address.href);
      const choice = document.getElementById("centre");
      if (part === "centre" && !choice.hidden) {
        choice.focus({ preventScroll: true });
        choice.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion)").matches ? "auto" : "smooth" });
      } else {
        // Focus stays on what was pressed, which is another element by now.
        document.querySelector(`a[data-live][href="${CSS.escape(before)}"]`)?.focus({ preventScroll: true });
      }
    });
  });
  addEventListener("popstate", () => {
    if (location.pathname + location.search === shown) return; // only another part of the page
    show(location.href, { push: false }).then(() => follow(location.href));
  });
})();
