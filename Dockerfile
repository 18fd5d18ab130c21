# One image for the API and the projector: the command chooses. What is not in the image is in docs/operations.md.
# To pin a digest as well, write node:20.20.2-bookworm-slim@sha256:… here; every stage begins with this line.
FROM node:20.20.2-bookworm-slim AS base
WORKDIR /app

# What runs: production dependencies. No package runs a script of its own; better-sqlite3 alone is compiled, against the
# headers that the image has, and only here is there a compiler.
FROM base AS dependencies
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ make python3 \
    && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit \
    && npm explore better-sqlite3 -- npm run build-release -- --nodedir=/usr/local \
    && npm ls --omit=dev --all > /dev/null
# Most of what was installed is for compilers and debuggers. TypeScript is a peer of @nestjs/swagger's compiler plugin.
RUN find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' ')' -delete \
    && rm -rf node_modules/typescript \
    && cd node_modules/better-sqlite3 \
    && mv build/Release/better_sqlite3.node . \
    && rm -rf build deps src \
    && mkdir -p build/Release \
    && mv better_sqlite3.node build/Release/

FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY apps apps
COPY libs libs
RUN npm run build

FROM base
ENV NODE_ENV=production \
    AUTHLOG_HOST=0.0.0.0 \
    AUTHLOG_DATA=/var/lib/authlog
RUN install --directory --owner=node --group=node --mode=0700 /var/lib/authlog
COPY package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY bin bin
COPY deploy/health.mjs deploy/
# By number, so that an orchestrator can see that it is not root. Nothing but the volume and /tmp is written.
USER 1000:1000
VOLUME /var/lib/authlog
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "deploy/health.mjs"]
# The limits of `npm start`. Node is the first process, so signals reach it.
ENTRYPOINT ["node", "--max-semi-space-size=4", "--max-old-space-size=256"]
CMD ["dist/apps/auth-api/src/main.js"]
