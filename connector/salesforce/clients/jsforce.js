// Judges the Salesforce sandbox with jsforce: does everything Kith's connector
// does, as somebody else wrote it. Needs ORG, the sandbox's address.
const assert = require('node:assert/strict');
const jsforce = require('jsforce');

const ORG = process.env.ORG;
const client = { loginUrl: ORG, clientId: 'kith', clientSecret: 'sandbox' };
const version = '62.0';

async function connect() {
  const oauth2 = new jsforce.OAuth2(client);
  const token = await oauth2.requestToken({ grant_type: 'client_credentials' });
  return new jsforce.Connection({ instanceUrl: token.instance_url, accessToken: token.access_token, version });
}

// consent clicks Allow on the page the browser would show.
async function consent(url) {
  const page = await (await fetch(url)).text();
  const form = new URLSearchParams({ answer: 'allow' });
  for (const [, name, value] of page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)) {
    form.set(name, value.replaceAll('&amp;', '&').replaceAll('&#43;', '+'));
  }
  const answer = await fetch(url.split('?')[0], { method: 'POST', body: form, redirect: 'manual' });
  return new URL(answer.headers.get('location'));
}

async function refused(promise, code) {
  await assert.rejects(promise, (err) => {
    assert.equal(err.errorCode ?? err.name, code, err.message);
    return true;
  });
}

