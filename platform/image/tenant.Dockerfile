# The platform's image and one tenant's virtual environment. `make images ENV=…` builds it: wheels of the tenant's lock
# lie in incoming/. Code of packages runs as a user who may write nothing else, and with a network only where the tenant
# names packages that are built from source: INDEX_URL is then where they come from.
ARG PLATFORM
FROM ${PLATFORM} AS built
USER 0:0
COPY incoming /opt/aerodrome/incoming
ARG TENANT DIGEST INDEX_URL=
RUN echo "builder:x:50001:50001::/nonexistent:/usr/sbin/nologin" >> /etc/passwd \
    && echo "builder:x:50001:" >> /etc/group \
    && install -d /opt/aerodrome/runtimes \
    && python -I -m aerodrome.runtime.in_image "$TENANT" "$DIGEST" "$INDEX_URL" \
    # On hosts a tenant's group alone may read it. A pod has a group of its own choice, and no other tenant in it.
    && rm -r /opt/aerodrome/runtimes/.locks \
    && chmod -R a+rX /opt/aerodrome/runtimes

FROM ${PLATFORM}
COPY --from=built --chown=0:0 /opt/aerodrome/runtimes /opt/aerodrome/runtimes
