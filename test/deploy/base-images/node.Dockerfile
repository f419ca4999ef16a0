FROM debian:bookworm-slim
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN apt-get update && apt-get install -y --no-install-recommends npm && rm -rf /var/lib/apt/lists/* \
 && mkdir /node && cd /node && npm install --no-audit --no-fund "node-linux-$(dpkg --print-architecture | sed s/amd64/x64/)@24" npm@11 \
 && install -m 0755 /node/node_modules/node-linux-*/bin/node /usr/local/bin/node \
 && cp -r /node/node_modules/npm /usr/local/lib/npm && rm -rf /node \
 && ln -s ../lib/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/npm/bin/npx-cli.js /usr/local/bin/npx \
 && apt-get purge -y --auto-remove npm nodejs >/dev/null && groupadd -g 1000 node && useradd -u 1000 -g node -m node
CMD ["node"]
