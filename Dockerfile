# syntax=docker/dockerfile:1

# The version that package.json pins. A tag can be moved: whoever has a registry of their own pins the
# digest that they checked, as node:26.10.0-slim@sha256:…
FROM node:26.10.0-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without the packages of the pinned Node, which are for machines that have another: this image has it.
# The only script looks for them.
RUN npm pkg delete optionalDependencies && npm ci --omit=dev --ignore-scripts

FROM node:26.10.0-slim
LABEL org.opencontainers.image.title="CartService" \
      org.opencontainers.image.description="Orders over HTTP, stored, and published as Avro events to Kafka" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY schemas schemas
COPY migrations migrations
COPY src src
# The service itself cannot write where what it has compiled is kept: see src/quick-start.mjs.
RUN node --input-type=module --eval "await import('/app/src/quick-start.mjs'); await import('/app/src/compose.ts'); await import('/app/src/config/read-config.ts')"
# A named volume takes over the owner of the folder it is mounted on.
RUN mkdir --mode=0700 data && chown node:node data
USER node
VOLUME /app/data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "src/health-check.ts"]
# Not npm, which would stand between the signals and the service.
CMD ["node", "src/main.mjs"]
