// Beside Chainlit's page: the start page (freshness, what changed, saved questions) and completing what is typed.
// Everything comes from this server; texts are set as text, never as markup.
(() => {
  "use strict";

  const get = async (path) => {
    const reply = await fetch(path, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!reply.ok) throw new Error(String(reply.status));
    return reply.json();
  };

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  };

  // The page hands window messages to the server; a click here becomes a question there.
  const ask = (what) => window.postMessage({ candor: what }, window.location.origin);

  // --- start page ---

  const change = async (id, what) => {
    const reply = await fetch("/chat-home/saved", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id, do: what }),
    });
    if (reply.ok) draw(await reply.json());
  };

  const savedLine = (saved) =>
    make(
      "li",
      {},
      make("button", { type: "button", class: "home-question", onclick: () => ask({ saved: saved.id }) }, saved.question),
      saved.mine
        ? make(
            "button",
            { type: "button", class: "home-tool", onclick: () => change(saved.id, saved.shared ? "unshare" : "share") },
            saved.shared ? "Stop sharing" : "Share"
          )
        : make("span", { class: "home-note" }, "shared"),
      saved.mine
        ? make("button", { type: "button", class: "home-tool", "aria-label": `Delete ${saved.question}`, onclick: () => change(saved.id, "drop") }, "Delete")
        : null
    );

  const newsLine = (line) =>
    make(
      "li",
      {},
      make(
        "span",
        {},
        make("span", { "aria-hidden": "true", class: line.good === null ? "" : line.good ? "home-good" : "home-bad" }, line.rose ? "▲ " : "▼ "),
        line.text
      ),
      line.question ? make("button", { type: "button", class: "home-tool", onclick: () => ask({ ask: line.question }) }, "Why?") : null
    );

  const section = (title, lines) => make("section", {}, make("h2", {}, title), make("ul", {}, ...lines));

  let following = false;

  const draw = (page) => {
    const home = document.getElementById("candor-home");
    if (!home) return;
    const parts = [make("p", { class: "home-note" }, page.freshness)];
    if (page.preparing) parts.unshift(make("p", { class: "home-preparing", role: "status" }, page.preparing));
    if (page.saved.length) parts.push(section("Saved questions", page.saved.map(savedLine)));
    const news = home.querySelector("#candor-news") || make("div", { id: "candor-news" });
    home.replaceChildren(...parts, news);
    if (page.preparing && !following) {
      following = true;
      setTimeout(() => follow(home), 3000);
    }
  };

  // While predictions and texts are prepared: how far they are; then what can be asked since.
  const follow = async (home) => {
    following = false;
    if (!home.isConnected) return;
    try {
      const page = await get("/chat-home");
      draw(page);
      if (page.preparing) return;
      const offered = [...document.querySelectorAll("#starters button")].map((button) => button.innerText.trim());
      const added = (await get("/chat-home/starters")).filter((question) => !offered.includes(question));
      const line = (question) => make("li", {}, make("button", { type: "button", class: "home-question", onclick: () => ask({ ask: question }) }, question));
      const ready = "Ready: predictions, segments and what customers say";
      home.insertBefore(added.length ? section(ready, added.map(line)) : make("p", { class: "home-note", role: "status" }, `${ready}.`), home.firstChild);
    } catch {
      // The server is away for a moment, or for good: the page itself says so.
      following = true;
      setTimeout(() => follow(home), 10000);
    }
  };

  const drawNews = (news) => {
    const place = document.getElementById("candor-news");
    if (place && news.lines.length) place.replaceChildren(section(news.title, news.lines.map(newsLine)));
  };

  const showHome = async () => {
    const welcome = document.getElementById("welcome-screen");
    if (!welcome || document.getElementById("candor-home")) return;
    welcome.append(make("div", { id: "candor-home", "aria-label": "Start page" }));
    try {
      draw(await get("/chat-home"));
      drawNews(await get("/chat-home/news"));
    } catch {
      // Signed out, or the data is not available: the page itself says so.
    }
  };

  // --- completing what is typed ---

  let shown = [];
  let chosen = -1;
  let asked = 0;
  let waiting = null;

  const input = () => document.getElementById("chat-input");
  const list = () => document.getElementById("candor-completions");

  const close = () => {
    shown = [];
    chosen = -1;
    const box = list();
    if (box) box.remove();
    const field = input();
    if (field) {
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
    }
  };

  const mark = (index) => {
    chosen = index;
    const field = input();
    document.querySelectorAll("#candor-completions [role=option]").forEach((option, at) => {
      option.setAttribute("aria-selected", at === index ? "true" : "false");
    });
    if (index >= 0) field.setAttribute("aria-activedescendant", `candor-completion-${index}`);
    else field.removeAttribute("aria-activedescendant");
  };

  const take = (index) => {
    const field = input();
    // React keeps the value of its own; only the element's own setter and an event reach it.
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, shown[index].text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    close();
    field.focus();
  };

  const open = (suggestions) => {
    close();
    const field = input();
    if (!field || !suggestions.length) return;
    shown = suggestions;
    const options = suggestions.map((suggestion, index) =>
      make(
        "li",
        {
          id: `candor-completion-${index}`,
          role: "option",
          "aria-selected": "false",
          onmousedown: (event) => {
            event.preventDefault();
            take(index);
          },
        },
        make("span", {}, suggestion.label),
        make("span", { class: "home-note" }, suggestion.kind)
      )
    );
    const box = make("ul", { id: "candor-completions", role: "listbox", "aria-label": "Ways to go on" }, ...options);
    (field.closest("#message-composer") || field.parentElement).append(box);
    field.setAttribute("aria-expanded", "true");
  };

  const look = async (typed) => {
    const turn = ++asked;
    if (typed.trim().length < 2 || typed.startsWith("/")) return close();
    try {
      const found = await get(`/chat-home/complete?typed=${encodeURIComponent(typed)}`);
      const field = input();
      if (turn === asked && field && field.value === typed && document.activeElement === field) {
        open(found.filter((suggestion) => suggestion.text.trim().toLowerCase() !== typed.trim().toLowerCase()));
      }
    } catch {
      close();
    }
  };

  const onInput = (event) => {
    clearTimeout(waiting);
    if (event.target.id !== "chat-input") return;
    const typed = event.target.value;
    waiting = setTimeout(() => look(typed), 120);
  };

  // Before the page's own handler: Enter on a marked suggestion takes it, otherwise it sends as ever.
  const onKey = (event) => {
    if (event.target.id !== "chat-input") return;
    if (event.key === "Enter") {
      clearTimeout(waiting);
      asked += 1;
    }
    if (!shown.length) return;
    const last = shown.length - 1;
    const acts = {
      ArrowDown: () => mark(chosen >= last ? 0 : chosen + 1),
      ArrowUp: () => mark(chosen <= 0 ? last : chosen - 1),
      Tab: () => take(Math.max(chosen, 0)),
      Escape: close,
    };
    if (event.key === "Enter" && chosen >= 0) acts.Enter = () => take(chosen);
    const act = acts[event.key];
    if (act) {
      event.preventDefault();
      event.stopPropagation();
      act();
    } else if (event.key === "Enter") {
      close();
    }
  };

  document.addEventListener("input", onInput, true);
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("focusout", (event) => event.target.id === "chat-input" && setTimeout(close, 100), true);

  // --- what the page leaves out for screen readers and keyboards ---

  const NAMES = {
    "#chat-submit": "Send",
    "#stop-button": "Stop",
    "#upload-button": "Attach a CSV of customer ids",
    "#chat-settings-open-modal": "Settings",
    ".positive-feedback-off, .positive-feedback-on": "This answer helps",
    ".negative-feedback-off, .negative-feedback-on": "This answer is wrong",
    ".edit-message": "Edit and ask again",
    "#search-chats-button": "Search conversations",
    "#new-chat-button": "New conversation",
    "#theme-toggle": "Light or dark",
    "#user-nav-button": "Account",
    "#sidebar-trigger-button": "Conversations",
    // Shown only while the page is not at its end; Chainlit gives it neither an id nor a name.
    ".absolute.bottom-4 > button.rounded-full": "To the newest answer",
  };

  const tidy = () => {
    for (const [selector, name] of Object.entries(NAMES)) {
      document.querySelectorAll(selector).forEach((button) => {
        if (!button.getAttribute("aria-label")) button.setAttribute("aria-label", name);
      });
    }
    const field = input();
    if (field && field.getAttribute("role") !== "combobox") {
      for (const [name, value] of Object.entries({
        role: "combobox",
        "aria-label": "Your question",
        "aria-autocomplete": "list",
        "aria-controls": "candor-completions",
        "aria-expanded": "false",
        autocomplete: "off",
      })) {
        field.setAttribute(name, value);
      }
    }
    // A chart measures its place once, before the answer around it is laid out.
    document.querySelectorAll(".js-plotly-plot:not([data-fitted])").forEach((plot) => {
      plot.dataset.fitted = "";
      setTimeout(() => window.dispatchEvent(new Event("resize")), 60);
    });
    document.documentElement.lang = "en";
    showHome();
  };

  let due = false;
  new MutationObserver(() => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      tidy();
    });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
