import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { demandMayCreate } from '#domain/access/access.js';
import { SERVICES } from '#domain/role.js';
import { importedPasswordHash } from '#domain/user/imported-password.js';
import { Settings } from '#host/settings.js';
import { Access, CurrentCaller } from '../../access/access.decorator.js';
import type { AuthenticatedCaller } from '../../access/caller-authentication.js';
import { RequestContexts } from '../../request-context.js';
import { ImportUsers } from '../../user/import-users.js';
import type { ImportedUser } from '#accounts/user-registration.js';
import { ApiIdempotencyKey } from './api-headers.js';
import { ListCheck } from './body-checks.js';
import { tellPosition } from './consistency.js';
import { demandListed } from './listed-callers.js';
import { ApiListBody } from './api-list-body.js';
import { ImportUserBody, ImportedUsersAnswer } from './user-import-bodies.js';

const MAX_USERS = 100;

/** What UCloud lacks: taking its users over with the passwords they have. */
@ApiTags('Users')
@ApiBearerAuth('access-token')
@Controller('auth/users/import')
export class UserImportController {
  constructor(
    private readonly commands: CommandBus,
    private readonly contexts: RequestContexts,
    private readonly settings: Settings,
  ) {}

  @Post()
  @HttpCode(200)
  @Access('auth.users.importUsers:write', SERVICES)
  @ApiOperation({
    operationId: 'importUsers',
    summary: 'Bring in users with the hashes of their passwords, all or none',
    description: 'For services that the setting `userImport` names. An account that exists is left alone: 409.',
  })
  @ApiListBody(ImportUserBody, MAX_USERS)
  @ApiIdempotencyKey()
  @ApiOkResponse({ type: ImportedUsersAnswer })
  async importUsers(
    @Body(new ListCheck(ImportUserBody, MAX_USERS)) bodies: ImportUserBody[],
    @CurrentCaller() caller: AuthenticatedCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ImportedUsersAnswer> {
    demandListed(caller, 'userImport', this.settings.userImportCallers);
    const users = bodies.map(asImportedUser);
    for (const { role } of users) demandMayCreate(role, caller);
    const withoutHashes = bodies.map(({ passwordHash: _, ...body }) => body);
    const context = this.contexts.repeatableBy(request, caller, withoutHashes);
    const { accounts, position } = await this.commands.execute(new ImportUsers(users, context));
    tellPosition(reply, position);
    return { created: accounts.map(({ id }, index) => ({ username: users[index]?.username ?? id, userId: id })) };
  }
}

const asImportedUser = (body: ImportUserBody, index: number): ImportedUser => ({
  username: body.username,
  role: body.role ?? 'USER',
  passwordHash: importedPasswordHash(`[${index}].passwordHash`, body.passwordHash),
  email: body.email,
  firstNames: body.firstnames ?? null,
  lastName: body.lastname ?? null,
  organizationId: body.orgId ?? null,
  registeredBy: 'service',
});
