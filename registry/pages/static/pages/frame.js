// A figure in a frame tells the page around it how high it is; the page that shows how it will look listens.
"use strict";
(() => {
  const root = document.documentElement;
  const tell = () => parent.postMessage({ swecar: "height", height: Math.ceil(root.getBoundingClientRect().height) }, "*");
  if (parent !== window) addEventListener("DOMContentLoaded", () => new ResizeObserver(tell).observe(document.body));
  addEventListener("message", (event) => {
    if (event.origin !== location.origin || event.data?.swecar !== "height") return;
    for (const frame of document.querySelectorAll("iframe[data-fits]"))
      if (frame.contentWindow === event.source) frame.height = event.data.height;
  });
})();
