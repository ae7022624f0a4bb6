// What a program that uses Mailchimp's own client asks of an audience. It ends
// with an error at the first answer that is not as the client's users expect.
//
//	node vendor.cjs URL KEY LIST [spec]
//
// With "spec" it leaves out what the vendor's OpenAPI has no word for: signing in
// with a token.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const mailchimp = require('@mailchimp/mailchimp_marketing');

const [url, key, list, spec] = process.argv.slice(2);
const hash = (email) => crypto.createHash('md5').update(email.toLowerCase()).digest('hex');
const refused = async (call, status, title) => {
  try {
    await call();
  } catch (e) {
    assert.equal(e.status, status, e.message);
    assert.equal(e.response.body.title, title);
    return e.response.body;
  }
  assert.fail(`not refused: ${title}`);
};

async function main() {
  mailchimp.basePath = url + '/3.0';
  mailchimp.setConfig({ apiKey: 'wrong-us1', server: undefined });
  await refused(() => mailchimp.ping.get(), 401, 'API Key Invalid');
  if (!spec) {
    mailchimp.setConfig({ accessToken: key });
    await mailchimp.ping.get();
  }
  mailchimp.setConfig({ apiKey: key });
  assert.equal((await mailchimp.ping.get()).health_status, "Everything's Chimpy!");

  const { lists } = await mailchimp.lists.getAllLists({ count: 5 });
  assert.equal(lists.length, 1);
  assert.equal(lists[0].id, list);
  await mailchimp.lists.addListMergeField(list, { tag: 'COMPANY', name: 'Company', type: 'text' });
  const { merge_fields: fields } = await mailchimp.lists.getListMergeFields(list, { count: 100 });
  assert.ok(fields.some((f) => f.tag === 'COMPANY' && f.type === 'text'));

  const ada = await mailchimp.lists.addListMember(list, { email_address: 'Ada@example.com', status: 'subscribed', merge_fields: { FNAME: 'Ada', COMPANY: 'Fern' }, tags: ['customer'] });
  assert.equal(ada.id, hash('ada@example.com'));
  assert.equal(ada.merge_fields.COMPANY, 'Fern');
  assert.deepEqual(ada.tags.map((t) => t.name), ['customer']);
  await refused(() => mailchimp.lists.addListMember(list, { email_address: 'ada@example.com', status: 'subscribed' }), 400, 'Member Exists');
  await refused(() => mailchimp.lists.addListMember(list, { email_address: 'no address', status: 'subscribed' }), 400, 'Invalid Resource');

  const put = await mailchimp.lists.setListMember(list, hash('ben@example.com'), { email_address: 'ben@example.com', status_if_new: 'pending' });
  assert.equal(put.status, 'pending');
  const again = await mailchimp.lists.setListMember(list, hash('ben@example.com'), { email_address: 'ben@example.com', status_if_new: 'subscribed', merge_fields: { FNAME: 'Ben' } });
  assert.equal(again.status, 'pending');
  assert.equal(again.full_name, 'Ben');
  const patched = await mailchimp.lists.updateListMember(list, ada.contact_id, { email_address: 'ada@example.org', vip: true });
  assert.equal(patched.contact_id, ada.contact_id);
  assert.equal(patched.id, hash('ada@example.org'));
  await refused(() => mailchimp.lists.getListMember(list, hash('ada@example.com')), 404, 'Resource Not Found');
  assert.equal((await mailchimp.lists.getListMember(list, 'ada@example.org')).vip, true);

  await mailchimp.lists.updateListMemberTags(list, patched.id, { tags: [{ name: 'customer', status: 'inactive' }, { name: 'vip', status: 'active' }], is_syncing: true });
  assert.deepEqual((await mailchimp.lists.getListMemberTags(list, patched.id)).tags.map((t) => t.name), ['vip']);
  assert.equal((await mailchimp.lists.tagSearch(list, { name: 'vi' })).tags[0].name, 'vip');

  const members = Array.from({ length: 30 }, (_, i) => ({ email_address: `m${i}@example.com`, status: 'subscribed', merge_fields: { FNAME: `M${i}` } }));
  const batch = await mailchimp.lists.batchListMembers(list, { members: [...members, { email_address: 'ada@example.org', status: 'subscribed' }], update_existing: false });
  assert.equal(batch.total_created, 30);
  assert.equal(batch.error_count, 1);
  assert.equal(batch.errors[0].error_code, 'ERROR_CONTACT_EXISTS');
  const changed = await mailchimp.lists.batchListMembers(list, { members: [{ email_address: 'm1@example.com', merge_fields: { LNAME: 'New' } }], update_existing: true });
  assert.equal(changed.total_updated, 1);
  assert.equal(changed.updated_members[0].merge_fields.FNAME, 'M1');

  const page = await mailchimp.lists.getListMembersInfo(list, { count: 7, offset: 7, status: 'subscribed' });
  assert.equal(page.members.length, 7);
  assert.equal(page.total_items, 31);
  const some = await mailchimp.lists.getListMembersInfo(list, { fields: ['members.email_address', 'total_items'], sinceLastChanged: changed.updated_members[0].last_changed, sortField: 'last_changed', sortDir: 'DESC', count: 1 });
  assert.deepEqual(Object.keys(some.members[0]), ['email_address']);

  await mailchimp.lists.deleteListMember(list, hash('m2@example.com'));
  assert.equal((await mailchimp.lists.getListMember(list, hash('m2@example.com'))).status, 'archived');
  await refused(() => mailchimp.lists.deleteListMember(list, hash('m2@example.com')), 405, 'Method Not Allowed');
  await mailchimp.lists.deleteListMemberPermanent(list, hash('m3@example.com'));
  await refused(() => mailchimp.lists.addListMember(list, { email_address: 'm3@example.com', status: 'subscribed' }), 400, 'Forgotten Email Not Subscribed');

  let job = await mailchimp.batches.start({ operations: [{ method: 'GET', path: `/lists/${list}/members/${hash('m1@example.com')}`, operation_id: 'one' }, { method: 'GET', path: `/lists/${list}/members/none` }] });
  for (let i = 0; job.status !== 'finished' && i < 10; i++) job = await mailchimp.batches.status(job.id);
  assert.equal(job.errored_operations, 1);
  const archive = await fetch(job.response_body_url);
  assert.equal(archive.status, 200);
  console.log('the client has no complaint');
}

main().catch((e) => {
  console.error(e.response ? JSON.stringify(e.response.body) : e);
  process.exit(1);
});
