(function () {
  "use strict";
  var overview = document.getElementById("overview");
  var stream = new EventSource("/live");

  stream.addEventListener("overview", function (event) {
    var focused = document.activeElement && document.activeElement.id;
    overview.innerHTML = event.data;
    var again = focused && document.getElementById(focused);
    if (again) again.focus();
  });

  stream.addEventListener("error", function () {
    // A stream that ended for good was ended by a login that is over.
    if (stream.readyState === EventSource.CLOSED) location.reload();
  });

  document.addEventListener("submit", function (event) {
    var button = event.target.querySelector("button");
    if (button) button.setAttribute("aria-busy", "true");
  });
})();
