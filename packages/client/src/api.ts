// Made from the OpenAPI document of `unspoof serve` by test/types.test.ts. Do not edit.
export interface paths {
    "/v1/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Judges one picture.
         * @description Several pictures in one request are judged one by one, and the worst verdict is the answer. Scores and thresholds are not told: they would be an oracle for an attacker.
         */
        post: operations["check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Starts a session for an account: nonce and what to capture. An open one of the account is over.
         * @description Called by your backend or by a proxy that knows who is logged in. The answer goes to the client.
         */
        post: operations["createSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{id}/commits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes the digests of one step of a session, and tells the next movement. */
        post: operations["commitStep"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{id}/frames": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Judges the frames of a session, once. */
        post: operations["submitFrames"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The result, once: for your backend, never for a client, since it has the score. */
        get: operations["readResult"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The public keys of session tokens. Put them into your configuration: verifiers fetch nothing. */
        get: operations["publicKeys"];
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
        /** The process is alive. */
        get: operations["livez"];
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
        /** The models are loaded, the store of sessions answers, and checks are taken. */
        get: operations["readyz"];
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
        /** Prometheus metrics; not for the public. */
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
        /** This document. */
        get: operations["openapi"];
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
        /** @enum {string} */
        Reason: "no-face" | "multiple-faces" | "image-too-small" | "image-aspect" | "animated-image" | "transparent-image" | "face-too-small" | "face-too-close" | "face-cropped" | "face-cut-off" | "too-dark" | "too-bright" | "low-contrast" | "no-colour" | "blurred" | "face-turned" | "face-tilted" | "occluded" | "attack-suspected" | "unstable" | "uncertain" | "undecided" | "too-few-frames" | "timed-out" | "frozen-frames" | "frames-seen-before" | "frame-order" | "frame-timing" | "face-changed" | "challenge-failed" | "trailing-data" | "no-image" | "unavailable" | "skipped";
        Verdict: {
            /** @enum {string} */
            verdict: "live" | "spoof" | "retry";
            /** @enum {string} */
            code: "LIVE" | "SPOOF" | "RETRY";
            reasons: components["schemas"]["Reason"][];
            /** @description What the person should do; empty for live. */
            hint: string;
        };
        Error: {
            error: {
                /** @enum {string} */
                code: "ABORTED" | "ATTEMPTS_EXCEEDED" | "BODY_MALFORMED" | "BODY_TOO_LARGE" | "CHECK_TIMEOUT" | "ENCODING_UNSUPPORTED" | "FRAMES_INVALID" | "IMAGE_CORRUPT" | "IMAGE_MISSING" | "IMAGE_TOO_LARGE" | "IMAGE_TYPE" | "INPUT_INVALID" | "METHOD_NOT_ALLOWED" | "MODEL_UNAVAILABLE" | "NONCE_MISMATCH" | "NOT_FOUND" | "OVERLOADED" | "PROTOCOL_VERSION" | "SESSION_EXPIRED" | "SESSION_PENDING" | "SESSION_UNKNOWN" | "SESSION_USED" | "SHUTTING_DOWN" | "STORE_UNAVAILABLE" | "SUBJECT_MISSING" | "TOO_MANY_PARTS" | "UNAUTHORIZED" | "UPLOAD_TIMEOUT" | "WORKER_LOST";
                message: string;
                hint: string;
                /** Format: uri-reference */
                help: string;
                requestId: string;
            };
        };
        Probe: {
            /** @enum {string} */
            status: "ok" | "unavailable";
            /**
             * @description What is missing, where it is unavailable.
             * @enum {string}
             */
            reason?: "models" | "redis" | "stopping";
        };
        StartRequest: {
            /** @constant */
            version: 2;
        };
        Session: {
            /** @constant */
            version: 2;
            id: string;
            nonce: string;
            capture: {
                /** @description Frames of the person looking straight ahead, before the first movement is told. */
                holdFrames: number;
                /** @description Milliseconds from frame to frame. */
                intervalMs: number;
                /** @description Pixels. */
                width: number;
                /** @description Pixels. */
                height: number;
                quality: number;
                /** @description How many frames a session may come to. */
                maxFrames: number;
                maxFrameBytes: number;
                maxTotalBytes: number;
                /** @constant */
                type: "image/jpeg";
            };
            expiresInMs: number;
            /** Format: date-time */
            expiresAt: string;
        };
        Commit: {
            /** @constant */
            version: 2;
            nonce: string;
            /** @description 0 for the held frames, then the number of the movement. */
            step: number;
            frames: {
                /** @description Milliseconds since the answer that started the session. */
                timeMs: number;
                /** @description SHA-256 of `nonce.index.timeMs.` and the JPEG. */
                digest: string;
            }[];
            /** @description With step 0 only. */
            mirrored?: boolean;
        };
        NextStep: {
            /** @constant */
            version: 2;
            step: null | {
                /** @description 1 is the first movement. */
                index: number;
                /** @description How many movements the session has. */
                of: number;
                /** @enum {string} */
                kind: "move-closer" | "turn-left" | "turn-right";
                /** @description What the person should do. */
                hint: string;
                /** @description Frames to take of this movement. */
                frames: number;
            };
            /** @description Milliseconds until the next commit or the frames must arrive. */
            withinMs: number;
        };
        SubmissionMeta: {
            /** @constant */
            version: 2;
            nonce: string;
            track?: {
                label?: string;
                width?: number;
                height?: number;
                frameRate?: number;
                facingMode?: string;
            };
        };
        SessionVerdict: {
            /** @enum {string} */
            verdict: "live" | "spoof" | "retry";
            /** @enum {string} */
            code: "LIVE" | "SPOOF" | "RETRY";
            reasons: components["schemas"]["Reason"][];
            /** @description What the person should do; empty for live. */
            hint: string;
            /** @description For live: a signed token that passes once. */
            token?: string;
        };
        SessionResult: {
            id: string;
            subject: string;
            /** @enum {string} */
            verdict: "live" | "spoof" | "retry" | "not-checked";
            /** @enum {string} */
            code: "LIVE" | "SPOOF" | "RETRY" | "NOT_CHECKED";
            reasons: components["schemas"]["Reason"][];
            steps: ("move-closer" | "turn-left" | "turn-right")[];
            /** @enum {string} */
            operatingPoint: "strict" | "balanced" | "lenient";
            models: {
                id: string;
                version: string;
            }[];
            liveProbability: number | null;
            injection: null | {
                suspicion: number;
                signals: {
                    /** @enum {string} */
                    id: "virtual-camera" | "track-settings" | "frame-times" | "sensor-noise" | "re-encoding";
                    suspicious: boolean;
                    value: number | null;
                }[];
            };
            reference: null | {
                index: number;
                sha256: string;
            };
            /** Format: date-time */
            finishedAt: string;
        };
        PublicKeys: {
            keys: {
                /** @enum {string} */
                kty: "OKP" | "EC";
                /** @enum {string} */
                crv: "Ed25519" | "P-256";
                x: string;
                y?: string;
                kid: string;
                /** @enum {string} */
                alg: "EdDSA" | "ES256";
                /** @constant */
                use: "sig";
            }[];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    check: {
        parameters: {
            query?: never;
            header?: {
                /** @description The person's address or device: failures are counted by it, and none takes more than half of the places. Believed with the backend key only. */
                "liveness-client"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "image/jpeg": string;
                "image/png": string;
                "image/webp": string;
                "application/octet-stream": string;
                "multipart/form-data": {
                    /** Format: binary */
                    image: string;
                };
                "application/json": {
                    /** @description A data URL: data:image/jpeg;base64,... */
                    image: string;
                };
            };
        };
        responses: {
            /** @description live */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verdict"];
                };
            };
            /** @description BODY_MALFORMED, INPUT_INVALID, IMAGE_MISSING */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description spoof: an attack is suspected */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verdict"];
                };
            };
            /** @description UPLOAD_TIMEOUT */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description BODY_TOO_LARGE, IMAGE_TOO_LARGE, TOO_MANY_PARTS */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ENCODING_UNSUPPORTED, IMAGE_TYPE */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description retry: take the pictures again as the hint says; or IMAGE_CORRUPT */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verdict"] | components["schemas"]["Error"];
                };
            };
            /** @description ABORTED */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description OVERLOADED, SHUTTING_DOWN, CHECK_TIMEOUT, MODEL_UNAVAILABLE, WORKER_LOST */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    createSession: {
        parameters: {
            query?: never;
            header: {
                /** @description The account the session is for, from your own login and never from the client. */
                "liveness-subject": string;
                /** @description The person's address or device: failures are counted by it, and none takes more than half of the places. Believed with the backend key only. */
                "liveness-client"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartRequest"];
            };
        };
        responses: {
            /** @description started */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description BODY_MALFORMED, INPUT_INVALID, PROTOCOL_VERSION */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description UNAUTHORIZED, SUBJECT_MISSING */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description UPLOAD_TIMEOUT */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description BODY_TOO_LARGE */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ENCODING_UNSUPPORTED */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ATTEMPTS_EXCEEDED */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ABORTED */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description OVERLOADED, SHUTTING_DOWN, STORE_UNAVAILABLE */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    commitStep: {
        parameters: {
            query?: never;
            header: {
                /** @description The account the session is for, from your own login and never from the client. */
                "liveness-subject": string;
                /** @description The person's address or device: failures are counted by it, and none takes more than half of the places. Believed with the backend key only. */
                "liveness-client"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Commit"];
            };
        };
        responses: {
            /** @description committed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NextStep"];
                };
            };
            /** @description BODY_MALFORMED, INPUT_INVALID, PROTOCOL_VERSION */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description UNAUTHORIZED, SUBJECT_MISSING */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description NONCE_MISMATCH */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SESSION_UNKNOWN */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description UPLOAD_TIMEOUT */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SESSION_USED */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SESSION_EXPIRED */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description BODY_TOO_LARGE, TOO_MANY_PARTS */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ENCODING_UNSUPPORTED */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description FRAMES_INVALID */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ATTEMPTS_EXCEEDED */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ABORTED */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description OVERLOADED, SHUTTING_DOWN, STORE_UNAVAILABLE */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    submitFrames: {
        parameters: {
            query?: never;
            header: {
                /** @description The account the session is for, from your own login and never from the client. */
                "liveness-subject": string;
                /** @description The person's address or device: failures are counted by it, and none takes more than half of the places. Believed with the backend key only. */
                "liveness-client"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** @description JSON of the schema SubmissionMeta; the first part. */
                    meta: string;
                    /** @description JPEGs, in order. */
                    frames: string[];
                };
            };
        };
        responses: {
            /** @description live */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionVerdict"];
                };
            };
            /** @description BODY_MALFORMED, INPUT_INVALID, PROTOCOL_VERSION */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description UNAUTHORIZED, SUBJECT_MISSING */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description spoof: an attack is suspected; or NONCE_MISMATCH */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionVerdict"] | components["schemas"]["Error"];
                };
            };
            /** @description SESSION_UNKNOWN */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description UPLOAD_TIMEOUT */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SESSION_USED */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SESSION_EXPIRED */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description BODY_TOO_LARGE, IMAGE_TOO_LARGE, TOO_MANY_PARTS */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ENCODING_UNSUPPORTED, IMAGE_TYPE */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description retry: take the pictures again as the hint says; or IMAGE_CORRUPT, FRAMES_INVALID */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionVerdict"] | components["schemas"]["Error"];
                };
            };
            /** @description ATTEMPTS_EXCEEDED */
            429: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description ABORTED */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description OVERLOADED, SHUTTING_DOWN, CHECK_TIMEOUT, MODEL_UNAVAILABLE, WORKER_LOST, STORE_UNAVAILABLE */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readResult: {
        parameters: {
            query: {
                /** @description The account that is to be let in. */
                subject: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description result */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionResult"];
                };
            };
            /** @description INPUT_INVALID */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description UNAUTHORIZED, SUBJECT_MISSING */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SESSION_UNKNOWN */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SESSION_PENDING, SESSION_USED */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SESSION_EXPIRED */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description SHUTTING_DOWN, STORE_UNAVAILABLE */
            503: {
                headers: {
                    /** @description Seconds to wait. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    publicKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description a JWK set */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublicKeys"];
                };
            };
        };
    };
    livez: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description alive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Probe"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ready */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Probe"];
                };
            };
            /** @description starting, stopping or out of order */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Probe"];
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
            /** @description metrics */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
}
