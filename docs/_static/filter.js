/* A box on pages of long tables and lists: what does not have the words is hidden. */
"use strict";

(() => {
  const isKorean = document.documentElement.lang === "ko";
  const say = isKorean
    ? { label: "이 문서의 표에서 찾기", count: (some, all) => `${all}개 가운데 ${some}개` }
    : { label: "Filter this page: words, names, ids, fields", count: (some, all) => `${some} of ${all}` };

  /** What can be hidden: each with its text, and what else goes with it. */
  const itemsOf = (article) => {
    const apis = [...article.querySelectorAll("section section[id]")].filter((each) => each.querySelector(".api-head"));
    if (apis.length) {
      const links = new Map([...article.querySelectorAll("ul a")].map((link) => [link.hash, link.closest("li")]));
      return apis.map((api) => ({ shown: [api, links.get(`#${encodeURI(api.id)}`)].filter(Boolean), text: api }));
    }
    const listed = [...article.querySelectorAll("section section > ul > li")];
    const rows = [...article.querySelectorAll("table.docutils tbody tr")];
    return (rows.length ? rows : listed).map((each) => ({ shown: [each], text: each }));
  };

  const start = () => {
    const box = document.querySelector(".filter");
    if (!box) return;
    const article = document.querySelector("article[role=main]");
    const items = itemsOf(article);
    const input = document.createElement("input");
    input.type = "search";
    input.placeholder = say.label;
    input.setAttribute("aria-label", say.label);
    const count = document.createElement("output");
    box.append(input, count);
    box.hidden = false;
    article.querySelector("h1").after(box);

    const texts = new Map();
    const textOf = (item) => {
      if (!texts.has(item)) texts.set(item, item.text.textContent.toLowerCase());
      return texts.get(item);
    };
    const rows = items.some((item) => item.text.matches("tr"));
    const holders = [...new Set(items.map((item) => item.text.closest(rows ? ".table-wrapper" : "section")).filter(Boolean))];
    const apply = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let some = 0;
      for (const item of items) {
        const fits = words.every((word) => textOf(item).includes(word));
        some += fits;
        for (const each of item.shown) each.hidden = !fits;
      }
      for (const holder of holders)
        holder.hidden = !items.some((item) => holder.contains(item.text) && !item.text.hidden);
      box.classList.toggle("filtering", words.length > 0);
      count.textContent = words.length ? say.count(some, items.length) : "";
    };
    input.addEventListener("input", apply);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
