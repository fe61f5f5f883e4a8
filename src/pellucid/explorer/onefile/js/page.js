// Start the page that is one file: open what it carries, then show it as every other home does.

import { byId } from "../../static/js/dom.js";
import { complain } from "../../static/js/journey.js";
import { start } from "../../static/js/start.js";
import { open } from "./library.js";
import { EmbeddedTransport } from "./transport.js";

const text = (/** @type {string} */ name) => byId(`carried-${name}`).textContent ?? "";
const runs = document.querySelectorAll("[id^=carried-run-]").length;

open(text, runs)
  .then((library) => start(new EmbeddedTransport(library)))
  .catch(complain);