const checks = {
  'signs in by client credentials': async () => {
    const conn = await connect();
    const who = await conn.identity();
    assert.match(who.user_id, /^005.{15}$/);
  },

  'signs in by the web server flow with PKCE, and refreshes': async () => {
    const redirectUri = 'http://127.0.0.1:1/back';
    const conn = new jsforce.Connection({ oauth2: { ...client, redirectUri, useVerifier: true }, version });
    const back = await consent(conn.oauth2.getAuthorizationUrl({ scope: 'api refresh_token', state: 'abc' }));
    assert.equal(back.searchParams.get('state'), 'abc');
    await conn.authorize(back.searchParams.get('code'));
    assert.ok(conn.refreshToken);
    let refreshed = 0;
    conn.on('refresh', () => refreshed++);
    await fetch(`${ORG}/services/oauth2/revoke`, { method: 'POST', body: new URLSearchParams({ token: conn.accessToken }) });
    assert.ok((await conn.query('SELECT Id FROM User')).totalSize >= 3);
    assert.equal(refreshed, 1);
  },

  'describes': async () => {
    const conn = await connect();
    const all = await conn.describeGlobal();
    assert.ok(all.sobjects.some((o) => o.name === 'Contact' && o.keyPrefix === '003'));
    const contact = await conn.sobject('Contact').describe();
    const field = (name) => contact.fields.find((f) => f.name === name);
    assert.equal(field('LastName').nillable, false);
    assert.equal(field('Email').length, 80);
    assert.deepEqual(field('AccountId').referenceTo, ['Account']);
    assert.equal(field('AccountId').relationshipName, 'Account');
    assert.ok((await conn.limits()).DailyApiRequests.Max > 0);
    assert.ok(conn.limitInfo.apiUsage.used > 0);
  },

  'queries page by page': async () => {
    const conn = await connect();
    const first = await conn.query("SELECT Id, Email FROM Lead WHERE Company = 'Paging Ltd' ORDER BY Id");
    assert.equal(first.totalSize, 5000);
    assert.equal(first.done, false);
    const seen = first.records.map((r) => r.Id);
    let page = first;
    let pages = 1;
    while (!page.done) {
      page = await conn.queryMore(page.nextRecordsUrl);
      pages++;
      seen.push(...page.records.map((r) => r.Id));
    }
    assert.ok(pages > 2);
    assert.equal(new Set(seen).size, 5000);
    const fetched = await conn.query("SELECT Id FROM Lead WHERE Company = 'Paging Ltd'").run({ autoFetch: true, maxFetch: 10000 });
    assert.equal((fetched.records ?? fetched).length, 5000);
  },

  'reads parents, children and numbers': async () => {
    const conn = await connect();
    const { records: [contact] } = await conn.query("SELECT Name, Account.Name, Account.Owner.Name FROM Contact WHERE Account.Name = 'Birchwood Labs' LIMIT 1");
    assert.equal(contact.Account.Name, 'Birchwood Labs');
    assert.ok(contact.Account.Owner.Name);
    const { records: [account] } = await conn.query("SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Birchwood Labs'");
    assert.ok(account.Contacts.records.length > 0);
    const { records } = await conn.query('SELECT AccountId, COUNT(Id) n FROM Contact GROUP BY AccountId');
    assert.ok(records.every((r) => r.n >= 1));
    const found = await conn.sobject('Contact').find({ Account: null }, ['Id']).limit(1).catch(() => []);
    assert.ok(Array.isArray(found));
  },

  'creates, reads, changes and deletes one': async () => {
    const conn = await connect();
    const made = await conn.sobject('Contact').create({ LastName: 'Single', Email: 'Single@Example.com' });
    assert.ok(made.success);
    const read = await conn.sobject('Contact').retrieve(made.id);
    assert.equal(read.Email, 'single@example.com');
    assert.ok((await conn.sobject('Contact').update({ Id: made.id, Title: 'Buyer' })).success);
    assert.equal((await conn.sobject('Contact').retrieve(made.id)).Title, 'Buyer');
    assert.ok((await conn.sobject('Contact').destroy(made.id)).success);
    await refused(conn.sobject('Contact').retrieve(made.id), 'ENTITY_IS_DELETED');
    await refused(conn.sobject('Contact').create({ FirstName: 'Nobody' }), 'REQUIRED_FIELD_MISSING');
    await refused(conn.query('SELECT Nonsense FROM Contact'), 'INVALID_FIELD');
    await refused(conn.query('SELECT Id FROM Nonsense'), 'INVALID_TYPE');
    await refused(conn.query('SELECT Id FRM Contact'), 'MALFORMED_QUERY');
    const all = await conn.query(`SELECT Id FROM Contact WHERE Id = '${made.id}' AND IsDeleted = true`, { scanAll: true });
    assert.equal(all.totalSize, 1);
  },

  'makes an external id by the tooling API': async () => {
    const conn = await connect();
    const made = await conn.tooling.sobject('CustomField').create({ FullName: 'Contact.Judge__c', Metadata: { label: 'Judge', type: 'Text', length: 64, externalId: true, unique: true, caseSensitive: false } });
    assert.ok(made.success);
    let contact = await conn.request('/sobjects/Contact/describe');
    assert.ok(!contact.fields.some((f) => f.name === 'Judge__c'));
    const me = (await conn.identity()).user_id;
    const { records } = await conn.query(`SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '${me}' AND PermissionSet.IsOwnedByProfile = false`);
    await conn.sobject('FieldPermissions').create({ ParentId: records[0].PermissionSetId, SobjectType: 'Contact', Field: 'Contact.Judge__c', PermissionsRead: true, PermissionsEdit: true });
    contact = await conn.request('/sobjects/Contact/describe');
    assert.ok(contact.fields.find((f) => f.name === 'Judge__c').externalId);
    await refused(conn.tooling.sobject('CustomField').create({ FullName: 'Contact.Judge__c', Metadata: { label: 'Judge', type: 'Text', length: 64 } }), 'DUPLICATE_DEVELOPER_NAME');
  },

  'upserts by an external id': async () => {
    const conn = await connect();
    const made = await conn.sobject('Contact').upsert({ Ext__c: 'js-1', LastName: 'Upsert' }, 'Ext__c');
    assert.equal(made.created, true);
    const again = await conn.sobject('Contact').upsert({ Ext__c: 'js-1', LastName: 'Upserted' }, 'Ext__c');
    assert.equal(again.created, false);
    assert.equal(again.id, made.id);
    await conn.sobject('Contact').create([{ LastName: 'Twin', Email: 'twin@example.com' }, { LastName: 'Twin', Email: 'twin@example.com' }]);
    await refused(conn.sobject('Contact').upsert({ Email: 'twin@example.com', LastName: 'Which' }, 'Email'), 'MULTIPLE_CHOICES');
    const many = await conn.sobject('Contact').upsert([{ Ext__c: 'js-1', LastName: 'Again' }, { Ext__c: 'js-2', LastName: 'New' }, { Ext__c: 'js-3' }], 'Ext__c');
    assert.deepEqual(many.map((r) => r.success), [true, true, false]);
    assert.deepEqual(many.map((r) => r.created), [false, true, undefined]);
  },

  'saves many, some of which fail': async () => {
    const conn = await connect();
    const made = await conn.sobject('Lead').create([{ LastName: 'A', Company: 'Many' }, { LastName: 'B' }, { LastName: 'C', Company: 'Many', Email: 'not one' }, { LastName: 'D', Company: 'Many' }]);
    assert.deepEqual(made.map((r) => r.success), [true, false, false, true]);
    assert.equal(made[1].errors[0].statusCode, 'REQUIRED_FIELD_MISSING');
    assert.equal(made[2].errors[0].statusCode, 'INVALID_EMAIL_ADDRESS');
    const changed = await conn.sobject('Lead').update([{ Id: made[0].id, Title: 'Buyer' }, { Id: made[3].id, LastName: 'x'.repeat(81) }]);
    assert.deepEqual(changed.map((r) => r.success), [true, false]);
    const none = await conn.sobject('Lead').create([{ LastName: 'E', Company: 'Many' }, { LastName: 'F' }], { allOrNone: true });
    assert.deepEqual(none.map((r) => r.errors[0].statusCode), ['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'REQUIRED_FIELD_MISSING']);
    const gone = await conn.sobject('Lead').destroy([made[0].id, made[3].id, made[0].id]);
    assert.deepEqual(gone.map((r) => r.success), [true, true, false]);
    const members = [{ CampaignId: (await conn.query('SELECT Id FROM Campaign LIMIT 1')).records[0].Id, LeadId: (await conn.query("SELECT Id FROM Lead WHERE Company = 'Paging Ltd' LIMIT 1")).records[0].Id }];
    assert.ok((await conn.sobject('CampaignMember').create(members))[0].success);
    assert.equal((await conn.sobject('CampaignMember').create(members))[0].errors[0].statusCode, 'DUPLICATE_VALUE');
    const ten = await conn.sobject('Lead').retrieve([made[1].id ?? '00Q000000000000AAA', members[0].LeadId]);
    assert.equal(ten.length, 2);
  },

  'loads in bulk, where some rows fail': async () => {
    const conn = await connect();
    conn.bulk2.pollInterval = 50;
    const rows = [...Array(300).keys()].map((i) => ({ LastName: i % 100 === 7 ? '' : `Bulk ${i}`, Ext__c: `bulk-${i}`, Email: i === 5 ? 'wrong' : `bulk${i}@example.com` }));
    const made = await conn.bulk2.loadAndWaitForResults({ object: 'Contact', operation: 'insert', input: rows });
    assert.equal(made.successfulResults.length, 296);
    assert.equal(made.failedResults.length, 4);
    assert.ok(made.failedResults.some((r) => r.sf__Error.startsWith('INVALID_EMAIL_ADDRESS:Email: invalid email address: wrong:Email --')));
    assert.ok(made.failedResults.some((r) => r.sf__Error === 'REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --'));
    assert.notDeepEqual(made.successfulResults.map((r) => r.Ext__c), rows.filter((r) => r.LastName && r.Email !== 'wrong').map((r) => r.Ext__c));
    const changed = await conn.bulk2.loadAndWaitForResults({ object: 'Contact', operation: 'upsert', externalIdFieldName: 'Ext__c', input: [{ Ext__c: 'bulk-1', Title: 'Changed', LastName: '' }, { Ext__c: 'bulk-new', LastName: 'New', Title: '#N/A' }] });
    assert.equal(changed.failedResults.length, 0);
    assert.deepEqual(changed.successfulResults.map((r) => r.sf__Created).sort(), ['false', 'true']);
    assert.equal((await conn.query("SELECT LastName FROM Contact WHERE Ext__c = 'bulk-1'")).records[0].LastName, 'Bulk 1');
    const bad = await conn.bulk2.loadAndWaitForResults({ object: 'Contact', operation: 'insert', input: [{ Nonsense: 'x' }] }).catch((e) => e);
    assert.ok(bad instanceof Error || bad.successfulResults.length === 0);
    const stream = await conn.bulk2.query("SELECT Id, LastName, Account.Name FROM Contact WHERE Ext__c LIKE 'bulk-%'");
    const read = await stream.toArray();
    assert.equal(read.length, 297);
    const gone = await conn.bulk2.loadAndWaitForResults({ object: 'Contact', operation: 'delete', input: read.map((r) => ({ Id: r.Id })) });
    assert.equal(gone.successfulResults.length, 297);
  },

  'lists changes and deletions': async () => {
    const conn = await connect();
    const since = new Date(Date.now() - 3600e3);
    const until = new Date(Date.now() + 3600e3);
    const { id } = await conn.sobject('Account').create({ Name: 'Passing by' });
    assert.ok((await conn.sobject('Account').updated(since, until)).ids.includes(id));
    await conn.sobject('Account').destroy(id);
    assert.ok((await conn.sobject('Account').deleted(since, until)).deletedRecords.some((r) => r.id === id));
  },

  'chains steps in a composite call': async () => {
    const conn = await connect();
    const answer = await conn.requestPost('/composite', { compositeRequest: [
      { method: 'POST', url: `/services/data/v${version}/sobjects/Account`, referenceId: 'a', body: { Name: 'Composite' } },
      { method: 'POST', url: `/services/data/v${version}/sobjects/Contact`, referenceId: 'c', body: { LastName: 'Composite', AccountId: '@{a.id}' } },
      { method: 'GET', url: `/services/data/v${version}/sobjects/Contact/@{c.id}?fields=AccountId`, referenceId: 'r' },
    ] });
    const [a, c, r] = answer.compositeResponse;
    assert.deepEqual([a.httpStatusCode, c.httpStatusCode, r.httpStatusCode], [201, 201, 200]);
    assert.equal(r.body.AccountId, a.body.id);
  },
};

(async () => {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok ${name}`);
    } catch (err) {
      failed++;
      console.log(`not ok ${name}: ${err.stack}`);
    }
  }
  process.exit(failed ? 1 : 0);
})();
