/* Where banner and footer stand, whatever the body of the page is, and what they wear; loaded once for every page, and
   none waits for it. */

const NAMES = ["assets", "banner", "footer"];
const kept = {};
let tools, state, housed, entrance, timer, known, worn;

const hide = (hidden) => tools.mark("decided", hidden);
const scrolls = (value) => /auto|scroll/.test(value);
const cuts = (value) => /hidden|clip/.test(value);

/* On the root it would have the browser look at the style of every element again. */
const sheet = new CSSStyleSheet();
const wear = (given = worn) => {
  const { adoptedStyleSheets: sheets } = document;
  if (!sheets.includes(sheet)) sheets.push(sheet);
  if (given !== worn) sheet.replaceSync(`:where([data-compliance]){${(worn = given)}}`);
};
/* The page's own fixed elements may want to know; where nobody asks yet, it is not told that there is nothing. */
const HEIGHT = "--compliance-height";
const measure = ({ offsetHeight }) => {
  const { style } = document.documentElement;
  if (offsetHeight || style.getPropertyValue(HEIGHT)) style.setProperty(HEIGHT, `${offsetHeight}px`);
};

const put = (home, node, before = null) =>
  ((node.isConnected && home.moveBefore) || home.insertBefore).call(home, node, before);

/* The lowest edge of what is painted in *node*, but for what is fixed, or scrolls inside of something. */
const lowest = (node) => {
  const { display, overflowY, position, visibility } = getComputedStyle(node);
  if (display === "none" || visibility === "hidden" || position === "fixed") return 0;
  const inner = overflowY === "visible" ? [...node.children].map(lowest) : [];
  return Math.max(node.getBoundingClientRect().bottom + scrollY, ...inner);
};

/* Whether what one sees scrolls inside of the page, or stands over it as large as the window. */
const fills = () =>
  [0.25, 0.5, 0.75].some((share) => {
    let node = document.elementFromPoint(innerWidth * share, innerHeight * 0.4);
    for (; node && node !== document.body; node = node.parentElement) {
      const { overflowY, position } = getComputedStyle(node);
      const { clientHeight, clientWidth, scrollHeight } = node;
      if (clientWidth < innerWidth * 0.35) continue;
      if (scrolls(overflowY) && clientHeight > innerHeight / 2 && scrollHeight > clientHeight) return true;
      if (position === "fixed" && clientHeight > innerHeight * 0.9 && node.innerText?.trim()) return true;
    }
  });

/* How far into the window reaches what is fixed at its edges: a side bar for the most of its height, a bar at the foot. */
const edges = (height) => {
  const { clientWidth: width } = document.documentElement;
  const fixed = (x, y) => {
    for (let node of document.elementsFromPoint(x, y))
      for (; node && !node.closest("[data-compliance]"); node = node.parentElement)
        if (getComputedStyle(node).position === "fixed") return node.getBoundingClientRect();
  };
  const side = (x) => {
    const box = fixed(x, innerHeight - height / 2);
    return box?.height > innerHeight / 2 && box.width < width / 2 ? box : undefined;
  };
  const bar = fixed(width / 2, innerHeight - 2);
  return {
    left: side(1)?.right ?? 0,
    right: width - (side(width - 2)?.left ?? width),
    bottom: bar?.height < innerHeight / 3 && bar.width > width / 2 ? innerHeight - bar.top : 0,
  };
};

/* How much of the page there is at a point: nothing, words, or something to use. */
const weight = (x, y) => {
  const node = document.elementsFromPoint(x, y).find((one) => !one.closest("[data-compliance]"));
  if (node?.closest("a, button, input, label, select, summary, textarea, [contenteditable], [role], [tabindex]")) return 9;
  return [...(node?.childNodes ?? [])].some((one) => one.nodeType === 3 && one.data.trim()) ? 1 : 0;
};

