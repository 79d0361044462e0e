/*
 * Korean words in the search of the site. Sphinx compares whole words, and a Korean word stands with its particle
 * (미체결을) or inside another one (예약주문): here a word is found wherever an indexed word begins with it or has it.
 */
"use strict";

(() => {
  const HANGUL = /[가-힣]/;
  const PARTICLES = [
    ..."을를은는이가과와의에로도만나",
    ..."에서 으로 까지 부터 보다 처럼 이나 하고 에는 에도 와는 과는 로는 에게 이란 이라 입니다 에서는 으로는 에서도 이라는".split(" "),
  ].sort((one, other) => other.length - one.length);
  // An API whose label has the word counts 21, and one whose label it is 26: pages stand among them.
  const IN_HEADING = { whole: 30, begin: 28, inside: 22 };
  const IN_TEXT = { whole: 21, begin: 21, inside: 12 };

  const baseOf = (word) => {
    const found = PARTICLES.find((each) => word.endsWith(each) && word.length - each.length >= 2);
    return found ? word.slice(0, -found.length) : null;
  };

  /** Scores of the pages that have a word, by number of page. */
  const pagesOf = (word) => {
    const scores = new Map();
    const look = (terms, worth, form, less) => {
      for (const [term, files] of Object.entries(terms)) {
        const at = term.indexOf(form);
        if (at < 0) continue;
        const score = (term === form ? worth.whole : at ? worth.inside : worth.begin) - less;
        for (const file of [files].flat()) scores.set(file, Math.max(score, scores.get(file) ?? 0));
      }
    };
    const lookFor = (form, less) => {
      look(Search._index.titleterms, IN_HEADING, form, less);
      look(Search._index.terms, IN_TEXT, form, less);
    };
    lookFor(word, 0);
    const base = HANGUL.test(word) ? baseOf(word) : null;
    if (base) lookFor(base, 2);
    return scores;
  };

  const both = (one, other) =>
    new Map([...one].filter(([file]) => other.has(file)).map(([file, score]) => [file, Math.min(score, other.get(file))]));

  /** As above; a word that stands nowhere may be two that the text writes apart. */
  const pagesOfParts = (word) => {
    const found = pagesOf(word);
    if (found.size || !HANGUL.test(word)) return found;
    for (let cut = 2; cut <= word.length - 2; cut++) {
      const apart = both(pagesOf(word.slice(0, cut)), pagesOf(word.slice(cut)));
      if (apart.size) return apart;
    }
    return found;
  };

  const inWholeWords = Search.performTermsSearch;
  Search.performTermsSearch = (searchTerms, excludedTerms) => {
    const words = [...searchTerms];
    if (!words.some((word) => HANGUL.test(word))) return inWholeWords(searchTerms, excludedTerms);
    const { docnames, titles, filenames } = Search._index;
    const excluded = [...excludedTerms].map(pagesOf);
    return [...words.map(pagesOfParts).reduce(both)]
      .filter(([file]) => !excluded.some((pages) => pages.has(file)))
      .map(([file, score]) => [docnames[file], titles[file], "", null, score, filenames[file], SearchResultKind.text]);
  };

  /* Of two twins the one in the reader's language comes first. */
  Scorer.score = ([page, , , , score]) => {
    const query = new URLSearchParams(window.location.search).get("q") ?? "";
    const wantsKorean = document.documentElement.lang === "ko" || HANGUL.test(query);
    const isKorean = page.endsWith(".ko");
    const twin = isKorean ? page.slice(0, -3) : `${page}.ko`;
    if (isKorean === wantsKorean) return isKorean ? score + 2 : score;
    return Search._index.docnames.includes(twin) ? score - 10 : score;
  };

  /* What is shown of a page begins with its text. */
  const textOf = Search.htmlToText;
  Search.htmlToText = (html, anchor) => textOf(html.replace(/<nav class="languages".*?<\/nav>/s, ""), anchor);
})();
