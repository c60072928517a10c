(function (me) {
  "use strict";
  var pace = Number(me.dataset.pace);
  function later() {
    setTimeout(look, pace);
  }
  function look() {
    fetch(location.href, { method: "HEAD", cache: "no-store", redirect: "manual" }).then(function (answer) {
      // Whatever is not this very page any more is better than it.
      if (answer.headers.get("x-saasodoo-page") === me.dataset.page) {
        later();
      } else {
        location.reload();
      }
    }, later);
  }
  later();
})(document.currentScript);
