// Before the first paint: the theme that was chosen here, if any. A classic script, for a module would come too late.
"use strict";
try {
    const chosen = localStorage.getItem("cyfra.theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
    // Storage is forbidden: the system's theme it is.
}
