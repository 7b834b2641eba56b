// An OpenID provider (the npm package oidc-provider, whose checks are all left on) at the addresses of Microsoft's
// identity platform, and beside it the two Graph answers that a sign-in needs. Started by tests/it/foreign_authority.rs.
//
// What is bent to the provider's ways, and nothing else:
// - prompt=select_account, which it does not have, becomes "login consent";
// - device answers get an interval of one second instead of leaving it to the default of five;
// - a refusal of the person is worded access_denied there, which Affiant knows as well as Entra's own word.

import { createServer } from 'node:http';
import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const [tenant, seconds, certificate] = process.argv.slice(2);
const mail = ['User.Read', 'User.ReadBasic.All', 'Mail.Read', 'Mail.Read.Shared'];
const device = 'urn:ietf:params:oauth:grant-type:device_code';
const base = `/${tenant}/oauth2/v2.0`;

const server = createServer();
await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
const origin = `http://127.0.0.1:${server.address().port}`;

const counts = { renewals: 0, assertions: [] };
const clients = [
  {
    client_id: '11111111-1111-4111-8111-111111111111', application_type: 'native', token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token', device], redirect_uris: ['http://localhost'],
  },
  {
    client_id: '22222222-2222-4222-8222-222222222222', client_secret: 'a+secret/with%signs&that=must~be:encoded', token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: `${origin}/.default`,
  },
];
if (certificate) {
  const given = new X509Certificate(readFileSync(certificate));
  const x5t = createHash('sha256').update(given.raw).digest('base64url');
  counts.thumbprint = x5t;
  clients.push({
    client_id: '33333333-3333-4333-8333-333333333333', token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'PS256',
    jwks: { keys: [{ ...given.publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'PS256', 'x5t#S256': x5t }] },
    grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: `${origin}/.default`,
  });
}

const provider = new Provider(origin, {
  clients,
  scopes: ['openid', 'profile', 'offline_access', ...mail, `${origin}/.default`],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
  cookies: { keys: ['of no use to anybody'] },
  pkce: { required: () => true, methods: ['S256'] },
  features: {
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
  },
  enabledJWA: { clientAuthSigningAlgValues: ['PS256'] },
  rotateRefreshToken: true,
  ttl: { AccessToken: Number(seconds), ClientCredentials: Number(seconds) },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, name: 'Ana Foreign', preferred_username: sub }),
  }),
  routes: {
    authorization: `${base}/authorize`,
    token: `${base}/token`,
    device_authorization: `${base}/devicecode`,
    code_verification: '/devicelogin',
  },
});

provider.on('grant.success', (ctx) => { counts.renewals += ctx.oidc.params.grant_type === 'refresh_token' ? 1 : 0; });
provider.on('grant.error', (ctx, error) => { counts.error = `${error.message}: ${error.error_description}`; });

provider.use(async (ctx, next) => {
  if (ctx.path.endsWith('/authorize') && ctx.query.prompt === 'select_account') {
    ctx.query = { ...ctx.query, prompt: 'login consent' };
  }
  await next();
  if (ctx.oidc?.body?.client_assertion) {
    counts.assertions.push(JSON.parse(Buffer.from(ctx.oidc.body.client_assertion.split('.')[0], 'base64url')));
  }
  if (ctx.body?.device_code) ctx.body.interval = 1;
});

async function graph(request, response) {
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const { pathname } = new URL(request.url, origin);
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const known = await provider.AccessToken.find(token) ?? await provider.ClientCredentials.find(token);
  if (!known || known.isExpired) {
    return answer(401, { error: { code: 'InvalidAuthenticationToken', message: 'Not a token of this authority.' } });
  }
  const ana = { id: '00000000-0000-4000-8000-00000000a4a1', userPrincipalName: known.accountId, displayName: 'Ana Foreign', mail: known.accountId };
  if (pathname === '/v1.0/me' && known.accountId) return answer(200, ana);
  if (pathname === '/v1.0/users') return answer(200, { value: known.accountId ? [ana] : [] });
  return answer(404, { error: { code: 'Request_ResourceNotFound', message: 'Not here.' } });
}

const foreign = provider.callback();
server.on('request', (request, response) => {
  if (request.url === '/counts') {
    response.end(JSON.stringify(counts));
  } else if (request.url.startsWith('/v1.0/')) {
    graph(request, response);
  } else {
    foreign(request, response);
  }
});

// Whoever started this may be killed: then its end of the pipe closes.
process.stdin.on('end', () => process.exit(0)).resume();
console.log(JSON.stringify({ origin }));
