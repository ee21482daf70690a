// Warns two minutes before the session ends, and says when it has ended. What is typed stays in the page: sent from
// an ended session, it comes back to be sent again.
"use strict";
(() => {
  const warning = document.getElementById("session-warning");
  if (!warning) return;
  const [ending, ended] = warning.querySelectorAll("p"), button = warning.querySelector("button");
  const before = 120, every = 10;
  let ends = Date.now() / 1000 + Number(warning.dataset.seconds), focused = null, asked = 0;

  // Another tab may have lengthened it, so the server is asked. That does not count as use.
  // An answer that comes after a later question says what was before it.
  async function ask(method) {
    const mine = ++asked;
    const token = document.cookie.match(/(?:^|; )csrftoken=(\w+)/)?.[1] ?? "";
    const response = await fetch(warning.dataset.url, { method, headers: { "X-CSRFToken": token } });
    const seconds = (await response.json()).seconds;
    if (mine !== asked) return;
    ends = Date.now() / 1000 + seconds;
    show(seconds);
  }
  function show(seconds) {
    const near = seconds <= before, over = seconds <= 0;
    if (near && warning.hidden) focused = document.activeElement;
    if (near && (warning.hidden || ended.hidden === over)) {
      warning.hidden = false;
      [ending.hidden, button.hidden, ended.hidden] = [over, over, !over];
      warning.querySelector("button:not([hidden]), p:not([hidden]) a").focus();
    }
    if (!near && !warning.hidden) {
      warning.hidden = true;
      // What had the focus may have been drawn anew meanwhile, when the server's answer came.
      (focused?.isConnected ? focused : document.getElementById(focused?.id ?? ""))?.focus();
    }
  }
  // Not one long timer: a computer that has slept would be late.
  setInterval(() => {
    if (Date.now() / 1000 > ends - before) ask("GET").catch(() => {});
  }, 1000 * every);
  button.addEventListener("click", () => ask("POST").catch(() => {}));
})();
