# Three images out of one file:
#   service (the last, so the default)  API and workers, the role as its argument (none: both). No ffmpeg, no npm.
#   sandbox                             a local NemoVideo that really edits video, for trying things out and for tests
#   demo                                the demo job against a service that runs somewhere else
# Reproducible: versions come from package-lock.json, and with SOURCE_DATE_EPOCH (docs/containers.md) two builds of the
# service are one image. So its layers are copied in whole trees: whatever else writes a file leaves the hour in its folder.
ARG NODE_MAJOR=24

FROM node:${NODE_MAJOR}-bookworm-slim AS lockfile
# settle <folder>: rights as a clone under any umask has them, and times where SOURCE_DATE_EPOCH says which.
RUN printf '%s\n' '#!/bin/sh' 'set -e' 'chmod -R u=rwX,go=rX "$1"' \
  '[ -z "$SOURCE_DATE_EPOCH" ] || find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +' > /usr/local/bin/settle \
 && chmod +x /usr/local/bin/settle
WORKDIR /app
COPY package.json package-lock.json ./

# Node is in the image; ffmpeg and the font belong to the sandbox. What else is optional (traces, S3) may be switched on.
FROM lockfile AS packages
ARG SOURCE_DATE_EPOCH
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/node-linux-* node_modules/@ffmpeg-binary node_modules/.package-lock.json \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete \
 && mkdir /fonts && if [ -d node_modules/@fontsource ]; then mv node_modules/@fontsource /fonts/; fi \
 && mkdir -p /tree/app && mv node_modules /tree/app/ && settle /tree

# The web page, where there is one: only its bundler needs the packages of development.
FROM lockfile AS pages
COPY . .
RUN mkdir -p dist \
 && if grep -q '"build:dashboard"' package.json; then npm ci --ignore-scripts --no-audit --no-fund; fi \
 && npm run build:dashboard --if-present

FROM lockfile AS sources
ARG SOURCE_DATE_EPOCH
COPY package.json LICENSE /tree/app/
COPY --from=pages /app/dist /tree/app/dist
COPY docs/*.md /tree/app/docs/
COPY src /tree/app/src
RUN rm -rf /tree/app/src/sandbox /tree/app/src/cli && settle /tree

# The same Debian with nothing but the node binary on it: npm and corepack are no part of what runs here, so there is
# less to carry, to patch and to misuse.
FROM lockfile AS binary
ARG SOURCE_DATE_EPOCH
RUN mkdir -p /tree/etc /tree/usr/local/bin /tree/app /tree/data && cp /etc/passwd /etc/group /tree/etc/ \
 && cp /usr/local/bin/node /tree/usr/local/bin/ && chown node:node /tree/data && settle /tree

FROM debian:bookworm-slim AS runtime
COPY --from=binary /tree/ /
ENV NODE_ENV=production
WORKDIR /app

FROM runtime AS sandbox
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg fonts-dejavu-core \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/ldconfig/aux-cache /var/log/apt /var/log/dpkg.log /var/log/alternatives.log
COPY package.json LICENSE ./
COPY --from=packages /tree/ /
COPY --from=packages /fonts/ ./node_modules/
COPY src/sandbox ./src/sandbox
USER node
EXPOSE 4010
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --retries=4 --start-period=10s --start-interval=1s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4010/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "src/sandbox/main.ts", "--host", "0.0.0.0", "--port", "4010"]

FROM sandbox AS demo
USER root
COPY src ./src
COPY scripts ./scripts
RUN mkdir /output && chown node:node /output
USER node
VOLUME /output
HEALTHCHECK NONE
ENTRYPOINT ["node", "scripts/demo.ts", "--out", "/output"]

FROM runtime AS service
LABEL org.opencontainers.image.title="batch-video" \
      org.opencontainers.image.description="Edits many videos at once through the NemoVideo cloud" \
      org.opencontainers.image.licenses="MIT"
# Beyond loopback the start demands API_KEYS. A worker opens WORKER_PORT, an API opens PORT, both in one process open both.
ENV HOST=0.0.0.0 PORT=3000 WORKER_PORT=3001 DATA_DIR=/data
COPY --from=packages /tree/ /
COPY --from=sources /tree/ /
USER node
VOLUME /data
EXPOSE 3000 3001
# The process ends itself on SIGTERM, also as process 1 (it starts no children); docker-compose.yml sets `init: true` all the same.
STOPSIGNAL SIGTERM
# Ready: at least one port answers, and each that answers says so.
HEALTHCHECK --interval=10s --timeout=5s --retries=4 --start-period=20s --start-interval=1s \
  CMD ["node", "-e", "const e=process.env;Promise.all([e.PORT,e.WORKER_PORT].map(p=>fetch('http://127.0.0.1:'+p+'/readyz').then(r=>r.ok,()=>null))).then(a=>process.exit(a.includes(true)&&!a.includes(false)?0:1))"]
ENTRYPOINT ["node", "--max-semi-space-size=32", "--max-old-space-size=1024", "src/main.ts"]
