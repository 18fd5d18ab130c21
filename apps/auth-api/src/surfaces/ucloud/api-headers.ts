import { ApiHeader } from '@nestjs/swagger';

/** Of calls that can be repeated. */
export const ApiIdempotencyKey = () => ApiHeader({ name: 'Idempotency-Key', required: false });

/** Of queries that can be asked to see what was done before. */
export const ApiConsistencyToken = () =>
  ApiHeader({ name: 'Consistency-Token', required: false, description: 'Of an earlier answer: see at least that.' });
