// Does with HubSpot's own client what people do with it, against the address and
// with the token on the command line, and prints what it saw: one line for each
// step.
const { Client } = require('@hubspot/api-client')

const [basePath, accessToken] = process.argv.slice(2)
const client = new Client({ accessToken, basePath, numberOfApiCallRetries: 0 })
const { basicApi, batchApi, searchApi } = client.crm.contacts
const properties = ['email', 'firstname', 'lastname', 'lifecyclestage', 'no_such_property']

function say(step, ...what) {
  console.log([step, ...what.map((w) => (typeof w === 'string' ? w : JSON.stringify(w)))].join(' | '))
}

// refused is what the client throws for an error.
async function refused(step, call) {
  try {
    await call()
    say(step, 'no error')
  } catch (e) {
    if (!e.code) throw e
    const body = typeof e.body === 'string' ? JSON.parse(e.body) : e.body
    say(step, String(e.code), body.category, body.message.replace(/\d+/g, 'N').slice(0, 45).trim())
  }
}

async function run() {
  const all = await client.crm.properties.coreApi.getAll('contacts')
  const email = all.results.find((p) => p.name === 'email')
  say('properties', email.label, email.type, email.fieldType, all.results.find((p) => p.name === 'hs_object_id').modificationMetadata.readOnlyValue)

  const ada = await basicApi.create({ properties: { email: 'Ada@Example.com', firstname: 'Ada', seats: '3' } })
  say('create', ada.properties.email, ada.properties.seats, ada.createdAt instanceof Date)
  const byMail = await basicApi.getById('ada@example.com', properties, undefined, undefined, false, 'email')
  say('read by e-mail', byMail.id === ada.id, byMail.properties)
  const changed = await basicApi.update(ada.id, { properties: { lastname: 'Byron', lifecyclestage: 'customer' } })
  say('update', changed.properties.lastname, changed.properties.lifecyclestage, changed.properties.email === undefined)
  await refused('create the same', () => basicApi.create({ properties: { email: 'ada@example.com' } }))
  await refused('create with a property that is not there', () => basicApi.create({ properties: { email: 'x@example.com', nonsense: '1' } }))
  await refused('read what is not there', () => basicApi.getById('1', properties))
  await basicApi.update(ada.id, { properties: { lifecyclestage: 'lead' } })
  say('a stage back', (await basicApi.getById(ada.id, ['lifecyclestage'])).properties.lifecyclestage)

  const inputs = ['ben', 'cem', 'ada', 'dora', 'eve'].map((name) => ({ properties: { email: name + '@example.com', firstname: name } }))
  await refused('a batch without traces', () => batchApi.create({ inputs }))
  const made = await batchApi.create({ inputs: inputs.map((input, i) => ({ ...input, objectWriteTraceId: String(i) })) })
  say('a batch with traces', made.status, made.results.length, made.numErrors, made.errors[0].category, made.errors[0].context.objectWriteTraceId, made.errors[0].context.existingId[0] === ada.id)
  const found = await batchApi.read({ idProperty: 'email', properties, propertiesWithHistory: [], inputs: [{ id: 'ben@example.com' }, { id: 'nobody@example.com' }, { id: 'nobody2@example.com' }] })
  say('read a batch by e-mail', found.results.length, found.errors.length, found.errors[0].category, found.errors[0].context.ids)
  const id = Object.fromEntries(made.results.map((r) => [r.properties.firstname, r.id]))
  const updated = await batchApi.update({ inputs: [{ id: id.ben, properties: { lastname: 'One' } }, { id: '7', properties: { lastname: 'Two' } }] })
  say('update a batch', updated.results.length, updated.numErrors, updated.errors[0].category, updated.errors[0].context.ids)
  await refused('update one twice', () => batchApi.update({ inputs: [{ id: id.ben, properties: {} }, { id: id.ben, properties: {} }] }))
  await refused('update a batch by e-mail', () => batchApi.update({ inputs: [{ id: 'ben@example.com', idProperty: 'email', properties: {} }] }))
  const upserted = await batchApi.upsert({ inputs: [{ id: 'ben@example.com', idProperty: 'email', properties: { firstname: 'Ben' } }, { id: 'finn@example.com', idProperty: 'email', properties: { firstname: 'Finn' } }] })
  say('upsert a batch', upserted.results.map((r) => [r.properties.firstname, r._new]).sort())

  const names = []
  let after
  do {
    const page = await searchApi.doSearch({ filterGroups: [{ filters: [{ propertyName: 'email', operator: 'CONTAINS_TOKEN', value: '*@example.com' }] }], sorts: [{ propertyName: 'email', direction: 'ASCENDING' }], properties, limit: 2, after })
    names.push(page.results.map((r) => r.properties.email).join(' ') + ' of ' + page.total)
    after = page.paging && page.paging.next.after
  } while (after)
  say('search', names)
  await refused('search beyond 10,000', () => searchApi.doSearch({ limit: 100, after: '10000', filterGroups: [], sorts: [], properties: [] }))
  const pages = [await basicApi.getPage(4)]
  while (pages[pages.length - 1].paging) pages.push(await basicApi.getPage(4, pages[pages.length - 1].paging.next.after))
  say('pages', pages.map((p) => p.results.length), pages[pages.length - 1].paging === undefined)
  say('all', (await client.crm.contacts.getAll(3)).length)

  const merged = await (await client.apiRequest({ method: 'POST', path: '/crm/v3/objects/contacts/merge', body: { primaryObjectId: id.cem, objectIdToMerge: id.dora } })).json()
  const old = await basicApi.getById(id.dora, ['email', 'hs_merged_object_ids', 'hs_additional_emails'])
  say('merge', merged.id !== id.cem && merged.id !== id.dora, old.id === merged.id, old.properties.email, old.properties.hs_additional_emails, old.properties.hs_merged_object_ids.split(';').length)
  await batchApi.archive({ inputs: [{ id: id.eve }, { id: '12345' }] })
  await basicApi.archive(id.ben)
  await refused('read what is archived', () => basicApi.getById(id.ben))
  const archive = await basicApi.getPage(100, undefined, ['firstname'], undefined, undefined, true)
  say('the archive', archive.results.map((r) => r.properties.firstname), archive.results[0].archived, archive.results[0].archivedAt instanceof Date)
  const gone = await (await client.apiRequest({ method: 'POST', path: '/crm/v3/objects/contacts/gdpr-delete', body: { objectId: 'finn@example.com', idProperty: 'email' } })).status
  say('erase', gone)
  await refused('create who was erased', () => basicApi.create({ properties: { email: 'finn@example.com' } }))
  const stranger = new Client({ accessToken: 'another', basePath, numberOfApiCallRetries: 0 })
  await refused('another token', () => stranger.crm.contacts.basicApi.getPage(1))
}

run().catch((e) => {
  console.log('broken off | ' + (e.code || '') + ' | ' + (e.body ? JSON.stringify(e.body) : e.stack))
  process.exitCode = 1
})
