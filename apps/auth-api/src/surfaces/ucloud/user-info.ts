import { ApiProperty } from '@nestjs/swagger';

/** ucloud-users-api §5.1. */
export class UserInfo {
  @ApiProperty({ type: String, nullable: true })
  email: string | null;

  @ApiProperty({ type: String, nullable: true })
  firstNames: string | null;

  @ApiProperty({ type: String, nullable: true })
  lastName: string | null;
}
