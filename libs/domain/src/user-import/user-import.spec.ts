import { describe, it } from 'vitest';
import { asUserId } from '../ids.js';
import { scenario } from '../testing/scenario.js';
import { userImport, type UserImportEvent } from './user-import.js';

const given = scenario(userImport);
const userIds = [asUserId('ada'), asUserId('grace')];
const imported: UserImportEvent = { type: 'UsersImported', data: { userIds } };

describe('an import of users', () => {
  it('is recorded once, with all whom it brought in', () => {
    given().when({ type: 'RecordImport', userIds }).yields(imported);
    given(imported).when({ type: 'RecordImport', userIds }).yields();
  });

  it('of nobody is none', () => given().when({ type: 'RecordImport', userIds: [] }).yields());
});
