import type { Type } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions, ApiSchema } from '@nestjs/swagger';
import { INSTANT } from './decorators.js';
import type { CustomField } from '../topics/domain/custom-fields.js';
import {
  type FieldDeclaration,
  type FieldType,
  GROUP_FIELDS,
  type GroupFields,
  type StoredField,
  TOPIC_FIELDS,
  type TopicFields,
} from '../topics/domain/fields.js';

/** Mirrored fields as responses serialise them. */
export type Serialised<Fields> = {
  readonly [Name in keyof Fields]: Fields[Name] extends readonly StoredField[] | null
    ? readonly CustomField[] | null
    : Fields[Name];
};

@ApiSchema({ name: 'CustomField' })
export class CustomFieldResponse implements CustomField {
  @ApiProperty()
  readonly key!: string;

  @ApiProperty()
  readonly value!: string;
}

const TYPES = {
  text: { type: String },
  groupType: { type: String },
  boolean: { type: Boolean },
  customFields: { type: [CustomFieldResponse] },
} satisfies Record<FieldType, ApiPropertyOptions>;

/** A class with a documented property for each field of a list, like the mapped types of Nest. */
function MirroredType<Fields>(
  fields: Readonly<Record<keyof Fields, FieldDeclaration>>,
): Type<Serialised<Fields>> {
  abstract class Mirrored {}
  for (const [name, { type, description }] of Object.entries<FieldDeclaration>(fields)) {
    ApiProperty({ ...TYPES[type], nullable: true, description })(Mirrored.prototype, name);
  }
  return Mirrored as Type<Serialised<Fields>>;
}

/** What a change of a topic can change. */
export class TopicState extends MirroredType<TopicFields>(TOPIC_FIELDS) {
  @ApiProperty({ ...INSTANT, nullable: true, description: 'When it was created, if known.' })
  readonly createdAt!: string | null;

  @ApiProperty({
    ...INSTANT,
    nullable: true,
    description: 'When it was deleted; `null` while it lives.',
  })
  readonly deletedAt!: string | null;
}

export const MirroredGroup = MirroredType<GroupFields>(GROUP_FIELDS);
