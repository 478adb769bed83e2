(function () {
  "use strict";
  var rows = Array.prototype.slice.call(document.querySelectorAll("#library tbody tr"));
  var search = document.getElementById("search"), verdict = document.getElementById("verdict"), kind = document.getElementById("kind");
  var found = document.getElementById("found");
  function show() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean), count = 0;
    rows.forEach(function (row) {
      var text = row.textContent.toLowerCase();
      var fits = (!verdict.value || row.dataset.verdict === verdict.value) && (!kind.value || row.dataset.kind === kind.value) &&
        words.every(function (word) { return text.indexOf(word) >= 0; });
      row.hidden = !fits;
      count += fits ? 1 : 0;
    });
    found.textContent = count + " of " + rows.length + " shown";
  }
  [search, verdict, kind].forEach(function (field) { field.addEventListener("input", show); });
  document.querySelector(".filters").hidden = false;
  show();
})();
