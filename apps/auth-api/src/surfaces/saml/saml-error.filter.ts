import { Catch, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Log } from '#host/log.js';
import { IdentifierDigest } from '#vault/identifier-digest.js';
import { RefusalLog } from '../../refusal/refusal-log.js';
import { RouteMethods } from '../../route-methods.js';
import { UcloudErrorFilter } from '../ucloud/error.filter.js';
import type { ErrorAnswer } from '../ucloud/errors.js';
import { SamlPages } from './saml-pages.js';

const wantsPage = ({ headers }: FastifyRequest) => headers.accept?.includes('text/html') ?? false;

/** As everywhere, but people who come by a browser get a page. */
@Catch()
@Injectable()
export class SamlErrorFilter extends UcloudErrorFilter {
  constructor(
    routes: RouteMethods,
    log: Log,
    refusals: RefusalLog,
    digest: IdentifierDigest,
    private readonly pages: SamlPages,
  ) {
    super(routes, log, refusals, digest);
  }

  protected override send(answer: ErrorAnswer, request: FastifyRequest, reply: FastifyReply): void {
    if (wantsPage(request)) void this.pages.failed(answer, request, reply);
    else super.send(answer, request, reply);
  }
}
