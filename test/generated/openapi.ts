// Made from /openapi.json: OPENAPI_UPDATE=1 npm test -- openapi
export interface paths {
    "/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the groups the mirror knows, in the order of ids */
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
        /** Tells one group, and how sure the mirror is of it */
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
        /** Tells one topic, also a deleted one, as it is or as it was */
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
        /** Lists what changed in a topic, newest first */
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
         * Tells all that changed, in the order of commits and without a hole
         * @description Ask for JSON and pass on `nextAfter`, or send `Accept: text/event-stream` for a stream of server-sent events, whose ids are the `seq` of their change and which goes on after `Last-Event-ID`. A cursor before changes that are no longer kept, or of a time before a restore of the database, is answered 410: read the lists with the `latestSeq` of that answer as `minSeq`, then follow after it. An event named `end` tells why the service ends a stream.
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
         * Takes a callback of Tencent Cloud Chat
         * @description For the vendor. The body is JSON whatever its content type says. Answered OK once it is kept.
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
         * Takes a callback of Tencent Cloud Chat
         * @description For the vendor. The body is JSON whatever its content type says. Answered OK once it is kept.
         */
        post: operations["receiveCallbackAtRoot"];
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
        /** Tells that the process answers */
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
        /** Tells whether the process takes requests; 503 while it starts or drains */
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
        /** Tells the figures of the process for Prometheus */
        get: operations["metrics"];
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
        /** Tells what you read here */
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
        /** Shows what you read here as a page */
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
        /** @description A topic. A field that was never learned is `null`. */
        Topic: {
            /** @description The community it belongs to. */
            groupId: string;
            /** @description Its id. */
            topicId: string;
            /** @description Its name. */
            name: string | null;
            /** @description The type of its group, `Community`. */
            type: string | null;
            /** @description Who owns it. */
            ownerAccount: string | null;
            /** @description Who touched it last. */
            operatorAccount: string | null;
            /** @description Its introduction. */
            introduction: string | null;
            /** @description Its notice. */
            notification: string | null;
            /** @description Its picture. */
            faceUrl: string | null;
            /** @description Whatever the app keeps with it. */
            customString: string | null;
            /** @description Whether nobody may write in it. */
            muteAllMember: boolean | null;
            /** @description Its custom fields, in the vendor's order. */
            userDefinedDataList: components["schemas"]["CustomField"][] | null;
            /**
             * Format: date-time
             * @description When it was created, as far as that was told.
             */
            createdAt: string | null;
            /**
             * Format: date-time
             * @description When the mirror last changed it.
             */
            updatedAt: string;
            /**
             * Format: date-time
             * @description When it was deleted; `null` while it lives.
             */
            deletedAt: string | null;
            /** @description The last change of it; rises over all groups in the order of commits. */
            seq: number;
        };
        /** @description A topic with the fields that were asked for, or all. */
        ListedTopic: {
            /** @description The community it belongs to. */
            groupId?: string;
            /** @description Its id. */
            topicId?: string;
            /** @description Its name. */
            name?: string | null;
            /** @description The type of its group, `Community`. */
            type?: string | null;
            /** @description Who owns it. */
            ownerAccount?: string | null;
            /** @description Who touched it last. */
            operatorAccount?: string | null;
            /** @description Its introduction. */
            introduction?: string | null;
            /** @description Its notice. */
            notification?: string | null;
            /** @description Its picture. */
            faceUrl?: string | null;
            /** @description Whatever the app keeps with it. */
            customString?: string | null;
            /** @description Whether nobody may write in it. */
            muteAllMember?: boolean | null;
            /** @description Its custom fields, in the vendor's order. */
            userDefinedDataList?: components["schemas"]["CustomField"][] | null;
            /**
             * Format: date-time
             * @description When it was created, as far as that was told.
             */
            createdAt?: string | null;
            /**
             * Format: date-time
             * @description When the mirror last changed it.
             */
            updatedAt?: string;
            /**
             * Format: date-time
             * @description When it was deleted; `null` while it lives.
             */
            deletedAt?: string | null;
            /** @description The last change of it; rises over all groups in the order of commits. */
            seq?: number;
        };
        CustomField: {
            key: string;
            value: string;
        };
        /** @description A community, and how sure the mirror is of it. */
        Group: {
            /** @description Its id. */
            groupId: string;
            /** @description Its name. */
            name: string | null;
            /** @description Its type, `Community`. */
            type: string | null;
            /** @description Who owns it. */
            ownerAccount: string | null;
            /**
             * @description `verified`: compared with the vendor and unchanged since; `hooked`: known from callbacks alone; `stale`: something happened that a callback cannot tell; `destroyed`: the group is gone.
             * @enum {string}
             */
            state: "verified" | "hooked" | "stale" | "destroyed";
            /**
             * Format: date-time
             * @description When it was last compared with the vendor.
             */
            verifiedAt: string | null;
            /**
             * Format: date-time
             * @description Since when it is `stale`; else `null`.
             */
            staleSince: string | null;
            /**
             * @description Why it is `stale`: `unspecific_callback`: something changed, and the callback does not say what; `ambiguous_order`: dates cannot tell what came last; `concurrent_callback`: one came while the vendor was asked; `contradiction`: the vendor denies what a callback has just said; `deletions_held`: answers of the vendor miss topics that no callback deleted. `null` where an earlier build did not record it.
             * @enum {string|null}
             */
            staleReason: "unspecific_callback" | "ambiguous_order" | "concurrent_callback" | "contradiction" | "deletions_held" | null;
            /**
             * Format: date-time
             * @description When a callback last named it.
             */
            lastCallbackAt: string | null;
            /** @description How many living topics it has. */
            topicCount: number;
            /** @description The last change of it; rises over all groups in the order of commits. */
            seq: number;
            /**
             * Format: date-time
             * @description When it was disbanded.
             */
            destroyedAt: string | null;
        };
        /** @description One thing that could be seen to change. */
        Change: {
            /** @description The last change of it; rises over all groups in the order of commits. */
            seq: number;
            /** @description The community it belongs to. */
            groupId: string;
            /** @description Its id. */
            topicId: string;
            /** @enum {string} */
            kind: "created" | "updated" | "deleted" | "restored";
            /**
             * @description Whether a callback told it or a comparison with the vendor's REST API found it.
             * @enum {string}
             */
            origin: "callback" | "reconcile";
            /**
             * Format: date-time
             * @description When the mirror recorded it.
             */
            at: string;
            /** @description Who did it, as far as the callback tells. */
            operatorAccount: string | null;
            /** @description From where, as the vendor sent `OptPlatform`. */
            platform: string | null;
            /** @description The fields that changed, as they were; empty when nothing was known before. */
            before: Record<string, never>;
            /** @description The fields that changed, as they are since. */
            after: Record<string, never>;
        };
        GroupPage: {
            data: components["schemas"]["Group"][];
            /** @description To be sent as `cursor` for the next page; `null` on the last one. */
            nextCursor: string | null;
        };
        TopicPage: {
            data: components["schemas"]["ListedTopic"][];
            /** @description To be sent as `cursor` for the next page; `null` on the last one. */
            nextCursor: string | null;
        };
        TopicsOfGroup: {
            data: components["schemas"]["ListedTopic"][];
            /** @description To be sent as `cursor` for the next page; `null` on the last one. */
            nextCursor: string | null;
            group: components["schemas"]["Group"];
        };
        ChangePage: {
            data: components["schemas"]["Change"][];
            /** @description To be sent as `cursor` for the next page; `null` on the last one. */
            nextCursor: string | null;
        };
        ChangesAnswer: {
            data: components["schemas"]["Change"][];
            /** @description To be sent as `after` next. */
            nextAfter: number;
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
            /** @description The status of the answer. */
            status: number;
            /** @description Stable; what clients may branch on. */
            code: string;
            /** @description What to do about it. */
            detail: string;
            /** @description Also in `x-request-id` and in the log. */
            requestId: string;
            /** @description The last change of it; rises over all groups in the order of commits. */
            latestSeq?: number;
        };
        CallbackAnswer: {
            /** @enum {string} */
            ActionStatus: "OK" | "FAIL";
            ErrorInfo: string;
            ErrorCode: number;
        };
        Liveness: {
            /** @constant */
            status: "live";
        };
        Readiness: {
            /** @enum {string} */
            status: "ready" | "starting" | "draining";
            /** @enum {string} */
            database: "up" | "down";
            /**
             * @description Told where there is one; without it the primary is read.
             * @enum {string}
             */
            replica?: "up" | "down";
            /** @description How many callbacks wait on disk for the database. */
            spooled: number;
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
    listGroups: {
        parameters: {
            query?: {
                /**
                 * @description How many items a page holds at most. It ends early where it has grown to 4 MiB; `nextCursor` then goes on without a hole.
                 * @example 50
                 */
                limit?: number;
                /** @description Where to go on: the `nextCursor` of the page before. It carries order and filters of its list; they need not be repeated, and cannot be changed on the way. */
                cursor?: string;
                /**
                 * @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`.
                 * @example 1
                 */
                minSeq?: number;
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
            /** @description No API key, or one that is not known. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What was asked for is no longer kept, or is of a time before a restore of the database. `CURSOR_GONE`, `SEQ_GONE` */
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
            /** @description The key asked too often. `RATE_LIMITED` */
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
            /** @description Not now; ask again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
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
                /**
                 * @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`.
                 * @example 1
                 */
                minSeq?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that is known. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The id of a group, percent-encoded.
                 * @example @TGS#2J4SZEAEL
                 */
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
            /** @description Nothing has changed since the answer that is known. */
            304: {
                headers: {
                    etag: components["headers"]["ETag"];
                    "x-request-id": components["headers"]["RequestId"];
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
            /** @description No API key, or one that is not known. `UNAUTHORIZED` */
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
            /** @description What was asked for is no longer kept, or is of a time before a restore of the database. `SEQ_GONE` */
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
            /** @description The key asked too often. `RATE_LIMITED` */
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
            /** @description Not now; ask again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
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
                /**
                 * @description How many items a page holds at most. It ends early where it has grown to 4 MiB; `nextCursor` then goes on without a hole.
                 * @example 50
                 */
                limit?: number;
                /** @description Where to go on: the `nextCursor` of the page before. It carries order and filters of its list; they need not be repeated, and cannot be changed on the way. */
                cursor?: string;
                /**
                 * @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`.
                 * @example 1
                 */
                minSeq?: number;
                /**
                 * @description Order of the list, `-` first for descending. Texts are ordered by code point, names by their first 256 characters; what is not known stands after everything that is.
                 * @example -updatedAt
                 */
                sort?: "topicId" | "-topicId" | "name" | "-name" | "createdAt" | "-createdAt" | "updatedAt" | "-updatedAt";
                /**
                 * @description Only these fields of each topic, comma-separated.
                 * @example topicId,name
                 */
                fields?: string;
                /**
                 * @description Topics of exactly this name.
                 * @example MyFirstTopic
                 */
                name?: string;
                /**
                 * @description Topics whose name contains this text, in upper or lower case. A page looks through 10,000 topics at most; it can then hold less than `limit`, even nothing, and still have a `nextCursor`.
                 * @example first
                 */
                q?: string;
                /**
                 * @description Topics of this owner.
                 * @example leckie
                 */
                ownerAccount?: string;
                /**
                 * @description Topics last touched by this operator.
                 * @example group_root
                 */
                operatorAccount?: string;
                /**
                 * @description Whether deleted topics are left out, listed too, or listed alone.
                 * @example include
                 */
                deleted?: "exclude" | "include" | "only";
                /**
                 * @description Topics whose `updatedAt` is this instant or later.
                 * @example 2026-01-31T12:00:00Z
                 */
                updatedSince?: string;
                /**
                 * @description Topics with this custom field: `custom.<Key>=<Value>`. May be given several times; all must hold. All filters together may have 3,328 bytes.
                 * @example {
                 *       "custom.UserDefined1": "hello"
                 *     }
                 */
                custom?: {
                    [key: string]: string | string[];
                };
            };
            header?: {
                /** @description The `ETag` of an answer that is known. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The id of a group, percent-encoded.
                 * @example @TGS#2J4SZEAEL
                 */
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
            /** @description Nothing has changed since the answer that is known. */
            304: {
                headers: {
                    etag: components["headers"]["ETag"];
                    "x-request-id": components["headers"]["RequestId"];
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
            /** @description No API key, or one that is not known. `UNAUTHORIZED` */
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
            /** @description What was asked for is no longer kept, or is of a time before a restore of the database. `CURSOR_GONE`, `SEQ_GONE` */
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
            /** @description The key asked too often. `RATE_LIMITED` */
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
            /** @description Not now; ask again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
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
                /**
                 * @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`.
                 * @example 1
                 */
                minSeq?: number;
                /** @description The topic as the mirror had it at this instant, as far back as changes are kept. */
                asOf?: string;
            };
            header?: {
                /** @description The `ETag` of an answer that is known. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The id of a group, percent-encoded.
                 * @example @TGS#2J4SZEAEL
                 */
                groupId: string;
                /**
                 * @description The id of a topic, percent-encoded.
                 * @example @TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5
                 */
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
            /** @description Nothing has changed since the answer that is known. */
            304: {
                headers: {
                    etag: components["headers"]["ETag"];
                    "x-request-id": components["headers"]["RequestId"];
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
            /** @description No API key, or one that is not known. `UNAUTHORIZED` */
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
            /** @description What was asked for is no longer kept, or is of a time before a restore of the database. `HISTORY_GONE`, `SEQ_GONE` */
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
            /** @description The key asked too often. `RATE_LIMITED` */
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
            /** @description Not now; ask again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
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
                /**
                 * @description How many items a page holds at most. It ends early where it has grown to 4 MiB; `nextCursor` then goes on without a hole.
                 * @example 50
                 */
                limit?: number;
                /** @description Where to go on: the `nextCursor` of the page before. It carries order and filters of its list; they need not be repeated, and cannot be changed on the way. */
                cursor?: string;
                /**
                 * @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`.
                 * @example 1
                 */
                minSeq?: number;
            };
            header?: never;
            path: {
                /**
                 * @description The id of a group, percent-encoded.
                 * @example @TGS#2J4SZEAEL
                 */
                groupId: string;
                /**
                 * @description The id of a topic, percent-encoded.
                 * @example @TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5
                 */
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
            /** @description No API key, or one that is not known. `UNAUTHORIZED` */
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
            /** @description What was asked for is no longer kept, or is of a time before a restore of the database. `CURSOR_GONE`, `SEQ_GONE` */
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
            /** @description The key asked too often. `RATE_LIMITED` */
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
            /** @description Not now; ask again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
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
                /**
                 * @description How many items a page holds at most. It ends early where it has grown to 4 MiB; `nextCursor` then goes on without a hole.
                 * @example 50
                 */
                limit?: number;
                /** @description Where to go on: the `nextCursor` of the page before. It carries order and filters of its list; they need not be repeated, and cannot be changed on the way. */
                cursor?: string;
                /**
                 * @description Answer from a state that has this `seq`: waits a moment for it, then answers 503 with `Retry-After`.
                 * @example 1
                 */
                minSeq?: number;
                /**
                 * @description Order of the list, `-` first for descending. Texts are ordered by code point, names by their first 256 characters; what is not known stands after everything that is.
                 * @example -updatedAt
                 */
                sort?: "topicId" | "-topicId" | "name" | "-name" | "createdAt" | "-createdAt" | "updatedAt" | "-updatedAt";
                /**
                 * @description Only these fields of each topic, comma-separated.
                 * @example topicId,name
                 */
                fields?: string;
                /**
                 * @description Topics of exactly this name.
                 * @example MyFirstTopic
                 */
                name?: string;
                /**
                 * @description Topics whose name contains this text, in upper or lower case. A page looks through 10,000 topics at most; it can then hold less than `limit`, even nothing, and still have a `nextCursor`.
                 * @example first
                 */
                q?: string;
                /**
                 * @description Topics of this owner.
                 * @example leckie
                 */
                ownerAccount?: string;
                /**
                 * @description Topics last touched by this operator.
                 * @example group_root
                 */
                operatorAccount?: string;
                /**
                 * @description Whether deleted topics are left out, listed too, or listed alone.
                 * @example include
                 */
                deleted?: "exclude" | "include" | "only";
                /**
                 * @description Topics whose `updatedAt` is this instant or later.
                 * @example 2026-01-31T12:00:00Z
                 */
                updatedSince?: string;
                /**
                 * @description Topics with this custom field: `custom.<Key>=<Value>`. May be given several times; all must hold. All filters together may have 3,328 bytes.
                 * @example {
                 *       "custom.UserDefined1": "hello"
                 *     }
                 */
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
            /** @description No API key, or one that is not known. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What was asked for is no longer kept, or is of a time before a restore of the database. `CURSOR_GONE`, `SEQ_GONE` */
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
            /** @description The key asked too often. `RATE_LIMITED` */
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
            /** @description Not now; ask again. `SEQ_NOT_REACHED`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
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
                /**
                 * @description The last `seq` that was seen: the `nextAfter` of the answer before. Without it the feed begins with the oldest change that is kept. A stream takes `Last-Event-ID` before it.
                 * @example 0
                 */
                after?: number;
                /**
                 * @description How many changes an answer holds at most; a stream has no end. An answer ends early where it has grown to 4 MiB; `nextAfter` then goes on without a hole.
                 * @example 50
                 */
                limit?: number;
                /**
                 * @description How many seconds to wait for the first change when there is none.
                 * @example 0
                 */
                wait?: number;
                /**
                 * @description Only changes of this group and its topics.
                 * @example @TGS#2J4SZEAEL
                 */
                groupId?: string;
            };
            header?: {
                /** @description The id of the last event that was seen; for a stream. */
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
            /** @description No API key, or one that is not known. `UNAUTHORIZED` */
            401: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What was asked for is no longer kept, or is of a time before a restore of the database. `CHANGES_GONE`, `CURSOR_AHEAD` */
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
            /** @description The key asked too often. `RATE_LIMITED`, `TOO_MANY_STREAMS_OF_KEY` */
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
            /** @description Not now; ask again. `TOO_MANY_STREAMS`, `TOO_MANY_ANSWERS`, `DATABASE_UNAVAILABLE` */
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
    receiveCallback: {
        parameters: {
            query?: {
                /**
                 * @description As the vendor appends it.
                 * @example 1400000000
                 */
                SdkAppid?: string;
                /**
                 * @description As the vendor appends it.
                 * @example Group.CallbackAfterCreateTopic
                 */
                CallbackCommand?: string;
                /**
                 * @description As the vendor appends it.
                 * @example json
                 */
                contenttype?: string;
                /**
                 * @description As the vendor appends it.
                 * @example 127.0.0.1
                 */
                ClientIP?: string;
                /**
                 * @description As the vendor appends it.
                 * @example RESTAPI
                 */
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
                /**
                 * @example {
                 *       "CallbackCommand": "Group.CallbackAfterCreateTopic",
                 *       "GroupId": "@TGS#2J4SZEAEL",
                 *       "TopicId": "@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5",
                 *       "Operator_Account": "group_root",
                 *       "Owner_Account": "leckie",
                 *       "Type": "Community",
                 *       "Name": "MyFirstTopic",
                 *       "UserDefinedDataList": [
                 *         {
                 *           "Key": "UserDefined1",
                 *           "Value": "hello"
                 *         },
                 *         {
                 *           "Key": "UserDefined2",
                 *           "Value": "world"
                 *         }
                 *       ]
                 *     }
                 */
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
            /** @description The request is not allowed; `detail` names what, and what is. */
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
            /** @description Not now; ask again. */
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
                /**
                 * @description As the vendor appends it.
                 * @example 1400000000
                 */
                SdkAppid?: string;
                /**
                 * @description As the vendor appends it.
                 * @example Group.CallbackAfterCreateTopic
                 */
                CallbackCommand?: string;
                /**
                 * @description As the vendor appends it.
                 * @example json
                 */
                contenttype?: string;
                /**
                 * @description As the vendor appends it.
                 * @example 127.0.0.1
                 */
                ClientIP?: string;
                /**
                 * @description As the vendor appends it.
                 * @example RESTAPI
                 */
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
                /**
                 * @example {
                 *       "CallbackCommand": "Group.CallbackAfterCreateTopic",
                 *       "GroupId": "@TGS#2J4SZEAEL",
                 *       "TopicId": "@TGS#_@TGS#cQVLVHIM62CJ@TOPIC#_@TOPIC#cRTE3HIM62C5",
                 *       "Operator_Account": "group_root",
                 *       "Owner_Account": "leckie",
                 *       "Type": "Community",
                 *       "Name": "MyFirstTopic",
                 *       "UserDefinedDataList": [
                 *         {
                 *           "Key": "UserDefined1",
                 *           "Value": "hello"
                 *         },
                 *         {
                 *           "Key": "UserDefined2",
                 *           "Value": "world"
                 *         }
                 *       ]
                 *     }
                 */
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
            /** @description The request is not allowed; `detail` names what, and what is. */
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
            /** @description Not now; ask again. */
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
