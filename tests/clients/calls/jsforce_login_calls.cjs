// jsforce signs in at the login host through a proxy, by OAuth and by SOAP, and asks the org at the address that it was given.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");
const load = createRequire(path.join(process.argv[2], "package.json"));
const jsforce = load("jsforce");

async function main(given) {
  const found = {};
  const loginUrl = "https://login.salesforce.com";
  const common = { loginUrl, version: "62.0", httpProxy: given.proxy };
  const oauth2 = { loginUrl, clientId: "a-consumer-key", clientSecret: "a-long-consumer-secret", httpProxy: given.proxy };
  const app = new jsforce.Connection({ ...common, oauth2 });
  await app.authorize({ grant_type: "client_credentials" });
  found.oauth = [app.instanceUrl, (await app.query("SELECT Id FROM Account")).totalSize];
  const person = new jsforce.Connection(common);
  const who = await person.loginBySoap(given.user, "a-long-fake-password");
  found.soap = [person.instanceUrl, (await person.query("SELECT Id FROM Account")).totalSize, who.organizationId.slice(0, 3)];
  return found;
}

main(JSON.parse(fs.readFileSync(0, "utf-8"))).then(
  (found) => console.log(JSON.stringify(found)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
