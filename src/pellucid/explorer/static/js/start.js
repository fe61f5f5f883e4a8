// Start the page, in whatever home: ask for the network, put the parts together, go where the address bar says.

import { Code } from "./code.js";
import { byId } from "./dom.js";
import { grouped } from "./format.js";
import { Journey } from "./journey.js";
import { listenToKeys } from "./keys.js";
import { Layer } from "./layer.js";
import { Legend } from "./legend.js";
import { NumberView } from "./number.js";
import { Overview } from "./overview.js";
import { Pad } from "./pad.js";
import { PANELS, PANELS_ALONE } from "./panels/index.js";
import { Pictures } from "./pictures.js";
import { Prediction } from "./prediction.js";
import { tellReach } from "./reaching.js";
import { rove } from "./roving.js";
import { Samples } from "./samples.js";
import { Source } from "./source.js";
import { Stages } from "./stages.js";
import { Stepping } from "./stepping.js";
import { Store } from "./store.js";
import { tellStories } from "./story.js";
import { Teller } from "./teller.js";
import { Tours } from "./tours.js";
import { currentTheme, followTheme } from "./theme.js";
import { Values } from "./values.js";
import { View } from "./view.js";
import { welcome } from "./welcome.js";

/** @param {import("./transport.js").Transport} transport how questions reach whoever answers them here */
export async function start(transport) {
  const source = new Source(transport);
  const network = await source.network();
  document.title = `Pellucid: ${network.title}`;
  byId("title").textContent = network.title;
  tellCost(network);
  const store = new Store({
    network,
    run: null,
    depth: "overview",
    node: null,
    unit: null,
    pointed: null,
    trail: [],
    told: null,
    field: null,
    from: null,
    reached: null,
    scale: "layer",
    digits: "few",
    theme: currentTheme(),
    panel: null,
    unfolded: [],
    measure: "values",
    times: null,
    numbers: network.numbers,
    tour: null,
  });
  const values = new Values(source);
  const journey = new Journey(store, source);
  followTheme(store);
  const overview = new Overview(store, values, journey);
  const number = new NumberView(store, values, journey);
  new Stages(store, values, journey);
  new Stepping(store);
  const enter = () => number.enter();
  new Prediction(store, journey, enter);
  new Layer(store, values, journey, enter);
  new Code(store, source);
  new Legend(store);
  new View({ store, source, journey });
  const samples = new Samples(store, journey);
  const pad = network.draws ? new Pad(overview.input, journey, network.hint) : null;
  const pictures = network.pictures && !network.alone ? new Pictures(overview.input, journey, network) : null;
  store.on(["network"], (state) => {
    tellCost(state.network);
    pad?.move(overview.input);
    pictures?.move(overview.input);
  });
  new Teller(store, source);
  tellStories(store);
  tellReach(store);
  welcome(store, journey, enter);
  listenToKeys(store, journey, samples, (left) => {
    const { depth } = store.state;
    if (depth === "number") number.enter();
    else if (depth === "layer") byId("layer-map").focus();
    else if (left.node !== null) overview.focus(left.node);
  });
  const page = { network, store, source, values, journey, overview, enter };
  for (const add of network.alone ? PANELS_ALONE : PANELS) add(page);
  new Tours(page);
  rove(byId("flow"), ".head, .fold, .map, .more");
  rove(byId("bars"), "button");
  rove(byId("number"), "[data-go], .more");
  rove(byId("reads-strip"), "button");
  await journey.arrive();
  document.body.dataset.ready = String(Math.round(performance.now())); // milliseconds since the address was opened
}

/** @param {import("./source.js").NetworkFacts} network */
function tellCost({ params, macs }) {
  byId("cost").textContent = `${grouped(params)} parameters, ${grouped(macs)} multiply-adds an image`;
}
