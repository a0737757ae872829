import { ApiProperty, ApiSchema, PartialType } from '@nestjs/swagger';
import { INSTANT } from '../../openapi/decorators.js';
import { TopicState } from '../../openapi/mirrored.js';

@ApiSchema({ name: 'ChangedFields', description: 'A part of a topic.' })
export class ChangedFieldsResponse extends PartialType(TopicState) {}

@ApiSchema({ name: 'Change', description: 'A visible change of a topic.' })
export class ChangeResponse {
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Its number; rises over all groups in the order of commits.',
  })
  readonly seq!: number;

  @ApiProperty({ description: 'The community of the topic.' })
  readonly groupId!: string;

  @ApiProperty({ description: 'The id of the topic.' })
  readonly topicId!: string;

  @ApiProperty({ enum: ['created', 'updated', 'deleted', 'restored'] })
  readonly kind!: string;

  @ApiProperty({
    enum: ['callback', 'reconcile'],
    description: "A callback, or a comparison with the vendor's REST API.",
  })
  readonly origin!: string;

  @ApiProperty({ ...INSTANT, description: 'When the mirror recorded it.' })
  readonly at!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The account that did it, if the callback names one.',
  })
  readonly operatorAccount!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The platform of the operator, as the vendor sent `OptPlatform`.',
  })
  readonly platform!: string | null;

  @ApiProperty({
    description: 'The fields that changed, as they were; empty when nothing was known before.',
  })
  readonly before!: ChangedFieldsResponse;

  @ApiProperty({ description: 'The fields that changed, as they are since.' })
  readonly after!: ChangedFieldsResponse;
}

@ApiSchema({ name: 'ChangesAnswer' })
export class ChangesResponse {
  @ApiProperty({ type: [ChangeResponse] })
  readonly data!: readonly ChangeResponse[];

  @ApiProperty({ type: 'integer', minimum: 0, description: 'To be sent as `after` next.' })
  readonly nextAfter!: number;
}
