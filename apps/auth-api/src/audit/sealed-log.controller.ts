import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';
import { demandUnrestrictedToken } from '#domain/access/access.js';
import type { Head, SignedHead } from '#domain/sealing/sealing.js';
import { Refused } from '#domain/refused.js';
import { POSITION, asPosition } from '#event-store/event-store.js';
import { type ConsistencyProof, type InclusionProof, type PublishedKey, SealedLog } from '#sealing/sealed-log.js';
import { Access, CurrentCaller } from '../access/access.decorator.js';
import type { AuthenticatedCaller } from '../access/caller-authentication.js';
import { BadRequest } from '../bad-request.js';
import { type QueryParameters, givenText, wholeNumber } from '../surfaces/ucloud/query-parameters.js';
import { AUDIT_READERS } from './audit-access.js';

const MAX_SIZE = 1_000_000_000_000;
const MAX_HEADS = 250;
const DEFAULT_HEADS = 50;

class HeadView implements Head {
  @ApiProperty({ description: 'From 1, without gaps.' })
  number: number;

  @ApiProperty({ description: 'The id of the first key that sealed this log, which names the log.' })
  log: string;

  @ApiProperty({ description: 'How many leaves the tree has.' })
  size: number;

  @ApiProperty({ description: 'RFC 9162 §2.1.1, base64url.' })
  rootHash: string;

  @ApiProperty({ description: 'Of the last event in the tree.' })
  position: string;

  @ApiProperty({ format: 'date-time' })
  at: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'SHA-256 of the head before, base64url; null in the first.',
  })
  previousHead: string | null;

  @ApiProperty()
  keyId: string;

  @ApiProperty({ type: String, nullable: true, description: 'The public key that signs from the next head on.' })
  nextKey: string | null;
}

class SignedHeadView implements SignedHead {
  @ApiProperty({ type: HeadView })
  head: HeadView;

  @ApiProperty({ description: 'Ed25519 over the canonical JSON (RFC 8785) of the head, base64url.' })
  signature: string;
}

class HeadList {
  @ApiProperty({ type: [SignedHeadView] })
  items: readonly SignedHeadView[];
}

class SealingKeyView implements PublishedKey {
  @ApiProperty({ description: 'SHA-256 of the public key, base64url.' })
  keyId: string;

  @ApiProperty({ description: 'Ed25519, 32 bytes, base64url.' })
  publicKey: string;

  @ApiProperty()
  pem: string;

  @ApiProperty({ description: 'The number of the first head that it may have signed.' })
  firstHead: number;
}

class SealingKeyList {
  @ApiProperty({ type: [SealingKeyView] })
  items: readonly SealingKeyView[];
}

class InclusionProofView implements Omit<InclusionProof, 'position'> {
  @ApiProperty()
  position: string;

  @ApiProperty({ description: 'Of the leaf, from 0.' })
  index: number;

  @ApiProperty()
  size: number;

  @ApiProperty({ description: 'What is hashed to the leaf, base64url: docs/audit.md says what is in it.' })
  leaf: string;

  @ApiProperty()
  leafHash: string;

  @ApiProperty({ type: [String], description: 'From below; base64url (RFC 9162 §2.1.3).' })
  path: readonly string[];
}

class ConsistencyProofView implements ConsistencyProof {
  @ApiProperty()
  first: number;

  @ApiProperty()
  second: number;

  @ApiProperty({ type: [String], description: 'base64url (RFC 9162 §2.1.4).' })
  path: readonly string[];
}

/** What anybody who holds the key can check the log with. It tells nothing of what is in the log, so nobody is recorded. */
@ApiTags('Audit')
@ApiBearerAuth('access-token')
@Controller('audit')
export class SealedLogController {
  constructor(private readonly sealed: SealedLog) {}

  @Get('heads/latest')
  @Access('audit.heads:read', AUDIT_READERS)
  @ApiOperation({ operationId: 'latestHead', summary: 'See the newest signed head of the log' })
  @ApiOkResponse({ type: SignedHeadView })
  async latest(@CurrentCaller() caller: AuthenticatedCaller): Promise<SignedHeadView> {
    demandUnrestrictedToken(caller);
    const head = await this.sealed.latestHead();
    if (head === null) throw new Refused('nothing-sealed');
    return head;
  }

  @Get('heads')
  @Access('audit.heads:read', AUDIT_READERS)
  @ApiOperation({ operationId: 'browseHeads', summary: 'See the signed heads of the log, oldest first' })
  @ApiQuery({
    name: 'after',
    required: false,
    schema: { type: 'integer', minimum: 0 },
    description: 'A head’s number.',
  })
  @ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', maximum: MAX_HEADS, default: DEFAULT_HEADS } })
  @ApiOkResponse({ type: HeadList })
  async heads(@Query() query: QueryParameters, @CurrentCaller() caller: AuthenticatedCaller): Promise<HeadList> {
    const after = wholeNumber(query, 'after', 0, MAX_SIZE) ?? 0;
    const limit = wholeNumber(query, 'limit', 1, MAX_HEADS) ?? DEFAULT_HEADS;
    demandUnrestrictedToken(caller);
    return { items: await this.sealed.heads(after, limit) };
  }

  @Get('keys')
  @Access('audit.heads:read', AUDIT_READERS)
  @ApiOperation({ operationId: 'sealingKeys', summary: 'See the public keys that verify signed heads' })
  @ApiOkResponse({ type: SealingKeyList })
  async keys(@CurrentCaller() caller: AuthenticatedCaller): Promise<SealingKeyList> {
    demandUnrestrictedToken(caller);
    return { items: await this.sealed.keys() };
  }

  @Get('proofs/inclusion')
  @Access('audit.proofs:read', AUDIT_READERS)
  @ApiOperation({ operationId: 'proveInclusion', summary: 'Get a proof that an event is in the sealed log' })
  @ApiQuery({ name: 'position', type: String, description: 'Of the event.' })
  @ApiQuery({
    name: 'size',
    required: false,
    schema: { type: 'integer' },
    description: 'Of the tree; the latest head’s.',
  })
  @ApiOkResponse({ type: InclusionProofView })
  async inclusion(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
  ): Promise<InclusionProofView> {
    const position = givenText(query, 'position');
    if (!POSITION.test(position))
      throw new BadRequest('parameter-invalid', 'position must be a position of the log: a decimal number.');
    const size = wholeNumber(query, 'size', 1, MAX_SIZE) ?? undefined;
    demandUnrestrictedToken(caller);
    return this.sealed.inclusion(asPosition(position), size);
  }

  @Get('proofs/consistency')
  @Access('audit.proofs:read', AUDIT_READERS)
  @ApiOperation({
    operationId: 'proveConsistency',
    summary: 'Get a proof that the log of one head begins as that of an earlier one',
  })
  @ApiQuery({ name: 'first', schema: { type: 'integer' }, description: 'The size of the earlier tree.' })
  @ApiQuery({
    name: 'second',
    required: false,
    schema: { type: 'integer' },
    description: 'The latest head’s when left out.',
  })
  @ApiOkResponse({ type: ConsistencyProofView })
  async consistency(
    @Query() query: QueryParameters,
    @CurrentCaller() caller: AuthenticatedCaller,
  ): Promise<ConsistencyProofView> {
    const first = wholeNumber(query, 'first', 1, MAX_SIZE);
    if (first === null) throw new BadRequest('parameter-invalid', 'first must be given: the size of a tree.');
    const second = wholeNumber(query, 'second', 1, MAX_SIZE) ?? undefined;
    demandUnrestrictedToken(caller);
    return this.sealed.consistency(first, second);
  }
}
