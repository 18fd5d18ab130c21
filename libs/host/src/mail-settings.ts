import { IsIn, IsNotEmpty, IsOptional, IsString, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { demandEmail } from '#domain/user/email-address.js';
import { LANGUAGES, type Language } from '#mail/letters/letter.js';
import type { MailLinks, MailWording } from '#mail/mail-composer.js';
import type { Sender } from '#mail/mail-transport.js';
import type { SmtpServer } from '#mail/smtp-transport.js';
import { isLoopback, isWebUrl, must } from './setting-rules.js';

/** How mails are sent, and what they say. */
export interface MailSettings {
  readonly from: Sender;
  /** Null: mails become files in the data folder. */
  readonly smtp: SmtpServer | null;
  readonly wording: MailWording;
}

const SUBMISSION_PORT = 587;
const SUBMISSIONS_PORT = 465;

const isEmail = (value: unknown) => {
  try {
    if (typeof value === 'string') demandEmail(value);
    return typeof value === 'string';
  } catch {
    return false;
  }
};
const isOneLine = (value: unknown) => typeof value === 'string' && /^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u.test(value);
const isLink = (value: unknown) => isWebUrl(value);
// Who reads it on its way has the account (SEC-61).
const isTokenLink = (value: unknown) =>
  isWebUrl(value) && value.includes('{token}') && (value.startsWith('https:') || isLoopback(new URL(value).hostname));
const isSmtpUrl = (value: unknown) => typeof value === 'string' && parseSmtpUrl(value) !== null;

export class SenderEntry {
  @must('isOneLine', 'a name of one line', isOneLine)
  name: string;

  @must('isEmail', 'an e-mail address', isEmail)
  address: string;
}

const TOKEN_LINK = 'an https address with {token} in it';

export class MailLinksEntry {
  @IsOptional()
  @must('isTokenLink', TOKEN_LINK, isTokenLink)
  passwordReset?: string;

  @IsOptional()
  @must('isTokenLink', TOKEN_LINK, isTokenLink)
  emailConfirmation?: string;

  @IsOptional()
  @must('isTokenLink', TOKEN_LINK, isTokenLink)
  emailUndo?: string;

  @IsOptional()
  @must('isLink', 'an http or https address', isLink)
  forgottenPassword?: string;
}

export class MailEntry {
  @IsOptional()
  @ValidateNested()
  @Type(() => SenderEntry)
  from?: SenderEntry;

  @IsOptional()
  @IsString({ message: 'must be text' })
  @IsNotEmpty({ message: 'must not be empty' })
  @must('isSmtpUrl', 'such as smtp://user:password@mail.example.org:587 or smtps://mail.example.org', isSmtpUrl)
  smtp?: string;

  @IsOptional()
  @IsIn(LANGUAGES, { message: `must be ${LANGUAGES.join(' or ')}` })
  language?: Language;

  @IsOptional()
  @ValidateNested()
  @Type(() => MailLinksEntry)
  links?: MailLinksEntry;
}

/**
 * `smtp:` upgrades to TLS (RFC 3207), `smtps:` has it from the first byte (RFC 8314 §3.3). A server elsewhere must offer it:
 * nothing in the address can turn that off.
 */
export function parseSmtpUrl(text: string): SmtpServer | null {
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  if ((protocol !== 'smtp:' && protocol !== 'smtps:') || hostname === '') return null;
  if (!['', '/'].includes(pathname) || search !== '' || hash !== '' || (username === '') !== (password === ''))
    return null;
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const implicitTls = protocol === 'smtps:';
  return {
    host,
    port: port === '' ? (implicitTls ? SUBMISSIONS_PORT : SUBMISSION_PORT) : Number(port),
    implicitTls,
    requireTls: !isLoopback(host),
    credentials:
      username === '' ? null : { user: decodeURIComponent(username), password: decodeURIComponent(password) },
  };
}

/** The settings with their defaults: pages of this service, and files instead of a mail server. */
export function mailSettings({ from, smtp, language = 'en', links = {} }: MailEntry, publicUrl: string): MailSettings {
  const { hostname } = new URL(publicUrl);
  const sender = from ?? { name: 'authlog', address: `no-reply@${hostname}` };
  const page = (path: string) => `${publicUrl}/account/${path}`;
  const all: MailLinks = {
    passwordReset: links.passwordReset ?? page('password-reset#{token}'),
    emailConfirmation: links.emailConfirmation ?? page('email-confirmation#{token}'),
    emailUndo: links.emailUndo ?? page('email-undo#{token}'),
    forgottenPassword: links.forgottenPassword ?? page('password-reset'),
  };
  return {
    from: { name: sender.name, address: sender.address },
    smtp: smtp === undefined ? null : parseSmtpUrl(smtp),
    wording: { service: sender.name, language, links: all },
  };
}
