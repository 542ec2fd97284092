// What pages of the console do beyond what they do without a script.
"use strict";

// A form is sent once, however often its button is pressed; a page that comes back from the history is as it was.
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 3000);
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// What a page asks for by itself: nothing while nobody looks at it. The tab says how much is due today, as the menu does.
const title = document.title;
const lost = document.querySelector("[data-lost]");
addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden) event.preventDefault();
});
addEventListener("htmx:afterOnLoad", () => {
  lost.hidden = true;
  const count = Number(document.querySelector("#waiting")?.dataset.count);
  document.title = count ? `(${count}) ${title}` : title;
});
addEventListener("htmx:sendError", () => (lost.hidden = false));
