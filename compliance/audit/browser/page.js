// What `check --browser` asks of a page: each function is called with elements that it found there before.
({
  // Buttons in a part of the page that speaks of cookies, and what is on them; "Accept" elsewhere is not ours to press.
  buttons() {
    const about = /cookie|consent|隐私|隱私|个人信息|個人資料|privacy/i;
    const found = [];
    for (const element of document.querySelectorAll("button, a, [role=button], input[type=button], input[type=submit]")) {
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const text = (element.innerText || element.value || "").trim();
      if (!text || text.length > 40) continue;
      let part = element.parentElement;
      for (let levels = 0; part && part !== document.body && levels < 6; levels++, part = part.parentElement) {
        const words = part.innerText || "";
        if (words.length < 2000 && about.test(words)) {
          element.setAttribute("data-compliance-found", found.length);
          found.push(text);
          break;
        }
      }
    }
    return found;
  },

  // How much a button is made to be seen: its area, its letters, and whether it is filled.
  weight(element) {
    const box = element.getBoundingClientRect();
    const own = getComputedStyle(element);
    const clear = colour => colour === "transparent" || /^rgba\(.*, 0\)$/.test(colour);
    let around = element.parentElement;
    while (around && clear(getComputedStyle(around).backgroundColor)) around = around.parentElement;
    const behind = around ? getComputedStyle(around).backgroundColor : "rgb(255, 255, 255)";
    return {
      area: box.width * box.height,
      letters: parseFloat(own.fontSize),
      filled: own.backgroundImage !== "none" || !(clear(own.backgroundColor) || own.backgroundColor === behind),
      colours: own.backgroundColor + own.color,
    };
  },

  // The text with a filing number at the end of the page that the part around a button lies over.
  covered(element) {
    scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
    let banner = null;
    for (let part = element; part; part = part.parentElement || part.getRootNode().host)
      if (["fixed", "sticky"].includes(getComputedStyle(part).position)) banner = part;
    if (!banner) return null;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    const over = banner.getBoundingClientRect();
    while (walker.nextNode()) {
      const text = walker.currentNode.data.trim();
      if (!/ICP备|ICP证|公网安备|新闻信息服务许可证/.test(text) || banner.contains(walker.currentNode)) continue;
      range.selectNodeContents(walker.currentNode);
      const box = range.getBoundingClientRect();
      const x = box.left + box.width / 2, y = box.top + box.height / 2;
      if (box.height && x >= over.left && x <= over.right && y >= over.top && y <= over.bottom) return text.slice(0, 100);
    }
    return null;
  },

  // Whether a reader can go on: there is text, it scrolls, and nothing lies over the middle of the window.
  usable() {
    const text = (document.body?.innerText || "").trim().length;
    const middle = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
    let over = false;
    for (let part = middle; part && part !== document.body; part = part.parentElement) {
      const box = part.getBoundingClientRect();
      const fixed = getComputedStyle(part).position === "fixed";
      over ||= fixed && box.width >= innerWidth * 0.9 && box.height >= innerHeight * 0.9;
    }
    const root = getComputedStyle(document.documentElement), body = document.body && getComputedStyle(document.body);
    const long = document.documentElement.scrollHeight > innerHeight * 1.2;
    return { text, over, locked: long && (root.overflowY === "hidden" || body?.overflowY === "hidden") };
  },

  // Text that hardly differs from what is painted behind it (WCAG 2.2, 1.4.3): text, both colours, contrast. What lies
  // on a picture or a gradient, or is half transparent, is left to a person.
  pale() {
    const channels = colour => (colour.match(/[\d.]+/g) || []).map(Number);
    const light = rgb => rgb.slice(0, 3).map(value => value / 255)
      .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
      .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
    const hex = rgb => "#" + rgb.slice(0, 3).map(value => Math.round(value).toString(16).padStart(2, "0")).join("");
    const found = new Map();
    const walker = document.createTreeWalker(document.body || document, NodeFilter.SHOW_TEXT);
    for (let looked = 0; walker.nextNode() && looked < 20000 && found.size < 20; looked++) {
      const text = walker.currentNode.data.trim(), element = walker.currentNode.parentElement;
      if (!text || !element || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      if (element.matches("script, style, template, noscript, option, :disabled")) continue;
      const own = getComputedStyle(element), colour = channels(own.color);
      if (!own.color.startsWith("rgb") || found.has(text)) continue;
      let behind = [255, 255, 255], unclear = (colour[3] ?? 1) < 1;
      for (let part = element; part && !unclear; part = part.parentElement) {
        const style = getComputedStyle(part), painted = channels(style.backgroundColor), alpha = painted[3] ?? 1;
        unclear = style.backgroundImage !== "none" || style.opacity < 1 || (alpha > 0 && alpha < 1);
        if (alpha === 1 && painted.length > 2) { behind = painted; break; }
        if (["absolute", "fixed"].includes(style.position)) unclear = true;
      }
      if (unclear) continue;
      const [one, other] = [light(colour), light(behind)];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      const size = parseFloat(own.fontSize), large = size >= 24 || (size >= 18.66 && own.fontWeight >= 700);
      if (size && ratio < (large ? 3 : 4.5)) found.set(text, [text.slice(0, 40), hex(colour), hex(behind), ratio]);
    }
    return [...found.values()];
  },

  // What the page keeps, by store: pairs of a name and the beginning of the value.
  // Hosts that the browser was asked to connect to before anything is loaded from them.
  hints() {
    return [...document.querySelectorAll("link[rel~=preconnect i][href]")].map(link => link.href);
  },
  async kept() {
    const quietly = async look => {
      try { return await look(); } catch { return []; } // a page without an origin has no stores
    };
    const entries = area => Object.entries(area).slice(0, 500).map(([name, value]) => [name, String(value).slice(0, 4000)]);
    const names = list => list.slice(0, 100).map(name => [String(name), ""]);
    return {
      localStorage: await quietly(() => entries(localStorage)),
      sessionStorage: await quietly(() => entries(sessionStorage)),
      IndexedDB: await quietly(async () => names((await indexedDB.databases()).map(one => one.name))),
      Cache: await quietly(async () => names(await caches.keys())),
      "service worker": await quietly(async () =>
        names((await navigator.serviceWorker.getRegistrations()).map(one => new URL(one.scope).pathname))),
    };
  },
})
