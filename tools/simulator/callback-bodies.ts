// The bodies of callbacks as the vendor documents them: 1047/49464 to /49466 (topics), /34369,
// /34377, /34378, /60396 (groups).
import type { Group, Topic, TopicTexts } from './state.js';

export interface CallbackBody {
  readonly CallbackCommand: string;
  readonly GroupId: string;
  readonly [field: string]: unknown;
}

/** Where the vendor's documents leave open, or its regions differ in, what is sent. */
export interface CallbackForm {
  /** How a changed topic is named: documented is that it is not. */
  readonly namesTopic: 'never' | 'by TopicId' | 'as GroupId';
  readonly eventTime: 'text' | 'number';
  /** Custom fields come only where they are enabled. */
  readonly hasCustomFields: boolean;
}

export const DOCUMENTED: CallbackForm = {
  namesTopic: 'never',
  eventTime: 'text',
  hasCustomFields: true,
};

export class CallbackBodies {
  constructor(private readonly form: CallbackForm) {}

  topicCreated(group: Group, topic: Topic, operator: string): CallbackBody {
    const { userDefinedDataList } = topic;
    return {
      CallbackCommand: 'Group.CallbackAfterCreateTopic',
      GroupId: group.groupId,
      TopicId: topic.topicId,
      Operator_Account: operator,
      Owner_Account: group.ownerAccount,
      Type: group.type,
      Name: topic.name,
      ...(this.form.hasCustomFields && userDefinedDataList.length > 0
        ? { UserDefinedDataList: userDefinedDataList }
        : {}),
    };
  }

  topicChanged(
    group: Group,
    topicId: string,
    changed: Partial<TopicTexts>,
    operator: string,
  ): CallbackBody {
    const { namesTopic } = this.form;
    return {
      CallbackCommand: 'Group.CallbackAfterTopicInfoChanged',
      GroupId: namesTopic === 'as GroupId' ? topicId : group.groupId,
      ...(namesTopic === 'by TopicId' ? { TopicId: topicId } : {}),
      Type: group.type,
      Operator_Account: operator,
      Name: changed.name,
      Introduction: changed.introduction,
      Notification: changed.notification,
      FaceUrl: changed.faceUrl,
    };
  }

  topicsDestroyed(group: Group, topicIds: readonly string[]): CallbackBody {
    return {
      CallbackCommand: 'Group.CallbackAfterTopicDestroyed',
      GroupId: group.groupId,
      Type: group.type,
      TopicIdList: topicIds,
    };
  }

  groupCreated(group: Group, operator: string): CallbackBody {
    return {
      CallbackCommand: 'Group.CallbackAfterCreateGroup',
      GroupId: group.groupId,
      Operator_Account: operator,
      Owner_Account: group.ownerAccount,
      Type: group.type,
      Name: group.name,
      MemberList: [],
      EventTime: this.eventTime(),
    };
  }

  groupRenamed(group: Group, operator: string): CallbackBody {
    return {
      CallbackCommand: 'Group.CallbackAfterGroupInfoChanged',
      GroupId: group.groupId,
      Type: group.type,
      Operator_Account: operator,
      Name: group.name,
      EventTime: this.eventTime(),
    };
  }

  groupDestroyed(group: Group): CallbackBody {
    return {
      CallbackCommand: 'Group.CallbackAfterGroupDestroyed',
      GroupId: group.groupId,
      Type: group.type,
      Owner_Account: group.ownerAccount,
      Name: group.name,
      EventTime: this.eventTime(),
    };
  }

  ownerChanged(group: Group, oldOwner: string, operator: string): CallbackBody {
    return {
      CallbackCommand: 'Group.CallbackAfterChangeGroupOwner',
      GroupId: group.groupId,
      Type: group.type,
      Operator_Account: operator,
      OldOwner_Account: oldOwner,
      NewOwner_Account: group.ownerAccount,
      EventTime: this.eventTime(),
    };
  }

  private eventTime(): string | number {
    return this.form.eventTime === 'text' ? String(Date.now()) : Date.now();
  }
}
