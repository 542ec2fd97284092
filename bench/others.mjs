// A tool for the same job as `check --browser`, run on pages one after the other, by the interface that it has for programs.
// It prints a line of JSON for each page: what it names there. bench/beside.py reads it.
import { rm, mkdtemp } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [tool, given, ...pages] = process.argv.slice(2);
const { program, args } = JSON.parse(given);
const require = createRequire(import.meta.url);
const host = address => { try { return new URL(address).hostname; } catch { return ""; } };
console.log = console.error; // some of them talk

const tools = {
  // All its tests, with the telephone and the pauses that it has by itself, but no further page than the one named.
  async blacklight(page) {
    const { collect } = require("@themarkup/blacklight-collector");
    const outDir = await mkdtemp(join(tmpdir(), "blacklight-"));
    try {
      const found = await collect(page, {
        outDir, numPages: 0, saveScreenshots: false, puppeteerExecutablePath: program, extraChromiumArgs: args,
      });
      if (found.status !== "success") throw new Error(String(found.page_response));
      const { reports } = found;
      return {
        hosts: [...found.hosts.requests.first_party, ...found.hosts.requests.third_party,
          ...reports.third_party_trackers.map(one => host(one.url)), ...Object.values(reports.session_recorders).flat().map(host)],
        cookies: reports.cookies.map(one => one.name),
        acts: {
          canvas: reports.canvas_fingerprinters.fingerprinters,
          fonts: Object.keys(reports.canvas_font_fingerprinters.canvas_font ?? {}),
          keys: Object.values(reports.key_logging).flat().map(one => one.post_request_url),
        },
      };
    } finally {
      await rm(outDir, { recursive: true, force: true });
    }
  },

  async "gdpr-cookie-scanner"(page) {
    const { chromium } = await import("playwright");
    const { scan } = await import("@slashgear/gdpr-cookie-scanner");
    if (!this.launch) { // it takes no path of a browser
      this.launch = chromium.launch.bind(chromium);
      chromium.launch = options => this.launch({ ...options, executablePath: program, args: [...options.args, ...args] });
    }
    const found = await scan(page, { strict: true });
    const asked = [...found.networkBeforeInteraction, ...found.networkAfterAccept, ...found.networkAfterReject];
    const kept = [...found.cookiesBeforeInteraction, ...found.cookiesAfterAccept, ...found.cookiesAfterReject];
    return { hosts: asked.map(one => host(one.url)), cookies: kept.map(one => one.name) };
  },

  async lighthouse(page) {
    const { default: lighthouse } = await import("lighthouse");
    const { launch } = await import("chrome-launcher");
    const chrome = await launch({ chromePath: program, chromeFlags: ["--headless", "--no-sandbox", ...args] });
    try {
      const { lhr } = await lighthouse(page, { port: chrome.port, logLevel: "error" });
      if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
      const items = lhr.audits["network-requests"].details?.items ?? [];
      const hindering = lhr.categories.accessibility.auditRefs.map(one => lhr.audits[one.id]).filter(one => one.score === 0);
      return { hosts: items.map(one => host(one.url)), barriers: hindering.map(one => one.id) };
    } finally {
      await chrome.kill();
    }
  },

  async pa11y(page) {
    const pa11y = require("pa11y");
    const chromeLaunchConfig = { executablePath: program, args: ["--no-sandbox", ...args], acceptInsecureCerts: true };
    const { issues } = await pa11y(page, { runners: ["axe"], standard: "WCAG2AA", chromeLaunchConfig, timeout: 60_000 });
    // What it is not sure of is a question for people.
    return { barriers: issues.filter(one => !one.runnerExtras.needsFurtherReview).map(one => one.code) };
  },
};

for (const page of pages) {
  let found;
  try {
    found = await tools[tool](page);
  } catch (error) {
    found = { error: String(error?.message ?? error).split("\n")[0] };
  }
  process.stdout.write(`${JSON.stringify({ page, ...found })}\n`);
}
process.exit();
