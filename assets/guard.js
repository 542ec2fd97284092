/* Once in a window, however often a script of the site puts the page anew. */
if (!document.compliance) {
  /* The banner's script comes first, and tells what the reader decided; without it nothing is allowed. */
  const script = document.querySelector("script[data-policy]");
  const { mode } = script.dataset;
  const categories = script.dataset.categories?.split(" ") ?? [];
  /* Pairs of a category and an expression for its addresses; the first that fits counts. */
  const listed = "TRACKERS".map(([category, pattern]) => [category, RegExp(pattern)]);
  const MARK = "data-compliance-";
  const HOLD = `${MARK}hold`;
  const TAGS = "script,img,image,iframe,embed,source,link,input,video,audio,object";
  const NAMES = "src,srcset,href,poster,data,imageSrcset";
  const [LOADING, ADDRESS] = [TAGS, NAMES].map((names) => RegExp(`^(${names.replaceAll(",", "|")})$`, "i"));

  const allowed = (category) => {
    const [choices, stored] = script.told?.() ?? [];
    if (!category || choices) return !category || choices[category];
    return (
      !navigator.globalPrivacyControl &&
      mode === "opt-out" &&
      categories.includes(category) &&
      /* What was refused before stays refused until the reader decides anew. */
      stored?.().every((record) => record?.choices?.[category] !== false)
    );
  };
  const barred = (addresses) => {
    if (/^(data|blob):/.test(addresses)) return;
    for (const address of `${addresses}`.split(/[\s,]+/)) {
      try {
        const { hostname, pathname } = new URL(address, document.baseURI);
        const [category] = listed.find(([, pattern]) => pattern.test(hostname + pathname));
        if (!allowed(category)) return category;
      } catch {}
    }
  };

  /* An address that waits stays off its element. */
  const waiting = new Set();
  const guard = (element, name, value) => {
    name = `${name}`.toLowerCase().replace("xlink:", "");
    if (!ADDRESS.test(name) || !element.matches(TAGS)) return;
    const category = barred(value);
    if (category) {
      put.call(element, HOLD, category);
      put.call(element, MARK + name, value);
      waiting.add(element);
      wake();
    } else if (waiting.delete(element)) element.removeAttribute(MARK + name);
    return category;
  };

  /* Each module is loaded by the pages that need it: what releases, what stands in frames, what takes cookies away. */
  let module, swept;
  const find = () => new Set([...document.querySelectorAll(`[${HOLD}]`), ...waiting]);
  const wake = () => {
    const held = find();
    for (const element of held) {
      const open = allowed(element.getAttribute(HOLD));
      /* Google's tags are told before they load. */
      module ||= (open || /gtag|google|doubleclick/.test(element.outerHTML)) && import("./release.js");
      if (!open && element.localName === "iframe")
        import("./frames.js").then(({ cover }) => cover(element, tools));
    }
    if (module) module.then(({ release }) => release(tools));
    /* Where cookies are blocked, to ask for them is an error, which is no business of the page's scripts. */
    try {
      if (/(^| )(?!compliance_)./.test(document.cookie) && (module || held.size || script.told?.()[0]))
        swept ??= import("./cookies.js").then(({ sweep }) => sweep(allowed));
    } catch {}
  };

  /* What page scripts set from here on. */
  const change = (object, name, how) => {
    while (object && !Object.hasOwn(object, name)) object = Object.getPrototypeOf(object);
    const old = object && Object.getOwnPropertyDescriptor(object, name);
    const key = old?.set ? "set" : "value";
    if (old?.[key]) Object.defineProperty(object, name, { ...old, [key]: how(old[key]) });
    return old?.[key];
  };
  for (const tag of TAGS.split(","))
    for (const name of NAMES.split(","))
      change(document.createElement(tag), name, (old) => function (value) {
        guard(this, name, value) || old.call(this, value);
      });
  const put = change(Element.prototype, "setAttribute", (old) => function (name, value) {
    guard(this, name, value) || old.call(this, name, value);
  });

  /* Of markup only tags that would load something change; all else, and what is text in it, stays to the byte. */
  const INSIDE = /((?:"[^"]*"|'[^']*'|[^'">])*)>/.source;
  const MARKUP = RegExp(
    `<!--.*?-->|<(script|style|textarea|title|xmp)\\b${INSIDE}.*?</\\1|<(\\w+)${INSIDE}`,
    "gis",
  );
  const ATTRIBUTE = /(?:xlink:)?([\w:-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)/g;
  let policy;
  const sift = (markup, runs) => {
    if (!`${markup}`.match(/\/\/[^\s"'<>]+/g)?.some(barred)) return markup;
    let changed;
    const text = `${markup}`.replace(MARKUP, (all, raw, within, name = raw, attributes = within) => {
      if (!LOADING.test(name)) return all;
      const script = /^script$/i.test(name);
      /* Markup that is put into a page runs no scripts, but for the ways that say so. */
      if (script && !runs) return all;
      let category;
      for (const [, attribute, value] of attributes.matchAll(ATTRIBUTE))
        if (ADDRESS.test(attribute)) category ||= barred(value.replace(/["']/g, ""));
      if (!category) return all;
      const held = attributes.replace(ATTRIBUTE, (pair, attribute) =>
        ADDRESS.test(attribute) || (script && /^type$/i.test(attribute)) ? MARK + pair.replace("xlink:", "") : pair,
      );
      changed = true;
      return all.replace(attributes, () => ` ${HOLD}=${category}${script ? ' type="text/plain"' : ""}${held}`);
    });
    if (!changed || typeof markup === "string") return changed ? text : markup;
    /* What a page trusts stays trusted, as far as its policy lets us say so. */
    try {
      policy ??= trustedTypes.createPolicy("compliance", { createHTML: String });
      return policy.createHTML(text);
    } catch {
      return markup;
    }
  };

  const attribute = (at) => (old) => function (...given) {
    const { name = given[at], value = given[at + 1] } = given[0] ?? {};
    return guard(this, name, value) ? null : old.apply(this, given);
  };
  change(Element.prototype, "setAttributeNS", attribute(1));
  change(Element.prototype, "setAttributeNode", attribute(0));
  change(Element.prototype, "setAttributeNodeNS", attribute(0));

  /* Styles and scripts have text, feeds have addresses that load nothing. */
  const markup = (at, runs) => (old) => function (...given) {
    if (!/^(script|style)$/.test(this.localName) && !/^\w+\/\S*xml$/.test(given[1])) given[at] = sift(given[at], runs);
    return old.apply(this, given);
  };
  const fill = change(Element.prototype, "innerHTML", markup(0));
  change(Element.prototype, "outerHTML", markup(0));
  change(Element.prototype, "setHTMLUnsafe", markup(0));
  change(Element.prototype, "insertAdjacentHTML", markup(1));
  change(ShadowRoot.prototype, "innerHTML", markup(0));
  change(ShadowRoot.prototype, "setHTMLUnsafe", markup(0));
  change(Document, "parseHTMLUnsafe", markup(0));
  change(DOMParser.prototype, "parseFromString", markup(0));
  change(Range.prototype, "createContextualFragment", markup(0, true));
  for (const name of ["write", "writeln"])
    change(Document.prototype, name, (old) => function (...given) {
      old.call(this, sift(given.length > 1 ? given.join("") : given[0], true));
    });

  /* What is sent before a yes fails as if the network were down. */
  change(window, "fetch", (old) => async (input, ...given) => {
    if (barred(input.url ?? input)) throw TypeError("No consent");
    return old(input, ...given);
  });
  change(window, "fetchLater", (old) => (input, ...given) => {
    if (barred(input.url ?? input)) throw TypeError("No consent");
    return old(input, ...given);
  });
  change(Navigator.prototype, "sendBeacon", (old) => function (url, data) {
    return !barred(url) && old.call(this, url, data);
  });
  change(XMLHttpRequest.prototype, "open", (old) => function (method, url, ...given) {
    old.call(this, method, barred(url) ? "blob:" : url, ...given);
  });
  for (const name of ["EventSource", "WebSocket", "Worker", "SharedWorker", "Audio"])
    change(window, name, (old) => new Proxy(old, {
      construct: (_, [url, ...given], as) =>
        Reflect.construct(old, url === undefined ? [] : [barred(url) ? "data:," : url, ...given], as),
    }));
  const tools = { allowed, categories, fill, find, put, script, sift, waiting };
  document.compliance = tools;

  new MutationObserver(wake).observe(document, { childList: true, subtree: true });
  addEventListener("compliance", () => {
    swept = null;
    wake();
  });
}
