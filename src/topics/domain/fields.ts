// The one list of the fields that are mirrored. The reading of callbacks and of the REST API's answers, the merge, the
// diff, the columns that are read and written, the query API, its OpenAPI schemas and the feed derive from it. Another
// field takes a column in prisma/schema.prisma, a migration that adds it, and one entry here.

/** `groupType` is a text in the documented letter case; `customFields` a list of pairs. */
export type FieldType = 'text' | 'groupType' | 'boolean' | 'customFields';

export interface FieldDeclaration {
  /** In PostgreSQL. */
  readonly column: string;
  readonly type: FieldType;
  /** How the vendor spells it, the documented key first; none: it is not read from the object itself. */
  readonly vendorKeys: readonly string[];
  /** For the readers of the query API. */
  readonly description: string;
}

/** A custom field as it is stored, in the vendor's words. */
export interface StoredField {
  readonly Key: string;
  readonly Value: string;
}

interface Values {
  readonly text: string;
  readonly groupType: string;
  readonly boolean: boolean;
  readonly customFields: readonly StoredField[];
}

type FieldsOf<List extends Readonly<Record<string, FieldDeclaration>>> = {
  -readonly [Name in keyof List]: Values[List[Name]['type']] | null;
};

export const TOPIC_FIELDS = {
  name: {
    column: 'name',
    type: 'text',
    // Callbacks say Name, the REST API says TopicName.
    vendorKeys: ['Name', 'TopicName'],
    description: 'Its name.',
  },
  type: {
    column: 'type',
    type: 'groupType',
    vendorKeys: ['Type'],
    description: 'The type of its group, `Community`.',
  },
  ownerAccount: {
    column: 'owner_account',
    type: 'text',
    vendorKeys: ['Owner_Account'],
    description: 'Its owner.',
  },
  operatorAccount: {
    column: 'operator_account',
    type: 'text',
    // That of the callback.
    vendorKeys: [],
    description: 'The account that changed it last.',
  },
  introduction: {
    column: 'introduction',
    type: 'text',
    vendorKeys: ['Introduction'],
    description: 'Its introduction.',
  },
  notification: {
    column: 'notification',
    type: 'text',
    vendorKeys: ['Notification'],
    description: 'Its notice.',
  },
  faceUrl: {
    column: 'face_url',
    type: 'text',
    vendorKeys: ['FaceUrl', 'FaceURL'],
    description: 'The address of its picture.',
  },
  customString: {
    column: 'custom_string',
    type: 'text',
    vendorKeys: ['CustomString'],
    description: 'A text of the app.',
  },
  muteAllMember: {
    column: 'mute_all_member',
    type: 'boolean',
    vendorKeys: ['MuteAllMember', 'ShutUpAllMember', 'ShutUpAllFlag'],
    description: 'Whether all members are muted.',
  },
  userDefinedDataList: {
    column: 'user_defined_data_list',
    type: 'customFields',
    vendorKeys: ['UserDefinedDataList'],
    description: "Its custom fields, in the vendor's order.",
  },
} as const satisfies Record<string, FieldDeclaration>;

export const GROUP_FIELDS = {
  name: { column: 'name', type: 'text', vendorKeys: ['Name'], description: 'Its name.' },
  type: {
    column: 'type',
    type: 'groupType',
    vendorKeys: ['Type'],
    description: 'Its type, `Community`.',
  },
  ownerAccount: {
    column: 'owner_account',
    type: 'text',
    vendorKeys: ['Owner_Account'],
    description: 'Its owner.',
  },
} as const satisfies Record<string, FieldDeclaration>;

/** The mirrored values of a topic; `null`: unknown. */
export type TopicFields = FieldsOf<typeof TOPIC_FIELDS>;
export type GroupFields = FieldsOf<typeof GROUP_FIELDS>;
export type TopicField = keyof TopicFields;
/** Those that are lists of custom fields. */
export type CustomFieldsName = {
  [Name in TopicField]: (typeof TOPIC_FIELDS)[Name]['type'] extends 'customFields' ? Name : never;
}[TopicField];
