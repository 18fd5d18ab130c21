import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '#database/testing/test-place.js';
import { asSessionId, asUserId } from '#domain/ids.js';
import { ReadModelFixture } from '../testing/read-model-fixture.js';
import { subjectStreams } from './subject-streams.projection.js';
import { streamsAbout } from './subject-streams.queries.js';

const [ada, eve] = ['ada', 'eve'].map(asUserId) as [ReturnType<typeof asUserId>, ReturnType<typeof asUserId>];

describe.each(DATABASES)('the streams about an account in %s', (kind) => {
  let fixture: ReadModelFixture;
  beforeEach(async () => {
    fixture = await ReadModelFixture.open(kind, [subjectStreams]);
  });
  afterEach(() => fixture.close());

  it('are found, each once, also where they are about others, too', async () => {
    const expiresAt = '2030-01-02T00:00:00.000Z';
    const token = { sessionId: asSessionId('s1'), audience: [], expiresAt };
    const reset = { requestId: 'r', tokenHash: 'h', expiresAt };
    await fixture.happened('onetime-1', { type: 'OneTimeTokenIssued', data: { userId: ada, ...token } });
    await fixture.happened('onetime-2', { type: 'OneTimeTokenIssued', data: { userId: eve, ...token } });
    await fixture.happened('import-1', { type: 'UsersImported', data: { userIds: [ada, eve] } });
    await fixture.happened('name-1', { type: 'IdentifierReserved', data: { holder: ada, commandId: 'c' } });
    for (const userId of [ada, null, eve, ada])
      await fixture.happened('reset-1', { type: 'PasswordResetRequested', data: { userId, ...reset } });
    const opened = { sessionId: asSessionId('s1'), sessionIndexDigest: null, endsAt: expiresAt };
    await fixture.happened('idpsession-1', { type: 'ProviderSessionOpened', data: { userId: ada, ...opened } });
    for (const userId of [ada, null])
      await fixture.happened('idpsession-2', {
        type: 'ProviderSessionsEnded',
        data: { userId, sessionIndexDigests: null },
      });
    await fixture.happened('attempts-1', { type: 'FailedLoginsCleared', data: {} });
    await fixture.catchUp(subjectStreams);
    const { reader } = fixture.database;
    expect(await streamsAbout(reader, ada)).toEqual([
      'idpsession-1',
      'idpsession-2',
      'import-1',
      'name-1',
      'onetime-1',
      'reset-1',
    ]);
    expect(await streamsAbout(reader, eve)).toEqual(['import-1', 'onetime-2', 'reset-1']);
    expect(await streamsAbout(reader, asUserId('nobody'))).toEqual([]);
  });
});
