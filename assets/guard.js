"use strict";
/* Once in a window, however often a script of the site puts the page anew. */
if (!document.compliance) {
  document.compliance = true;
  const script = document.currentScript;
  const { optOut, trackers } = script.dataset;
  /* Pairs of a category and an expression for its addresses; the first that fits counts. */
  const listed = "TRACKERS".map(([category, pattern]) => [category, RegExp(pattern)]);
  const MARK = "data-compliance-";
  const TAGS = "script,img,iframe,embed,source,link";
  const NAMES = ["src", "srcset", "href"];

  /* Nothing is allowed until it is known what was decided. */
  let choices = {};
  /* What was refused under an earlier policy stays refused until the reader decides anew. */
  const earlier = () => {
    try {
      const [, payload] = /compliance_consent=([^.;]+)/.exec(document.cookie);
      return JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/"))).choices;
    } catch {
      return {};
    }
  };
  const allowed = (category) =>
    (category || "necessary") === "necessary" ||
    (choices
      ? choices[category]
      : !navigator.globalPrivacyControl && optOut?.split(" ").includes(category) && earlier()[category] !== false);
  const barred = (addresses) => {
    if (/^(data|blob):/.test(addresses)) return;
    for (const address of `${addresses}`.split(/[\s,]+/)) {
      try {
        const { hostname, pathname } = new URL(address, document.baseURI);
        const [category] = listed.find(([, pattern]) => pattern.test(hostname + pathname)) ?? [];
        if (!allowed(category)) return category;
      } catch {}
    }
  };

  /* An address that waits stays off its element. */
  const { setAttribute } = Element.prototype;
  const put = (element, name, value) => setAttribute.call(element, name, value);
  const waiting = new Set();
  const keep = (element, name, value) => {
    const category = element.matches(TAGS) && NAMES.includes(name) && barred(value);
    if (category) {
      put(element, `${MARK}hold`, category);
      put(element, MARK + name, value);
    } else if (waiting.delete(element)) element.removeAttribute(MARK + name);
    return category;
  };
  const hold = (root, scripts, every) => {
    for (const element of root.querySelectorAll(TAGS)) {
      const runs = element.localName === "script";
      let held = every;
      if (runs && !scripts) continue;
      for (const name of NAMES)
        if (keep(element, name, element.getAttribute(name))) held = element.removeAttribute(name) ?? true;
      if (!runs || !held) continue;
      put(element, `${MARK}type`, element.type);
      put(element, "type", "text/plain");
      put(element, `${MARK}hold`, element.getAttribute(`${MARK}hold`) ?? "");
    }
    return root;
  };
  const parse = (markup, ...how) => {
    const holder = document.createElement("template");
    fill.call(holder, markup);
    hold(holder.content, ...how);
    return holder;
  };
  const sift = (markup, scripts) =>
    `${markup}`.match(/\/\/[^\s"'<>]+/g)?.some(barred) ? parse(markup, scripts).innerHTML : markup;

  let module;
  const wake = () => {
    if (!module && !waiting.size && !document.querySelector(`[${MARK}hold]`)) return;
    module ??= import(trackers);
    module.then(({ release }) => release({ choices, allowed, waiting, parse, put, template: script.nextElementSibling }));
  };

  /* What page scripts set, write and send from here on. */
  const change = (object, name, how) => {
    const old = Object.getOwnPropertyDescriptor(object, name);
    const key = old?.set ? "set" : "value";
    if (old) Object.defineProperty(object, name, { ...old, [key]: how(old[key]) });
    return old?.[key];
  };
  const guard = (element, name, value) => keep(element, name, value) && waiting.add(element) && !wake();
  for (const tag of TAGS.split(","))
    for (const name of NAMES)
      change(document.createElement(tag).constructor.prototype, name, (old) => function (value) {
        guard(this, name, value) || old.call(this, value);
      });
  change(Element.prototype, "setAttribute", (old) => function (name, value) {
    guard(this, `${name}`.toLowerCase(), value) || old.call(this, name, value);
  });
  const sifted = (old) => function (...given) {
    given.push(sift(given.pop(), old.name === "createContextualFragment"));
    return old.apply(this, given);
  };
  const fill = change(Element.prototype, "innerHTML", sifted);
  change(ShadowRoot.prototype, "innerHTML", sifted);
  change(Element.prototype, "outerHTML", sifted);
  change(Element.prototype, "insertAdjacentHTML", sifted);
  change(Range.prototype, "createContextualFragment", sifted);
  change(DOMParser.prototype, "parseFromString", (old) => function (...given) {
    return hold(old.apply(this, given));
  });
  for (const name of ["write", "writeln"])
    change(Document.prototype, name, (old) => function (...given) {
      old.call(this, sift(given.length > 1 ? given.join("") : given[0], true));
    });
  change(window, "fetch", (old) => async (input, ...given) => {
    if (barred(input.url ?? input)) throw TypeError("No consent");
    return old(input, ...given);
  });
  change(Navigator.prototype, "sendBeacon", (old) => function (url, data) {
    return !barred(url) && old.call(this, url, data);
  });
  change(XMLHttpRequest.prototype, "open", (old) => function (method, url, ...given) {
    old.call(this, method, barred(url) ? "blob:" : url, ...given);
  });

  new MutationObserver(wake).observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", wake);
  addEventListener("compliance", ({ detail }) => {
    choices = detail;
    wake();
  });
}
