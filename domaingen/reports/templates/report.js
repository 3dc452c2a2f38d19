// Search, filter and show rows as they are scrolled to. Texts are only ever set as text, never as HTML.
"use strict";
(() => {
  const STEP = 100;
  const PRINTED = 2000;
  const rows = JSON.parse(document.getElementById("data").textContent);
  const body = document.getElementById("rows");
  const more = document.getElementById("more");
  const nothing = document.getElementById("nothing");
  const matches = document.getElementById("matches");
  const query = document.getElementById("query");
  const controls = document.getElementById("controls");
  const number = new Intl.NumberFormat("en");
  let found = rows;
  let drawn = body.children.length;
  let haystacks = null;

  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const free = (element) => {
    element.dir = "auto";
    return element;
  };
  const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

  const draw = ([row, id, description, status, failure, category, reason, names]) => {
    const line = make("tr", status);
    const text = make("td", "text");
    text.append(free(make("p", "", description || "–")));
    if (id) {
      const own = make("span", "id");
      own.append(make("bdi", "", id));
      text.append(own);
    }
    const cell = make("td", "names");
    if (names.length) {
      const list = make("ol");
      for (const [domain, score, why] of names) {
        const item = make("li");
        item.append(
          make("span", "domain", domain),
          make("span", "score", score.toFixed(2)),
          make("i", `bar b${Math.floor(20 * score + 0.5)}`),
        );
        if (why) item.append(free(make("span", "why", why)));
        list.append(item);
      }
      cell.append(list);
    } else {
      const verdict = make("p", "verdict");
      verdict.append(
        make("span", `status ${status}`, capital(status)),
        make("span", "kind", category ? `${failure} · ${category}` : failure),
      );
      cell.append(verdict, free(make("p", "why", reason)));
    }
    line.append(make("td", "row", row), text, cell);
    return line;
  };

  // An observer speaks only when something changes, so it is asked afresh after each piece.
  const end = more.parentElement;
  const watch = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting) && drawn < found.length) drawMore(STEP);
    },
    { rootMargin: "1200px" },
  );
  const drawMore = (count) => {
    const piece = document.createDocumentFragment();
    for (const row of found.slice(drawn, drawn + count)) piece.append(draw(row));
    drawn = Math.min(found.length, drawn + count);
    body.append(piece);
    more.hidden = drawn >= found.length;
    watch.unobserve(end);
    watch.observe(end);
  };

  const describe = () => {
    const [all, some] = [number.format(rows.length), number.format(found.length)];
    matches.textContent = found.length === rows.length ? `${all} rows` : `${some} of ${all} rows`;
    nothing.hidden = found.length > 0;
    more.hidden = drawn >= found.length;
  };

  const search = () => {
    const status = controls.elements.status.value;
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    haystacks ??= rows.map(([row, id, description, , failure, category, reason, names]) =>
      [row, id, description, failure, category, reason, ...names.flatMap(([domain, , why]) => [domain, why])]
        .join("\n")
        .toLowerCase(),
    );
    found = rows.filter(
      (row, index) => (!status || row[3] === status) && words.every((word) => haystacks[index].includes(word)),
    );
    body.replaceChildren();
    drawn = 0;
    drawMore(STEP);
    describe();
  };

  let waiting = 0;
  query.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 80);
  });
  controls.addEventListener("change", (event) => {
    if (event.target !== query) search();
  });
  controls.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => drawMore(STEP));
  addEventListener("beforeprint", () => drawMore(Math.max(0, PRINTED - drawn)));
  addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== query) {
      event.preventDefault();
      query.focus();
    }
  });

  watch.observe(end);
  controls.hidden = rows.length < 2;
  describe();
})();
