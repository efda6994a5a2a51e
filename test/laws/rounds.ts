/** Cases for each law of each primitive: a few, and in a deep run three hundred. */
export const rounds = Math.ceil(Number(process.env.KINSHIP_RUNS ?? 100) / 33);
