/** The platform's own classes, taken before {@link installFastFetch} puts ours in their place. */
export const NativeRequest = globalThis.Request;
export const NativeResponse = globalThis.Response;
export const nativeFetch = globalThis.fetch;
export const NativeReadableStream = globalThis.ReadableStream;
