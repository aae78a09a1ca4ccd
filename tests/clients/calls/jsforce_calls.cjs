// jsforce as its documentation uses it; argv: the folder whose node_modules holds it. Reads JSON, prints JSON.
const path = require("path");
const jsforce = require(path.join(process.argv[2], "node_modules", "jsforce"));

async function calls({ url }) {
  const found = {};
  const login = new jsforce.Connection({
    loginUrl: url, instanceUrl: url, version: "62.0",
    oauth2: { loginUrl: url, clientId: "a-consumer-key", clientSecret: "a-consumer-secret" },
  });
  await login.authorize({ grant_type: "client_credentials" });
  found.login = Boolean(login.accessToken) && login.instanceUrl === url;
  const soap = new jsforce.Connection({ loginUrl: url, version: "62.0" });
  const who = await soap.login("rep@sandbox.example", "a-password");
  found.soap = [who.id.slice(0, 3), (await soap.query("SELECT Id FROM Account LIMIT 1")).totalSize];

  const conn = new jsforce.Connection({ instanceUrl: url, accessToken: "a-long-fake-token", version: "62.0" });
  found.identity = (await conn.identity()).organization_id.slice(0, 3);
  const rows = (await conn.query("SELECT Id, LastName FROM Contact", { autoFetch: true, maxFetch: 10000 })).records;
  found.rows = new Set(rows.map((r) => r.Id)).size;
  found.where = await conn.sobject("Contact").find({ LastName: { $like: "N1%" } }, "Id").limit(5).execute().then((r) => r.length);
  found.objects = (await conn.describeGlobal()).sobjects.length > 10;
  found.fields = (await conn.sobject("Account").describe()).fields.length > 10;
  found.limits = (await conn.limits()).DailyApiRequests.Max > 0 && conn.limitInfo.apiUsage.used > 0;
  const made = await conn.sobject("Account").create({ Name: "Made by jsforce" });
  found.create = made.success;
  found.retrieve = (await conn.sobject("Account").retrieve(made.id)).Name;
  const changed = await conn.sobject("Contact").update(
    [...rows.slice(0, 3).map((r) => ({ Id: r.Id, Title: "js" })), { Id: "003000000000009AAA", Title: "js" }]);
  found.collections = changed.map((r) => r.success);
  found.destroyed = (await conn.sobject("Account").destroy(made.id)).success;

  const job = conn.bulk2.createJob({ operation: "update", object: "Contact" });
  await job.open();
  await job.uploadData([...rows.slice(0, 5).map((r) => ({ Id: r.Id, Title: "bulk" })), { Id: "003000000000009AAA", Title: "x" }]);
  await job.close();
  await job.poll(50, 30000);
  const results = await job.getAllResults();
  found.ingest = [results.successfulResults.length, results.failedResults.length, results.unprocessedRecords.length];
  const stream = await conn.bulk2.query("SELECT Id, LastName FROM Contact", { pollInterval: 50, pollTimeout: 30000 });
  found.bulk = (await stream.toArray()).length;
  found.tooling = (await conn.tooling.sobject("CustomField").create(
    { FullName: "Account.Js_Made__c", Metadata: { label: "Js", type: "Checkbox", defaultValue: false } })).success;
  found.kinds = (await conn.metadata.describe("62.0")).metadataObjects.map((o) => o.xmlName);
  const written = await conn.metadata.create("CustomField", [
    { fullName: "Account.Js_Number__c", label: "Js number", type: "Number", precision: 5, scale: 2 },
    { fullName: "Account.Js_Wrong__c", label: "Js wrong", type: "Number" }]);
  found.metadata = written.map((r) => r.success);
  try {
    await conn.query("SELECT Nothing FROM Contact");
  } catch (e) {
    found.error = e.errorCode;
  }
  return found;
}

let text = "";
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => calls(JSON.parse(text)).then(
  (found) => console.log(JSON.stringify(found)),
  (e) => { console.error(e); process.exit(1); }));
