// Rotating refresh tokens in memory: no disk at all.
import { Provider } from 'oidc-provider';

const client = {
  client_id: 'bench',
  client_secret: 'bench',
  redirect_uris: ['http://127.0.0.1/cb'],
  grant_types: ['authorization_code', 'refresh_token'],
};
const provider = new Provider('http://127.0.0.1', {
  clients: [client],
  rotateRefreshToken: true,
  features: { devInteractions: { enabled: false } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  ttl: { RefreshToken: 86_400, AccessToken: 600, Grant: 86_400, Session: 86_400 },
});
provider.on('server_error', (_, error) => console.error(error));

const refreshToken = async () => {
  const grant = new provider.Grant({ clientId: 'bench', accountId: 'ada' });
  grant.addOIDCScope('openid offline_access');
  const grantId = await grant.save();
  const token = new provider.RefreshToken({
    client: await provider.Client.find('bench'),
    accountId: 'ada',
    grantId,
    gty: 'authorization_code',
    scope: 'openid offline_access',
    rotations: 0,
    iiat: Math.floor(Date.now() / 1_000),
  });
  return token.save();
};
provider.use(async (context, next) => {
  if (context.path !== '/bench-token') return next();
  context.body = await refreshToken();
});
const server = provider.listen(0, '127.0.0.1', () => {
  console.log(`ready at http://127.0.0.1:${server.address().port}`);
});
