/* What the search says on a Korean page. */
Documentation.addTranslations({
  locale: "ko",
  plural_expr: "0",
  messages: {
    ", in ": ", 문서: ",
    "Search Results": "검색 결과",
    Searching: "찾는 중",
    "Preparing search...": "검색을 준비하는 중...",
    "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
      "찾는 말이 있는 문서가 없습니다. 맞춤법을 확인하십시오.",
    "Search finished, found one page matching the search query.": ["${resultCount}건을 찾았습니다."],
    "Search finished, found ${resultCount} pages matching the search query.": "${resultCount}건을 찾았습니다.",
    "Hide Search Matches": "찾은 말 표시 지우기",
    Search: "검색",
  },
});
