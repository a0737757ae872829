# Two images: `mirror`, the service alone, and `migrate`, Prisma's command, which brings the schema.
#   docker build --target mirror --tag topic-mirror .
#   docker build --target migrate --tag topic-mirror-migrate .
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json prisma.config.ts ./
COPY prisma ./prisma
COPY tools ./tools
# With the optional packages: Vite's bundler is one for each platform.
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY page ./page
RUN npm run build && npm prune --omit=dev --omit=optional --no-audit --no-fund

FROM node:24-slim AS migrate
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json /app/prisma.config.ts ./
COPY --from=build /app/prisma ./prisma
COPY --from=build /app/tools/prisma-schema-engine ./tools/prisma-schema-engine
COPY --from=build /app/node_modules ./node_modules
USER node
CMD ["node_modules/.bin/prisma", "migrate", "deploy"]

# Four fifths of the packages are Prisma's command, query compilers of other databases, and further
# builds of OpenTelemetry, of which Node.js loads the one for CommonJS.
FROM build AS runtime
RUN npm uninstall --no-save --ignore-scripts --omit=dev --omit=optional --no-audit --no-fund prisma @prisma/schema-engine-wasm && \
    find node_modules/@prisma/client/runtime -name 'query_*' ! -name '*.postgresql.*' -delete && \
    find node_modules/@opentelemetry -type f ! -path '*/build/src/*.js' ! -name '*.cjs' ! -name package.json ! -name LICENSE -delete && \
    mkdir /data

FROM node:24-slim AS mirror
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app
COPY --from=runtime /app/package.json ./
COPY --from=runtime /app/prisma/migrations ./prisma/migrations
COPY --from=runtime /app/node_modules ./node_modules
COPY --from=runtime /app/dist ./dist
# All that the process writes: callbacks that wait for PostgreSQL. Keep it from one container to the next.
COPY --from=runtime --chown=node:node /data /data
VOLUME /data
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.API_PORT || process.env.PORT || 3000}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js"]
