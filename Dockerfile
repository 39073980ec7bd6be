# The service: API and workers, one image, the role as its argument (none: both). No ffmpeg here: only the sandbox edits.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Node is in the image, and ffmpeg is the sandbox's: the optional packages stay out.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim AS service
LABEL org.opencontainers.image.title="batch-video" \
      org.opencontainers.image.description="Edits many videos at once through the NemoVideo cloud" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
RUN rm -rf src/sandbox && mkdir -p /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3000
# node is told to stop itself; docker-compose.yml sets `init: true`, so that nothing is left behind by a child.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
  CMD ["node", "-e", "const p=process.env.WORKER_PORT||process.env.PORT;fetch('http://127.0.0.1:'+p+'/readyz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "src/main.ts"]

# The sandbox: a local NemoVideo that really edits video, for trying things out and for tests.
FROM node:24-bookworm-slim AS sandbox
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg fonts-dejavu-core && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src/sandbox ./src/sandbox
USER node
EXPOSE 4010
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4010/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "src/sandbox/main.ts", "--host", "0.0.0.0", "--port", "4010"]

FROM service
