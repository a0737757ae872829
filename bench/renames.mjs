const GROUPS = 200;
export const TOPICS = 10_000;

let sent = 0;

/** The body of the next callback: one topic after the other, each time with another name. */
export function nextBody() {
  const index = sent++ % TOPICS;
  const groupId = `@TGS#_@TGS#bench${index % GROUPS}`;
  return `{"CallbackCommand":"Group.CallbackAfterCreateTopic","GroupId":"${groupId}",\
"TopicId":"${groupId}@TOPIC#_@TOPIC#${index}","Operator_Account":"group_root",\
"Owner_Account":"leckie","Type":"Community","Name":"Topic ${sent}","UserDefinedDataList":[\
{"Key":"UserDefined1","Value":"hello"},{"Key":"UserDefined2","Value":"world"}]}`;
}
