/* Draws /summary.json.  What it says comes from strangers, in part: it becomes
 * text, never markup. */
"use strict";

(() => {
const REFRESH_MS = 15000;
const SOON_MS = 1500;		/* the store is just being read */
const PATIENCE_MS = 8000;
const DAY_S = 86400;
const SVG = "http://www.w3.org/2000/svg";

const VERDICTS = [
  { name: "accepted", would: "accepted anyway", series: "s-good", at: 3 },
  { name: "quarantined", would: "would be quarantined", series: "s-warn", at: 4 },
  { name: "rejected", would: "would be rejected", series: "s-bad", at: 5 },
  { name: "deferred", would: "would be deferred", series: "s-defer", at: 6 },
];
const DMARC = [
  { name: "passed", series: "s-good" },
  { name: "failed", series: "s-bad" },
  { name: "no policy, or an error", series: "s-quiet" },
];
const QUESTIONS = [
  { name: "answered", series: "s-good" },
  { name: "failed", series: "s-bad" },
];
const RESULTS = [
  { name: "pass", series: "s-good" },
  { name: "fail", series: "s-bad" },
  { name: "softfail", series: "s-warn" },
  { name: "policy", series: "s-warn" },
  { name: "neutral", series: "s-quiet" },
  { name: "none", series: "s-quiet" },
  { name: "temperror", series: "s-defer" },
  { name: "permerror", series: "s-defer" },
];

/* ---- text ---------------------------------------------------------------- */

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const moment = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const utcDate = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const utcDay = new Intl.DateTimeFormat("en-GB", {
  weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });

const count = (n) => whole.format(n);
const isNarrow = () => matchMedia("(max-width: 560px)").matches;
/* In tables: as long as there is room for it. */
const brief = (n) => n >= 100000 && isNarrow() ? short.format(n) : count(n);
const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;
const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
const at = (format, s) => format.format(new Date(s * 1000));

function share(n, all) {
  if (all === 0 || n === 0)
    return "0 %";
  const percent = 100 * n / all;
  if (percent < 0.1)
    return "< 0.1 %";
  if (percent > 99.9 && n < all)
    return "> 99.9 %";
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

function span(s) {
  if (s < 60)
    return `${Math.max(0, Math.round(s))} s`;
  const minutes = Math.floor(s / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (hours === 0)
    return `${minutes} min`;
  if (days === 0)
    return `${hours} h ${minutes % 60} min`;
  return plural(days, "day", "days") + (days < 10 ? ` ${hours % 24} h` : "");
}

function micros(us) {
  if (us < 1000)
    return `${Math.round(us)} µs`;
  if (us < 1e6)
    return `${us < 1e4 ? (us / 1000).toFixed(1) : count(Math.round(us / 1000))} ms`;
  return `${(us / 1e6).toFixed(us < 1e7 ? 1 : 0)} s`;
}

function octets(n) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 || n >= 10 ? count(Math.round(n)) : n.toFixed(1)} ${units[unit]}`;
}

/* ---- elements ------------------------------------------------------------ */

const get = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false)
      node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const make = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);
const put = (id, ...children) => get(id).replaceChildren(...children);

function say(id, text) {
  const node = get(id);
  if (node.textContent !== text)
    node.textContent = text;
}

/* ROWS of cells; the first of each names it.  A cell is text, 0, or a node. */
function table(id, heads, rows, nothing) {
  const node = get(id);
  if (rows.length === 0) {
    node.replaceChildren(make("tbody", {}, make("tr", {}, make("td", { class: "message" }, nothing))));
    return;
  }
  node.replaceChildren(
    make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, capital(head))))),
    make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell, i) =>
      cell instanceof HTMLTableCellElement ? cell :
      make(i === 0 ? "th" : "td", {
        scope: i === 0 ? "row" : undefined, class: cell === "0" ? "nil" : undefined,
      }, cell))))));
}

/* What would not be seen, or would turn the text around, is shown by number. */
const printable = (text) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu,
  (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

/* A name of a stranger's choice.  Where there is no room it is cut in front of
 * its end, which tells whose it is; whole on hover, and when it is copied. */
function outside(text) {
  const shown = printable(text), letters = [...shown], kept = isNarrow() ? 15 : 24;
  const parts = [make("span", {}, letters.slice(-kept).join(""))];
  if (letters.length > kept)
    parts.unshift(make("span", { class: "start" }, letters.slice(0, -kept).join("")));
  return make("th", { scope: "row", class: "outside", title: shown, dir: "ltr" }, make("span", {}, ...parts));
}

function numbers(id, entries) {
  put(id, ...entries.map(({ name, value, more, series }) => make("div", {},
    make("dt", { class: series ?? "plain" }, capital(name)),
    make("dd", { "data-value": name }, value, ...(more ? [make("span", { class: "share" }, more)] : [])))));
}

function legend(id, series) {
  put(id, ...series.map((one) => make("li", { class: one.series }, capital(one.name))));
}

/* ---- charts -------------------------------------------------------------- */

function niceMax(n) {
  if (n <= 4)
    return 4;
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].map((m) => m * power)
    .find((m) => m >= n && m % 2 === 0);
}

const charts = new Map();

/* BINS: { from, to (0 to 1 of the width), values, text }; TICKS: { at, text }.
 * KNOWN: where what is known begins. */
function chart(id, spec) {
  charts.set(id, spec);
  drawChart(id);
}

function drawChart(id) {
  const { bins, series, ticks, known, label, empty } = charts.get(id);
  const svg = get(id), name = id.replace(/-chart$/, "");
  const width = svg.clientWidth, height = svg.clientHeight;
  const bottom = height - 22, top = 16;
  const sums = bins.map((bin) => bin.values.reduce((a, b) => a + b, 0));
  const most = niceMax(Math.max(0, ...sums));
  const isEmpty = sums.every((sum) => sum === 0);
  const y = (n) => bottom - (bottom - top) * n / most;
  const parts = [], labels = [];

  if (width === 0)
    return;
  if (known > 0)
    parts.push(draw("rect", { class: "unknown", x: 0, y: top,
      width: (known * width).toFixed(1), height: bottom - top }));
  if (!isEmpty)
    for (const n of [most, most / 2]) {
      parts.push(draw("line", { class: "gridline", x1: 0, x2: width, y1: y(n), y2: y(n) }));
      labels.push(draw("text", { class: "axis", x: 1, y: y(n) - 4 }, n >= 10000 ? short.format(n) : count(n)));
    }
  const cursor = draw("rect", { class: "cursor", y: top, height: bottom - top, width: 0 });
  parts.push(cursor);
  bins.forEach((bin) => {
    const left = bin.from * width, wide = (bin.to - bin.from) * width;
    const gap = wide > 5 ? Math.min(2, wide * 0.2) : 0;
    let below = 0;
    bin.values.forEach((n, i) => {
      if (n === 0)
        return;
      const low = y(below), high = y(below + n);
      below += n;
      parts.push(draw("rect", { class: series[i].series,
        x: (left + gap / 2).toFixed(2), width: Math.max(1, wide - gap).toFixed(2),
        y: Math.min(high, low - 1).toFixed(2), height: Math.max(1, low - high).toFixed(2) }));
    });
  });
  parts.push(draw("line", { class: "baseline", x1: 0, x2: width, y1: bottom, y2: bottom }));
  let free = -Infinity;
  for (const tick of ticks) {
    const x = tick.at * width, wide = tick.text.length * 6.6 + 10;
    const start = Math.min(Math.max(x - wide / 2, 0), width - wide + 10);
    if (start < free)
      continue;
    free = start + wide;
    parts.push(
      draw("line", { class: "baseline", x1: x, x2: x, y1: bottom, y2: bottom + 4 }),
      draw("text", { class: "axis", x: start, y: height - 4 }, tick.text));
  }
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("tabindex", isEmpty ? "-1" : "0");
  svg.replaceChildren(draw("title", {}, label), ...parts, ...labels);
  say(`${name}-empty`, isEmpty ? empty : "");
  follow(svg, name, bins, cursor, width, label);
}

/* The column under the pointer, or that the arrow keys have reached, in words. */
function follow(svg, name, bins, cursor, width, label) {
  let chosen = -1;
  const choose = (i) => {
    chosen = i;
    const bin = bins[i];
    cursor.setAttribute("x", bin ? (bin.from * width).toFixed(1) : 0);
    cursor.setAttribute("width", bin ? Math.max(2, (bin.to - bin.from) * width).toFixed(1) : 0);
    say(`${name}-readout`, bin ? bin.text : "");
  };
  svg.onpointermove = svg.onpointerdown = (event) => {
    const x = (event.clientX - svg.getBoundingClientRect().left) / width;
    choose(bins.findIndex((bin) => x >= bin.from && x < bin.to));
  };
  svg.onpointerleave = svg.onblur = () => choose(-1);
  svg.onkeydown = (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -bins.length, End: bins.length };
    if (!(event.key in steps) || bins.length === 0)
      return;
    event.preventDefault();
    const from = chosen < 0 ? bins.length - 1 - Math.max(0, steps[event.key]) : chosen;
    choose(Math.min(Math.max(from + steps[event.key], 0), bins.length - 1));
  };
}

const words = (series, values) => series
  .map((one, i) => [values[i], one.name]).filter(([n]) => n > 0)
  .map(([n, text]) => `${count(n)} ${text}`).join(", ") || "none";

/* Columns of five minutes into bins of WIDE_S, which begin at the clock's whole
 * multiples of it. */
function binColumns(columns, now, wide, values) {
  const zone = new Date(now * 1000).getTimezoneOffset() * 60;
  const start = now - DAY_S, bins = new Map();

  for (const column of columns) {
    const middle = (column[0] + column[1]) / 2;
    const from = Math.floor((middle - zone) / wide) * wide + zone;
    const counted = values(column);
    const bin = bins.get(from);
    if (bin)
      bin.forEach((n, i) => { bin[i] += counted[i]; });
    else
      bins.set(from, counted);
  }
  return [...bins].sort((a, b) => a[0] - b[0]).map(([from, counted]) => ({
    start: from, end: Math.min(from + wide, now), values: counted,
    from: Math.max(0, (from - start) / DAY_S), to: Math.min(1, (from + wide - start) / DAY_S),
  }));
}

function hourTicks(now, step) {
  const ticks = [], start = now - DAY_S;
  const hour = new Date(start * 1000);
  hour.setMinutes(0, 0, 0);
  for (let i = 0; i <= 25; i++) {
    hour.setHours(hour.getHours() + 1);
    const s = hour.getTime() / 1000;
    if (s > now)
      break;
    if (hour.getHours() % step === 0)
      ticks.push({ at: (s - start) / DAY_S, text: hour.getHours() === 0 ? date.format(hour) : clock.format(hour) });
  }
  return ticks;
}

/* ---- the parts of the page ----------------------------------------------- */

const total = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);
const verdictsOf = (counts) => [counts.accept, counts.hold + counts.redirect, counts.reject, counts.tempfail];
const isWhole = (s) => s.day.since_s <= s.now_s - DAY_S + 600;
const sinceText = (s) => isWhole(s) ? "" :
  `Counted since ${at(s.now_s - s.day.since_s < DAY_S / 2 ? clock : moment, s.day.since_s)}, ` +
  `${span(s.now_s - s.day.since_s)} ago`;

function showTop(s) {
  const failing = s.health.text.split("\n").filter((line) => line !== "");
  const state = !s.health.is_well ? ["bad", "failing"] :
    failing.some((line) => line.startsWith("warning")) ? ["warn", "with warnings"] : ["good", "well"];

  document.title = `${s.health.is_well ? "" : "failing: "}assay${s.hostname ? ` on ${s.hostname}` : ""}`;
  say("host", s.hostname ?? "");
  put("mode", make("span", { class: `dot ${s.mode === "enforce" ? "good" : "warn"}` }, s.mode));
  put("health", make("span", { class: `dot ${state[0]}` }, state[1]));
  say("running", span(s.now_s - s.start_s));
  get("running").title = `since ${at(moment, s.start_s)}`;
  say("version", s.version);
  say("updated", at(seconds, Date.now() / 1000));
  get("updated").dateTime = new Date().toISOString();
}

function showNotices(s) {
  const notices = [];

  for (const line of s.health.text.split("\n"))
    if (line !== "" && line !== "ok")
      notices.push(make("p", { class: line.startsWith("failing") ? "notice bad" : "notice" }, line));
  if (s.mode === "monitor")
    notices.push(make("p", { class: "notice", id: "monitor" }, make("strong", {}, "Monitor mode: "),
      "all mail is let through. Verdicts of the last 24 hours are what would have been done. " +
      "To have it done, write ",
      make("code", {}, "mode = \"enforce\";"), " into assayd.conf."));
  const key = notices.map((notice) => notice.textContent).join("\n");
  if (get("notices").dataset.key !== key) {	/* read aloud only where new */
    get("notices").dataset.key = key;
    put("notices", ...notices);
  }
}

function showDay(s) {
  const day = s.day, verdicts = verdictsOf(s.mode === "monitor" ? day.wanted : day.actions);
  const width = get("day-chart").clientWidth;
  const wide = width > 1000 ? 900 : width > 560 ? 1800 : 3600;
  const values = (column) => VERDICTS.map((one) => column[one.at]);
  const bins = binColumns(day.columns, s.now_s, wide, values);
  const hours = binColumns(day.columns, s.now_s, 3600, values);
  const since = sinceText(s);

  say("day-since", since);
  say("day-caption", s.mode === "monitor" ? "Messages by the verdict they would have had" : "Messages by verdict");
  numbers("day-numbers", [
    { name: "messages", value: count(day.messages),
      more: `${plural(s.present.sessions, "session", "sessions")} and ` +
        `${plural(s.present.open, "message", "messages")} now` },
    ...VERDICTS.map((one, i) => ({
      name: s.mode === "monitor" ? one.would : one.name, value: count(verdicts[i]),
      more: share(verdicts[i], day.messages), series: one.series })),
  ]);
  for (const bin of bins)
    bin.text = `${at(clock, bin.start)} to ${at(clock, bin.end)}: ${words(VERDICTS, bin.values)}`;
  legend("day-legend", VERDICTS);
  chart("day-chart", {
    bins, series: VERDICTS, ticks: hourTicks(s.now_s, width > 560 ? 3 : 6),
    known: Math.max(0, 1 - (s.now_s - day.since_s) / DAY_S),
    label: `Messages of the last 24 hours: ${words(VERDICTS, verdicts)}.`,
    empty: since ? `No mail yet. ${since}.` : "No mail in 24 hours.",
  });
  table("day-table", ["Hour", ...VERDICTS.map((one) => one.name)],
    hours.reverse().map((bin) => [at(moment, bin.start), ...bin.values.map(count)]), "Nothing was counted yet.");
  showResults(day);
}

function resultBar(counts, all) {
  const svg = draw("svg", { viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" });
  let x = 0;
  for (const { name, series } of RESULTS) {
    const wide = 100 * (counts[name] ?? 0) / all;
    if (wide > 0)
      svg.append(draw("rect", { class: series, x: x.toFixed(3), y: 0,
        width: Math.max(0.15, wide).toFixed(3), height: 12 }));
    x += wide;
  }
  return make("td", { class: "bar" }, svg);
}

const METHODS = [["SPF", "spf"], ["DKIM", "dkim"], ["ARC", "arc"], ["DMARC", "dmarc"]];

/* A method that does not know a result has an empty cell there. */
const resultCell = (counts, name) => name in counts ? brief(counts[name]) : "";

function resultsByMethod(day) {
  table("results", ["Method", ...RESULTS.map((one) => one.name), ""],
    METHODS.map(([title, name]) => {
      const counts = day.results[name], all = total(counts);
      return [title, ...RESULTS.map((one) => resultCell(counts, one.name)),
        all > 0 ? resultBar(counts, all) : make("td", { class: "bar" })];
    }), "");
  const heads = get("results").tHead.rows[0].cells;
  RESULTS.forEach((one, i) => heads[i + 1].classList.add("key", one.series));
  heads[RESULTS.length + 1].className = "bar";
}

/* Where there is no room for nine columns. */
function resultsByResult(day) {
  table("results", ["Result", ...METHODS.map(([title]) => title)],
    RESULTS.map((one) => [make("th", { scope: "row", class: `key ${one.series}` }, one.name),
      ...METHODS.map(([, name]) => resultCell(day.results[name], one.name))]), "");
}

const aside = (n, one, many, text) => n > 0 ? ` ${plural(n, one, many)} ${text}` : "";

function showResults(day) {
  const inspected = total(day.results.dmarc);

  if (METHODS.every(([, name]) => total(day.results[name]) === 0)) {
    table("results", [], [], "No message was inspected yet: the results of each method are shown here.");
    say("results-note", "");
    return;
  }
  if (get("day-chart").clientWidth > 700)
    resultsByMethod(day);
  else
    resultsByResult(day);
  say("results-note", "DKIM counts signatures, the others messages. " +
    `An end of message takes ${micros(day.end.p50_us)}, ` +
    `and ${micros(day.end.p95_us)} for one in twenty.` +
    aside(day.messages - inspected, "message was", "messages were",
      "not inspected by DMARC, being trusted or refused before.") +
    aside(day.failures, "verdict was", "verdicts were", "for a fault of assay's own.") +
    aside(day.turned_away, "was", "were", "turned away, for a limit or at the end of a process."));
}

const REASONS = {
  none: "There is no store, so only the last 24 hours are known. " +
    "Write store = \"sqlite:/var/lib/assay/assay.db\"; into assayd.conf to keep more.",
  reading: "The store is being read.",
  ready: "The store has no messages of these days.",
};

function showMonth(s) {
  const month = s.month, days = month.days;
  const reason = REASONS[month.state] ?? `The store cannot be read: ${month.problem}`;
  const sum = (name) => days.reduce((n, day) => n + day[name], 0);
  const all = sum("messages"), passed = sum("passed"), failed = sum("failed");
  const valuesOf = (day) => [day.passed, day.failed, Math.max(0, day.messages - day.passed - day.failed)];
  const known = month.state === "ready";
  const first = known ? month.first_day : Math.floor(s.now_s / DAY_S) - 29;
  const bins = days.map((day) => ({
    from: (day.key - first) / 30, to: (day.key - first + 1) / 30, values: valuesOf(day),
    text: `${at(utcDay, day.key * DAY_S)}: ${words(DMARC, valuesOf(day))}`,
  }));
  const ticks = Array.from({ length: 30 }, (_, i) => i).filter((i) => (29 - i) % 5 === 0)
    .map((i) => ({ at: (i + 0.5) / 30, text: at(utcDate, (first + i) * DAY_S) }));
  const number = (name, n, series, more = share(n, all)) => ({
    name, value: known ? count(n) : "–", series, more: known ? more : " " });

  say("month-since", !known ? "" : `From the store, read at ${at(clock, month.read_s)}` +
    (days.length > 0 && days[0].key > first ? `; it begins on ${at(utcDate, days[0].key * DAY_S)}` : ""));
  numbers("month-numbers", [
    number("messages", all, undefined, days.length > 0 ? `${count(Math.round(all / days.length))} a day` : " "),
    number("DMARC passed", passed, "s-good"), number("DMARC failed", failed, "s-bad"),
    number("quarantined", sum("quarantined")), number("rejected", sum("rejected")),
  ]);
  legend("month-legend", DMARC);
  chart("month-chart", { bins, series: DMARC, ticks, known: 0, empty: reason,
    label: !known ? reason : "Messages of the last 30 days: " +
      `${words(DMARC, [passed, failed, Math.max(0, all - passed - failed)])}.` });
  table("month-table", ["Day", "messages", "passed", "failed", "quarantined", "rejected", "deferred"],
    [...days].reverse().map((day) => [at(utcDay, day.key * DAY_S),
      ...["messages", "passed", "failed", "quarantined", "rejected", "deferred"]
        .map((name) => count(day[name]))]), reason);
  for (const [id, title, none] of [["domains", "Author domain", "No author domain failed DMARC."],
    ["sources", "Source", "No source failed DMARC."]])
    table(id, [title, "failed", "of", "quarantined", "rejected"],
      month[id].map((row) => [outside(row.key),
        ...["failed", "messages", "quarantined", "rejected"].map((name) => brief(row[name]))]),
      known ? none : reason.replace(/\. .*/, "."));
}

function showDns(s) {
  const dns = s.day.dns, asked = total(dns.answers), failed = dns.answers.TEMPFAIL;
  const saved = Math.max(0, dns.cache_wanted - dns.cache_asked);
  const width = get("dns-chart").clientWidth;
  const bins = binColumns(s.day.columns, s.now_s, width > 560 ? 1800 : 3600,
    (column) => [column[7] - column[8], column[8], column[9]]);
  const time = (us) => dns.time.n > 0 ? micros(us) : "–";

  say("dns-since", sinceText(s) || "Of the last 24 hours");
  numbers("dns-numbers", [
    { name: "questions", value: count(asked), more: `${count(s.present.in_flight)} in flight now` },
    { name: "typical time", value: time(dns.time.p50_us), more: "half of them at most" },
    { name: "slow time", value: time(dns.time.p95_us), more: "19 in 20 at most" },
    { name: "failed", value: count(failed), series: "s-bad",
      more: `${share(failed, asked)}, ${count(dns.timeouts)} timed out` },
    { name: "from the cache", value: dns.cache_wanted > 0 ? share(saved, dns.cache_wanted) : "–",
      more: `${plural(s.present.cache_entries, "answer", "answers")}, ${octets(s.present.cache_octets)}` },
  ]);
  for (const bin of bins) {
    const [answered, bad, ms] = bin.values;
    const all = answered + bad;
    bin.values = [answered, bad];
    bin.text = `${at(clock, bin.start)} to ${at(clock, bin.end)}: ${words(QUESTIONS, bin.values)}` +
      (all > 0 ? `, ${micros(1000 * ms / all)} on average` : "");
  }
  legend("dns-legend", QUESTIONS);
  chart("dns-chart", {
    bins, series: QUESTIONS, ticks: hourTicks(s.now_s, 6),
    known: Math.max(0, 1 - (s.now_s - s.day.since_s) / DAY_S),
    label: `Questions to DNS of the last 24 hours: ${words(QUESTIONS, [asked - failed, failed])}.`,
    empty: "Nothing was asked yet." });
  table("zones", ["Zone", "questions", "failed", "average", "longest"], s.present.slow_zones.map((zone) =>
    [outside(zone.name), brief(zone.questions), brief(zone.failures), micros(zone.mean_us), micros(zone.max_us)]),
    "No zone was slow.");
}

function stateOf(state, text, more) {
  return [make("span", { class: `dot ${state}` }, text),
    ...(more ? [make("span", { class: "more" }, ` ${more}`)] : [])];
}

function storeState(s) {
  const store = s.present.store;
  const waiting = store.queued_octets > 0 ? `, ${octets(store.queued_octets)} wait` : "";
  const numbersText = `${plural(store.written, "record", "records")} written, ` +
    `${count(store.dropped)} dropped${waiting}`;
  if (!store.has_store)
    return stateOf("", "none", "nothing is kept, no reports are sent");
  if (store.is_down)
    return stateOf("bad", "cannot be written", numbersText);
  return stateOf(store.dropped > 0 ? "warn" : "good", "works", numbersText);
}

function testState(s) {
  const mail = s.present.processes.filter((process) => process.takes_mail);
  const last = Math.max(0, ...mail.map((process) => process.tested_s ?? 0));
  const when = last === 0 ? "" : `last at ${at(clock, last)}, ` +
    `${plural(s.present.tests, "run", "runs")}, ${count(s.present.failed_tests)} failed`;
  if (mail.some((process) => process.soundness === "unsound"))
    return stateOf("bad", "fails", `mail is deferred where it would be judged; ${when}`);
  if (mail.length === 0 || mail.some((process) => process.soundness === "untested"))
    return stateOf("", "not run yet", when);
  return stateOf("good", "passes", when);
}

function reloadState(s) {
  const { done, failed, last_s: last } = s.reloads;
  if (done + failed === 0)
    return ["as it was read at the start"];
  return [`reloaded ${plural(done, "time", "times")}`, make("span", { class: "more" },
    (last ? `, last ${at(moment, last)}` : "") +
    (failed > 0 ? `; refused ${plural(failed, "time", "times")}` : ""))];
}

function showState(s) {
  const rows = [
    ["Store", storeState(s)],
    ["Self-test", testState(s)],
    ["Configuration", reloadState(s)],
    ["Authserv-id", [s.authserv_id ?? "the MTA's own name"]],
    ["Aborted", [`${plural(s.day.aborted, "message", "messages")} without a verdict, by client or MTA`]],
  ];
  put("state", ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, ...value)]));
  table("processes", ["Process", "state", "running", "sessions", "messages", "memory", "descriptors"],
    s.present.processes.map((process) => [
      process.takes_mail ? `worker ${process.number} (${process.pid})` : `control (${process.pid})`,
      process.is_draining ? "draining" :
        process.beat_age_ms > 15000 ? `stuck for ${span(process.beat_age_ms / 1000)}` : "running",
      process.start_s ? span(s.now_s - process.start_s) : "–",
      count(process.sessions), count(process.open), octets(process.resident_octets),
      `${count(process.descriptors)} of ${short.format(s.max_descriptors)}`,
    ]), "No process tells of itself yet.");
}

/* ---- refreshing ---------------------------------------------------------- */

let latest = null, timer = 0;

function show(s) {
  latest = s;
  showTop(s);
  showNotices(s);
  document.body.dataset.state = "ready";
  showDay(s);
  showMonth(s);
  showDns(s);
  showState(s);
}

function showTrouble(error) {
  const text = `assayd does not answer (${error.message}). ` +
    (latest ? `What is shown is of ${at(seconds, latest.now_s)}.` : "It is asked again in a moment.");
  get("notices").dataset.key = text;
  put("notices", make("p", { class: "notice bad" }, text));
}

async function refresh() {
  let pause = REFRESH_MS;

  clearTimeout(timer);
  try {
    const answer = await fetch("/summary.json",
      { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok)
      throw new Error(`${answer.status} ${answer.statusText}`);
    const s = await answer.json();
    show(s);
    if (s.month.is_reading)
      pause = SOON_MS;
  } catch (error) {
    showTrouble(error);
  }
  clearTimeout(timer);
  timer = document.hidden ? 0 : setTimeout(refresh, pause);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden)
    clearTimeout(timer);
  else
    refresh();
});
addEventListener("resize", () => {
  if (latest)
    show(latest);
});
refresh();
})();
