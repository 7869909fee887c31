/** @file What runs first: the theme's button, the banner when the service is away, and the view that the address names. */

import { connection } from "./api.js";
import { replace } from "./dom.js";
import { start } from "./router.js";

function themes() {
    const button = document.getElementById("theme");
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const tell = () => {
        button.setAttribute("aria-pressed", String(isDark()));
        dispatchEvent(new Event("theme"));
    };
    button.addEventListener("click", () => {
        root.dataset.theme = isDark() ? "light" : "dark";
        try {
            localStorage.setItem("cyfra.theme", root.dataset.theme);
        } catch {
            // Storage is forbidden: chosen for as long as the page is open.
        }
        tell();
    });
    system.addEventListener("change", tell);
    tell();
}

function banner() {
    const place = document.getElementById("away");
    connection.addEventListener("away", () => replace(place, "The service does not answer. Trying again…"));
    connection.addEventListener("back", () => replace(place));
}

themes();
banner();
start();
