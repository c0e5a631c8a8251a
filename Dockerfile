# The hub in an image: its programs are put together in one stage, and run in another as an ordinary user.
#
#   docker build --tag flisthub .
#   docker run --read-only --tmpfs /tmp --publish 127.0.0.1:5555:5555 --volume flisthub:/data flisthub
#
# What can be replaced with --build-arg:
#   BASE_IMAGE   what the programs run on: glibc and libstdc++ of Debian 12 or later, nothing else is needed
#   BUILD_IMAGE  what they are compiled on: Rust of rust-toolchain.toml on the same Debian, ca-certificates
#   PROGRAMS     compile (the default), or dist: take dist/flisthub and dist/hub-client as they are
#
# Written for BuildKit and for the builder before it alike. That one runs every stage that stands before the
# wanted one, so the choice is made within the stage, and not between two.
ARG BUILD_IMAGE=docker.io/library/rust:1.95.0-bookworm
ARG BASE_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${BUILD_IMAGE} AS programs
ARG PROGRAMS=compile
WORKDIR /src
COPY scripts/lib.sh scripts/setup scripts/
COPY rust-toolchain.toml ./
RUN [ "$PROGRAMS" != compile ] || scripts/setup build
COPY . .
RUN scripts/container-root "$PROGRAMS" /out

# Nothing runs in this stage: the base image may be one without a shell.
FROM ${BASE_IMAGE}
COPY --from=programs /out/root/ /
# No name is needed for a user that owns one directory and runs one program.
COPY --from=programs --chown=10001:10001 /out/own/ /
USER 10001:10001
VOLUME /data
EXPOSE 5555
ENV FLISTHUB_DATA=/data FLISTHUB_LISTEN=0.0.0.0:5555
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["flisthub", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["flisthub"]
CMD ["serve"]
