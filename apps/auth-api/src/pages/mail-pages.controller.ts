import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Settings } from '#host/settings.js';
import { OpenToEveryone } from '../access/access.decorator.js';
import { languageOf } from '../request-context.js';
import { MAIL_PAGE_POLICY, renderMailPage } from './mail-page.js';
import { MAIL_PAGES, type MailPages } from './mail-pages.js';

/** The pages that mails lead to, unless the settings name others. The token is in the fragment and so in no request (SEC-61). */
@ApiExcludeController()
@Controller('account')
export class MailPagesController {
  constructor(private readonly settings: Settings) {}

  @Get('password-reset')
  @OpenToEveryone()
  passwordReset(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.page('password-reset', request, reply);
  }

  @Get('email-confirmation')
  @OpenToEveryone()
  emailConfirmation(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.page('email-confirmation', request, reply);
  }

  @Get('email-undo')
  @OpenToEveryone()
  emailUndo(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    return this.page('email-undo', request, reply);
  }

  private page(name: keyof MailPages, request: FastifyRequest, reply: FastifyReply): string {
    const language = languageOf(request) ?? this.settings.mail.wording.language;
    void reply
      .type('text/html; charset=utf-8')
      .header('Content-Security-Policy', MAIL_PAGE_POLICY)
      .header('Vary', 'Accept-Language');
    return renderMailPage(language, MAIL_PAGES[language][name]);
  }
}
