// The page in its first home: a server in Python answers.

import { complain } from "./journey.js";
import { start } from "./start.js";
import { ServerTransport } from "./transport.js";

start(new ServerTransport()).catch(complain);