/* Where a page has no end, a line at the edge of the window opens the footer, where it covers least. */
const seat = () => {
  const { offsetHeight: height, offsetWidth: width } = entrance;
  const floor = innerHeight - height - 4 - (kept.banner?.offsetHeight ?? 0);
  const [left, middle, right] = [4, (innerWidth - width) / 2, innerWidth - width - 4];
  const costs = [[right, floor], [left, floor], [middle, floor], [right, floor / 2], [left, floor / 2], [right, 4], [left, 4]]
    .map(([x, y]) => {
      const at = [0, 0.5, 1].flatMap((share) => [0, 1].map((edge) => weight(x + width * share, y + height * edge)));
      return [at.reduce((sum, one) => sum + one), x, y];
    });
  const [, x, y] = costs.reduce((best, one) => (one[0] < best[0] ? one : best));
  entrance.style.inset = `${y}px auto auto ${x}px`;
  entrance.style.visibility = "";
};
const enter = (footer) => {
  if (!entrance) {
    entrance = document.createElement("div");
    entrance.dataset.compliance = "entrance";
    /* Until it has its seat: looking at points of the page would make a shift of that. */
    entrance.style.cssText = `visibility: hidden; position: fixed; z-index: 2147483646; border: 1px solid var(--compliance-line, #767676);
      border-radius: var(--compliance-radius, .375em); background: var(--compliance-background, Canvas);
      color: var(--compliance-text, CanvasText); font: 12px/1.5 var(--compliance-font, inherit)`;
    const button = document.createElement("button");
    button.style.cssText = `min-block-size: 24px; padding: 0 .75em; border: 0; background: none; color: inherit;
      font: inherit; cursor: pointer`;
    entrance.append(button);
  }
  const { firstChild: button } = entrance;
  const { lang, dir } = footer;
  const name = footer.querySelector("[aria-label]")?.ariaLabel;
  Object.assign(entrance, { lang, dir });
  Object.assign(button, {
    textContent: footer.querySelector("[data-compliance=licences] bdi")?.textContent ?? name,
    title: name,
    popoverTargetElement: footer,
  });
  footer.popover = "auto";
  footer.style.cssText = `display: none; position: fixed; inset: auto 0 0; max-block-size: 80vh; padding-block-end: 1em;
    overflow: auto`;
  footer.onbeforetoggle = ({ newState }) => (footer.style.display = newState === "open" ? "" : "none");
  if (footer.nextSibling !== entrance) footer.after(entrance);
  seat();
};
const leave = (footer) => {
  entrance?.remove();
  footer.onbeforetoggle = footer.popover = null;
  footer.removeAttribute("style");
};

const fit = () => {
  const { body, documentElement: root } = document;
  const { banner, footer } = kept;
  const [own, outer] = [body, root].map((node) => getComputedStyle(node));
  const inside = tools.inside() && own.display === "block";
  const home = inside ? body : root;
  const moved = footer && (footer.parentNode === root || ((inside || housed) && footer.parentNode === body));
  if (moved && footer.parentNode !== home) put(home, footer);
  housed = inside;
  if (banner && [body, root].includes(banner.parentNode)) {
    const flows = getComputedStyle(banner).position === "static";
    const before = flows ? (inside ? body.firstChild : body) : moved ? footer : null;
    if (banner !== before && (banner.parentNode !== home || banner.nextSibling !== before)) put(home, banner, before);
    /* Behind the body it is the first to be read and reached all the same. */
    home.style.readingFlow = "source-order";
    banner.style.readingOrder = -1;
    if (!CSS.supports("reading-order: 1"))
      for (const node of banner.querySelectorAll("a, button")) node.tabIndex = flows ? 0 : 1;
  }
  if (!moved || inside) return;
  if (state === "shell" && footer.matches(":popover-open")) return;

  const { scrollTop } = root;
  footer.style.display = "none";
  const { clientHeight, scrollHeight } = root;
  const short = scrollHeight <= clientHeight;
  const end = short ? lowest(body) : scrollHeight;
  const bottom = body.getBoundingClientRect().bottom + scrollTop;
  const locked = cuts(outer.overflowY === "visible" ? own.overflowY : outer.overflowY);
  /* A page that is locked later has a dialog over it. */
  const flat = end <= body.getBoundingClientRect().top + scrollTop + 1 && body.innerText.trim();
  const shell = "popover" in footer && ((locked && state !== "end") || (short && (flat || fills())));
  if (shell) enter(footer);
  else leave(footer);
  state = shell ? "shell" : "end";
  if (!shell) {
    const top = () => footer.getBoundingClientRect().top + root.scrollTop;
    if (outer.display === "block" && outer.position === "static" && own.writingMode === "horizontal-tb") {
      /* Twice, for margins collapse. */
      for (let gap = 0, round = 0; round < 2 && end - top() > 0.5; round++)
        footer.style.marginBlockStart = `${(gap += end - top())}px`;
    } else {
      /* In the room of the root it would be one more box of a row or a grid, or push what is fixed to its end. */
      footer.style.cssText = "position: absolute; inset: 0 0 auto; inline-size: auto";
      footer.style.top = `${Math.max(end, bottom) - top()}px`;
    }
    const { left, right, bottom: foot } = edges(footer.offsetHeight);
    footer.style.marginLeft = `${left}px`;
    footer.style.marginRight = `${right}px`;
    if (foot) footer.style.borderBlockEnd = `${foot}px solid transparent`;
  }
  root.scrollTo({ top: scrollTop, behavior: "instant" });
};
const soon = () => {
  timer ??= setTimeout(() => {
    timer = null;
    fit();
  }, 50);
};

