// Debian 12's Node 18 has these, but not where browsers, and later Nodes, have them.
globalThis.crypto ??= require("node:crypto").webcrypto;
globalThis.File ??= require("node:buffer").File;
