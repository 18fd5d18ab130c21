import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Settings } from '#host/settings.js';
import type { Language } from '#mail/letters/letter.js';
import { NOTICE_PAGE_POLICY, type Notice, renderNotice } from '../../pages/notice-page.js';
import { correlationIdOf, languageOf } from '../../request-context.js';
import type { ErrorAnswer } from '../ucloud/errors.js';

interface Words {
  readonly loggedOut: Omit<Notice, 'reference'>;
  readonly loggedOutHere: Omit<Notice, 'reference'>;
  readonly unavailable: Omit<Notice, 'reference'>;
  readonly throttled: Omit<Notice, 'reference'>;
  readonly refused: Omit<Notice, 'reference'>;
  readonly logoutRefused: Omit<Notice, 'reference'>;
  readonly fault: Omit<Notice, 'reference'>;
  readonly reference: string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    loggedOut: {
      title: 'You are logged out',
      text: 'Your session has ended here and at your institution. Close the browser if others use it, too.',
    },
    loggedOutHere: {
      title: 'You are logged out here',
      text: 'Your institution could not end everything. Close the browser, so that nobody goes on in your name.',
    },
    unavailable: {
      title: 'The login is not available',
      text: 'Your institution cannot be reached by us at this moment. Try again in a minute.',
    },
    throttled: {
      title: 'Too many logins at once',
      text: 'Very many logins were begun from your network. Wait a few minutes, then try again.',
    },
    refused: {
      title: 'You are not logged in',
      text: 'The login was not finished. Go back to the service and begin again, in the same browser and within ten minutes; cookies have to be allowed. If it fails again, your institution may not have access: ask the support of the service, and tell them this number.',
    },
    logoutRefused: {
      title: 'You may still be logged in',
      text: 'The logout was not finished. Log out in the service itself, and close the browser. If it fails again, ask the support of the service, and tell them this number.',
    },
    fault: {
      title: 'Something went wrong on our side',
      text: 'Try again in a minute. If it fails again, ask the support of the service, and tell them this number.',
    },
    reference: 'Number',
  },
  da: {
    loggedOut: {
      title: 'Du er logget ud',
      text: 'Din session er afsluttet her og hos din institution. Luk browseren, hvis andre også bruger den.',
    },
    loggedOutHere: {
      title: 'Du er logget ud her',
      text: 'Din institution kunne ikke afslutte det hele. Luk browseren, så ingen kan fortsætte i dit navn.',
    },
    unavailable: {
      title: 'Login er ikke tilgængeligt',
      text: 'Vi kan ikke få forbindelse til din institution i øjeblikket. Prøv igen om et minut.',
    },
    throttled: {
      title: 'For mange login på én gang',
      text: 'Der er påbegyndt meget mange login fra dit netværk. Vent et par minutter, og prøv igen.',
    },
    refused: {
      title: 'Du er ikke logget ind',
      text: 'Login blev ikke gennemført. Gå tilbage til tjenesten og begynd forfra, i samme browser og inden for ti minutter; cookies skal være tilladt. Mislykkes det igen, har din institution måske ikke adgang: spørg tjenestens support, og oplys dette nummer.',
    },
    logoutRefused: {
      title: 'Du er måske stadig logget ind',
      text: 'Du blev ikke logget helt ud. Log ud i selve tjenesten, og luk browseren. Mislykkes det igen, så spørg tjenestens support, og oplys dette nummer.',
    },
    fault: {
      title: 'Noget gik galt hos os',
      text: 'Prøv igen om et minut. Mislykkes det igen, så spørg tjenestens support, og oplys dette nummer.',
    },
    reference: 'Nummer',
  },
};

function noticeFor({ status, body }: ErrorAnswer, { routeOptions }: FastifyRequest, words: Words) {
  if (body.errorCode === 'saml-unavailable') return words.unavailable;
  if (status >= 500) return words.fault;
  if (status === 429) return words.throttled;
  return routeOptions.url?.endsWith('/sls') ? words.logoutRefused : words.refused;
}

/** What people see when a login or a logout ends at a page of ours. It says nothing of why a message was refused. */
@Injectable()
export class SamlPages {
  constructor(private readonly settings: Settings) {}

  /** @param everywhere whether the identity provider says that all has ended */
  async loggedOut(everywhere: boolean, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const words = this.wordsFor(request);
    const notice = everywhere ? words.loggedOut : words.loggedOutHere;
    await this.send({ ...notice, reference: null }, request, reply);
  }

  /** The number leads support to the request in the audit. */
  async failed(answer: ErrorAnswer, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const words = this.wordsFor(request);
    const reference = { label: words.reference, value: correlationIdOf(request) };
    await this.send({ ...noticeFor(answer, request, words), reference }, request, reply.status(answer.status));
  }

  private async send(notice: Notice, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await reply
      .type('text/html; charset=utf-8')
      .header('Content-Security-Policy', NOTICE_PAGE_POLICY)
      .header('Vary', 'Accept-Language')
      .send(renderNotice(this.languageFor(request), notice));
  }

  private wordsFor = (request: FastifyRequest): Words => WORDS[this.languageFor(request)];

  private languageFor = (request: FastifyRequest): Language =>
    languageOf(request) ?? this.settings.mail.wording.language;
}
