/** Cases of each test: 20,000 in `npm test`, more in `npm run soak`. */
export const CASES = Number(process.env.TSUNICORN_FUZZ_CASES ?? 20_000);
