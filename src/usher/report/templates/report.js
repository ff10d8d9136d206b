"use strict";
// Everything shown is made with text nodes: names in the data are other people's words.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const PAGE = 50, INNER = 100;
  const number = (value) => value.toLocaleString("en");
  const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

  function make(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "onclick") made.addEventListener("click", value);
      else made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined).map((child) => child instanceof Node ? child : String(child)));
    return made;
  }
  const tag = (words, look) => make("span", {class: `tag ${look || ""}`}, words);

  // ---- what the data says, indexed when first asked for
  const once = (build) => { let built; return () => (built === undefined ? (built = build()) : built); };
  const index = (length, pairs) => {
    const found = Array.from({length}, () => []);
    pairs((at, value) => found[at].push(value));
    return found;
  };
  const [GROUP, USER] = [0, 1];
  const ofAccount = once(() => index(data.accounts.length, (put) => data.grants.forEach((grant) => grant[2].forEach((account) => put(account, grant)))));
  const ofTarget = once(() => index(data.targets.length, (put) => data.grants.forEach((grant) => put(grant[1], grant))));
  const ofPrincipal = once(() => index(data.principals.length, (put) => data.grants.forEach((grant) => put(grant[0], grant))));
  const groupPrincipal = once(() => new Map(data.principals.map((each, at) => [each, at]).filter(([each]) => each[0] === GROUP).map(([each, at]) => [each[1], at])));
  const userPrincipal = once(() => new Map(data.principals.map((each, at) => [each, at]).filter(([each]) => each[0] === USER).map(([each, at]) => [each[1], at])));
  const groupsOf = once(() => index(data.users.length, (put) => data.groups.forEach((group, at) => group[1].forEach((user) => put(user, at)))));
  const grantsOfGroup = (at) => { const principal = groupPrincipal().get(at); return principal === undefined ? [] : ofPrincipal()[principal]; };
  const grantsOfUser = (at) => { const principal = userPrincipal().get(at); return principal === undefined ? [] : ofPrincipal()[principal]; };
  const count = (grants) => grants.reduce((sum, grant) => sum + grant[2].length, 0);
  const unit = (account) => data.units[account[2]] || "";

  // ---- names that lead somewhere
  const link = (tab, at, name) => make("button", {type: "button", onclick: () => show(tab, at)}, name);
  const accountLink = (at) => link("accounts", at, data.accounts[at][1]);
  const targetLink = (at) => make("span", {}, link("targets", at, data.targets[at][0]), data.targets[at][2] ? tag("admin", "admin") : null);
  const principalWords = (at) => {
    const [kind, who] = data.principals[at];
    if (kind === GROUP) return make("span", {}, link("groups", who, data.groups[who][0]), make("span", {class: "soft"}, ` ${membersWords(who)}`));
    if (kind === USER) return make("span", {}, link("users", who, data.users[who][0]), make("span", {class: "soft"}, " directly"));
    return make("span", {}, who, " ", tag("deleted", "bad"));
  };
  const membersWords = (at) => data.groups[at][2] || plural(data.groups[at][1].length, "member", "members");

  // ---- tables inside a row
  function table(headings, rows) {
    const body = make("tbody");
    const whole = make("div", {class: "scroll"}, make("table", {}, make("thead", {}, make("tr", {}, ...headings.map((words) => make("th", {scope: "col"}, words)))), body));
    let shown = 0;
    const more = make("button", {type: "button", onclick: grow});
    function grow() {
      body.append(...rows.slice(shown, shown + INNER).map((cells) => make("tr", {}, ...cells().map((cell) => make("td", {}, cell)))));
      shown = Math.min(rows.length, shown + INNER);
      more.textContent = `Show more (${number(rows.length - shown)} left)`;
      more.hidden = shown === rows.length;
    }
    grow();
    whole.append(more);
    return whole;
  }
  const some = (names, most) => {
    const list = make("span", {});
    names.slice(0, most).forEach((name, at) => list.append(at ? ", " : "", name()));
    if (names.length > most) {
      const more = make("button", {type: "button", onclick: () => more.replaceWith(...names.slice(most).flatMap((name) => [", ", name()]))}, `and ${number(names.length - most)} more`);
      list.append(" ", more);
    }
    return list;
  };
  const inAccounts = (grants, first) => table(["", "Accounts"], grants.map((grant) => () => [first(grant), some(grant[2].map((at) => () => accountLink(at)), 12)]));

  // ---- the five lists
  const tabs = {
    accounts: {
      title: "Accounts", headings: ["Account", "Id", "Unit", "Grants"], items: data.accounts,
      words: (account) => `${account[1]} ${account[0]} ${unit(account)}`,
      cells: (account, at) => [make("span", {class: "mono"}, account[0]), unit(account), number(count_at(at))],
      tags: (account) => [account[3] & 1 ? tag("suspended", "bad") : null, account[3] & 2 ? tag("management") : null],
      inner: (_, at) => table(["Permission set", "Given to"], ofAccount()[at].map((grant) => () => [targetLink(grant[1]), principalWords(grant[0])])),
    },
    users: {
      title: "People", headings: ["Person", "Name", "Groups", "Grants"], items: data.users,
      words: (user) => `${user[0]} ${user[1]}`,
      cells: (user, at) => [user[1], number(groupsOf()[at].length), number(count(grantsOfUser(at)) + groupsOf()[at].reduce((sum, group) => sum + count(grantsOfGroup(group)), 0))],
      tags: (user) => [user[2] ? tag("administrator", "admin") : null],
      inner: (_, at) => {
        const rows = [];
        for (const grant of [...grantsOfUser(at), ...groupsOf()[at].flatMap(grantsOfGroup)]) {
          for (const account of grant[2]) rows.push([account, grant]);
        }
        rows.sort((a, b) => a[0] - b[0]);
        return table(["Account", "Permission set", "Through"], rows.map(([account, grant]) => () => [accountLink(account), targetLink(grant[1]), principalWords(grant[0])]));
      },
    },
    groups: {
      title: "Groups", headings: ["Group", "Members", "Grants"], items: data.groups,
      words: (group) => group[0],
      cells: (group, at) => [number(group[1].length), number(count(grantsOfGroup(at)))],
      tags: (group) => [group[2] ? tag(group[2], "bad") : null],
      inner: (group, at) => make("div", {}, make("p", {}, make("b", {}, "Members: "), group[1].length ? some(group[1].map((user) => () => link("users", user, data.users[user][0])), 40) : group[2] || "none"), inAccounts(grantsOfGroup(at), (grant) => targetLink(grant[1]))),
    },
    targets: {
      title: "Permission sets", headings: ["Permission set", "Policies", "Session", "Grants"], items: data.targets,
      words: (target) => `${target[0]} ${target[4].join(" ")}`,
      cells: (target, at) => [target[4].join(", "), target[3], number(count(ofTarget()[at]))],
      tags: (target) => [target[2] ? tag("administrator’s power", "admin") : null, target[1] ? tag("IAM role") : null],
      inner: (target, at) => make("div", {}, ...target[5].map((risk) => make("p", {}, tag("risk", "admin"), risk)), inAccounts(ofTarget()[at], (grant) => principalWords(grant[0]))),
    },
    findings: {
      title: "Findings", headings: ["Finding", "What", "Detail"], items: data.findings,
      words: (finding) => finding.join(" "),
      cells: (finding) => [finding[1], finding[2]],
      tags: () => [], inner: null,
    },
  };
  const NUMBERS = new Set(["Groups", "Members", "Grants"]);
  const count_at = (at) => ofAccount()[at].length;

  const byId = (id) => document.getElementById(id);
  const state = {tab: "accounts", page: 0, query: "", only: null};
  const haystacks = {};
  function matching() {
    const tab = tabs[state.tab];
    if (state.only !== null) return [state.only];
    const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
    const all = tab.items.map((_, at) => at);
    if (!words.length) return all;
    const hay = haystacks[state.tab] || (haystacks[state.tab] = tab.items.map((item) => tab.words(item).toLowerCase()));
    return all.filter((at) => words.every((word) => hay[at].includes(word)));
  }

  function draw() {
    const tab = tabs[state.tab], found = matching();
    const start = state.page * PAGE, shown = found.slice(start, start + PAGE);
    const body = make("tbody");
    for (const at of shown) {
      const item = tab.items[at], first = make("td", {});
      const row = make("tr", {}, first, ...tab.cells(item, at).map((cell, column) => make("td", NUMBERS.has(tab.headings[column + 1]) ? {class: "number"} : {}, cell)));
      const name = state.tab === "accounts" ? item[1] : item[0];
      if (tab.inner) first.append(opener(row, name, () => tab.inner(item, at), tab.headings.length));
      else first.append(make("b", {}, name));
      first.append(" ", ...tab.tags(item).filter(Boolean));
      body.append(row);
    }
    const head = make("tr", {}, ...tab.headings.map((words) => make("th", {scope: "col", ...(NUMBERS.has(words) ? {class: "number"} : {})}, words)));
    byId("rows").replaceChildren(make("div", {class: "scroll"}, make("table", {}, make("thead", {}, head), body)));
    const range = found.length > PAGE ? `, ${number(start + 1)} to ${number(start + shown.length)} shown` : "";
    byId("count").textContent = found.length === tab.items.length ? `${number(found.length)}${range}` : `${number(found.length)} of ${number(tab.items.length)}${range}`;
    const turn = (by, words, possible) => {
      const button = make("button", {type: "button", onclick: () => { state.page += by; draw(); }}, words);
      button.disabled = !possible;
      return button;
    };
    const whole = state.only === null ? [] : [make("button", {type: "button", onclick: () => { state.only = null; draw(); }}, "Show all")];
    byId("pages").replaceChildren(...whole, ...(found.length > PAGE ? [turn(-1, "Previous", state.page > 0), turn(1, "Next", start + PAGE < found.length)] : []));
    for (const button of byId("tabs").children) {
      const selected = button.dataset.tab === state.tab;
      button.setAttribute("aria-selected", selected);
      button.tabIndex = selected ? 0 : -1;
    }
  }

  function opener(row, name, build, columns) {
    const button = make("button", {type: "button", class: "name", "aria-expanded": "false", onclick: () => {
      const open = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", !open);
      if (open) row.nextSibling.remove();
      else row.after(make("tr", {class: "inner"}, make("td", {colspan: columns}, build())));
    }}, name);
    return button;
  }

  function choose(tab) {
    Object.assign(state, {tab, page: 0, only: null, query: ""});
    byId("search").value = "";
    draw();
  }

  function show(tab, at) {
    Object.assign(state, {tab, page: 0, only: at, query: ""});
    byId("search").value = "";
    draw();
    byId("tables").scrollIntoView({block: "start"});
    const button = byId("rows").querySelector("button.name");
    if (button) { button.click(); button.focus({preventScroll: true}); }
  }

  byId("tabs").append(...Object.entries(tabs).filter(([, tab]) => tab.items.length).map(([name, tab]) => make("button", {type: "button", role: "tab", "data-tab": name, onclick: () => choose(name)}, `${tab.title} ${number(tab.items.length)}`)));
  byId("tabs").addEventListener("keydown", (event) => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    const buttons = [...byId("tabs").children];
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    next.focus();
    next.click();
  });
  byId("search").addEventListener("input", (event) => {
    Object.assign(state, {query: event.target.value, page: 0, only: null});
    draw();
  });

  // ---- pictures: what flows through a piece
  const COLUMNS = "pgta", LISTS = ["users", "groups", "targets", "accounts"];
  const nameOf = (column, at) => (column === 3 ? data.accounts[at][1] : data[LISTS[column]][at][0]);

  function connected(picture, column, at) {
    const lit = new Set(), add = (...ends) => lit.add(ends.map(([col, index]) => COLUMNS[col] + index).join("-"));
    const groups = new Set();
    const mine = column === 0 ? new Set(picture.joins.filter(([person]) => person === at).map(([, group]) => group)) : null;
    for (const [group, target, account] of picture.routes) {
      if (mine ? !mine.has(group) : [group, target, account][column - 1] !== at) continue;
      groups.add(group);
      add([1, group]); add([2, target]); add([3, account]);
      add([1, group], [2, target]); add([2, target], [3, account]);
    }
    for (const [person, group] of picture.joins) {
      if (!groups.has(group) || (column === 0 && person !== at)) continue;
      add([0, person]); add([0, person], [1, group]);
    }
    return lit;
  }

  function letGo() {
    for (const svg of document.querySelectorAll(".picture.lit")) {
      svg.classList.remove("lit");
      for (const each of svg.querySelectorAll(".on, .chosen")) each.classList.remove("on", "chosen");
    }
    byId("chosen").hidden = true;
  }

  function hold(svg, node) {
    const again = node.classList.contains("chosen");
    letGo();
    if (again) return;
    const picture = data.pictures[svg.dataset.picture];
    const column = COLUMNS.indexOf(node.dataset.n[0]), at = Number(node.dataset.n.slice(1));
    const lit = connected(picture, column, at);
    svg.classList.add("lit");
    node.classList.add("chosen", "on");
    for (const each of svg.querySelectorAll(".n")) if (lit.has(each.dataset.n)) each.classList.add("on");
    for (const each of svg.querySelectorAll(".r")) if (lit.has(each.dataset.r)) each.classList.add("on");
    describe(svg, picture.columns[column][at], column, at);
  }

  function describe(svg, [label, kind, total, members], column, at) {
    const panel = byId("chosen");
    const items = members.map((member) => make("li", {}, typeof member === "number" ? link(LISTS[column], member, nameOf(column, member)) : member));
    if (total > members.length) items.push(make("li", {class: "soft"}, `and ${number(total - members.length)} more`));
    const deeper = svg.dataset.picture === "overview" && column === 3 && byId(`unit-${at}`);
    const into = deeper ? make("button", {type: "button", onclick: () => { deeper.open = true; deeper.scrollIntoView({block: "start"}); }}, "Its own picture") : null;
    const noun = [["person", "people"], ["group", "groups"], ["permission set", "permission sets"], ["account", "accounts"]][column];
    const size = total ? plural(total, ...(kind === "direct" ? ["user", "users"] : noun)) : "";
    panel.replaceChildren(make("h3", {}, label), make("p", {class: "soft"}, size === label ? "" : size, " ", into), make("ul", {}, ...items));
    svg.closest(".canvas").after(panel);
    panel.hidden = false;
  }

  for (const svg of document.querySelectorAll(".picture")) {
    svg.addEventListener("click", (event) => {
      const node = event.target.closest(".n");
      if (node) hold(svg, node);
    });
    svg.addEventListener("keydown", (event) => {
      const node = event.target.closest(".n");
      if (node && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); hold(svg, node); }
    });
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") letGo(); });

  document.documentElement.classList.add("scripted");
  draw();
})();
