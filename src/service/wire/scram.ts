/**
 * RFC 5802 lets the server say how often the password is hashed. PostgreSQL's default is 4,096, Kafka's
 * maximum 16,384; 2³¹ would hold a thread of the pool for an hour.
 */
export const SCRAM_ITERATIONS_MAX = 1_000_000
