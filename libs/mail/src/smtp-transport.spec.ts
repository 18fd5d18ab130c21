import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { MailNotTaken, MailRefused, type OutgoingMail } from './mail-transport.js';
import { SmtpTransport } from './smtp-transport.js';
import { MailServer } from './testing/mail-server.js';

const FROM = { name: 'Åuthlog, the service', address: 'no-reply@auth.example.org' };
const letter: OutgoingMail = {
  id: '0198c0de-0000-7000-8000-000000000001',
  date: new Date('2030-01-01T12:00:00.000Z'),
  to: 'ada@example.org',
  copies: [],
  language: 'da',
  subject: 'Vælg en ny adgangskode',
  text: 'Hej Ada\n\nhttps://auth.example.org/x#y\n',
  html: '<p>Hej Ada</p>',
};
const never = new AbortController().signal;

let server: MailServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** A server that answers every receiver like this. */
const answering = (responseCode: number, message: string) =>
  MailServer.start({
    onRcptTo: (_address, _session, done) => done(Object.assign(new Error(message), { responseCode })),
  });

describe('a mail server', () => {
  it('gets the mail with everything it says', async () => {
    server = await MailServer.start();
    const where = await new SmtpTransport(server.settings, FROM).send(
      { ...letter, copies: ['old@example.org'] },
      never,
    );
    expect(where).toBe(`127.0.0.1:${server.port}`);
    const [received] = server.received;
    expect(received).toMatchObject({
      subject: letter.subject,
      text: letter.text,
      messageId: '<0198c0de-0000-7000-8000-000000000001@auth.example.org>',
      date: letter.date,
      from: { value: [{ name: FROM.name, address: FROM.address }] },
      to: { text: 'ada@example.org' },
      receivers: ['ada@example.org', 'old@example.org'],
    });
    // Who gets a copy is named in no header.
    expect(JSON.stringify(received?.headerLines)).not.toContain('old@');
    expect(received?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(received?.headers.get('content-language')).toBe('da');
  });

  it('gets mails for names and domains in any script', async () => {
    server = await MailServer.start();
    await new SmtpTransport(server.settings, FROM).send({ ...letter, to: 'åse@grøn.example' }, never);
    expect(server.received[0]?.receivers).toEqual(['åse@grøn.example']);
  });

  it('gets one mail and no header more, whatever the words are (SEC-169)', async () => {
    server = await MailServer.start();
    const hostile = 'x\r\nBcc: eve@example.org\r\n\r\nbody';
    await new SmtpTransport(server.settings, FROM).send({ ...letter, subject: hostile }, never);
    await new SmtpTransport(server.settings, FROM)
      .send({ ...letter, to: 'ada@example.org\r\nRCPT TO:<eve@example.org>' }, never)
      .catch(() => undefined);
    await new SmtpTransport(server.settings, FROM)
      .send({ ...letter, to: 'ada@example.org, eve@example.org' }, never)
      .catch(() => undefined);
    expect(server.received.flatMap(({ receivers }) => receivers)).not.toContain('eve@example.org');
    expect(server.received[0]?.headers.has('bcc')).toBe(false);
  });

  it('that knows no such mailbox has refused it for good', async () => {
    server = await answering(550, '5.1.1 <ada@example.org>: no such user');
    const refusal = await new SmtpTransport(server.settings, FROM).send(letter, never).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(MailRefused);
    expect(String(refusal)).toBe('MailRefused: EENVELOPE RCPT TO 550 5.1.1');
  });

  it('that is busy, or wants something of us first, may take it later', async () => {
    for (const [status, words, cause] of [
      [451, '4.3.0 try again later', '451 4.3.0'],
      [554, '5.7.1 relaying denied', '554 5.7.1'],
      [550, 'no', '550'],
    ] as const) {
      server = await answering(status, words);
      const refusal = await new SmtpTransport(server.settings, FROM)
        .send(letter, never)
        .catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(MailNotTaken);
      expect(String(refusal)).toBe(`MailNotTaken: EENVELOPE RCPT TO ${cause}`);
      await server.stop();
    }
    server = undefined;
  });

  it('that is down may take it later', async () => {
    server = await MailServer.start();
    const transport = new SmtpTransport(server.settings, FROM);
    await server.stop();
    server = undefined;
    await expect(transport.send(letter, never)).rejects.toThrow(new MailNotTaken('ECONNREFUSED CONN'));
  });

  it('that never answers is not waited for once the process ends', async () => {
    const silent: Server = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const transport = new SmtpTransport(
      { host: '127.0.0.1', port, implicitTls: false, requireTls: false, credentials: null },
      FROM,
    );
    const stop = new AbortController();
    const sending = transport.send(letter, stop.signal);
    await once(silent, 'connection');
    stop.abort();
    await expect(sending).rejects.toThrow(MailNotTaken);
    silent.close();
  });

  it('that offers no TLS gets nothing where TLS is asked for (SEC-149)', async () => {
    server = await MailServer.start();
    const transport = new SmtpTransport({ ...server.settings, requireTls: true }, FROM);
    await expect(transport.send(letter, never)).rejects.toThrow(MailNotTaken);
    expect(server.received).toEqual([]);
  });

  it('that wants a login gets it', async () => {
    const seen: unknown[] = [];
    server = await MailServer.start({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        seen.push([username, password]);
        done(null, { user: username });
      },
    });
    const credentials = { user: 'mailer', password: 'p@ss:word' };
    await new SmtpTransport({ ...server.settings, credentials }, FROM).send(letter, never);
    expect(seen).toEqual([['mailer', 'p@ss:word']]);
    await expect(new SmtpTransport(server.settings, FROM).send(letter, never)).rejects.toThrow(MailNotTaken);
  });
});
