// Writes an OpenAPI document of HubSpot's contacts and their properties to the
// file named on the command line. No package we may use has HubSpot's own
// document, but their client was generated from it: paths, parameters, bodies,
// answers by status, and what is required, are read back from its code and types.
const fs = require('fs')
const path = require('path')

const code = path.join(path.dirname(require.resolve('@hubspot/api-client')), 'codegen', 'crm')
const document = { openapi: '3.0.1', info: { title: 'HubSpot contacts', version: 'v3' }, paths: {}, components: { schemas: {} } }

// schemaOf is a type of the client's as a schema; models are added as they are met.
function schemaOf(kind, models, format) {
  kind = kind.trim()
  let m
  if (kind.endsWith('| null')) return { ...schemaOf(kind.slice(0, -6), models, format), nullable: true }
  if ((m = kind.match(/^(?:Array|Set)<(.*)>$/))) return { type: 'array', items: schemaOf(m[1], models) }
  if ((m = kind.match(/^\{ \[key: string\]: (.*); \}$/))) return { type: 'object', additionalProperties: schemaOf(m[1], models) }
  if (kind === 'Date') return { type: 'string', format: 'date-time' }
  if (kind === 'any' || kind === 'void') return {}
  if (kind === 'number') return { type: format && format.startsWith('int') ? 'integer' : 'number' }
  if (kind === 'string' || kind === 'boolean') return { type: kind }
  return model(kind === 'Error' ? 'ModelError' : kind, models)
}

function model(name, models) {
  const key = path.basename(path.dirname(models)) + '_' + name
  const ref = { $ref: '#/components/schemas/' + key }
  if (document.components.schemas[key]) return ref
  const declared = path.join(models, name.replace(/\w+Enum$/, (whole) => ownerOf(whole, models)) + '.d.ts')
  const types = fs.readFileSync(declared, 'utf8')
  const listed = types.match(new RegExp('enum ' + name + ' \\{([^}]*)\\}'))
  if (listed) {
    document.components.schemas[key] = { type: 'string', enum: [...listed[1].matchAll(/= "([^"]*)"/g)].map((m) => m[1]) }
    return ref
  }
  const schema = (document.components.schemas[key] = { type: 'object', properties: {}, required: [] })
  for (const field of require(path.join(models, name + '.js'))[name].attributeTypeMap) {
    schema.properties[field.baseName] = schemaOf(field.type, models, field.format)
    if (types.includes(`'${field.name}':`)) schema.required.push(field.baseName)
  }
  if (schema.required.length === 0) delete schema.required
  return ref
}

// ownerOf is the model that an enum is declared with: the longest name it begins with.
function ownerOf(name, models) {
  const all = fs.readdirSync(models).filter((f) => f.endsWith('.d.ts')).map((f) => f.slice(0, -5))
  return all.filter((one) => name.startsWith(one)).sort((a, b) => b.length - a.length)[0]
}

// methods cuts a class into its methods.
function methods(text) {
  const found = {}
  for (const m of text.matchAll(/^    (\w+)\(([^)]*)\) \{\n([\s\S]*?)^    \}$/gm)) found[m[1]] = m[3]
  return found
}

for (const area of ['contacts', 'properties']) {
  const models = path.join(code, area, 'models')
  const apis = path.join(code, area, 'apis')
  for (const file of fs.readdirSync(apis).filter((f) => /Api\.js$/.test(f))) {
    const [requests, answers] = fs.readFileSync(path.join(apis, file), 'utf8').split(/^class \w+ResponseProcessor/m)
    const answered = methods(answers || '')
    for (const [name, body] of Object.entries(methods(requests))) {
      const at = body.match(/localVarPath = '([^']*)'/)
      const verb = body.match(/HttpMethod\.(\w+)/)
      if (!at || !verb) continue
      const parameters = [...at[1].matchAll(/\{(\w+)\}/g)].map((m) => ({ name: m[1], in: 'path', required: true, schema: { type: 'string' } }))
      for (const m of body.matchAll(/QueryParam\("(\w+)", ObjectSerializer_1\.ObjectSerializer\.serialize\(\w+, "([^"]*)", "([^"]*)"/g)) {
        parameters.push({ name: m[1], in: 'query', schema: schemaOf(m[2], models, m[3]) })
      }
      for (const m of body.matchAll(/const serializedParams = ObjectSerializer_1\.ObjectSerializer\.serialize\((\w+), "([^"]*)"/g)) {
        parameters.push({ name: m[1], in: 'query', schema: schemaOf(m[2], models) })
      }
      const operation = { operationId: area + '.' + file + '.' + name, parameters, responses: {} }
      const sent = body.match(/serialize\((?:\w+), "(\w+)", ""\), contentType/)
      if (sent) operation.requestBody = { required: true, content: { 'application/json': { schema: schemaOf(sent[1], models) } } }
      for (const m of (answered[name] || answered[name + 'WithHttpInfo'] || '').matchAll(/isCodeInRange\)\("(\d+)"[\s\S]*?\n            \}/g)) {
        const kind = m[0].match(/deserialize\([\s\S]*?, "([^"]*)", ""\)/)
        const answer = { description: m[1] }
        if (kind) answer.content = { 'application/json': { schema: schemaOf(kind[1], models) } }
        operation.responses[m[1] === '0' ? 'default' : m[1]] = answer
      }
      document.paths[at[1]] = { ...document.paths[at[1]], [verb[1].toLowerCase()]: operation }
    }
  }
}

// The client's types are wrong in one point, and its authors know (issues 9, 14,
// 350 and 559 of hubspot-api-nodejs): an order is an object, as the manual says.
document.components.schemas.contacts_PublicObjectSearchRequest.properties.sorts = { type: 'array', items: {
  type: 'object', required: ['propertyName', 'direction'],
  properties: { propertyName: { type: 'string' }, direction: { type: 'string', enum: ['ASCENDING', 'DESCENDING'] } } } }

fs.writeFileSync(process.argv[2], JSON.stringify(document, null, 1))
