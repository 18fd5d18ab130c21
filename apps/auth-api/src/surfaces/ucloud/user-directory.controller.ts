import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ACCOUNT_ROLES, ADMINISTRATORS } from '#domain/role.js';
import { INVISIBLE } from '#domain/user/invisible.js';
import {
  ACCOUNT_STATUSES,
  type DirectoryPlace,
  UserDirectory,
  type UserFilter,
} from '#read-models/users/user-directory.queries.js';
import { users } from '#read-models/users/users.projection.js';
import { Cursors } from '#vault/cursors.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { BadRequest } from '../../bad-request.js';
import { ApiConsistencyToken } from './api-headers.js';
import { AccountPage, accountViewOf } from './account-views.js';
import { Consistency } from './consistency.js';
import { ApiPageSize, pageSizeOf } from './page-request.js';
import { type QueryParameters, oneOf } from './query-parameters.js';

const MAX_QUERY = 250;

/** What UCloud lacks: administrators see who there is. */
@ApiTags('Administration')
@ApiBearerAuth('access-token')
@Controller('auth/users')
export class UserDirectoryController {
  constructor(
    private readonly directory: UserDirectory,
    private readonly cursors: Cursors,
    private readonly consistency: Consistency,
  ) {}

  @Get()
  @Access('auth.users.browseUsers:read', ADMINISTRATORS)
  @ApiOperation({
    operationId: 'browseUsers',
    summary: 'List and search users',
    description:
      'The newest first; with a query those whose user name, e-mail address, first or last name begins with it, in any case, in the order of what does. Deleted users are listed when they are asked for.',
  })
  @ApiQuery({ name: 'query', required: false, schema: { type: 'string', maxLength: MAX_QUERY } })
  @ApiQuery({ name: 'role', required: false, enum: ACCOUNT_ROLES })
  @ApiQuery({ name: 'status', required: false, enum: ACCOUNT_STATUSES })
  @ApiPageSize()
  @ApiQuery({
    name: 'next',
    type: String,
    required: false,
    description: 'Of the page before; with the same query, role and status.',
  })
  @ApiConsistencyToken()
  @ApiOkResponse({ type: AccountPage })
  async browseUsers(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccountPage> {
    const itemsPerPage = pageSizeOf(query);
    const filter = filterOf(query);
    const list = JSON.stringify(['browseUsers', caller.userId, filter.prefix, filter.role, filter.status]);
    const after = this.placeOf(query['next'], list);
    await this.consistency.await(users, caller.position, request, reply);
    const { rows, next } = await this.directory.page(filter, after, itemsPerPage);
    return { itemsPerPage, items: rows.map(accountViewOf), next: next && this.cursors.seal(next, list) };
  }

  private placeOf(cursor: unknown, list: string): DirectoryPlace | null {
    if (cursor === undefined) return null;
    const place = typeof cursor === 'string' ? this.cursors.open(cursor, list) : undefined;
    if (place === undefined)
      throw new BadRequest(
        'parameter-invalid',
        'next must be what the page before answered, with the same query, role and status.',
      );
    // Nobody else can have sealed it.
    return place as DirectoryPlace;
  }
}

/** @throws BadRequest */
function filterOf(parameters: QueryParameters): UserFilter {
  const { query } = parameters;
  const isText = typeof query === 'string' && query.length <= MAX_QUERY && !INVISIBLE.test(query);
  if (query !== undefined && !isText)
    throw new BadRequest('parameter-invalid', `query must be ${MAX_QUERY} visible characters or fewer, once.`);
  return {
    prefix: isText ? query : null,
    role: oneOf(parameters, 'role', ACCOUNT_ROLES),
    status: oneOf(parameters, 'status', ACCOUNT_STATUSES),
  };
}
