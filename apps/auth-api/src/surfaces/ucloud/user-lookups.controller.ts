import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refused } from '#domain/refused.js';
import { PRIVILEGED, SERVICES } from '#domain/role.js';
import { users } from '#read-models/users/users.projection.js';
import { type FoundUser, UserQueries, shownEmail } from '#read-models/users/users.queries.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { ApiConsistencyToken } from './api-headers.js';
import { UserNameBody, LookupUserWithEmailBody, LookupUsersBody } from './bodies.js';
import { Consistency } from './consistency.js';
import { Principal, principalOf } from './principal.js';
import { type QueryParameters, givenText } from './query-parameters.js';

class EmailAnswer {
  @ApiProperty()
  email: string;
}

class UserWithEmail {
  @ApiProperty({ description: 'The user name.' })
  userId: string;

  @ApiProperty({ type: String, nullable: true })
  firstNames: string | null;

  @ApiProperty({ type: String, nullable: true })
  lastName: string | null;
}

class LookedUpUsers {
  @ApiProperty({
    description: 'By the names that were asked for; null for one that nobody has.',
    type: 'object',
    additionalProperties: {
      nullable: true,
      type: 'object',
      properties: { subject: { type: 'string' }, role: { type: 'string' } },
    },
  })
  results: Record<string, { subject: string; role: string } | null>;
}

/** ucloud-users-api §5.2 to §5.5; names and addresses are found in whatever case they are written. */
@ApiTags('Users')
@ApiBearerAuth('access-token')
@Controller('auth/users')
export class UserLookupsController {
  constructor(
    private readonly queries: UserQueries,
    private readonly consistency: Consistency,
  ) {}

  @Post('lookup')
  @HttpCode(200)
  @Access('auth.users.lookupUsers:read', PRIVILEGED)
  @ApiOperation({ operationId: 'lookupUsers', summary: 'Who has these user names' })
  @ApiConsistencyToken()
  @ApiOkResponse({ type: LookedUpUsers })
  async lookupUsers(
    @Body() body: LookupUsersBody,
    @CurrentCaller() { position }: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<LookedUpUsers> {
    await this.consistency.await(users, position, request, reply);
    const found = await this.queries.byUsernames(body.users);
    const results = body.users.map((name) => {
      const row = found.get(name);
      // Clients know providers by other calls (ucloud-users-api §5.4).
      return [
        name,
        row === undefined || row.role === 'PROVIDER' ? null : { subject: row.username ?? row.id, role: row.role },
      ] as const;
    });
    return { results: Object.fromEntries(results) };
  }

  @Post('lookup/email')
  @HttpCode(200)
  @Access('auth.users.lookupEmail:read', PRIVILEGED)
  @ApiOperation({ operationId: 'lookupEmail', summary: 'The e-mail address of a user' })
  @ApiConsistencyToken()
  @ApiOkResponse({ type: EmailAnswer })
  async lookupEmail(
    @Body() { userId }: UserNameBody,
    @CurrentCaller() { position }: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EmailAnswer> {
    await this.consistency.await(users, position, request, reply);
    const email = shownEmail(found(await this.queries.byUsername(userId)));
    if (email === null) throw new Refused('user-unknown', 'The user has no e-mail address.');
    return { email };
  }

  @Post('lookup/with-email')
  @HttpCode(200)
  @Access('auth.users.lookupUserWithEmail:read', SERVICES)
  @ApiOperation({ operationId: 'lookupUserWithEmail', summary: 'Who has this e-mail address' })
  @ApiConsistencyToken()
  @ApiOkResponse({ type: UserWithEmail })
  async lookupUserWithEmail(
    @Body() { email }: LookupUserWithEmailBody,
    @CurrentCaller() { position }: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserWithEmail> {
    await this.consistency.await(users, position, request, reply);
    const { id, username, firstNames, lastName } = found(await this.queries.byEmail(email));
    return { userId: username ?? id, firstNames, lastName };
  }

  @Get('retrievePrincipal')
  @Access('auth.users.retrievePrincipal:read', SERVICES)
  @ApiOperation({ operationId: 'retrievePrincipal', summary: 'A user as services see them' })
  @ApiQuery({ name: 'username', type: String })
  @ApiConsistencyToken()
  @ApiOkResponse({ type: Principal })
  async retrievePrincipal(
    @Query() query: QueryParameters,
    @CurrentCaller() { position }: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Principal> {
    const username = givenText(query, 'username');
    await this.consistency.await(users, position, request, reply);
    return principalOf(found(await this.queries.byUsername(username)));
  }
}

function found(row: FoundUser | null): FoundUser {
  if (row === null) throw new Refused('user-unknown');
  return row;
}
