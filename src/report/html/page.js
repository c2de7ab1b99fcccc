"use strict";
// Lists, searches, sorts and explains the flows in #data, and sorts and narrows the other tables. What was read from packets is put into
// the page as text only (textContent, setAttribute). What is shown is kept in the address:
// #filter=...&sort=-bytes&page=2&flow=17.0&findings=kind:reversed&coverage=status:failed
(() => {
  const PAGE = 100;
  const $ = (id) => document.getElementById(id);

  // An element with attributes (on* are listeners) and children (strings are text).
  function el(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value != null) element.setAttribute(name, value);
    }
    element.append(...children.flat().filter((child) => child != null && child !== ""));
    return element;
  }

  // ---- Numbers -------------------------------------------------------------------------------------------------------------
  const scaled = (value, units) => {
    let unit = 0;
    while (value >= 999.5 && unit + 1 < units.length) { value /= 1000; unit += 1; }
    return (unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)) + (units[unit] ? "\u00a0" + units[unit] : "");
  };
  const bytes = (value) => scaled(value, ["B", "kB", "MB", "GB", "TB", "PB", "EB"]);
  const whole = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
  const seconds = (value) => {
    const s = Math.round(value);
    if (value <= 0) return "0 s";
    if (value < 0.0095) return (value * 1e3).toFixed(1) + " ms";
    if (value < 0.9995) return (value * 1e3).toFixed(0) + " ms";
    if (value < 59.95) return value.toFixed(1) + " s";
    if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
    return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
  };

  // ---- Data ----------------------------------------------------------------------------------------------------------------
  const data = JSON.parse($("data").textContent);
  const meaning = new Map(data.words);
  const EMPTY = [];
  const hosts = data.hosts.map(([ip, name]) => ({ ip, name }));
  const judgements = data.judgements.map((j) => ({
    label: null, detail: null, hint: null, reason: null, evidence: null, policy: null,
    flags: EMPTY, notes: EMPTY, systems: EMPTY, sources: EMPTY, ...j,
  }));
  const flows = data.rows.map(([c, s, j, id, first, last, duration, transport, cport, sport, cpackets, spackets, cbytes, sbytes, x], at) => ({
    at, id, first, last, duration, transport, cport, sport, cpackets, spackets, cbytes, sbytes, x,
    client: hosts[c], server: hosts[s], j: judgements[j],
    get packets() { return this.cpackets + this.spackets; },
    get bytes() { return this.cbytes + this.sbytes; },
  }));
  const findings = (flow) => (flow.j.policy ? flow.j.policy.findings : EMPTY);
  const isUnanswered = (flow) => flow.j.notes.includes("refused") || flow.j.notes.includes("unanswered");
  const isExplained = (flow) => flow.j.verdict === "matched" && !isUnanswered(flow);
  const end = (ip, port) => (port == null ? ip : ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`);

  // ---- Search --------------------------------------------------------------------------------------------------------------
  // Terms with blanks between them: word, key:value, key:"a value", each with or without a minus in front.
  function terms(text, keys) {
    const found = [];
    for (const match of text.matchAll(/(-?)(?:([a-z]+):)?(?:"((?:[^"\\]|\\.)*)"|(\S+))/gi)) {
      const quoted = match[3] !== undefined;
      const value = quoted ? match[3].replace(/\\(.)/g, "$1") : match[4];
      const key = (match[2] || "").toLowerCase();
      if (key && !quoted && !keys[key]) found.push({ not: match[1] === "-", key: "", value: `${key}:${value}`.toLowerCase() });
      else found.push({ not: match[1] === "-", key, value: value.toLowerCase() });
    }
    return found;
  }

  // An IP address as a number and how many bits it has; null where it is none.
  function number(text) {
    if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
      return { bits: 32, value: text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n) };
    }
    if (!/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)) return null;
    let tail = text;
    const dotted = text.match(/^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/);
    if (dotted) tail = dotted[1] + (dotted[2] * 256 + +dotted[3]).toString(16) + ":" + (dotted[4] * 256 + +dotted[5]).toString(16);
    const [head, rest] = tail.split("::");
    const before = head ? head.split(":") : [];
    const after = rest ? rest.split(":") : [];
    const groups = rest === undefined ? before : [...before, ...Array(Math.max(0, 8 - before.length - after.length)).fill("0"), ...after];
    if (groups.length !== 8) return null;
    return { bits: 128, value: groups.reduce((sum, group) => sum * 65536n + BigInt("0x" + (group || "0")), 0n) };
  }

  // A test for a host: an address, a network, or a part of a name.
  function isHost(value) {
    const [address, length] = value.split("/");
    const net = number(address);
    if (!net) return (host) => (host.name || "").toLowerCase().includes(value) || host.ip.startsWith(value);
    const shift = BigInt(net.bits - Math.min(net.bits, length === undefined ? net.bits : Math.max(0, parseInt(length, 10) || 0)));
    const wanted = net.value >> shift;
    const known = new Map();
    return (host) => {
      if (!known.has(host)) {
        const ip = number(host.ip);
        known.set(host, !!ip && ip.bits === net.bits && ip.value >> shift === wanted);
      }
      return known.get(host);
    };
  }

  const same = (get) => (value) => (flow) => (value === "none" ? get(flow) == null : String(get(flow) ?? "").toLowerCase() === value);
  const part = (get) => (value) => (flow) => String(get(flow) ?? "").toLowerCase().includes(value);
  const among = (get) => (value) => (flow) => get(flow).some((one) => one.toLowerCase() === value);
  const begins = (get) => (value) => (flow) => get(flow).some((one) => one.toLowerCase().startsWith(value));
  // Times as text: without the Z, and a longer year is later.
  const time = (text) => text.toUpperCase().replace("Z", "");
  const before = (a, b) => (a.indexOf("-", 1) !== b.indexOf("-", 1) ? a.indexOf("-", 1) < b.indexOf("-", 1) : a < b);

  const KEYS = {
    label: same((flow) => flow.j.label),
    detail: part((flow) => flow.j.detail),
    hint: part((flow) => flow.j.hint),
    verdict: same((flow) => flow.j.verdict),
    evidence: same((flow) => flow.j.evidence),
    direction: same((flow) => flow.j.direction),
    transport: same((flow) => flow.transport),
    state: same((flow) => flow.x.tcp && flow.x.tcp.state),
    status: same((flow) => flow.j.policy && flow.j.policy.status),
    id: same((flow) => flow.id),
    flag: among((flow) => flow.j.flags),
    note: among((flow) => flow.j.notes),
    system: among((flow) => flow.j.systems),
    source: begins((flow) => [...flow.j.sources, ...findings(flow).flatMap((finding) => finding.sources)]),
    finding: among((flow) => findings(flow).map((finding) => finding.kind)),
    link: among((flow) => [...(flow.j.policy ? flow.j.policy.by : EMPTY), ...findings(flow).map((finding) => finding.link || "")]),
    vlan: among((flow) => (flow.x.vlans || EMPTY).map(String)),
    tunnel: among((flow) => (flow.x.tunnels || EMPTY).flatMap((tunnel) => [tunnel.kind, tunnel.id || ""])),
    client: (value) => { const is = isHost(value); return (flow) => is(flow.client); },
    server: (value) => { const is = isHost(value); return (flow) => is(flow.server); },
    host: (value) => { const is = isHost(value); return (flow) => is(flow.client) || is(flow.server); },
    port: (value) => {
      if (value === "none") return (flow) => flow.sport == null;
      const [low, high] = value.split("-").map((port) => parseInt(port, 10));
      return (flow) => flow.sport >= low && flow.sport <= (high ?? low) && flow.sport != null;
    },
    from: (value) => (flow) => flow.last != null && !before(time(flow.last), time(value)),
    to: (value) => (flow) => flow.first != null && before(time(flow.first), time(value)),
    is: (value) => (flow) => (value === "flagged" ? flow.j.flagged : value === "explained" ? isExplained(flow)
      : value === "unanswered" ? isUnanswered(flow) : false),
    "": (value) => (flow) => hay(flow).includes(value),
  };

  const straw = new Map();
  function hay(flow) {
    if (!straw.has(flow.j)) {
      const { label, detail, hint, reason, verdict, evidence, flags, notes, systems, sources } = flow.j;
      const said = findings(flow).map((finding) => `${finding.kind} ${finding.text} ${finding.link || ""}`);
      straw.set(flow.j, [label, detail, hint, reason, verdict, evidence, ...flags, ...notes, ...systems, ...sources, ...said].join(" ").toLowerCase());
    }
    const { client, server } = flow;
    const ends = `${flow.id} ${flow.transport} ${end(client.ip, flow.cport)} ${client.name || ""} ${end(server.ip, flow.sport)} ${server.name || ""}`;
    return `${ends.toLowerCase()} ${straw.get(flow.j)}`;
  }

  // A test for whatever the keys are about.
  function wanted(text, keys) {
    const tests = terms(text, keys).map(({ not, key, value }) => {
      const test = keys[key] ? keys[key](value) : () => false;
      return not ? (one) => !test(one) : test;
    });
    return (one) => tests.every((test) => test(one));
  }
  const search = (text) => flows.filter(wanted(text, KEYS));

  // ---- Columns -------------------------------------------------------------------------------------------------------------
  const padded = (ip) => { const n = number(ip); return n ? (n.bits === 32 ? "4" : "6") + n.value.toString(16).padStart(32, "0") : ip; };
  const sortKeys = new Map();
  const address = (host, port) => {
    if (!sortKeys.has(host.ip)) sortKeys.set(host.ip, padded(host.ip));
    return sortKeys.get(host.ip) + String(port ?? 0).padStart(5, "0");
  };
  const named = (flow) => flow.j.label || (flow.j.hint ? flow.j.hint + "?" : "");
  const moment = (text) => (text ? text.replace("T", " ").replace("Z", "") : "");
  const days = new Set(flows.slice(0, 5000).map((flow) => (flow.first || "").split("T")[0]));
  const short = (text) => (days.size === 1 ? moment(text).split(" ")[1] || "" : moment(text)).replace(/(\.\d{3})\d+$/, "$1");

  const VERDICTS = { matched: "good", unmatched: "warn", mismatched: "bad", expected: "good", unexpected: "bad", forbidden: "bad", outside: "dim" };
  const COLUMNS = [
    { key: "flow", title: "Flow", kind: "c-flow", by: (flow) => flow.at },
    { key: "time", title: "Begins", kind: "c-time", by: (flow) => flow.first || "", cell: (flow) => short(flow.first) },
    { key: "client", title: "Client", kind: "c-client", by: (flow) => address(flow.client, flow.cport), cell: (flow) => side(flow.client, flow.cport) },
    { key: "server", title: "Server", kind: "c-server", by: (flow) => address(flow.server, flow.sport), cell: (flow) => [...side(flow.server, flow.sport), el("span", { class: "words" }, flow.transport)] },
    { key: "label", title: "Label", kind: "c-label", by: (flow) => named(flow).toLowerCase(), cell: (flow) => [named(flow), flow.j.detail && el("span", { class: "words" }, flow.j.detail)] },
    { key: "verdict", title: "Verdict", kind: "c-verdict", by: (flow) => `${flow.j.flagged ? 0 : 1}${flow.j.verdict}${flow.j.flags[0] || ""}`, cell: verdict },
    { key: "evidence", title: "Evidence", kind: "c-evidence", by: (flow) => flow.j.evidence || "", cell: (flow) => flow.j.evidence || "" },
    { key: "packets", title: "Packets", kind: "c-packets n", by: (flow) => flow.packets, cell: (flow) => whole(flow.packets) },
    { key: "bytes", title: "Bytes", kind: "c-bytes n", by: (flow) => flow.bytes, cell: (flow) => bytes(flow.bytes) },
    { key: "lasted", title: "Lasted", kind: "c-lasted n", by: (flow) => flow.duration, cell: (flow) => seconds(flow.duration) },
  ];

  function side(host, port) {
    return [el("span", { class: "code" }, end(host.ip, port)), host.name && el("span", { class: "words" }, host.name)];
  }

  function tag(word, kind) {
    return el("span", { class: "tag " + (kind || ""), title: meaning.get(word) }, word);
  }

  function verdict(flow) {
    const { policy, verdict: of, flags } = flow.j;
    const tags = policy ? [tag(policy.status, VERDICTS[policy.status])] : of ? [tag(of, VERDICTS[of])] : [];
    const words = policy && policy.findings.length ? policy.findings.map((finding) => finding.kind) : flow.j.flagged || !policy ? flags : EMPTY;
    const said = [...words, ...flow.j.notes.filter((note) => note === "refused" || note === "unanswered")];
    return [...tags, said.length ? el("span", { class: "words" }, said.join(", ")) : null];
  }

  // ---- Explanation ---------------------------------------------------------------------------------------------------------
  const EVIDENCE = {
    learned: "another conversation announced this endpoint",
    payload: "the bytes are that protocol",
    protocol: "the IP protocol number is documented",
    port: "the listening port is documented, nothing else is known",
  };
  const DIRECTION = {
    syn: "a SYN or SYN-ACK", learned: "a listener that another conversation announced", payload: "a request or a response in the payload",
    port: "the documented listening port", first: "nothing but who sent first",
  };
  const STATE = {
    S0: "a SYN and no answer", S1: "established, not closed", SF: "established and closed normally", REJ: "refused",
    S2: "established, the client closed, no answer from the server", S3: "established, the server closed, no answer from the client",
    RSTO: "established, the client aborted", RSTR: "the server aborted", RSTOS0: "a SYN and then a RST, the server never answered",
    RSTRH: "a SYN-ACK and then a RST, the client's SYN was not seen", SH: "a SYN and then a FIN, the server never answered",
    SHR: "a SYN-ACK and then a FIN, the client's SYN was not seen", OTH: "traffic from the middle of a connection, no SYN seen",
  };

  // A Wireshark display filter that shows the flow.
  function displayFilter(flow) {
    const { client, server, transport, cport, sport } = flow;
    const ip = client.ip.includes(":") ? "ipv6" : "ip";
    const parts = [...new Set([client.ip, server.ip])].map((address) => `${ip}.addr == ${address}`);
    const ported = { tcp: "tcp", udp: "udp", sctp: "sctp", udplite: "udplite" }[transport];
    if (ported && cport != null) parts.push(...[...new Set([cport, sport])].map((port) => `${ported}.port == ${port}`));
    else if (flow.x.icmp) parts.push(ip === "ipv6" ? "icmpv6" : "icmp");
    else if (transport !== "ip") parts.push({ ipip: "ip.proto == 4", ipv6: "ip.proto == 41", icmp: "icmp", icmp6: "icmpv6" }[transport] || transport.replace(/^ip-/, "ip.proto == "));
    return parts.join(" && ");
  }

  function copy(text, button) {
    const done = () => { button.textContent = "Copied"; setTimeout(() => { button.textContent = "Copy"; }, 1500); };
    const fallback = () => {
      const field = el("textarea", { class: "away", readonly: true });
      field.value = text;
      document.body.append(field);
      field.select();
      if (document.execCommand("copy")) done();
      field.remove();
      button.focus();
    };
    if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(text).then(done, fallback);
    else fallback();
  }

  const copied = (text) => {
    const button = el("button", { type: "button", class: "copy", onclick: () => copy(text, button) }, "Copy");
    return el("span", { class: "copied" }, el("code", {}, text), " ", button);
  };
  const explained = (words) => words.map((word) => el("div", {}, el("b", {}, word), meaning.has(word) ? ": " + meaning.get(word) : ""));
  const to = (search, text) => el("a", { href: "#filter=" + encodeURIComponent(search) }, text ?? search);
  const quoted = (value) => (/^[\w.:/-]+$/.test(value) ? value : `"${value.replace(/[\\"]/g, "\\$&")}"`);

  function finding(of) {
    return el("div", { class: "finding" },
      el("p", {}, tag(of.kind, "bad"), " ", of.text),
      el("dl", { class: "pairs" },
        of.link ? [el("dt", {}, "Rests on"), el("dd", {}, to(`link:${quoted(of.link)}`, of.link))] : [],
        of.sources.length ? [el("dt", {}, "Sources"), el("dd", {}, of.sources.join(", "))] : [],
        of.filter ? [el("dt", {}, "Witnesses"), el("dd", {}, copied(of.filter))] : []));
  }

  function explanation(flow) {
    const { j, x, client, server } = flow;
    const entries = [];
    const entry = (name, ...value) => { if (value.flat().some((one) => one != null && one !== "")) entries.push(el("dt", {}, name), el("dd", {}, ...value)); };
    const side = (host, port, packets, amount) =>
      [el("code", {}, end(host.ip, port)), host.name ? ` ${host.name}` : "", `, sent ${whole(packets)} packet${packets === 1 ? "" : "s"}, ${bytes(amount)}. `, to(`host:${host.ip}`, "All its flows")];
    entry("Label", j.label && to(`label:${quoted(j.label)}`, j.label), j.detail && ` (${j.detail})`, !j.label && j.hint && `none; probably ${j.hint}`);
    if (j.label && j.hint) entry("Hint", j.hint);
    entry("Evidence", j.evidence && `${j.evidence}: ${EVIDENCE[j.evidence] || ""}`, j.learned_after && "; the flow began before the announcement was seen");
    entry("Verdict", j.verdict);
    if (j.policy) entry("Policy", j.policy.status, j.policy.by.length ? [", by ", ...j.policy.by.flatMap((by, at) => [at ? ", " : "", to(`link:${quoted(by)}`, by)])] : "");
    entry("Flags", explained(j.flags));
    entry("Notes", explained(j.notes));
    entry("Sources", j.sources.map((source, at) => [at ? ", " : "", el("code", {}, source)]).flat());
    entry("Systems", j.systems.join(", "));
    entry("Client", side(client, flow.cport, flow.cpackets, flow.cbytes));
    entry("Server", side(server, flow.sport, flow.spackets, flow.sbytes));
    entry("Told apart by", `${j.direction}: ${DIRECTION[j.direction] || ""}`);
    entry("Time", flow.first ? `${moment(flow.first)} to ${moment(flow.last)} UTC (${seconds(flow.duration)})` : "none given");
    if (x.tcp) {
      const { state, history, rtt_ms, retransmissions, gaps } = x.tcp;
      entry("TCP", `${state}: ${STATE[state] || ""}; history `, el("code", {}, history || "-"),
        rtt_ms != null ? `; handshake ${seconds(rtt_ms / 1e3)}` : "", `; ${whole(retransmissions)} retransmitted, ${whole(gaps)} gap${gaps === 1 ? "" : "s"}`);
    }
    if (x.icmp) entry("ICMP", `type ${x.icmp.type}, code ${x.icmp.code}${x.icmp.id != null ? `, id ${x.icmp.id}` : ""}`);
    if (x.icmp_errors) entry("ICMP errors", `${whole(x.icmp_errors.count)} about this flow, type/code ${x.icmp_errors.codes.join(", ")}`);
    if (x.payload && x.payload.protocol) entry("Payload", `${x.payload.protocol} (${x.payload.confidence})`);
    if (x.vlans) entry("VLANs", x.vlans.join(", "));
    if (x.tunnels) {
      entry("Inside", x.tunnels.flatMap((tunnel, at) => [at ? ", in it " : "", tunnel.kind, tunnel.key != null ? ` ${tunnel.key}` : "",
        tunnel.id ? [" ", el("a", { href: `#flow=${tunnel.id}` }, tunnel.id)] : []].flat()));
    }
    if (x.spis) entry("SPIs", x.spis.join(", "));
    entry("Carries", flows.length && carried.get(flow.id) ? to(`tunnel:${flow.id}`, `${whole(carried.get(flow.id))} flows`) : "");
    entry("Display filter", copied(displayFilter(flow)));
    entry("Community ID", copied(x.community_id));
    return el("div", { class: "explanation" },
      ...findings(flow).map(finding), el("p", { class: "reason" }, j.reason || ""), el("dl", { class: "pairs" }, ...entries));
  }
  const carried = new Map();
  for (const { x } of flows) for (const { id } of x.tunnels || EMPTY) if (id) carried.set(id, (carried.get(id) || 0) + 1);

  // ---- The list ------------------------------------------------------------------------------------------------------------
  const state = { filter: "", sort: "flagged", page: 1, flow: "" };
  let shown = flows;

  const collate = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  function sorted(list) {
    const down = state.sort.startsWith("-");
    const key = state.sort.replace(/^-/, "");
    const by = key === "flagged" ? (flow) => (flow.j.flagged ? 0 : 1) : (COLUMNS.find((column) => column.key === key) || COLUMNS[0]).by;
    const keys = new Map(list.map((flow) => [flow, by(flow)]));
    return [...list].sort((a, b) => (down ? -1 : 1) * collate(keys.get(a), keys.get(b)) || a.at - b.at);
  }

  function heading() {
    const key = state.sort.replace(/^-/, "");
    return el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...COLUMNS.map((column) => {
      const order = column.key !== key ? "none" : state.sort.startsWith("-") ? "descending" : "ascending";
      const next = order === "ascending" ? "-" + column.key : order === "descending" ? column.key : (column.kind.endsWith(" n") ? "-" : "") + column.key;
      return el("th", { role: "columnheader", scope: "col", class: column.kind, "aria-sort": order },
        el("button", { type: "button", onclick: () => set({ sort: next, page: 1, flow: "" }, `th.${column.kind.split(" ")[0]} button`) }, column.title));
    })));
  }

  function row(flow) {
    const open = flow.id === state.flow;
    const button = el("button", { type: "button", class: "open", "aria-expanded": String(open), "aria-controls": "why-" + flow.id, "aria-label": `Why: flow ${flow.id}` }, flow.id);
    const tr = el("tr", { role: "row", id: "flow-" + flow.id, class: (flow.j.flagged ? "flagged " : "") + (open ? "opened" : ""),
      onclick: (event) => { if (!event.target.closest("a") && !String(window.getSelection())) toggle(flow); } },
      el("th", { role: "rowheader", scope: "row", class: "c-flow" }, button),
      ...COLUMNS.slice(1).map((column) => el("td", { role: "cell", class: column.kind }, column.cell(flow))));
    return open ? [tr, why(flow)] : [tr];
  }

  const why = (flow) => el("tr", { role: "row", id: "why-" + flow.id, class: "why-row" }, el("td", { role: "cell", colspan: COLUMNS.length }, explanation(flow)));

  function toggle(flow) {
    const opened = state.flow === flow.id ? "" : flow.id;
    for (const old of document.querySelectorAll("#list .why-row")) old.remove();
    for (const old of document.querySelectorAll("#list tr.opened")) { old.classList.remove("opened"); old.querySelector("button").setAttribute("aria-expanded", "false"); }
    if (opened) {
      const tr = $("flow-" + flow.id);
      tr.classList.add("opened");
      tr.querySelector("button").setAttribute("aria-expanded", "true");
      tr.after(why(flow));
    }
    state.flow = opened;
    remember();
  }

  function render() {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    state.page = Math.min(Math.max(1, state.page), pages);
    const from = (state.page - 1) * PAGE;
    const list = shown.slice(from, from + PAGE);
    $("list").setAttribute("role", "table");
    $("list").replaceChildren(heading(), el("tbody", { role: "rowgroup" }, ...list.flatMap(row)));
    const flagged = shown.reduce((sum, flow) => sum + (flow.j.flagged ? 1 : 0), 0);
    const amount = shown.reduce((sum, flow) => sum + flow.bytes, 0);
    const range = shown.length > PAGE ? `${whole(from + 1)} to ${whole(from + list.length)} of ` : "";
    const cut = shown.length === flows.length && data.total > flows.length ? ` of ${whole(data.total)}` : "";
    const missing = state.flow && !flows.some((flow) => flow.id === state.flow);
    $("count").textContent = missing ? `Flow ${state.flow} is not among the flows that this page lists: --format ndjson has it.`
      : shown.length === 0 ? "No flow is like that."
      : `${range}${whole(shown.length)}${cut} flow${shown.length === 1 ? "" : "s"}, ${bytes(amount)}, ${whole(flagged)} flagged`;
    pager(pages);
    for (const chip of document.querySelectorAll("#chips button")) chip.setAttribute("aria-pressed", String(chip.dataset.filter === state.filter.trim()));
  }

  function pager(pages) {
    const nav = $("pager");
    nav.hidden = pages < 2;
    const step = (text, page, label) => el("button", { type: "button", disabled: page < 1 || page > pages || page === state.page, "aria-label": label,
      onclick: () => { set({ page, flow: "" }, "#pager button"); $("flows").scrollIntoView(); } }, text);
    const field = el("input", { type: "number", min: 1, max: pages, value: state.page, "aria-label": "Page",
      onchange: (event) => set({ page: parseInt(event.target.value, 10) || 1, flow: "" }, "#pager input") });
    nav.replaceChildren(step("First", 1, "First page"), step("Previous", state.page - 1, "Previous page"),
      el("span", {}, "Page ", field, ` of ${whole(pages)}`), step("Next", state.page + 1, "Next page"), step("Last", pages, "Last page"));
  }

  // Changes what is shown; the focus stays where it was, for its element may be a new one.
  function set(change, focus) {
    const again = ("filter" in change && change.filter !== state.filter) || ("sort" in change && change.sort !== state.sort);
    Object.assign(state, change);
    if (again) shown = sorted(search(state.filter));
    render();
    remember();
    if (focus && document.querySelector(focus)) document.querySelector(focus).focus();
  }

  // ---- The address -----------------------------------------------------------------------------------------------------------
  function remember() {
    const parts = [];
    if (state.filter) parts.push("filter=" + encodeURIComponent(state.filter));
    if (state.sort !== "flagged") parts.push("sort=" + state.sort);
    if (state.page > 1) parts.push("page=" + state.page);
    if (state.flow) parts.push("flow=" + state.flow);
    for (const [name, { text }] of finders) if (text()) parts.push(`${name}=` + encodeURIComponent(text()));
    try { history.replaceState(null, "", parts.length ? "#" + parts.join("&") : location.pathname + location.search); } catch { /* some viewers forbid it */ }
  }

  // What the address asks for; a plain anchor (#map) asks for nothing here.
  function obey() {
    if (!location.hash.includes("=")) return;
    const asked = {};
    for (const pair of location.hash.slice(1).split("&")) {
      const at = pair.indexOf("=");
      try { asked[pair.slice(0, at)] = decodeURIComponent(pair.slice(at + 1)); } catch { /* not an address of this page */ }
    }
    if (asked.theme) theme(asked.theme);
    for (const [name, { find }] of finders) {
      if (!(name in asked)) continue;
      find(asked[name]);
      $(name).scrollIntoView();
    }
    if (!flows.length || !("filter" in asked || "sort" in asked || "page" in asked || "flow" in asked)) return;
    Object.assign(state, { filter: asked.filter || "", sort: asked.sort || "flagged", page: parseInt(asked.page, 10) || 1, flow: asked.flow || "" });
    $("query").value = state.filter;
    shown = sorted(search(state.filter));
    const at = shown.findIndex((flow) => flow.id === state.flow);
    if (at >= 0) state.page = Math.floor(at / PAGE) + 1;
    render();
    const target = at >= 0 ? $("flow-" + state.flow) : $("flows");
    target.scrollIntoView();
    const button = at >= 0 && target.querySelector("button");
    if (button) button.focus({ preventScroll: true });
  }

  // ---- Other tables ----------------------------------------------------------------------------------------------------------
  function sortable(table) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const text = head.textContent;
      if (!text) return;
      const value = (tr) => { const cell = tr.cells[column]; return cell.dataset.v !== undefined ? parseFloat(cell.dataset.v) : cell.textContent.trim().toLowerCase(); };
      const button = el("button", { type: "button", onclick: () => {
        const up = head.getAttribute("aria-sort") === "descending" || (!head.hasAttribute("aria-sort") && !head.classList.contains("n"));
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        body.append(...[...body.rows].sort((a, b) => (up ? 1 : -1) * collate(value(a), value(b))));
      } }, text);
      head.replaceChildren(button);
    });
  }

  // Rows of a table with a name of its own, by what they say and by what they carry as data.
  const ROW_KEYS = {
    kind: (value) => ({ tr }) => tr.dataset.kind === value,
    severity: (value) => ({ tr }) => tr.dataset.severity === value,
    status: (value) => ({ tr }) => tr.dataset.status === value,
    link: (value) => ({ tr, hay }) => (tr.dataset.link === undefined ? hay.includes(value) : tr.dataset.link.toLowerCase() === value),
    from: (value) => ({ tr }) => (tr.dataset.from || "").toLowerCase().split("|").includes(value),
    to: (value) => ({ tr }) => (tr.dataset.to || "").toLowerCase().split("|").includes(value),
    host: (value) => { const is = isHost(value); return ({ hosts }) => hosts.some(is); },
    "": (value) => ({ hay }) => hay.includes(value),
  };
  const finders = new Map();
  const addresses = new Map();
  function hostOf(ip) {
    if (!addresses.has(ip)) addresses.set(ip, { ip, name: null });
    return addresses.get(ip);
  }

  // Puts a search field and chips before a table.
  function findable(table) {
    const { find: name, chips } = table.dataset;
    const rows = [...table.tBodies[0].rows].map((tr) => ({ tr, hay: tr.textContent.toLowerCase(), hosts: (tr.dataset.hosts || "").split(" ").filter(Boolean).map(hostOf) }));
    if (rows.length < 2) return;
    const count = el("p", { class: "count", role: "status", "aria-live": "polite" });
    const field = el("input", { type: "search", id: "find-" + name, spellcheck: "false", autocomplete: "off", placeholder: `10.1.0.9  ${chips.split(" ")[0]}:${rows[0].tr.dataset[chips.split(" ")[0]]}  words` });
    const buttons = [];
    const show = (text) => {
      const test = wanted(text, ROW_KEYS);
      let seen = 0;
      for (const one of rows) { one.tr.hidden = !test(one); seen += one.tr.hidden ? 0 : 1; }
      count.textContent = seen === rows.length ? `${whole(rows.length)} rows` : seen ? `${whole(seen)} of ${whole(rows.length)} rows` : "No row is like that.";
      for (const chip of buttons) chip.setAttribute("aria-pressed", String(chip.dataset.filter === text.trim()));
    };
    const find = (text) => { field.value = text; show(text); };
    const chip = (text, filter, many) => buttons.push(el("button", { type: "button", "data-filter": filter, onclick: () => { find(filter); remember(); } }, text, " ", el("span", {}, whole(many))));
    chip("All", "", rows.length);
    for (const key of chips.split(" ")) {
      const counts = new Map();
      for (const { tr } of rows) counts.set(tr.dataset[key], (counts.get(tr.dataset[key]) || 0) + 1);
      if (counts.size > 1) for (const [value, many] of counts) chip(value, `${key}:${value}`, many);
    }
    let timer = 0;
    field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { show(field.value); remember(); }, 120); });
    table.closest(".scroll").before(el("form", { class: "find", role: "search", onsubmit: (event) => event.preventDefault() },
      el("label", { for: "find-" + name }, `Narrow the ${name}`), field, el("div", { class: "chips" }, ...buttons)), count);
    finders.set(name, { find, text: () => field.value.trim() });
    show("");
  }

  // ---- Light and dark --------------------------------------------------------------------------------------------------------
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  function theme(name) {
    root.dataset.theme = name === "dark" ? "dark" : "light";
    $("theme").textContent = dark() ? "Light" : "Dark";
    $("theme").setAttribute("aria-label", `Switch to ${dark() ? "light" : "dark"} colours`);
  }

  // ---- Begin -----------------------------------------------------------------------------------------------------------------
  $("theme").hidden = false;
  theme(dark() ? "dark" : "light");
  delete root.dataset.theme;
  $("theme").addEventListener("click", () => theme(dark() ? "light" : "dark"));
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll("table[data-find]").forEach(findable);
  document.querySelectorAll("code.copied").forEach((code) => code.replaceWith(copied(code.textContent)));
  window.addEventListener("hashchange", obey);
  if (!flows.length) { obey(); return; }

  const chips = [["All", ""], ["Flagged", "is:flagged"], ["Unmatched", "verdict:unmatched"], ["Mismatched", "verdict:mismatched"],
    ["Unexpected", "status:unexpected"], ["Forbidden", "status:forbidden"], ["Outside", "status:outside"], ["Unanswered", "is:unanswered"], ["Learned", "evidence:learned"]];
  for (const [name, filter] of chips) {
    const found = search(filter).length;
    if (!found && filter) continue;
    const use = () => { $("query").value = filter; set({ filter, page: 1, flow: "" }); };
    $("chips").append(el("button", { type: "button", "data-filter": filter, onclick: use }, name, " ", el("span", {}, whole(found))));
  }
  $("search").hidden = false;
  $("search").addEventListener("submit", (event) => event.preventDefault());
  let timer = 0;
  $("query").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => set({ filter: $("query").value, page: 1, flow: "" }), 120);
  });
  shown = sorted(flows);
  render();
  obey();
})();
