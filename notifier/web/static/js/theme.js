// Runs before the first paint, so that nothing flashes at night. A plain script: modules come after the body.
"use strict";
(() => {
  const asked = new URLSearchParams(location.search).get("theme");
  let theme = asked;
  if (!theme) { try { theme = localStorage.getItem("theme"); } catch { theme = null; } }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
