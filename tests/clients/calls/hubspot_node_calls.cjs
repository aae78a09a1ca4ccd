// HubSpot's official client for Node as its documentation uses it; argv: the folder whose node_modules holds it.
const path = require("path");
const hubspot = require(path.join(process.argv[2], "node_modules", "@hubspot", "api-client"));

async function calls({ url, linked }) {
  const client = new hubspot.Client({ accessToken: "a-long-fake-token", basePath: url, numberOfApiCallRetries: 0 });
  const found = {};
  found.all = (await client.crm.contacts.getAll(100, undefined, ["email"])).length;
  const hits = await client.crm.contacts.searchApi.doSearch({
    filterGroups: [{ filters: [{ propertyName: "email", operator: "EQ", value: "n8@x.example" }] }],
    sorts: ["hs_object_id"], properties: ["email"], limit: 10, after: "0",
  });
  found.search = [hits.total, hits.results[0].properties.email];
  const deals = await client.crm.deals.basicApi.getPage(50, undefined, ["dealname"], ["dealstage"]);
  found.history = Math.max(...deals.results.map((d) => d.propertiesWithHistory.dealstage.length));
  const written = await client.crm.contacts.batchApi.update({ inputs: [
    { id: hits.results[0].id, properties: { firstname: "Node" }, objectWriteTraceId: "1" },
    { id: "12", properties: { firstname: "Node" }, objectWriteTraceId: "2" },
  ] });
  found.partial = [written.status, written.results.length, written.numErrors];
  found.owners = (await client.crm.owners.ownersApi.getPage(undefined, undefined, 100, false)).results.length;
  found.stages = (await client.crm.pipelines.pipelinesApi.getAll("deals")).results[0].stages.length;
  found.property = (await client.crm.properties.coreApi.getByName("deals", "amount")).type;
  const links = await client.crm.associations.v4.batchApi.getPage("contacts", "companies", { inputs: [{ id: linked[0] }] });
  found.links = links.results[0].to[0].associationTypes[0].category;
  const made = await client.crm.contacts.basicApi.create({ properties: { email: "node@x.example" }, associations: [] });
  await client.crm.contacts.basicApi.archive(made.id);
  try {
    await client.crm.contacts.basicApi.getById(made.id);
  } catch (e) {
    found.gone = e.code;
  }
  found.token = (await client.oauth.tokensApi.create(
    "refresh_token", undefined, undefined, "an-app", "a-long-secret", "a-refresh-token")).expiresIn;
  const details = await client.apiRequest({ method: "GET", path: "/account-info/v3/details" });
  found.details = (await details.json()).timeZone;
  return found;
}

let text = "";
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => calls(JSON.parse(text)).then(
  (found) => console.log(JSON.stringify(found)),
  (e) => { console.error(e); process.exit(1); }));
