import { pbkdf2Sync } from 'node:crypto';

const SALT = Buffer.from('a salt of 16 byt');

/** A password as UCloud keeps it (ucloud-users-api §15.1), and as it is imported. */
export const ucloudHashOf = (password: string) => ({
  algorithm: 'pbkdf2-sha512',
  iterations: 10_000,
  salt: SALT.toString('base64'),
  hash: pbkdf2Sync(password, SALT, 10_000, 32, 'sha512').toString('base64'),
});
