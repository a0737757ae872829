// Made from /openapi.json: OPENAPI_UPDATE=1 npm test -- openapi
export interface paths {
    "/webhooks/im": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Receives a callback of Tencent Cloud Chat
         * @description For the vendor. The body is JSON whatever its content type says. The answer is OK once it is stored.
         */
        post: operations["receiveCallback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Receives a callback of Tencent Cloud Chat
         * @description For the vendor. The body is JSON whatever its content type says. The answer is OK once it is stored.
         */
        post: operations["receiveCallbackAtRoot"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the known groups */
        get: operations["listGroups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups/{groupId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns one group and its sync state */
        get: operations["getGroup"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups/{groupId}/topics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the topics of a group */
        get: operations["listTopicsOfGroup"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups/{groupId}/topics/{topicId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns one topic, also a deleted one, as it is or as it was at an instant */
        get: operations["getTopic"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups/{groupId}/topics/{topicId}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the changes of a topic, newest first */
        get: operations["listHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/topics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the topics of all groups */
        get: operations["listTopics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns all changes in the order of commits, without a hole
         * @description Request JSON and pass on `nextAfter`, or send `Accept: text/event-stream` for a stream of server-sent events, whose ids are the `seq` of their change and which goes on after `Last-Event-ID`. A cursor before changes that are no longer kept, or of a time before a restore of the database, is answered 410: read the lists with the `latestSeq` of that problem as `minSeq`, then follow after it. An event named `end` carries the reason why the service ends a stream.
         */
        get: operations["followChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns whether the process answers */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns whether the process takes requests; 503 while it starts or drains */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns the metrics of the process for Prometheus */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/callbacks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the callbacks of the journal, newest arrival first
         * @description With `after`, the `nextAfter` of a page, it returns the callbacks that were committed since, in the order of commits, without a hole and without `nextCursor`; `wait` waits for the first of them. A key needs the scope `callbacks`.
         */
        get: operations["listCallbacks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/callbacks/{callbackId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns one callback with its body, its answer and its changes
         * @description A key needs the scope `callbacks`.
         */
        get: operations["getCallback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the state of the process and of the mirror at a glance
         * @description Also while PostgreSQL is away; what is stored there is `null` then.
         */
        get: operations["getStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns this document */
        get: operations["openApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows this document as a page */
        get: operations["docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        CallbackAnswer: {
            /** @enum {string} */
            ActionStatus: "OK" | "FAIL";
            ErrorInfo: string;
            ErrorCode: number;
        };
        /** @description RFC 9457. */
        Problem: {
            /**
             * Format: uri
             * @description Stable; names the kind of problem.
             */
            type: string;
            /** @description The status in words. */
            title: string;
            /** @description The status of the response. */
            status: number;
            /**
             * @description Stable; clients may branch on it.
             * @enum {string}
             */
            code: "BAD_REQUEST" | "CHANGES_GONE" | "CURSOR_AHEAD" | "CURSOR_GONE" | "DATABASE_UNAVAILABLE" | "HISTORY_GONE" | "INTERNAL" | "INVALID_CURSOR" | "INVALID_ID" | "INVALID_LAST_EVENT_ID" | "INVALID_PARAMETER" | "METHOD_NOT_ALLOWED" | "MISSING_SCOPE" | "NOT_FOUND" | "PAYLOAD_TOO_LARGE" | "RATE_LIMITED" | "SEQ_GONE" | "SEQ_NOT_REACHED" | "TOO_MANY_ANSWERS" | "TOO_MANY_STREAMS" | "TOO_MANY_STREAMS_OF_KEY" | "UNAUTHORIZED" | "UNKNOWN_CALLBACK" | "UNKNOWN_GROUP" | "UNKNOWN_TOPIC" | "UNSUPPORTED_ENCODING" | "UNSUPPORTED_MEDIA_TYPE" | "URI_TOO_LONG";
            /** @description What to do about it. */
            detail: string;
            /** @description Also in `x-request-id` and in the log. */
            requestId: string;
            /** @description The last `seq` of the mirror, where a cursor of the feed is gone. */
            latestSeq?: number;
            /** @description The scope that the key lacks. */
            scope?: string;
        };
        /** @description A community and its sync state. */
        Group: {
            /** @description Its name. */
            name: string | null;
            /** @description Its type, `Community`. */
            type: string | null;
            /** @description Its owner. */
            ownerAccount: string | null;
            /** @description Its id. */
            groupId: string;
            /**
             * @description `verified`: compared with the vendor and unchanged since; `hooked`: known from callbacks alone; `stale`: something happened that a callback cannot tell; `destroyed`: the group is gone.
             * @enum {string}
             */
            state: "verified" | "hooked" | "stale" | "destroyed";
            /**
             * Format: date-time
             * @description Its last comparison with the vendor.
             */
            verifiedAt: string | null;
            /**
             * Format: date-time
             * @description Since when it is `stale`; else `null`.
             */
            staleSince: string | null;
            /**
             * @description Why it is `stale`: `unspecific_callback`: something changed, and the callback does not say what; `ambiguous_order`: dates do not show what came last; `concurrent_callback`: one came during a request to the vendor; `contradiction`: the vendor contradicts a recent callback; `deletions_held`: responses of the vendor miss topics that no callback deleted. `null` where an earlier build did not record it.
             * @enum {string|null}
             */
            staleReason: "unspecific_callback" | "ambiguous_order" | "concurrent_callback" | "contradiction" | "deletions_held" | null;
            /**
             * Format: date-time
             * @description The last callback that named it.
             */
            lastCallbackAt: string | null;
            /** @description The number of its living topics. */
            topicCount: number;
            /** @description Its last change; rises over all groups in the order of commits. */
            seq: number;
            /**
             * Format: date-time
             * @description When it was disbanded.
             */
            destroyedAt: string | null;
        };
        GroupPage: {
            data: components["schemas"]["Group"][];
            /** @description To be sent as `cursor` for the next page; `null` on the last one. */
            nextCursor: string | null;
        };
        CustomField: {
            key: string;
            value: string;
        };
        /** @description A topic with the fields that `fields` names, or all. */
        ListedTopic: {
            /** @description Its name. */
            name?: string | null;
            /** @description The type of its group, `Community`. */
            type?: string | null;
            /** @description Its owner. */
            ownerAccount?: string | null;
            /** @description The account that changed it last. */
            operatorAccount?: string | null;
            /** @description Its introduction. */
            introduction?: string | null;
            /** @description Its notice. */
            notification?: string | null;
            /** @description The address of its picture. */
            faceUrl?: string | null;
            /** @description A text of the app. */
            customString?: string | null;
            /** @description Whether all members are muted. */
            muteAllMember?: boolean | null;
            /** @description Its custom fields, in the vendor's order. */
            userDefinedDataList?: components["schemas"]["CustomField"][] | null;
            /**
             * Format: date-time
             * @description When it was created, if known.
             */
            createdAt?: string | null;
            /**
             * Format: date-time
             * @description When it was deleted; `null` while it lives.
             */
            deletedAt?: string | null;
            /** @description The community it belongs to. */
            groupId?: string;
            /** @description Its id. */
            topicId?: string;
            /**
             * Format: date-time
             * @description When the mirror last changed it.
             */
            updatedAt?: string;
            /** @description Its last change; rises over all groups in the order of commits. */
            seq?: number;
        };
        TopicsOfGroup: {
            data: components["schemas"]["ListedTopic"][];
            /** @description To be sent as `cursor` for the next page; `null` on the last one. */
            nextCursor: string | null;
            group: components["schemas"]["Group"];
        };
        /** @description A topic. A field that was never learned is `null`. */
        Topic: {
            /** @description Its name. */
            name: string | null;
            /** @description The type of its group, `Community`. */
            type: string | null;
            /** @description Its owner. */
            ownerAccount: string | null;
            /** @description The account that changed it last. */
            operatorAccount: string | null;
            /** @description Its introduction. */
            introduction: string | null;
            /** @description Its notice. */
            notification: string | null;
            /** @description The address of its picture. */
            faceUrl: string | null;
            /** @description A text of the app. */
            customString: string | null;
            /** @description Whether all members are muted. */
            muteAllMember: boolean | null;
            /** @description Its custom fields, in the vendor's order. */
            userDefinedDataList: components["schemas"]["CustomField"][] | null;
            /**
             * Format: date-time
             * @description When it was created, if known.
             */
            createdAt: string | null;
            /**
             * Format: date-time
             * @description When it was deleted; `null` while it lives.
             */
            deletedAt: string | null;
            /** @description The community it belongs to. */
            groupId: string;
            /** @description Its id. */
            topicId: string;
            /**
             * Format: date-time
             * @description When the mirror last changed it.
             */
            updatedAt: string;
            /** @description Its last change; rises over all groups in the order of commits. */
            seq: number;
        };
        /** @description A part of a topic. */
        ChangedFields: {
            /** @description Its name. */
            name?: string | null;
            /** @description The type of its group, `Community`. */
            type?: string | null;
            /** @description Its owner. */
            ownerAccount?: string | null;
            /** @description The account that changed it last. */
            operatorAccount?: string | null;
            /** @description Its introduction. */
            introduction?: string | null;
            /** @description Its notice. */
            notification?: string | null;
            /** @description The address of its picture. */
            faceUrl?: string | null;
            /** @description A text of the app. */
            customString?: string | null;
            /** @description Whether all members are muted. */
            muteAllMember?: boolean | null;
            /** @description Its custom fields, in the vendor's order. */
            userDefinedDataList?: components["schemas"]["CustomField"][] | null;
            /**
             * Format: date-time
             * @description When it was created, if known.
             */
            createdAt?: string | null;
            /**
             * Format: date-time
             * @description When it was deleted; `null` while it lives.
             */
            deletedAt?: string | null;
        };
        /** @description A visible change of a topic. */
        Change: {
            /** @description Its number; rises over all groups in the order of commits. */
            seq: number;
            /** @description The community of the topic. */
            groupId: string;
            /** @description The id of the topic. */
            topicId: string;
            /** @enum {string} */
            kind: "created" | "updated" | "deleted" | "restored";
            /**
             * @description A callback, or a comparison with the vendor's REST API.
             * @enum {string}
             */
            origin: "callback" | "reconcile";
            /**
             * Format: date-time
             * @description When the mirror recorded it.
             */
            at: string;
            /** @description The account that did it, if the callback names one. */
            operatorAccount: string | null;
            /** @description The platform of the operator, as the vendor sent `OptPlatform`. */
            platform: string | null;
            /** @description The fields that changed, as they were; empty when nothing was known before. */
            before: components["schemas"]["ChangedFields"];
            /** @description The fields that changed, as they are since. */
            after: components["schemas"]["ChangedFields"];
        };
        ChangePage: {
            data: components["schemas"]["Change"][];
            /** @description To be sent as `cursor` for the next page; `null` on the last one. */
            nextCursor: string | null;
        };
        TopicPage: {
            data: components["schemas"]["ListedTopic"][];
            /** @description To be sent as `cursor` for the next page; `null` on the last one. */
            nextCursor: string | null;
        };
        ChangesAnswer: {
            data: components["schemas"]["Change"][];
            /** @description To be sent as `after` next. */
            nextAfter: number;
        };
        Liveness: {
            /** @enum {string} */
            status: "live";
        };
        Readiness: {
            /** @enum {string} */
            status: "ready" | "starting" | "draining";
            /** @enum {string} */
            database: "up" | "down";
            /**
             * @description Absent where no replica is set. The primary is read while it is down.
             * @enum {string}
             */
            replica?: "up" | "down";
            /** @description The callbacks on disk, to be stored. */
            spooled: number;
        };
        /** @description A callback of the journal, without its body. */
        Callback: {
            /** @description A UUID; ids order by arrival. */
            id: string;
            /**
             * Format: date-time
             * @description Its arrival.
             */
            at: string;
            /** @description `CallbackCommand`. */
            command: string | null;
            /** @description The group that it names. */
            groupId: string | null;
            /**
             * @description `applied`: it changed something; `unchanged`: all of it was known; `stale`: it does not say what changed, so its group is reconciled; `ignored`: its command or its group is not mirrored; `unknown`: its command is not known; `invalid`: it cannot be read.
             * @enum {string}
             */
            outcome: "applied" | "unchanged" | "stale" | "ignored" | "unknown" | "invalid";
            /** @description `OptPlatform` of its query. */
            platform: string | null;
            /** @description The first `seq` of its changes. */
            firstSeq: number | null;
            /** @description The last `seq` of its changes. */
            lastSeq: number | null;
            /** @description Size of the body in bytes. */
            bodyBytes: number;
        };
        CallbackPage: {
            data: components["schemas"]["Callback"][];
            /** @description To be sent as `cursor` for the next page; `null` on the last one, absent with `after`. */
            nextCursor?: string | null;
            /** @description To be sent as `after`, for the callbacks that are committed later. */
            nextAfter: string;
        };
        CallbackAnswerSent: {
            status: number;
            body: string;
        };
        /** @description A callback of the journal. */
        CallbackDetail: {
            /** @description A UUID; ids order by arrival. */
            id: string;
            /**
             * Format: date-time
             * @description Its arrival.
             */
            at: string;
            /** @description `CallbackCommand`. */
            command: string | null;
            /** @description The group that it names. */
            groupId: string | null;
            /**
             * @description `applied`: it changed something; `unchanged`: all of it was known; `stale`: it does not say what changed, so its group is reconciled; `ignored`: its command or its group is not mirrored; `unknown`: its command is not known; `invalid`: it cannot be read.
             * @enum {string}
             */
            outcome: "applied" | "unchanged" | "stale" | "ignored" | "unknown" | "invalid";
            /** @description `OptPlatform` of its query. */
            platform: string | null;
            /** @description The first `seq` of its changes. */
            firstSeq: number | null;
            /** @description The last `seq` of its changes. */
            lastSeq: number | null;
            /** @description Size of the body in bytes. */
            bodyBytes: number;
            /** @description Its query as it came, without `Sign`. */
            query: string;
            /** @description Its body; `null` where that is not UTF-8. */
            body: string | null;
            /** @description Its body in base64 where that is not UTF-8; else `null`. */
            bodyBase64: string | null;
            /** @description The answer to the vendor. */
            answer: components["schemas"]["CallbackAnswerSent"];
            /** @description Its change records, at most 500; the feed has the others. */
            changes: components["schemas"]["Change"][];
        };
        ReplicaStatus: {
            up: boolean;
            lagSeconds: number | null;
        };
        DatabaseStatus: {
            up: boolean;
            /** @description Of PostgreSQL. */
            version: string | null;
            /** @description `null` without a replica. */
            replica: components["schemas"]["ReplicaStatus"] | null;
        };
        OutcomeCount: {
            /** @description As in `topicmirror_callbacks_total`. */
            outcome: string;
            count: number;
        };
        ReceivedCallbacks: {
            total: number;
            byOutcome: components["schemas"]["OutcomeCount"][];
        };
        CallbacksStatus: {
            /** @description Whether callbacks must be signed. */
            signed: boolean;
            /**
             * Format: date-time
             * @description Arrival of the latest in the journal.
             */
            lastAt: string | null;
            /** @description Whether the journal has any. */
            any: boolean | null;
            /** @description By this process since its start. */
            received: components["schemas"]["ReceivedCallbacks"];
        };
        /** @description Calls of this process since its start. */
        RestApiStatus: {
            configured: boolean;
            /** @description Whether the last call succeeded; `null` before the first. */
            reachable: boolean | null;
            /** Format: date-time */
            lastOkAt: string | null;
            /** Format: date-time */
            lastErrorAt: string | null;
            lastError: string | null;
        };
        SpoolStatus: {
            /** @description Callbacks on disk waiting for PostgreSQL. */
            records: number;
            bytes: number;
            maxBytes: number;
            /** @description Unreadable callbacks since the start of the process. */
            damaged: number;
            /** @description Files that need an operator. */
            setAsideFiles: number;
        };
        /** @description The same in all processes. */
        RelayStatus: {
            /** @description Whether RELAY_URL is set. */
            configured: boolean;
            /** @description Whether a process relays callbacks. */
            running: boolean | null;
            /** @description Callbacks yet to be relayed. */
            waiting: number | null;
            /**
             * Format: date-time
             * @description Arrival of the oldest of them.
             */
            oldestAt: string | null;
            /** @description Groups, and callbacks of no group, set aside after failures. */
            setAside: number | null;
        };
        GroupCounts: {
            hooked: number;
            verified: number;
            stale: number;
            destroyed: number;
        };
        RepairCount: {
            /** @enum {string} */
            kind: "created" | "updated" | "deleted" | "restored";
            count: number;
        };
        FeedStatus: {
            /** @description Streams and waiting polls of this process. */
            subscribers: number;
        };
        RejectionCount: {
            reason: string;
            count: number;
        };
        Rejection: {
            /** Format: date-time */
            at: string;
            reason: string;
            /** @description What it means. */
            message: string;
            /** @description `CallbackCommand` of the query. */
            command: string | null;
            /** @description Address of the sender. */
            from: string;
        };
        /** @description Rejected callbacks of this process since its start. */
        Rejections: {
            byReason: components["schemas"]["RejectionCount"][];
            /** @description Twenty at most, newest first. */
            latest: components["schemas"]["Rejection"][];
        };
        Finding: {
            /** @enum {string} */
            level: "warning" | "error";
            /** @description Stable. */
            code: string;
            message: string;
            /** @description The remedy. */
            advice: string | null;
        };
        /** @description What PostgreSQL stores is `null` while that is away. */
        Status: {
            /** @description Of the service. */
            version: string;
            /**
             * Format: date-time
             * @description Start of the process.
             */
            startedAt: string;
            /** Format: date-time */
            now: string;
            /**
             * @description As in `/readyz`.
             * @enum {string}
             */
            status: "ready" | "starting" | "draining";
            ready: boolean;
            production: boolean;
            /** @description The app that is mirrored. */
            sdkAppId: string;
            database: components["schemas"]["DatabaseStatus"];
            callbacks: components["schemas"]["CallbacksStatus"];
            restApi: components["schemas"]["RestApiStatus"];
            spool: components["schemas"]["SpoolStatus"];
            relay: components["schemas"]["RelayStatus"];
            /** @description Groups by state. */
            groups: components["schemas"]["GroupCounts"] | null;
            /**
             * Format: date-time
             * @description The oldest verification of a group.
             */
            oldestVerifiedAt: string | null;
            /** @description Topics repaired by reconciliation since midnight UTC. */
            repairsToday: components["schemas"]["RepairCount"][] | null;
            feed: components["schemas"]["FeedStatus"];
            rejections: components["schemas"]["Rejections"];
            findings: components["schemas"]["Finding"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description Also in the log. */
        RequestId: string;
        /** @description Seconds to wait. */
        RetryAfter: number;
        /** @description Changes with the group; the same for the same address until then. */
        ETag: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    receiveCallback: {
        parameters: {
            query?: {
                /** @description As the vendor appends it. */
                SdkAppid?: string;
                /** @description As the vendor appends it. */
                CallbackCommand?: string;
                /** @description As the vendor appends it. */
                contenttype?: string;
                /** @description As the vendor appends it. */
                ClientIP?: string;
                /** @description As the vendor appends it. */
                OptPlatform?: string;
                /** @description Where callbacks are authenticated: sha256 of token and time, and the time. */
                Sign?: string;
                /** @description Where callbacks are authenticated: sha256 of token and time, and the time. */
                RequestTime?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "OK",
                     *       "ErrorInfo": "",
                     *       "ErrorCode": 0
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
            /** @description The body is not a callback. */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "FAIL",
                     *       "ErrorInfo": "the body is not JSON",
                     *       "ErrorCode": 400
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
            /** @description The callback is not authentic; nothing was done. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "FAIL",
                     *       "ErrorInfo": "the body is not JSON",
                     *       "ErrorCode": 403
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
            /** @description The body is larger than 1 MiB. */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "FAIL",
                     *       "ErrorInfo": "the body is not JSON",
                     *       "ErrorCode": 413
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
            /** @description The body is compressed. */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "FAIL",
                     *       "ErrorInfo": "the body is not JSON",
                     *       "ErrorCode": 415
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
            /** @description Neither database nor disk took it; send it again. */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "FAIL",
                     *       "ErrorInfo": "the body is not JSON",
                     *       "ErrorCode": 503
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
        };
    };
    receiveCallbackAtRoot: {
        parameters: {
            query?: {
                /** @description As the vendor appends it. */
                SdkAppid?: string;
                /** @description As the vendor appends it. */
                CallbackCommand?: string;
                /** @description As the vendor appends it. */
                contenttype?: string;
                /** @description As the vendor appends it. */
                ClientIP?: string;
                /** @description As the vendor appends it. */
                OptPlatform?: string;
                /** @description Where callbacks are authenticated: sha256 of token and time, and the time. */
                Sign?: string;
                /** @description Where callbacks are authenticated: sha256 of token and time, and the time. */
                RequestTime?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "OK",
                     *       "ErrorInfo": "",
                     *       "ErrorCode": 0
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
            /** @description The body is not a callback. */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "FAIL",
                     *       "ErrorInfo": "the body is not JSON",
                     *       "ErrorCode": 400
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
            /** @description The callback is not authentic; nothing was done. */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "FAIL",
                     *       "ErrorInfo": "the body is not JSON",
                     *       "ErrorCode": 403
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
            /** @description The body is larger than 1 MiB. */
            413: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "FAIL",
                     *       "ErrorInfo": "the body is not JSON",
                     *       "ErrorCode": 413
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
            /** @description The body is compressed. */
            415: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "FAIL",
                     *       "ErrorInfo": "the body is not JSON",
                     *       "ErrorCode": 415
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
            /** @description Neither database nor disk took it; send it again. */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ActionStatus": "FAIL",
                     *       "ErrorInfo": "the body is not JSON",
                     *       "ErrorCode": 503
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackAnswer"];
                };
            };
        };
    };
    listGroups: {
        parameters: {
            query?: {
                /** @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`. */
                minSeq?: number;
                /** @description The most items of a page. It ends early where it has grown to 4 MiB; `nextCursor` then goes on without a hole. */
                limit?: number;
                /** @description Where to go on: the `nextCursor` of the page before. It carries order and filters of its list; they need not be repeated, and cannot be changed on the way. */
                cursor?: string;
                /** @description Order of the list, `-` first for descending. Names are ordered by code point, by their first 256 characters; one that is unknown stands after all others, a group without a callback before all others. */
                sort?: "groupId" | "-groupId" | "name" | "-name" | "lastCallbackAt" | "-lastCallbackAt" | "seq" | "-seq";
                /** @description Groups in this state. */
                state?: "verified" | "hooked" | "stale" | "destroyed";
                /** @description Groups whose id or name contains this text, in upper or lower case. A page looks through 10,000 groups at most; it can then hold less than `limit`, even nothing, and still have a `nextCursor`. */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "groupId": "@TGS#2J4SZEAEL",
                     *           "name": null,
                     *           "type": "Community",
                     *           "ownerAccount": null,
                     *           "state": "hooked",
                     *           "verifiedAt": null,
                     *           "staleSince": null,
                     *           "staleReason": null,
                     *           "lastCallbackAt": "2026-01-31T12:00:00.000Z",
                     *           "topicCount": 1,
                     *           "seq": 1,
                     *           "destroyedAt": null
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["GroupPage"];
                };
            };
            /** @description The request is not allowed; `detail` names what, and what is. `INVALID_PARAMETER`, `INVALID_CURSOR` */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No API key, or an unknown one. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is no longer kept, or is of a time before a restore of the database. `CURSOR_GONE`, `SEQ_GONE` */
            410: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests of this key. `RATE_LIMITED` */
            429: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now; try again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getGroup: {
        parameters: {
            query?: {
                /** @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`. */
                minSeq?: number;
            };
            header?: {
                /** @description The `ETag` of a known response. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The id of a group, percent-encoded. */
                groupId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "groupId": "@TGS#2J4SZEAEL",
                     *       "name": null,
                     *       "type": "Community",
                     *       "ownerAccount": null,
                     *       "state": "hooked",
                     *       "verifiedAt": null,
                     *       "staleSince": null,
                     *       "staleReason": null,
                     *       "lastCallbackAt": "2026-01-31T12:00:00.000Z",
                     *       "topicCount": 1,
                     *       "seq": 1,
                     *       "destroyedAt": null
                     *     }
                     */
                    "application/json": components["schemas"]["Group"];
                };
            };
            /** @description Nothing has changed since the known response. */
            304: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not allowed; `detail` names what, and what is. `INVALID_PARAMETER`, `INVALID_ID`, `BAD_REQUEST` */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No API key, or an unknown one. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The mirror does not know it. `UNKNOWN_GROUP` */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:topic-mirror:problem:unknown-group",
                     *       "title": "Not found",
                     *       "status": 404,
                     *       "code": "UNKNOWN_GROUP",
                     *       "detail": "The mirror knows no group \"@TGS#2J4SZEAEL\".",
                     *       "requestId": "1c8f8a36-5c7e-4d0a-8f0e-6f0a3c2b9d11"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is no longer kept, or is of a time before a restore of the database. `SEQ_GONE` */
            410: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests of this key. `RATE_LIMITED` */
            429: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now; try again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTopicsOfGroup: {
        parameters: {
            query?: {
                /** @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`. */
                minSeq?: number;
                /** @description The most items of a page. It ends early where it has grown to 4 MiB; `nextCursor` then goes on without a hole. */
                limit?: number;
                /** @description Where to go on: the `nextCursor` of the page before. It carries order and filters of its list; they need not be repeated, and cannot be changed on the way. */
                cursor?: string;
                /** @description Order of the list, `-` first for descending. Texts are ordered by code point, names by their first 256 characters; what is not known stands after everything that is. */
                sort?: "topicId" | "-topicId" | "name" | "-name" | "createdAt" | "-createdAt" | "updatedAt" | "-updatedAt";
                /** @description Only these fields of each topic, comma-separated. */
                fields?: string;
                /** @description Topics of exactly this name. */
                name?: string;
                /** @description Topics whose name contains this text, in upper or lower case. A page looks through 10,000 topics at most; it can then hold less than `limit`, even nothing, and still have a `nextCursor`. */
                q?: string;
                /** @description Topics of this owner. */
                ownerAccount?: string;
                /** @description Topics last touched by this operator. */
                operatorAccount?: string;
                /** @description Whether deleted topics are left out, listed too, or listed alone. */
                deleted?: "exclude" | "include" | "only";
                /** @description Topics whose `updatedAt` is this instant or later. */
                updatedSince?: string;
                /** @description Topics with this custom field: `custom.<Key>=<Value>`. May be given several times; all must hold. All filters together may have 3,328 bytes. */
                custom?: {
                    [key: string]: string | string[];
                };
            };
            header?: {
                /** @description The `ETag` of a known response. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The id of a group, percent-encoded. */
                groupId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "groupId": "@TGS#2J4SZEAEL",
                     *           "topicId": "@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5",
                     *           "name": "MyFirstTopic",
                     *           "type": "Community",
                     *           "ownerAccount": "leckie",
                     *           "operatorAccount": "group_root",
                     *           "introduction": null,
                     *           "notification": null,
                     *           "faceUrl": null,
                     *           "customString": null,
                     *           "muteAllMember": null,
                     *           "userDefinedDataList": [
                     *             {
                     *               "key": "UserDefined1",
                     *               "value": "hello"
                     *             },
                     *             {
                     *               "key": "UserDefined2",
                     *               "value": "world"
                     *             }
                     *           ],
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z",
                     *           "deletedAt": null,
                     *           "seq": 1
                     *         }
                     *       ],
                     *       "nextCursor": null,
                     *       "group": {
                     *         "groupId": "@TGS#2J4SZEAEL",
                     *         "name": null,
                     *         "type": "Community",
                     *         "ownerAccount": null,
                     *         "state": "hooked",
                     *         "verifiedAt": null,
                     *         "staleSince": null,
                     *         "staleReason": null,
                     *         "lastCallbackAt": "2026-01-31T12:00:00.000Z",
                     *         "topicCount": 1,
                     *         "seq": 1,
                     *         "destroyedAt": null
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["TopicsOfGroup"];
                };
            };
            /** @description Nothing has changed since the known response. */
            304: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not allowed; `detail` names what, and what is. `INVALID_PARAMETER`, `INVALID_CURSOR`, `INVALID_ID`, `BAD_REQUEST` */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No API key, or an unknown one. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The mirror does not know it. `UNKNOWN_GROUP` */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:topic-mirror:problem:unknown-group",
                     *       "title": "Not found",
                     *       "status": 404,
                     *       "code": "UNKNOWN_GROUP",
                     *       "detail": "The mirror knows no group \"@TGS#2J4SZEAEL\".",
                     *       "requestId": "1c8f8a36-5c7e-4d0a-8f0e-6f0a3c2b9d11"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is no longer kept, or is of a time before a restore of the database. `CURSOR_GONE`, `SEQ_GONE` */
            410: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests of this key. `RATE_LIMITED` */
            429: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now; try again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTopic: {
        parameters: {
            query?: {
                /** @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`. */
                minSeq?: number;
                /** @description The topic as the mirror had it at this instant, as far back as changes are kept. */
                asOf?: string;
            };
            header?: {
                /** @description The `ETag` of a known response. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The id of a group, percent-encoded. */
                groupId: string;
                /** @description The id of a topic, percent-encoded. */
                topicId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "groupId": "@TGS#2J4SZEAEL",
                     *       "topicId": "@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5",
                     *       "name": "MyFirstTopic",
                     *       "type": "Community",
                     *       "ownerAccount": "leckie",
                     *       "operatorAccount": "group_root",
                     *       "introduction": null,
                     *       "notification": null,
                     *       "faceUrl": null,
                     *       "customString": null,
                     *       "muteAllMember": null,
                     *       "userDefinedDataList": [
                     *         {
                     *           "key": "UserDefined1",
                     *           "value": "hello"
                     *         },
                     *         {
                     *           "key": "UserDefined2",
                     *           "value": "world"
                     *         }
                     *       ],
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z",
                     *       "deletedAt": null,
                     *       "seq": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Topic"];
                };
            };
            /** @description Nothing has changed since the known response. */
            304: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    etag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is not allowed; `detail` names what, and what is. `INVALID_PARAMETER`, `INVALID_ID`, `BAD_REQUEST` */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No API key, or an unknown one. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The mirror does not know it. `UNKNOWN_GROUP`, `UNKNOWN_TOPIC` */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:topic-mirror:problem:unknown-group",
                     *       "title": "Not found",
                     *       "status": 404,
                     *       "code": "UNKNOWN_GROUP",
                     *       "detail": "The mirror knows no group \"@TGS#2J4SZEAEL\".",
                     *       "requestId": "1c8f8a36-5c7e-4d0a-8f0e-6f0a3c2b9d11"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is no longer kept, or is of a time before a restore of the database. `HISTORY_GONE`, `SEQ_GONE` */
            410: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests of this key. `RATE_LIMITED` */
            429: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now; try again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listHistory: {
        parameters: {
            query?: {
                /** @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`. */
                minSeq?: number;
                /** @description The most items of a page. It ends early where it has grown to 4 MiB; `nextCursor` then goes on without a hole. */
                limit?: number;
                /** @description Where to go on: the `nextCursor` of the page before. It carries order and filters of its list; they need not be repeated, and cannot be changed on the way. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The id of a group, percent-encoded. */
                groupId: string;
                /** @description The id of a topic, percent-encoded. */
                topicId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "seq": 1,
                     *           "groupId": "@TGS#2J4SZEAEL",
                     *           "topicId": "@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5",
                     *           "kind": "created",
                     *           "origin": "callback",
                     *           "at": "2026-01-31T12:00:00.000Z",
                     *           "operatorAccount": "group_root",
                     *           "platform": "RESTAPI",
                     *           "before": {},
                     *           "after": {
                     *             "name": "MyFirstTopic",
                     *             "type": "Community",
                     *             "ownerAccount": "leckie",
                     *             "operatorAccount": "group_root",
                     *             "userDefinedDataList": [
                     *               {
                     *                 "key": "UserDefined1",
                     *                 "value": "hello"
                     *               },
                     *               {
                     *                 "key": "UserDefined2",
                     *                 "value": "world"
                     *               }
                     *             ],
                     *             "createdAt": "2026-01-31T12:00:00.000Z"
                     *           }
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ChangePage"];
                };
            };
            /** @description The request is not allowed; `detail` names what, and what is. `INVALID_PARAMETER`, `INVALID_CURSOR`, `INVALID_ID`, `BAD_REQUEST` */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No API key, or an unknown one. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The mirror does not know it. `UNKNOWN_GROUP`, `UNKNOWN_TOPIC` */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:topic-mirror:problem:unknown-group",
                     *       "title": "Not found",
                     *       "status": 404,
                     *       "code": "UNKNOWN_GROUP",
                     *       "detail": "The mirror knows no group \"@TGS#2J4SZEAEL\".",
                     *       "requestId": "1c8f8a36-5c7e-4d0a-8f0e-6f0a3c2b9d11"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is no longer kept, or is of a time before a restore of the database. `CURSOR_GONE`, `SEQ_GONE` */
            410: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests of this key. `RATE_LIMITED` */
            429: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now; try again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTopics: {
        parameters: {
            query?: {
                /** @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`. */
                minSeq?: number;
                /** @description The most items of a page. It ends early where it has grown to 4 MiB; `nextCursor` then goes on without a hole. */
                limit?: number;
                /** @description Where to go on: the `nextCursor` of the page before. It carries order and filters of its list; they need not be repeated, and cannot be changed on the way. */
                cursor?: string;
                /** @description Order of the list, `-` first for descending. Texts are ordered by code point, names by their first 256 characters; what is not known stands after everything that is. */
                sort?: "topicId" | "-topicId" | "name" | "-name" | "createdAt" | "-createdAt" | "updatedAt" | "-updatedAt";
                /** @description Only these fields of each topic, comma-separated. */
                fields?: string;
                /** @description Topics of exactly this name. */
                name?: string;
                /** @description Topics whose name contains this text, in upper or lower case. A page looks through 10,000 topics at most; it can then hold less than `limit`, even nothing, and still have a `nextCursor`. */
                q?: string;
                /** @description Topics of this owner. */
                ownerAccount?: string;
                /** @description Topics last touched by this operator. */
                operatorAccount?: string;
                /** @description Whether deleted topics are left out, listed too, or listed alone. */
                deleted?: "exclude" | "include" | "only";
                /** @description Topics whose `updatedAt` is this instant or later. */
                updatedSince?: string;
                /** @description Topics with this custom field: `custom.<Key>=<Value>`. May be given several times; all must hold. All filters together may have 3,328 bytes. */
                custom?: {
                    [key: string]: string | string[];
                };
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "groupId": "@TGS#2J4SZEAEL",
                     *           "topicId": "@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5",
                     *           "name": "MyFirstTopic",
                     *           "type": "Community",
                     *           "ownerAccount": "leckie",
                     *           "operatorAccount": "group_root",
                     *           "introduction": null,
                     *           "notification": null,
                     *           "faceUrl": null,
                     *           "customString": null,
                     *           "muteAllMember": null,
                     *           "userDefinedDataList": [
                     *             {
                     *               "key": "UserDefined1",
                     *               "value": "hello"
                     *             },
                     *             {
                     *               "key": "UserDefined2",
                     *               "value": "world"
                     *             }
                     *           ],
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z",
                     *           "deletedAt": null,
                     *           "seq": 1
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["TopicPage"];
                };
            };
            /** @description The request is not allowed; `detail` names what, and what is. `INVALID_PARAMETER`, `INVALID_CURSOR` */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No API key, or an unknown one. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is no longer kept, or is of a time before a restore of the database. `CURSOR_GONE`, `SEQ_GONE` */
            410: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests of this key. `RATE_LIMITED` */
            429: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now; try again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    followChanges: {
        parameters: {
            query?: {
                /** @description The last `seq` that was seen: the `nextAfter` of the response before. Without it the feed begins with the oldest change that is kept. A stream takes `Last-Event-ID` before it. */
                after?: number;
                /** @description The most changes of a response; a stream has no end. A response ends early where it has grown to 4 MiB; `nextAfter` then goes on without a hole. */
                limit?: number;
                /** @description Seconds to wait for the first change when there is none. */
                wait?: number;
                /** @description Only changes of topics of this group. */
                groupId?: string;
            };
            header?: {
                /** @description The id of the last event, for a stream. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "seq": 1,
                     *           "groupId": "@TGS#2J4SZEAEL",
                     *           "topicId": "@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5",
                     *           "kind": "created",
                     *           "origin": "callback",
                     *           "at": "2026-01-31T12:00:00.000Z",
                     *           "operatorAccount": "group_root",
                     *           "platform": "RESTAPI",
                     *           "before": {},
                     *           "after": {
                     *             "name": "MyFirstTopic",
                     *             "type": "Community",
                     *             "ownerAccount": "leckie",
                     *             "operatorAccount": "group_root",
                     *             "userDefinedDataList": [
                     *               {
                     *                 "key": "UserDefined1",
                     *                 "value": "hello"
                     *               },
                     *               {
                     *                 "key": "UserDefined2",
                     *                 "value": "world"
                     *               }
                     *             ],
                     *             "createdAt": "2026-01-31T12:00:00.000Z"
                     *           }
                     *         }
                     *       ],
                     *       "nextAfter": 1
                     *     }
                     */
                    "application/json": components["schemas"]["ChangesAnswer"];
                    /**
                     * @example retry: 2000
                     *
                     *     id: 1
                     *     data: {"seq":1,"groupId":"@TGS#2J4SZEAEL","topicId":"@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5","kind":"created","origin":"callback","at":"2026-01-31T12:00:00.000Z","operatorAccount":"group_root","platform":"RESTAPI","before":{},"after":{"name":"MyFirstTopic","type":"Community","ownerAccount":"leckie","operatorAccount":"group_root","userDefinedDataList":[{"key":"UserDefined1","value":"hello"},{"key":"UserDefined2","value":"world"}],"createdAt":"2026-01-31T12:00:00.000Z"}}
                     *
                     *     : heartbeat
                     */
                    "text/event-stream": string;
                };
            };
            /** @description The request is not allowed; `detail` names what, and what is. `INVALID_PARAMETER`, `INVALID_LAST_EVENT_ID` */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No API key, or an unknown one. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is no longer kept, or is of a time before a restore of the database. `CHANGES_GONE`, `CURSOR_AHEAD` */
            410: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests of this key. `RATE_LIMITED`, `TOO_MANY_STREAMS_OF_KEY` */
            429: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now; try again. `TOO_MANY_STREAMS`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "live"
                     *     }
                     */
                    "application/json": components["schemas"]["Liveness"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ready",
                     *       "database": "up",
                     *       "spooled": 0
                     *     }
                     */
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It starts or drains. */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "draining",
                     *       "database": "up",
                     *       "spooled": 0
                     *     }
                     */
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example topicmirror_callbacks_total{command="Group.CallbackAfterCreateTopic",outcome="applied"} 1 */
                    "text/plain": string;
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listCallbacks: {
        parameters: {
            query?: {
                /** @description Maximum number of callbacks on a page. A page ends early where it has grown to 4 MiB, or where a filter has examined 10,000 callbacks; it can then hold fewer, even none, and `nextCursor` or `nextAfter` continues without a gap. */
                limit?: number;
                /** @description The `nextCursor` of the page before. It carries the filters; they need not be repeated. */
                cursor?: string;
                /** @description The `nextAfter` of an answer: callbacks that were committed after it, in the order of commits. It does not carry the filters. */
                after?: string;
                /** @description With `after`: seconds to wait for the first callback when there is none. */
                wait?: number;
                /** @description Callbacks of this command. */
                command?: string;
                /** @description Callbacks with this outcome. */
                outcome?: "applied" | "unchanged" | "stale" | "ignored" | "unknown" | "invalid";
                /** @description Callbacks that name this group. */
                groupId?: string;
                /** @description Callbacks that arrived at this instant or later. */
                since?: string;
                /** @description Callbacks that arrived before this instant. */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "id": "0064aac1-fa20-8000-9000-0242ac120002",
                     *           "at": "2026-01-31T12:00:00.000Z",
                     *           "command": "Group.CallbackAfterCreateTopic",
                     *           "groupId": "@TGS#2J4SZEAEL",
                     *           "outcome": "applied",
                     *           "platform": "RESTAPI",
                     *           "firstSeq": 1,
                     *           "lastSeq": 1,
                     *           "bodyBytes": 342
                     *         }
                     *       ],
                     *       "nextCursor": null,
                     *       "nextAfter": "eyJlcG9jaCI6…"
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackPage"];
                };
            };
            /** @description The request is not allowed; `detail` names what, and what is. `INVALID_PARAMETER`, `INVALID_CURSOR` */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No API key, or an unknown one. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key lacks a scope; `scope` names it. `MISSING_SCOPE` */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is no longer kept, or is of a time before a restore of the database. `CURSOR_GONE` */
            410: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests of this key. `RATE_LIMITED`, `TOO_MANY_STREAMS_OF_KEY` */
            429: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now; try again. `TOO_MANY_STREAMS`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCallback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of a callback. */
                callbackId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "0064aac1-fa20-8000-9000-0242ac120002",
                     *       "at": "2026-01-31T12:00:00.000Z",
                     *       "command": "Group.CallbackAfterCreateTopic",
                     *       "groupId": "@TGS#2J4SZEAEL",
                     *       "outcome": "applied",
                     *       "platform": "RESTAPI",
                     *       "firstSeq": 1,
                     *       "lastSeq": 1,
                     *       "bodyBytes": 342,
                     *       "query": "SdkAppid=1400000000&CallbackCommand=Group.CallbackAfterCreateTopic&contenttype=json&ClientIP=127.0.0.1&OptPlatform=RESTAPI",
                     *       "body": "{\"CallbackCommand\":\"Group.CallbackAfterCreateTopic\",\"GroupId\":\"@TGS#2J4SZEAEL\",\"TopicId\":\"@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5\",\"Operator_Account\":\"group_root\",\"Owner_Account\":\"leckie\",\"Type\":\"Community\",\"Name\":\"MyFirstTopic\",\"UserDefinedDataList\":[{\"Key\":\"UserDefined1\",\"Value\":\"hello\"},{\"Key\":\"UserDefined2\",\"Value\":\"world\"}]}",
                     *       "bodyBase64": null,
                     *       "answer": {
                     *         "status": 200,
                     *         "body": "{\"ActionStatus\":\"OK\",\"ErrorInfo\":\"\",\"ErrorCode\":0}"
                     *       },
                     *       "changes": [
                     *         {
                     *           "seq": 1,
                     *           "groupId": "@TGS#2J4SZEAEL",
                     *           "topicId": "@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5",
                     *           "kind": "created",
                     *           "origin": "callback",
                     *           "at": "2026-01-31T12:00:00.000Z",
                     *           "operatorAccount": "group_root",
                     *           "platform": "RESTAPI",
                     *           "before": {},
                     *           "after": {
                     *             "name": "MyFirstTopic",
                     *             "type": "Community",
                     *             "ownerAccount": "leckie",
                     *             "operatorAccount": "group_root",
                     *             "userDefinedDataList": [
                     *               {
                     *                 "key": "UserDefined1",
                     *                 "value": "hello"
                     *               },
                     *               {
                     *                 "key": "UserDefined2",
                     *                 "value": "world"
                     *               }
                     *             ],
                     *             "createdAt": "2026-01-31T12:00:00.000Z"
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["CallbackDetail"];
                };
            };
            /** @description The request is not allowed; `detail` names what, and what is. `INVALID_PARAMETER`, `INVALID_ID`, `BAD_REQUEST` */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No API key, or an unknown one. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key lacks a scope; `scope` names it. `MISSING_SCOPE` */
            403: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The mirror does not know it. `UNKNOWN_CALLBACK` */
            404: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests of this key. `RATE_LIMITED` */
            429: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not now; try again. `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
            503: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "version": "0.1.0",
                     *       "startedAt": "2026-01-31T12:00:00.000Z",
                     *       "now": "2026-01-31T12:00:00.000Z",
                     *       "status": "ready",
                     *       "ready": true,
                     *       "production": true,
                     *       "sdkAppId": "1400000000",
                     *       "database": {
                     *         "up": true,
                     *         "version": "18.1",
                     *         "replica": {
                     *           "up": true,
                     *           "lagSeconds": 0
                     *         }
                     *       },
                     *       "callbacks": {
                     *         "signed": true,
                     *         "lastAt": "2026-01-31T12:00:00.000Z",
                     *         "any": true,
                     *         "received": {
                     *           "total": 1,
                     *           "byOutcome": [
                     *             {
                     *               "outcome": "applied",
                     *               "count": 1
                     *             }
                     *           ]
                     *         }
                     *       },
                     *       "restApi": {
                     *         "configured": true,
                     *         "reachable": true,
                     *         "lastOkAt": "2026-01-31T12:00:00.000Z",
                     *         "lastErrorAt": null,
                     *         "lastError": null
                     *       },
                     *       "spool": {
                     *         "records": 0,
                     *         "bytes": 0,
                     *         "maxBytes": 1073741824,
                     *         "damaged": 0,
                     *         "setAsideFiles": 0
                     *       },
                     *       "relay": {
                     *         "configured": true,
                     *         "running": true,
                     *         "waiting": 0,
                     *         "oldestAt": null,
                     *         "setAside": 0
                     *       },
                     *       "groups": {
                     *         "hooked": 0,
                     *         "verified": 1,
                     *         "stale": 0,
                     *         "destroyed": 0
                     *       },
                     *       "oldestVerifiedAt": "2026-01-31T12:00:00.000Z",
                     *       "repairsToday": [
                     *         {
                     *           "kind": "created",
                     *           "count": 0
                     *         }
                     *       ],
                     *       "feed": {
                     *         "subscribers": 0
                     *       },
                     *       "rejections": {
                     *         "byReason": [
                     *           {
                     *             "reason": "wrong Sign",
                     *             "count": 1
                     *           }
                     *         ],
                     *         "latest": [
                     *           {
                     *             "at": "2026-01-31T12:00:00.000Z",
                     *             "reason": "wrong Sign",
                     *             "message": "The callback is signed with another token: compare IM_CALLBACK_TOKENS with it.",
                     *             "command": "Group.CallbackAfterCreateTopic",
                     *             "from": "192.0.2.1"
                     *           }
                     *         ]
                     *       },
                     *       "findings": [
                     *         {
                     *           "level": "warning",
                     *           "code": "NO_REST_API",
                     *           "message": "no REST API is set: what callbacks leave out or lose stays unknown",
                     *           "advice": "set IM_API_HOST and IM_SECRET_KEY"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description The request is not allowed; `detail` names what, and what is. `INVALID_PARAMETER` */
            400: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No API key, or an unknown one. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests of this key. `RATE_LIMITED` */
            429: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    "retry-after": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "openapi": "3.1.1"
                     *     }
                     */
                    "application/json": Record<string, never>;
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example <!doctype html> */
                    "text/html": string;
                };
            };
            /** @description The address is too long. `URI_TOO_LONG` */
            414: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
