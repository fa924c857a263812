/* Trellis for web pages: <script async src="https://COLLECTOR/t.js" data-key="WRITE KEY"></script>
 * Sends page views by itself; trellis.track(name, properties), .identify(userId, traits), .group(groupId, traits), .page(name, properties),
 * .consent({analytics: true, advertising: false}), .reset() do the rest. Nothing is kept in the browser until consent({analytics: true}):
 * until then each page view has a visitor id of its own. Global Privacy Control and Do Not Track are passed on. */
(function (window, document) {
  "use strict";
  var script = document.currentScript || document.querySelector("script[data-key]");
  var key = script && script.getAttribute("data-key");
  if (!key) return;
  var base = script.getAttribute("data-host") || new URL(script.src, location.href).origin;
  var STORE = "trellis", PURPOSE = script.getAttribute("data-purpose") || "analytics";
  var waiting = [], timer = 0, delay = 1000, lastUrl = "", came = document.referrer;
  var person = read() || { anonymousId: id(), kept: false };

  function id() {
    if (window.crypto && crypto.randomUUID) return crypto.randomUUID();
    return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, function () { return ((Math.random() * 16) | 0).toString(16); });
  }
  function read() {
    try { return JSON.parse(localStorage.getItem(STORE)); } catch (_) { return null; }
  }
  function keep() {
    try {
      if (person.kept) localStorage.setItem(STORE, JSON.stringify(person));
      else localStorage.removeItem(STORE);
    } catch (_) { /* storage is switched off: the visit goes on without */ }
  }
  function context() {
    var c = {
      library: { name: "trellis.js", version: "1" },
      locale: navigator.language,
      page: { url: location.href, path: location.pathname, search: location.search, title: document.title, referrer: came },
      screen: { width: screen.width, height: screen.height },
      userAgent: navigator.userAgent
    };
    try { c.timezone = Intl.DateTimeFormat().resolvedOptions().timeZone; } catch (_) { /* unknown then */ }
    if (person.consent) c.consent = { categoryPreferences: person.consent };
    if (navigator.globalPrivacyControl) (c.consent = c.consent || {}).gpc = true;
    if (person.traits) c.traits = person.traits;
    return c;
  }
  function put(type, body) {
    body.type = type;
    body.messageId = id();
    body.timestamp = new Date().toISOString();
    body.anonymousId = person.anonymousId;
    if (person.userId) body.userId = person.userId;
    body.context = context();
    body.channel = "browser";
    waiting.push(body);
    if (waiting.length >= 20) send();
    else if (!timer) timer = setTimeout(send, 250);
  }
  function send(leaving) {
    clearTimeout(timer);
    timer = 0;
    while (waiting.length) {
      var part = waiting.splice(0, 20);
      var text = JSON.stringify({ batch: part, sentAt: new Date().toISOString(), writeKey: key });
      if (leaving === true && navigator.sendBeacon && navigator.sendBeacon(base + "/beacon/v1/batch?writeKey=" + encodeURIComponent(key), text)) continue;
      post(part, text, leaving === true);
    }
  }
  function post(part, text, keepalive) {
    /* text/plain spares the browser a question before each request */
    fetch(base + "/v1/batch", { method: "POST", body: text, keepalive: keepalive, headers: { "Content-Type": "text/plain" } }).then(
      function (r) { if (r.status === 429 || r.status >= 500) again(part); else delay = 1000; },
      function () { again(part); }
    );
  }
  function again(part) {
    waiting = part.concat(waiting).slice(-1000);
    if (!timer) timer = setTimeout(send, delay);
    delay = Math.min(delay * 2, 60000);
  }

  var trellis = {
    page: function (name, properties) {
      lastUrl = location.href;
      put("page", { name: name || document.title, properties: properties || {} });
    },
    track: function (event, properties) { put("track", { event: String(event), properties: properties || {} }); },
    identify: function (userId, traits) {
      if (userId && typeof userId === "object") { traits = userId; userId = undefined; }
      if (userId) person.userId = String(userId);
      person.traits = traits || person.traits;
      keep();
      put("identify", { traits: traits || {} });
    },
    group: function (groupId, traits) { put("group", { groupId: String(groupId), traits: traits || {} }); },
    consent: function (choices) {
      person.consent = choices;
      person.kept = choices[PURPOSE] === true;
      keep();
      put("track", { event: "Segment Consent Preference Updated", properties: {} });
    },
    reset: function () {
      var said = person.consent, kept = person.kept;
      person = { anonymousId: id(), kept: kept, consent: said };
      keep();
    },
    flush: send
  };
  function moved() {
    if (location.href.split("#")[0] === lastUrl.split("#")[0]) return;
    came = lastUrl;
    trellis.page();
  }
  ["pushState", "replaceState"].forEach(function (name) {
    var original = history[name];
    history[name] = function () {
      var result = original.apply(this, arguments);
      setTimeout(moved, 0);
      return result;
    };
  });
  window.addEventListener("popstate", moved);
  document.addEventListener("visibilitychange", function () { if (document.visibilityState === "hidden") send(true); });
  window.addEventListener("pagehide", function () { send(true); });

  var early = (window.trellis && window.trellis.q) || [];
  window.trellis = trellis;
  if (script.getAttribute("data-page") !== "off") trellis.page();
  early.forEach(function (call) { trellis[call[0]].apply(null, call[1]); });
})(window, document);