/* What the page puts anew takes the place of what was there; what it threw away comes back. */
const adopt = () => {
  const { body, documentElement: root } = document;
  tools.unfold();
  /* What the banner has worn by itself. */
  for (const { style } of document.querySelectorAll(":is(html, body) > [data-compliance=banner]")) {
    wear(worn ?? style.cssText);
    for (const name of [...style]) if (name.startsWith("--")) style.removeProperty(name);
  }
  /* Where a template of the site has put the banner, and in what a script of the page brought. */
  for (const node of document.querySelectorAll("[data-compliance^=fo]:not(footer)")) node.replaceWith(...(node.content?.children ?? ""));
  for (const name of NAMES) {
    for (const copy of document.querySelectorAll(`[data-compliance=${name}]:not([data-compliance] *)`)) {
      const old = kept[name];
      if (copy === old) continue;
      if (old?.isConnected && (name === "assets" || (old.parentNode !== root && !housed))) copy.remove();
      else {
        if (old?.isConnected) old.replaceWith(copy);
        kept[name] = copy;
      }
    }
    const node = kept[name];
    if (node && !node.isConnected) put(root, node);
  }
  if (known !== root) {
    known = root;
    hide(tools.decided());
    dress();
  }
  sizes.disconnect();
  if (kept.banner) sizes.observe(kept.banner);
  fit();
};
const lost = () => NAMES.some((name) => kept[name] && !kept[name].isConnected);
const brought = ({ addedNodes }) =>
  [...addedNodes].some((node) => {
    const ours = NAMES.map((name) => `[data-compliance=${name}]`).join();
    const found = node.nodeType === 1 && (node.matches(ours) ? node : node.querySelector(ours));
    return found && !NAMES.some((name) => kept[name]?.contains(found));
  });

/* Where the page cannot scroll what has the focus out from under the banner, the banner takes the other edge. */
addEventListener("focusin", ({ target }) => {
  const banner = document.querySelector("[data-compliance-fixed]:not(:focus-within)");
  const covered = () => {
    const [over, under] = [banner, target].map((node) => node?.getBoundingClientRect());
    return over?.top <= under.top && over.bottom >= under.bottom;
  };
  if (covered()) target.scrollIntoView({ block: "nearest", behavior: "instant" });
  if (covered()) banner.style.inset = banner.style.inset ? "" : "0 0 auto";
});

const sizes = new ResizeObserver(([{ target }]) => measure(target));

/* Light or dark, as the page is now. */
const looks = new MutationObserver((records) => {
  const root = document.documentElement;
  if (records.some(({ target, attributeName }) => target !== root || attributeName !== "style")) dress();
  if (state === "shell") soon();
});
const dress = () =>
  import("./clothes.js").then(
    ({ clothes }) => {
      wear(clothes());
      for (const node of [document.documentElement, document.body]) looks.observe(node, { attributes: true });
    },
    () => {}, // the network is gone: what was read while the page was parsed stays
  );

/* This comes before libraries that send every form themselves. */
addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (!form.matches("[data-compliance=banner] form:not([data-native])")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  submitter.blur();
  hide(true);
  import("./note.js")
    .then(({ send }) => send(form, submitter, tools))
    .catch(() => {
      hide(false);
      if (!navigator.onLine) return;
      form.dataset.native = "";
      form.requestSubmit(submitter);
    });
}, true);

export const keep = (given) => {
  if (document.readyState === "loading") {
    document.addEventListener("readystatechange", () => keep(given), { once: true });
    return;
  }
  const { documentElement: root } = document;
  /* Once in a window, however often a script of the site puts the page anew. */
  const again = tools;
  tools ??= given;
  /* Nothing is asked of the page any more once something has changed. */
  const inside = tools.inside();
  const banner = document.querySelector("[data-compliance=banner]");
  if (banner) measure(banner);
  /* One that a template has put before something else stays there. */
  const footer = document.querySelector("body > [data-compliance=footer]:not(:has(~ :not(script)))");
  if (footer && !inside) put(root, footer);
  tools.mark("placing");
  adopt();
  if (again) return;
  const { decided } = tools;

  /* Back from the cache of pages, and when another tab decided. */
  addEventListener("pageshow", (event) => event.persisted && hide(decided()));
  document.addEventListener("visibilitychange", () => decided() && hide(true));

  /* In a frame of the site's own: what is chosen outside is chosen inside, and the other way round. */
  if (root.matches(".compliance-framed")) {
    let busy;
    const once = (act) => () => {
      if (busy) return;
      busy = true;
      act();
      busy = false;
    };
    const tell = once(() => parent.dispatchEvent(new Event("compliance-chosen")));
    parent.addEventListener("compliance", once(() => hide(decided())));
    addEventListener("compliance", tell);
    tell();
  }
  addEventListener("compliance-chosen", () => hide(decided()));

  addEventListener("load", fit);
  addEventListener("load", dress);
  addEventListener("transitionend", ({ target }) => target === document.body && dress());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress);
  addEventListener("resize", fit);
  addEventListener("compliance", soon);
  new ResizeObserver(soon).observe(document.body);
  new MutationObserver((records) => (lost() || records.some(brought) ? adopt() : soon())).observe(document, {
    childList: true,
    subtree: true,
  });

  /* The footer's forms open over the page; where they cannot, the link leads to them. This comes before libraries that
     follow every link. */
  addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-compliance] a[data-form]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    import(document.querySelector("script[data-form]").dataset.form).then(({ open }) => open(link)).catch(() => location.assign(link.href));
  }, true);
};
